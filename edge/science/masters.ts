// Many frames into one: the sigma-clipped mean that dark, flat and bias masters are. A strip of rows of all frames at a
// time, so that a hundred frames need no more memory than a few.
import { medianInPlace, selectInPlace, spreadInPlace } from './order-statistic.js'

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

export interface OddPixels {
  readonly hot: readonly number[]
  readonly cold: readonly number[]
}

/** A pixel this many times the noise of a frame above its surroundings stands out of every light. */
const darkReach = 10
/** No frame is quieter than the rounding of its numbers. */
const roundingAdu = 1 / Math.sqrt(12)
/** More pixels than this share of the plane are never called bad: the furthest out are. */
const mostOdd = 0.005

/**
 * Pixels of a dark that stand out of their neighbours, hot or cold. The glow of an amplifier is smooth and does not.
 * @param dark  a plane of ADU
 * @param frameNoiseAdu  temporal noise of one frame; with 0 the spread of the dark itself counts
 */
export function oddInDark(dark: Float32Array, width: number, height: number, frameNoiseAdu: number): OddPixels {
  /** From the mean of the neighbours so far to the left and to the right; at the border from the one there is. */
  const isApart = (i: number, x: number, step: number) => {
    const left = dark[x >= step ? i - step : i + step]
    const right = dark[x + step < width ? i + step : i - step]
    return !(Math.abs(dark[i] - (left + right) / 2) <= reach / 2)
  }
  const odd: { sample: number; by: number }[] = []
  let reach = darkReach * Math.max(neighbourSpread(dark, width), frameNoiseAdu, roundingAdu)
  const most = Math.ceil(dark.length * mostOdd)
  const check = (x: number, y: number) => {
    const i = y * width + x
    const by = dark[i] - around(dark, width, height, x, y)
    if (!(Math.abs(by) <= reach)) odd.push({ sample: i, by: Number.isNaN(by) ? Number.POSITIVE_INFINITY : by })
    // Too many: from here on only what is further out counts.
    if (odd.length > 4 * most + 1000) reach = furthest(odd, most)
  }
  for (let y = 0, first = 0; y < height; y++, first += width) {
    // A look to the sides settles it for nearly all; two steps, for hot pixels like company.
    const inside = Math.max(2, width - 2)
    for (let x = 0; x < Math.min(2, width); x++) {
      if (isApart(first + x, x, 1) || isApart(first + x, x, 2)) check(x, y)
    }
    for (let i = first + 2; i < first + inside; i++) {
      const value = dark[i]
      const one = value - (dark[i - 1] + dark[i + 1]) / 2
      const two = value - (dark[i - 2] + dark[i + 2]) / 2
      const far = reach / 2
      if (one <= far && one >= -far && two <= far && two >= -far) continue
      check(i - first, y)
    }
    for (let x = inside; x < width; x++) {
      if (isApart(first + x, x, 1) || isApart(first + x, x, 2)) check(x, y)
    }
  }
  if (odd.length > most) furthest(odd, most)
  const which = (hot: boolean) => odd.filter(({ by }) => by > 0 === hot).map(({ sample }) => sample)
  return { hot: which(true).sort((a, b) => a - b), cold: which(false).sort((a, b) => a - b) }
}

/** The spread of single pixels, from what lies between them and their neighbours to both sides. */
function neighbourSpread(dark: Float32Array, width: number): number {
  const every = 17
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
function around(plane: Float32Array, width: number, height: number, x: number, y: number): number {
  const values = new Float64Array(8)
  let count = 0
  for (const step of [-2, -1, 1, 2]) {
    for (const [nx, ny] of [
      [x + step, y],
      [x, y + step],
    ]) {
      if (nx < 0 || nx >= width || ny < 0 || ny >= height) continue
      const value = plane[ny * width + nx]
      if (!Number.isNaN(value)) values[count++] = value
    }
  }
  return medianInPlace(values, count)
}

/** Keeps the `most` that are furthest out. @returns how far out the last of them is */
function furthest(odd: { sample: number; by: number }[], most: number): number {
  odd.sort((a, b) => Math.abs(b.by) - Math.abs(a.by) || a.sample - b.sample)
  odd.length = most
  return Math.abs(odd[most - 1].by)
}

/** Of the light around them; dust shadows are gentler. */
const [dimmest, brightest] = [0.5, 1.6]

/**
 * Pixels of a flat that answer light by less than half or more than 1.6 times as much as those around them.
 * @param flat  a plane; 1 is usual light
 */
export function oddInFlat(flat: Float32Array, width: number, height: number, bayer: boolean): number[] {
  const step = bayer ? 2 : 1
  const odd: number[] = []
  const scratch = new Float64Array(blockPx * blockPx)
  for (const block of blocksOf(width, height)) {
    const levels = bayer
      ? [0, 1, 2, 3].map(place => blockLevel(flat, width, block, 2, place & 1, place >> 1, scratch))
      : new Array<number>(4).fill(blockLevel(flat, width, block, step, 0, 0, scratch))
    for (let y = block.y; y < block.bottom; y++) {
      const even = levels[(y & 1) << 1]
      const odds = levels[((y & 1) << 1) | 1]
      const [evenLow, evenHigh, oddLow, oddHigh] = [dimmest * even, brightest * even, dimmest * odds, brightest * odds]
      for (let i = y * width + block.x, end = y * width + block.right; i < end; i++) {
        const value = flat[i]
        const isOdd = ((i - y * width) & 1) === 1
        if (!(value >= (isOdd ? oddLow : evenLow) && value <= (isOdd ? oddHigh : evenHigh))) odd.push(i)
      }
    }
  }
  return odd
}

const blockPx = 64

interface Block {
  readonly x: number
  readonly y: number
  readonly right: number
  readonly bottom: number
}

function* blocksOf(width: number, height: number): Generator<Block> {
  for (let y = 0; y < height; y += blockPx) {
    for (let x = 0; x < width; x += blockPx) {
      yield { x, y, right: Math.min(width, x + blockPx), bottom: Math.min(height, y + blockPx) }
    }
  }
}

/** Median of a block's samples, of every third row and column of one colour. */
function blockLevel(
  plane: Float32Array,
  width: number,
  block: Block,
  step: 1 | 2,
  dx: number,
  dy: number,
  values: Float64Array,
): number {
  let count = 0
  const every = 3 * step
  for (let y = block.y + ((block.y ^ dy) & (step - 1)); y < block.bottom; y += every) {
    for (let x = block.x + ((block.x ^ dx) & (step - 1)); x < block.right; x += every) {
      const value = plane[y * width + x]
      if (!Number.isNaN(value)) values[count++] = value
    }
  }
  return count === 0 ? Number.NaN : selectInPlace(values, count, count >> 1)
}
