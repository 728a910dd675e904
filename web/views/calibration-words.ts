// Masters and what is missing, in an owner's words.
import type { Master } from '../../edge/ports/calibration'
import { boxNow } from '../live'
import { fixed } from '../words'

/** `calibration/library`. */
export interface CalibrationLibrary {
  readonly enabled?: boolean
  readonly masters?: readonly (Master & { readonly old?: boolean })[]
  readonly unreadable?: readonly { readonly path: string; readonly words: string }[]
  readonly needs?: readonly Need[]
  readonly activity?: string
  readonly taking?: Taken
  readonly number?: number
  readonly total?: number
  readonly warning?: string
  readonly error?: string
}

export type Taken = 'dark' | 'bias' | 'flat'

export interface Need {
  readonly kind: 'dark' | 'flat'
  readonly words: string
  readonly camera: string
  readonly exposureSeconds: number
  readonly binning: number
  readonly gain?: number
  readonly offset?: number
  readonly sensorCelsius?: number
  readonly filter?: string
  readonly lights: number
}

export const many: Readonly<Record<Taken, string>> = { dark: 'darks', bias: 'bias frames', flat: 'flats' }

export const kindNames: Readonly<Record<Master['kind'], string>> = {
  dark: 'Dark',
  flat: 'Flat',
  bias: 'Bias',
  bad: 'Bad pixels',
}

export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** `10 s` without the zeros that durations of progress have. */
export const seconds = (value: number): string => `${Number(value.toPrecision(4))} s`

/** `10 s, gain 100, −10 °C, binning 2` */
export function masterTraits(of: Partial<Master>): string {
  return [
    ...(of.exposureSeconds === undefined || of.kind === 'bias' || of.kind === 'flat'
      ? []
      : [seconds(of.exposureSeconds)]),
    ...(of.kind === 'flat' && of.filter ? [of.filter] : []),
    ...(of.gain === undefined ? [] : [`gain ${of.gain}`]),
    ...(of.sensorCelsius === undefined || of.kind === 'flat' ? [] : [`${fixed(of.sensorCelsius, 0)} °C`]),
    ...(of.binning === undefined || of.binning === 1 ? [] : [`binning ${of.binning}`]),
  ].join(', ')
}

/** `20 frames, 3 days ago` */
export function masterOrigin({ frames, madeMs }: Partial<Master>): string {
  const days = madeMs === undefined ? undefined : Math.floor((boxNow() - madeMs) / 86_400_000)
  const ago = days === undefined ? [] : [days < 1 ? 'today' : days === 1 ? 'yesterday' : `${days} days ago`]
  return [...(frames === undefined ? [] : [`${frames} frames`]), ...ago].join(', ')
}
