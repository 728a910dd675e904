// What a frame is worth in a stack: how its light is brought to the reference's, and how much it weighs.
import { nominalWeight } from '../kernels/fold.js'
import { starSlackFor } from './block-floors.js'
import type { PlaneSky } from './plane-sky.js'

/** A frame's sky, the light of its stars against the reference's (1: the same), and their size. */
export interface FrameLight {
  readonly sky: readonly PlaneSky[]
  readonly transparency: number
  readonly hfdPx: number | undefined
}

export interface FrameWorth {
  /** Per plane: value · scale + offset has the reference's sky and stars of the reference's flux. */
  readonly scale: readonly number[]
  readonly offset: readonly number[] // ADU
  /** Of one pixel after that, ADU. */
  readonly noiseAdu: readonly number[]
  /** 1 … 64; 16 for the reference. */
  readonly weight: number
  /** By how much of their relief its stars may differ from the stack's. */
  readonly starSlack: number
}

const mostWeight = 64
/** Thinner air than this is no thin cloud: the frame is not lifted further. */
const faintest = 0.1

/**
 * Weights are those of the best signal to noise of a faint star: its light spreads over an area that goes with HFD²,
 * and each pixel of that brings the noise of the sky (Zackay & Ofek, ApJ 836 (2017) 187, §4).
 */
export function frameWorth(frame: FrameLight, reference: FrameLight): FrameWorth {
  const lift = 1 / Math.min(10, Math.max(faintest, frame.transparency))
  const scale = frame.sky.map(() => lift)
  const offset = frame.sky.map(({ levelAdu }, plane) => {
    const wanted = reference.sky[plane].levelAdu - lift * levelAdu
    return Number.isFinite(wanted) ? wanted : 0
  })
  const noiseAdu = frame.sky.map(sky => lift * positive(sky.noiseAdu))
  const louder = mean(noiseAdu.map((noise, plane) => noise / positive(reference.sky[plane].noiseAdu)))
  const wider = (frame.hfdPx ?? 1) / (reference.hfdPx ?? frame.hfdPx ?? 1)
  const worth = 1 / (louder * wider) ** 2
  const weight = Math.min(mostWeight, Math.max(1, Math.round(nominalWeight * worth)))
  const starSlack = starSlackFor(frame.hfdPx ?? Number.NaN, reference.hfdPx ?? Number.NaN)
  return { scale, offset, noiseAdu, starSlack, weight: Number.isFinite(worth) ? weight : nominalWeight }
}

/** A frame without noise of its own (all pixels the same, or none) must not divide by zero. */
const positive = (noiseAdu: number) => (noiseAdu > 0 ? noiseAdu : 1)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
