// How much quieter the stack's sky really is than the single reference frame's, measured on the frames that went in.
import { medianInPlace, spreadInPlace } from './order-statistic.js'
import { ScienceError } from './science-error.js'
import type { Similarity } from './similarity.js'
import { resampledVariance } from './warp.js'

/**
 * Keeps 4 × 4-block means of the reference and of two half-stacks, every other frame each: 16 bytes a block, 1 byte a
 * pixel.
 *
 * Two halves hold the same sky, so their difference holds noise alone: faint stars, nebulae and gradients cancel,
 * where the bare scatter of a deep stack's sky is mostly stars too faint to be found. From the difference follows the
 * noise of the whole; the reference's own follows from how far it is from each half. All are the robust scatter of
 * differences of neighbouring blocks, far from the reference's stars, where all frames have data. Bilinear resampling
 * smooths, which looks like less noise; for every frame the share it takes is known from its transform and put back,
 * so that frames of equal white noise give √n however they lay.
 *
 * What it can be fooled by: a pattern that stays on the sensor (hot pixels, bands, a missing dark) cancels in the
 * difference as the sky does while the frames do not move against each other, and goes unseen; with a drift of some
 * pixels it counts as the noise it is, and where the frames come back to the same few places the gain reads low.
 * Noise that is not white when it comes in (debayered colour, a camera that smooths) loses less by resampling than is
 * put back, so that the gain reads up to a tenth low.
 */
export interface NoiseMeter {
  readonly width: number // px
  readonly height: number // px
  readonly columns: number // of blocks
  readonly rows: number
  readonly reference: Float32Array // block means, ADU; NaN without data
  readonly halves: readonly [Half, Half]
  readonly loud: Uint8Array // 1 for blocks too close to a star
}

interface Half {
  readonly mean: Float32Array
  readonly count: Uint16Array
  frames: number
  varianceLeft: number // after resampling, summed over the frames
}

export const meterBlockPx = 4
const fewestFrames = 4 // below, both halves are little more than the reference itself
const fewestPairs = 200 // for a scatter good to 6 %

interface Bright {
  readonly x: number // px
  readonly y: number
  readonly hfdPx: number
  readonly saturated: boolean
}

/** @param stars  those of the reference; four HFD around them, eight around clipped ones, are left out */
export function makeNoiseMeter(width: number, height: number, stars: readonly Bright[]): NoiseMeter {
  const columns = Math.floor(width / meterBlockPx)
  const rows = Math.floor(height / meterBlockPx)
  const loud = new Uint8Array(columns * rows)
  for (const { x, y, hfdPx, saturated } of stars) {
    const reach = Math.max(8, (saturated ? 8 : 4) * hfdPx) / meterBlockPx
    const [column, row] = [(x + 0.5) / meterBlockPx - 0.5, (y + 0.5) / meterBlockPx - 0.5]
    for (let v = Math.max(0, Math.ceil(row - reach)); v <= Math.min(rows - 1, row + reach); v++) {
      for (let u = Math.max(0, Math.ceil(column - reach)); u <= Math.min(columns - 1, column + reach); u++) {
        if (Math.hypot(u - column, v - row) <= reach) loud[v * columns + u] = 1
      }
    }
  }
  const half = (): Half => ({
    mean: new Float32Array(columns * rows),
    count: new Uint16Array(columns * rows),
    frames: 0,
    varianceLeft: 0,
  })
  return { width, height, columns, rows, reference: new Float32Array(columns * rows), halves: [half(), half()], loud }
}

/**
 * Adds rows of the frame being folded in, after warping; changes the meter. The first frame is the reference.
 * @param strip  one array per plane, `rows` rows of the meter's width from `firstRow` on, which must be a multiple of
 *   4; NaN = no data
 */
export function meterRows(meter: NoiseMeter, strip: readonly Float32Array[], firstRow: number, rows: number): void {
  const { width, columns, halves, reference } = meter
  if (firstRow % meterBlockPx !== 0) throw new ScienceError(`row ${firstRow} is not the first of a block`)
  const frames = halves[0].frames + halves[1].frames
  const { mean, count } = halves[frames % 2]
  const pixels = meterBlockPx * meterBlockPx * strip.length
  for (let row = 0; row + meterBlockPx <= rows; row += meterBlockPx) {
    for (let column = 0; column < columns; column++) {
      const block = ((firstRow + row) / meterBlockPx) * columns + column
      let sum = 0
      for (const plane of strip) {
        for (let y = row; y < row + meterBlockPx; y++) {
          const start = y * width + column * meterBlockPx
          for (let i = start; i < start + meterBlockPx; i++) sum += plane[i]
        }
      }
      const value = sum / pixels
      if (frames === 0) reference[block] = value
      if (Number.isNaN(value)) continue
      count[block]++
      mean[block] += (value - mean[block]) / count[block]
    }
  }
}

/** Ends a frame whose rows have all been added. */
export function closeFrame(meter: NoiseMeter, frameToReference: Similarity): void {
  const { width, height, halves } = meter
  const half = halves[(halves[0].frames + halves[1].frames) % 2]
  half.frames++
  half.varianceLeft += resampledVariance(frameToReference, width, height, meterBlockPx)
}

/**
 * Noise of the reference over noise of the stack; `undefined` below four frames or with too little sky free of
 * stars.
 */
export function measuredGain(meter: NoiseMeter): number | undefined {
  const [even, odd] = meter.halves
  const frames = even.frames + odd.frames
  if (frames < fewestFrames) return undefined
  const apart = scatter(meter, i => even.mean[i] - odd.mean[i])
  const toOdd = scatter(meter, i => meter.reference[i] - odd.mean[i])
  const toEven = scatter(meter, i => meter.reference[i] - even.mean[i])
  if (apart === undefined || toOdd === undefined || toEven === undefined) return undefined
  // Three corners: var(r − o) = r + o, var(e − o) = e + o, and var(r − e) = r + e − 2r/n, the reference being one
  // of e's n frames.
  const reference = (toOdd ** 2 + toEven ** 2 - apart ** 2) / (2 - 2 / even.frames)
  // A half of n frames of variance s² each has s² · left / n², where left sums what resampling lets through.
  const left = even.varianceLeft / even.frames ** 2 + odd.varianceLeft / odd.frames ** 2
  const perFrame = apart ** 2 / left
  return reference > 0 && perFrame > 0 ? Math.sqrt((reference * frames) / perFrame) : undefined
}

/** Robust standard deviation of differences between neighbouring quiet blocks, ADU, of a map over blocks. */
function scatter({ columns, rows, loud, halves }: NoiseMeter, value: (block: number) => number): number | undefined {
  const [even, odd] = halves
  const differences = new Float32Array(columns * rows)
  const quiet = (i: number) => loud[i] === 0 && even.count[i] === even.frames && odd.count[i] === odd.frames
  let count = 0
  for (let row = 0; row < rows; row++) {
    for (let i = row * columns; i < (row + 1) * columns - 1; i++) {
      if (quiet(i) && quiet(i + 1)) differences[count++] = value(i) - value(i + 1)
    }
  }
  if (count < fewestPairs) return undefined
  const middle = medianInPlace(differences, count)
  return spreadInPlace(differences, count, middle)
}
