// Many frames into one: the sigma-clipped mean that dark, flat and bias masters are. A strip of rows of all frames at a
// time, so that a hundred frames need no more memory than a few.
import type { MasterKind } from './master-cards.js'
import { medianInPlace, spreadInPlace } from './order-statistic.js'

export interface ClippedMean {
  /** Samples left out. */
  readonly clipped: number
  /** Temporal noise of one frame: the median over pixels of the spread around their mean; 0 for a single frame. */
  readonly sigma: number
}

const sigmaSamples = 4096

/**
 * Mean over frames of each pixel, without what lies further than `kappa` · σ from its median.
 * σ is the pixel's own (1.4826 · MAD), but no less than what pixels of this strip usually have: few frames tell a
 * pixel's spread badly, and it is not frozen by that. Pixels without an outlier are spared the median.
 * @param frames  as many arrays of `count` samples, none NaN; unchanged
 * @param out  `count` samples, written
 */
export function clippedMean(frames: readonly Float32Array[], count: number, out: Float32Array, kappa = 3): ClippedMean {
  const n = frames.length
  const first = frames[0]
  const sum = new Float64Array(count)
  const squares = new Float64Array(count)
  const least = new Float32Array(count)
  const most = new Float32Array(count)
  for (let frame = 1; frame < n; frame++) {
    const samples = frames[frame]
    for (let i = 0; i < count; i++) {
      // From the first frame's value: sums of small numbers lose nothing.
      const value = samples[i] - first[i]
      sum[i] += value
      squares[i] += value * value
      if (value < least[i]) least[i] = value
      if (value > most[i]) most[i] = value
    }
  }
  const sigma = usualSpread(sum, squares, n, count)
  const near = kappa * sigma
  const values = new Float64Array(n)
  let clipped = 0
  for (let i = 0; i < count; i++) {
    const mean = sum[i] / n
    if (n < 3 || (most[i] - mean <= near && mean - least[i] <= near)) {
      out[i] = first[i] + mean
      continue
    }
    for (let frame = 0; frame < n; frame++) values[frame] = frames[frame][i]
    const centre = medianInPlace(values, n)
    const reach = kappa * Math.max(sigma, spreadInPlace(values, n, centre))
    let kept = 0
    let total = 0
    for (let frame = 0; frame < n; frame++) {
      const value = frames[frame][i]
      if (Math.abs(value - centre) > reach) continue
      total += value
      kept++
    }
    clipped += n - kept
    out[i] = total / kept
  }
  return { clipped, sigma }
}

function usualSpread(sum: Float64Array, squares: Float64Array, n: number, count: number): number {
  if (n < 2) return 0
  const every = Math.max(1, Math.floor(count / sigmaSamples))
  const variances = new Float64Array(Math.ceil(count / every))
  let taken = 0
  for (let i = 0; i < count; i += every) variances[taken++] = (squares[i] - (sum[i] * sum[i]) / n) / (n - 1)
  return Math.sqrt(Math.max(0, medianInPlace(variances, taken)))
}

/**
 * The level of each of the four places of a 2×2 cell (rows and columns counted from sample 0): medians of samples all
 * over the plane. Without a Bayer pattern the four are one.
 * @param samples  a plane of `width` · `height`
 */
export function cellLevels(samples: ArrayLike<number>, width: number, height: number, bayer: boolean): number[] {
  const perCell = 5000
  const level = (x: number, y: number, step: number) => {
    const every = Math.max(1, Math.floor(Math.sqrt((width * height) / (perCell * step * step)))) * step
    const values: number[] = []
    for (let row = y; row < height; row += every) {
      for (let column = x; column < width; column += every) {
        const value = samples[row * width + column]
        if (!Number.isNaN(value)) values.push(value)
      }
    }
    return medianInPlace(Float64Array.from(values), values.length)
  }
  if (!bayer) return new Array(4).fill(level(0, 0, 1))
  return [0, 1, 2, 3].map(place => level(place & 1, place >> 1, 2))
}

/**
 * Takes the pedestal off rows of a flat's frame and brings the usual light to 1, each Bayer colour by itself, so that
 * the flat changes no colours.
 * @param rows  samples, changed in place
 * @param firstRow  number of the first row in its plane, for the Bayer cell
 * @param pedestal  as many samples; absent: nothing is taken off
 * @param levels  see `cellLevels`, with the pedestal taken off
 */
export function normaliseRows(
  rows: Float32Array,
  width: number,
  firstRow: number,
  pedestal: Float32Array | undefined,
  levels: readonly number[],
): void {
  for (let start = 0, row = firstRow; start < rows.length; start += width, row++) {
    const even = 1 / levels[(row & 1) << 1]
    const odd = 1 / levels[((row & 1) << 1) | 1]
    for (let i = 0; i < width; i++) {
      const value = pedestal ? rows[start + i] - pedestal[start + i] : rows[start + i]
      rows[start + i] = value * ((i & 1) === 0 ? even : odd)
    }
  }
}

/** Sums of many frames of 16 bits are below this, ADU. */
const mostDarkAdu = 1e7
/** A flat may be in any unit of light. */
const mostFlat = 1e12

/** @returns how many samples could calibrate: finite, of a size that can be, in a flat with light */
export function countUsable(kind: MasterKind, samples: Float32Array): number {
  const [least, most] = kind === 'flat' ? [Number.MIN_VALUE, mostFlat] : [-mostDarkAdu, mostDarkAdu]
  let usable = 0
  for (let i = 0; i < samples.length; i++) if (samples[i] >= least && samples[i] <= most) usable++
  return usable
}

/** What makes a master useless of which only `usable` of all samples could calibrate; undefined when it is good. */
export function uselessWords(kind: MasterKind, usable: number, all: number): string | undefined {
  if (usable * 2 > all) return undefined
  const what = kind === 'flat' ? 'without light, not finite, or too large' : 'not finite, or too large'
  return `calibrates nothing: ${Math.round((100 * (all - usable)) / all)} % of its samples are ${what}`
}
