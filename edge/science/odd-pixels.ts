// Pixels that cannot be trusted, found in masters: hot and cold ones of a dark, those of a flat that answer light
// wrongly.
import { medianInPlace, spreadInPlace } from './order-statistic.js'

export interface OddPixels {
  readonly hot: readonly number[]
  readonly cold: readonly number[]
}

/**
 * Which of `count` samples from number `from` on is the first that may be odd: see the kernel `firstOdd`. All samples
 * so far to both sides are in the same row.
 */
export type Glance = (from: number, count: number, step: number, reach: number, share: number) => number

/** Without kernels every sample is looked at. */
const noGlance: Glance = () => 0

/** A pixel this many times the noise of a frame above its surroundings stands out of every light. */
const darkReach = 10
/** No frame is quieter than the rounding of its numbers. */
const roundingAdu = 1 / Math.sqrt(12)
/** More pixels than this share of the plane are never called bad: the furthest out are. */
const mostOdd = 0.005
/** Of the light around them, answered by pixels that are trusted; dust shadows are gentler. */
const [dimmest, brightest] = [0.5, 1.6]

/**
 * Pixels of a dark that stand out of their neighbours. The glow of an amplifier is smooth and does not.
 * @param dark  a plane of ADU
 * @param frameNoiseAdu  temporal noise of one frame; with 0 the spread of the dark itself counts
 */
export function oddInDark(
  dark: Float32Array,
  width: number,
  height: number,
  frameNoiseAdu: number,
  glance: Glance = noGlance,
): OddPixels {
  const most = Math.ceil(dark.length * mostOdd)
  const odd = new Map<number, number>()
  let reach = darkReach * Math.max(neighbourSpread(dark, width), frameNoiseAdu, roundingAdu)
  const judge = (sample: number): boolean => {
    const by = dark[sample] - around(dark, width, height, sample, 1)
    if (Math.abs(by) <= reach) return false
    odd.set(sample, Number.isNaN(by) ? Number.POSITIVE_INFINITY : by)
    // Too many: from here on only what is further out counts.
    if (odd.size > 4 * most + 1000) reach = keepFurthest(odd, most)
    return true
  }
  searchRows(dark, width, { step: 1, reach: () => reach, share: 0 }, glance, judge)
  if (odd.size > most) keepFurthest(odd, most)
  const which = (hot: boolean) => [...odd].filter(([, by]) => by > 0 === hot).map(([sample]) => sample)
  return { hot: which(true).sort((a, b) => a - b), cold: which(false).sort((a, b) => a - b) }
}

/**
 * Pixels of a flat that answer light by less than half or more than 1.6 times as much as those around them.
 * @param flat  a plane
 * @param bayer  neighbours are those of the same colour
 */
export function oddInFlat(
  flat: Float32Array,
  width: number,
  height: number,
  bayer: boolean,
  glance: Glance = noGlance,
): number[] {
  const step = bayer ? 2 : 1
  const odd = new Set<number>()
  const judge = (sample: number): boolean => {
    const part = flat[sample] / around(flat, width, height, sample, step)
    if (part >= dimmest && part <= brightest) return false
    odd.add(sample)
    return true
  }
  searchRows(flat, width, { step, reach: () => 0, share: 0.4 }, glance, judge)
  return [...odd].sort((a, b) => a - b)
}

/** Asks `judge` of every sample that differs from the two beside it, and of those beside a sample that it found odd. */
function searchRows(
  plane: Float32Array,
  width: number,
  { step, reach, share }: { step: number; reach: () => number; share: number },
  glance: Glance,
  judge: (sample: number) => boolean,
): void {
  const look = (i: number, x: number) => {
    // At the border from the one neighbour there is.
    const sum = plane[x >= step ? i - step : i + step] + plane[x + step < width ? i + step : i - step]
    if (Math.abs(2 * plane[i] - sum) <= reach() + share * Math.abs(sum)) return
    // In a row of hot pixels the middle ones are like their neighbours, so that the ends tell of them.
    for (let by = 0, at = x; at >= 0 && judge(i - by); by += step) at -= step
    for (let by = step, at = x + step; at < width && judge(i + by); by += step) at += step
  }
  for (let row = 0; row < plane.length; row += width) {
    for (let x = 0; x < Math.min(step, width); x++) look(row + x, x)
    const end = width - step
    for (let x = step; x < end; x++) {
      x += glance(row + x, end - x, step, reach(), share)
      if (x < end) look(row + x, x)
    }
    for (let x = Math.max(step, width - step); x < width; x++) look(row + x, x)
  }
}

/** @returns how far out the last of them is */
function keepFurthest(odd: Map<number, number>, most: number): number {
  const sorted = [...odd].sort(([a, byA], [b, byB]) => Math.abs(byB) - Math.abs(byA) || a - b)
  for (const [sample] of sorted.slice(most)) odd.delete(sample)
  return Math.abs(sorted[most - 1][1])
}

/** The spread of single pixels, from what lies between them and their neighbours to both sides. */
function neighbourSpread(dark: Float32Array, width: number): number {
  const every = Math.max(17, Math.floor(dark.length / 100_000) | 1)
  const values = new Float32Array(Math.ceil(dark.length / every))
  let count = 0
  for (let i = 1; i < dark.length - 1; i += every) {
    const x = i % width
    if (x === 0 || x === width - 1) continue
    const value = dark[i] - (dark[i - 1] + dark[i + 1]) / 2
    if (!Number.isNaN(value)) values[count++] = value
  }
  // The mean of two neighbours adds half the variance of one.
  return count === 0 ? 0 : spreadInPlace(values, count, 0) / Math.sqrt(1.5)
}

/** Median of the pixels one and two steps to all four sides. */
function around(plane: Float32Array, width: number, height: number, sample: number, step: number): number {
  const x = sample % width
  const y = Math.floor(sample / width)
  const values = new Float64Array(8)
  let count = 0
  for (const by of [-2 * step, -step, step, 2 * step]) {
    const beside = x + by >= 0 && x + by < width ? plane[sample + by] : Number.NaN
    const above = y + by >= 0 && y + by < height ? plane[sample + by * width] : Number.NaN
    if (!Number.isNaN(beside)) values[count++] = beside
    if (!Number.isNaN(above)) values[count++] = above
  }
  return medianInPlace(values, count)
}
