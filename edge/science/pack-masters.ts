// Masters into the 16 bits that the calibrating kernels read: how coarse the steps are, and what lies beyond them.
import type { Views } from '../kernels/memory.js'
import { around, type MasterPlaces, noFlatStep, type PackedMasters } from './calibration.js'
import { ScienceError } from './science-error.js'
import type { Hand } from './strip-step.js'

/** The places as they are with no master at all: the step then only decodes. */
export function packNothing({ u16 }: Views, places: MasterPlaces): PackedMasters {
  u16.fill(0, places.noDark >> 1, (places.noDark >> 1) + places.width)
  u16.fill(1 / noFlatStep, places.noFlat >> 1, (places.noFlat >> 1) + places.width)
  return { bad: 0, spacing: 1 }
}

/** What became of a dark in its 16 bits. */
export interface PackedDark {
  readonly dark: { readonly zero: number; readonly step: number }
  /** Samples beyond the packed range, hot or not finite: they belong into the bad-pixel list. */
  readonly beyond: readonly number[]
}

/** The most that a packed dark may be off: far below a raw sample's own rounding, which is 0.5 ADU. */
const coarsestStepAdu = 1 / 16
const finestStepAdu = 1 / 4096

/**
 * A dark into 16 bits: 65535 steps from its lowest value to its highest, or to 4096 ADU above the lowest. So it is off
 * by at most half a step: 1/32 ADU, and 0.005 ADU for a dark that spans 600 ADU.
 * @param plane  byte offset of f32 ADU, one for each sample of the places; bad pixels are NaN. Unchanged
 * @throws ScienceError when no sample is finite
 */
export function packDark(hand: Hand, places: MasterPlaces, plane: number): PackedDark {
  const { least, most } = rangeIn(hand, places, plane)
  if (!Number.isFinite(least)) throw new ScienceError('the dark has no finite sample')
  const step = Math.fround(Math.min(coarsestStepAdu, Math.max(finestStepAdu, (most - least) / 65_534)))
  const zero = Math.fround(least)
  const end = zero + 65_535.5 * step
  const { width, height, planes } = places
  const beyond: number[] = []
  for (let row = 0; row < height * planes; row++) {
    const first = row * width
    const from = plane + 4 * first
    if (hand.kernels.packSteps(from, places.dark + 2 * first, width, zero, 1 / step) === 0) continue
    const values = hand.views.f32.subarray(from >> 2, (from >> 2) + width)
    for (let x = 0; x < width; x++) if (!(values[x] >= zero && values[x] < end)) beyond.push(first + x)
  }
  return { dark: { zero, step }, beyond }
}

const mostLift = 16

/**
 * The inverse of a flat into 16 bits, from 0 to its largest value, at most 16: less light than a sixteenth of the usual
 * is not lifted, nor what is not finite. Near 1 it is off by at most
 * 4·10⁻⁵ of the sample for a flat that falls to 0.2, 1.2·10⁻⁴ at worst.
 * @param plane  byte offset of f32, one for each sample of the places; unchanged
 * @param levels  usual light of each plane, for the four places of a 2×2 cell: see `cellLevels`
 */
export function packFlat(
  hand: Hand,
  places: MasterPlaces,
  plane: number,
  levels: readonly (readonly number[])[],
): { readonly step: number } {
  const { width, height, planes } = places
  const { least } = rangeIn(hand, places, plane)
  const darkest = Math.min(1, Math.max(1 / mostLift, least / Math.max(...levels.flat())))
  const step = Math.fround(1 / darkest / 65_534)
  for (let row = 0; row < height * planes; row++) {
    const cell = levels[Math.floor(row / height)]
    const [even, odd] = (row % height) % 2 === 0 ? cell : cell.slice(2)
    const first = row * width
    const to = places.flat + 2 * first
    hand.kernels.packInverse(plane + 4 * first, to, width, even, odd, 1 / step, 1 / mostLift)
  }
  return { step }
}

function rangeIn({ kernels, views, scratch }: Hand, { width, height, planes }: MasterPlaces, plane: number) {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (let row = 0; row < height * planes; row++) {
    kernels.rangeOf(plane + 4 * row * width, width, scratch)
    least = Math.min(least, views.f32[scratch >> 2])
    most = Math.max(most, views.f32[(scratch >> 2) + 1])
  }
  return { least, most }
}

/**
 * The list of bad pixels, with those of their neighbours that are good.
 * @param bad sample numbers in any order, doubled ones too
 * @throws ScienceError when they are more than 1 % of the frame
 */
export function packBad(
  { u32, u8 }: Views,
  places: MasterPlaces,
  bad: Iterable<number>,
  spacing: 1 | 2,
): { bad: number } {
  const { width, height, planes, mostBad } = places
  const set = new Set(bad)
  if (set.size > mostBad) {
    const percent = ((100 * set.size) / (width * height * planes)).toFixed(1)
    throw new ScienceError(`${set.size} pixels (${percent} %) are called bad; more than 1 % is no map of bad pixels`)
  }
  const list = Uint32Array.from(set).sort()
  u32.set(list, places.bad >> 2)
  for (let i = 0; i < list.length; i++) {
    const x = list[i] % width
    const row = Math.floor(list[i] / width)
    const y = row % height
    let good = 0
    for (let bit = 0; bit < 8; bit++) {
      const [nx, ny] = [x + spacing * around[bit].x, y + spacing * around[bit].y]
      if (nx < 0 || nx >= width || ny < 0 || ny >= height) continue
      if (!set.has((row - y + ny) * width + nx)) good |= 1 << bit
    }
    u8[places.goodAround + i] = good
  }
  return { bad: list.length }
}
