// What a plane of samples looks like in a few numbers, without sorting it: a histogram for short integers, selection
// for the rest. Missing pixels (NaN, and infinities with them) count for nothing.
import { medianInPlace, selectInPlace, sigmaOfMad } from './order-statistic.js'
import type { Samples } from './samples.js'
import { ScienceError } from './science-error.js'

/** All in ADU. When `count` is 0 everything else is NaN. */
export interface Statistics {
  readonly count: number // finite samples
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly std: number // of all of them, not an estimate for more
  readonly median: number
  readonly mad: number // median absolute deviation from the median
  readonly sigma: number // robust: what a Gaussian of this MAD has
  /** False when median and MAD rest on a sample of a million; then they lie within 0.2 % in rank. */
  readonly exact: boolean
}

/** Longer float and 32-bit arrays are ranked by a sample of this many. */
const rankedAtMost = 2 ** 20

/**
 * Extremes, mean, spread and robust spread.
 * Exact for 8- and 16-bit samples of any number and for others up to 2²⁰; mean, std, min and max always are.
 */
export function measureSamples(samples: Samples): Statistics {
  return isShort(samples) ? measureHistogram(histogramOf(samples)) : measureLong(samples)
}

/**
 * Values below which the given shares of the finite samples lie, between neighbours linearly (numpy's default).
 * @param shares each 0..1
 * @returns as many values, NaN when nothing is finite; exact as `measureSamples` says
 */
export function percentiles(samples: Samples, shares: readonly number[]): number[] {
  for (const share of shares) {
    if (!(share >= 0 && share <= 1)) throw new ScienceError(`a percentile of ${share} is not between 0 and 1`)
  }
  if (isShort(samples)) {
    const histogram = histogramOf(samples)
    return shares.map(share => between(histogram.count, share, rank => valueAt(histogram, rank)))
  }
  const { values, count } = finiteSample(samples)
  return shares.map(share => between(count, share, rank => selectInPlace(values, count, rank)))
}

interface Histogram {
  readonly bins: Uint32Array
  readonly first: number // ADU of bin 0
  readonly count: number
}

type Short = Uint8Array | Uint16Array | Int16Array

function isShort(samples: Samples): samples is Short {
  return samples instanceof Uint8Array || samples instanceof Uint16Array || samples instanceof Int16Array
}

function histogramOf(samples: Short): Histogram {
  const bins = new Uint32Array(samples instanceof Uint8Array ? 256 : 65536)
  const first = samples instanceof Int16Array ? -32768 : 0
  for (let i = 0; i < samples.length; i++) bins[samples[i] - first]++
  return { bins, first, count: samples.length }
}

/** The sample of that rank, 0-based, in order of size. */
function valueAt({ bins, first, count }: Histogram, rank: number): number {
  let seen = 0
  for (let bin = 0; bin < bins.length; bin++) {
    seen += bins[bin]
    if (seen > Math.min(rank, count - 1)) return first + bin
  }
  return Number.NaN
}

function between(count: number, share: number, ranked: (rank: number) => number): number {
  if (count === 0) return Number.NaN
  const place = share * (count - 1)
  const rank = Math.floor(place)
  const low = ranked(rank)
  return place === rank ? low : low + (ranked(rank + 1) - low) * (place - rank)
}

function measureHistogram(histogram: Histogram): Statistics {
  const { bins, first, count } = histogram
  if (count === 0) return nothing
  let lowest = 0
  while (bins[lowest] === 0) lowest++
  let highest = bins.length - 1
  while (bins[highest] === 0) highest--
  let sum = 0
  for (let bin = lowest; bin <= highest; bin++) sum += bins[bin] * bin
  const mean = sum / count
  let squares = 0
  for (let bin = lowest; bin <= highest; bin++) squares += bins[bin] * (bin - mean) ** 2
  const median = between(count, 0.5, rank => valueAt(histogram, rank))
  const mad = madOf(histogram, median)
  return {
    count,
    min: first + lowest,
    max: first + highest,
    mean: first + mean,
    std: Math.sqrt(squares / count),
    median,
    mad,
    sigma: sigmaOfMad * mad,
    exact: true,
  }
}

/** Median distance from `median`, found by walking outwards from it on both sides, the nearer bin first. */
function madOf({ bins, first, count }: Histogram, median: number): number {
  const centre = median - first
  let below = Math.floor(centre)
  let above = below + 1
  let seen = 0
  let lower = Number.NaN // distance of rank (count - 1) / 2, rounded down
  while (below >= 0 || above < bins.length) {
    const goesDown = below >= 0 && (above >= bins.length || centre - below <= above - centre)
    const distance = goesDown ? centre - below : above - centre
    seen += goesDown ? bins[below--] : bins[above++]
    if (Number.isNaN(lower) && seen > (count - 1) >> 1) lower = distance
    if (seen > count >> 1) return (lower + distance) / 2
  }
  return lower
}

const nothing: Statistics = {
  count: 0,
  min: Number.NaN,
  max: Number.NaN,
  mean: Number.NaN,
  std: Number.NaN,
  median: Number.NaN,
  mad: Number.NaN,
  sigma: Number.NaN,
  exact: true,
}

function measureLong(samples: Samples): Statistics {
  let count = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let sum = 0
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]
    if (!Number.isFinite(value)) continue
    count++
    if (value < min) min = value
    if (value > max) max = value
    sum += value
  }
  if (count === 0) return nothing
  const mean = sum / count
  let squares = 0
  for (let i = 0; i < samples.length; i++) if (Number.isFinite(samples[i])) squares += (samples[i] - mean) ** 2
  const ranked = finiteSample(samples)
  const median = medianInPlace(ranked.values, ranked.count)
  for (let i = 0; i < ranked.count; i++) ranked.values[i] = Math.abs(ranked.values[i] - median)
  const mad = medianInPlace(ranked.values, ranked.count)
  return {
    count,
    min,
    max,
    mean,
    std: Math.sqrt(squares / count),
    median,
    mad,
    sigma: sigmaOfMad * mad,
    exact: ranked.exact,
  }
}

/**
 * Finite samples to be ranked: all of them, or one from each of 2²⁰ equal stretches. Where in its stretch moves by the
 * golden section, so that no column, row or Bayer colour is favoured.
 */
function finiteSample(samples: Samples): { values: Float32Array | Float64Array; count: number; exact: boolean } {
  const exact = samples.length <= rankedAtMost
  const taken = exact ? samples.length : rankedAtMost
  const values = samples instanceof Float32Array ? new Float32Array(taken) : new Float64Array(taken)
  const stretch = samples.length / taken
  const golden = 0.6180339887498949
  let count = 0
  for (let i = 0; i < taken; i++) {
    const value = samples[exact ? i : Math.floor((i + ((i * golden) % 1)) * stretch)]
    if (Number.isFinite(value)) values[count++] = value
  }
  return { values, count, exact }
}
