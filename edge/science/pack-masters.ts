// Masters into the 16 bits that the calibrating kernels read: how coarse the steps are, and what lies beyond them.
import type { Views } from '../kernels/memory.js'
import { around, type MasterPlaces, noFlatStep, type PackedMasters } from './calibration.js'
import { ScienceError } from './science-error.js'

/** The places as they are with no master at all: the step then only decodes. */
export function packNothing({ u16 }: Views, places: MasterPlaces): PackedMasters {
  u16.fill(0, places.noDark >> 1, (places.noDark >> 1) + places.width)
  u16.fill(1 / noFlatStep, places.noFlat >> 1, (places.noFlat >> 1) + places.width)
  return { bad: 0, spacing: 1 }
}

/** What became of a master in its 16 bits. */
export interface PackedDark {
  readonly dark: { readonly zero: number; readonly step: number }
  /** Samples beyond the packed range, hot or not finite: they belong into the bad-pixel list. */
  readonly beyond: readonly number[]
}

/** The most that a packed dark may be off: far below a raw sample's own rounding, which is 0.5 ADU. */
const coarsestStepAdu = 1 / 16
const finestStepAdu = 1 / 4096
/** Of all samples, cut off at the top so that a few hot pixels do not make the steps coarse. */
const hotShare = 2e-4

/**
 * A dark into 16 bits: 65536 steps from its lowest value to that of its hottest pixels but 0.02 %, at most 4096 ADU
 * wide. So it is off by at most half a step: 1/32 ADU, and some 0.005 ADU for a dark that spans 600 ADU.
 * @param dark ADU, a number for each sample of the places; unchanged
 * @param bad samples that are bad already, in rising order, whose values do not count
 */
export function packDark(
  { u16 }: Views,
  places: MasterPlaces,
  dark: Float32Array,
  bad: readonly number[] = [],
): PackedDark {
  let lowest = Number.POSITIVE_INFINITY
  let counted = 0
  eachRun(dark.length, bad, (from, to) => {
    for (let i = from; i < to; i++) {
      const value = dark[i]
      if (!(value > Number.NEGATIVE_INFINITY && value < Number.POSITIVE_INFINITY)) continue
      if (value < lowest) lowest = value
      counted++
    }
  })
  if (counted === 0) throw new ScienceError('the dark has no finite sample')
  const bins = new Uint32Array(65_536)
  eachRun(dark.length, bad, (from, to) => {
    for (let i = from; i < to; i++) {
      const above = dark[i] - lowest
      if (above < 65_535) bins[above | 0]++
      else if (above < Number.POSITIVE_INFINITY) bins[65_535]++
    }
  })
  let above = 0
  let top = 65_535
  while (top > 0 && above + bins[top] <= counted * hotShare) above += bins[top--]
  const step = Math.fround(Math.min(coarsestStepAdu, Math.max(finestStepAdu, (top + 1) / 65_535)))
  const zero = Math.fround(lowest)
  const perAdu = 1 / step
  const beyond: number[] = []
  const packed = u16.subarray(places.dark >> 1, (places.dark >> 1) + dark.length)
  for (let i = 0; i < dark.length; i++) {
    const steps = (dark[i] - zero) * perAdu + 0.5
    if (steps >= 0 && steps < 65_536) {
      packed[i] = steps | 0
    } else {
      packed[i] = steps > 0 ? 65_535 : 0
      beyond.push(i)
    }
  }
  return { dark: { zero, step }, beyond }
}

/** The stretches from 0 to `length` between samples that are left out: a look at each sample would cost more than it. */
function eachRun(length: number, without: readonly number[], visit: (from: number, to: number) => void): void {
  let from = 0
  for (const sample of without) {
    if (sample > from) visit(from, sample)
    from = Math.max(from, sample + 1)
  }
  if (from < length) visit(from, length)
}

export interface PackedFlat {
  readonly flat: { readonly step: number }
  /** Samples with less than a sixteenth of the usual light, or not finite: there is nothing to be lifted. */
  readonly beyond: readonly number[]
}

const mostLift = 16

/**
 * The inverse of a flat into 16 bits, from 0 to its largest value, at most 16. Near 1 it is off by at most
 * 4·10⁻⁵ of the sample for a flat that falls to 0.2, 1.2·10⁻⁴ at worst.
 * @param flat 1 is usual light; a number for each sample of the places; unchanged
 */
export function packFlat({ u16 }: Views, places: MasterPlaces, flat: Float32Array): PackedFlat {
  let darkest = 1
  for (let i = 0; i < flat.length; i++) {
    const value = flat[i]
    if (value < darkest && value >= 1 / mostLift) darkest = value
  }
  const step = Math.fround(1 / darkest / 65_535)
  const beyond: number[] = []
  const packed = u16.subarray(places.flat >> 1, (places.flat >> 1) + flat.length)
  const one = 1 / step
  const usual = Math.round(one)
  for (let i = 0; i < flat.length; i++) {
    const value = flat[i]
    if (value >= 1 / mostLift && value < Number.POSITIVE_INFINITY) {
      const steps = (one / value + 0.5) | 0
      packed[i] = Math.min(65_535, steps)
    } else {
      packed[i] = usual
      beyond.push(i)
    }
  }
  return { flat: { step }, beyond }
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
