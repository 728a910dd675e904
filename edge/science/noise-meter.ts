// How much quieter the stack's sky really is than the single reference frame's, measured on the frames that went in.
import { medianInPlace, spreadInPlace } from './order-statistic.js'
import { resampledVariance } from './resampled-variance.js'
import type { Similarity } from './similarity.js'
import type { Step } from './strip-step.js'
import { type PixelBox, planesOf, tileWidthFor, type WarpOrder, warpScratchBytes, warpTile } from './warp-tile.js'

/**
 * Keeps means of 4 × 4-px blocks, in some 40 bands of four rows each, of the reference and of two half-stacks, every
 * other frame each.
 *
 * Two halves hold the same sky, so their difference holds noise alone: faint stars, nebulae and gradients cancel,
 * where the bare scatter of a deep stack's sky is mostly stars too faint to be found. From the difference follows the
 * noise of the whole; the reference's own follows from how far it is from each half. All are the robust scatter of
 * differences of neighbouring blocks, far from the reference's stars, where all frames have data. Resampling smooths,
 * which looks like less noise; for every frame the share it takes is known from its transform and put back, so that
 * frames of equal white noise give √n however they lay. Frames count by their weights; what rejection leaves out, a
 * few pixels in a thousand, is not told apart.
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
  readonly bands: number
  readonly reference: Float32Array // block means, ADU; NaN without data
  referenceWeight: number
  readonly halves: readonly [Half, Half]
  readonly loud: Uint8Array // 1 for blocks too close to a star
}

interface Half {
  readonly mean: Float32Array
  readonly frames: Uint16Array // that had data there
  added: number
  weight: number
  squares: number // sum of weight²
  squaresLeft: number // of weight² · variance after resampling
}

export const meterBlockPx = 4
const mostBands = 40
const fewestFrames = 4 // below, both halves are little more than the reference itself
const fewestPairs = 200 // for a scatter good to 6 %

interface Bright {
  readonly x: number // px
  readonly y: number
  readonly hfdPx: number
  readonly saturated: boolean
}

/** Bands in a frame. */
export function meterBands(height: number): number {
  return Math.min(mostBands, Math.floor(height / meterBlockPx))
}

/** First row of a band; they are spread evenly over the frame. */
function bandRow(height: number, band: number): number {
  return (
    Math.floor((band * (Math.floor(height / meterBlockPx) - 1)) / Math.max(1, meterBands(height) - 1)) * meterBlockPx
  )
}

export interface MeterOrder extends WarpOrder {
  readonly box: PixelBox // the whole calibrated frame
  readonly width: number // px, of the stack
  readonly height: number // px
  /** Byte offset of bands × columns f32, written: mean of each block over the planes. */
  readonly blocks: number
}

/** Scratch that `meterBand` needs, bytes. */
export function meterScratchBytes(frame: WarpOrder['frame']): number {
  return warpScratchBytes(frame) + 4 * planesOf(frame) * meterBlockPx * bandTilePx
}

const bandTilePx = 512

/** The block means of one band of a frame as it is folded in. */
export const meterBand: Step<MeterOrder> = (hand, order, band) => {
  const { width, height, frame, blocks, transform, box } = order
  const planes = planesOf(frame)
  const tile = hand.scratch + warpScratchBytes(frame)
  const plane = 4 * meterBlockPx * bandTilePx
  const step = Math.min(bandTilePx, tileWidthFor(transform, frame))
  const columns = Math.floor(width / meterBlockPx)
  const y = bandRow(height, band)
  for (let x = 0; x < width; x += step) {
    const area = { x, y, width: Math.min(step, width - x), height: meterBlockPx }
    warpTile(hand, order, box, area, tile, plane, bandTilePx, hand.scratch)
    const to = blocks + 4 * (band * columns + x / meterBlockPx)
    hand.kernels.blockMeans(tile, plane, bandTilePx, Math.floor(area.width / meterBlockPx), planes, to)
  }
}

/** @param stars  those of the reference; four HFD around them, eight around clipped ones, are left out */
export function makeNoiseMeter(width: number, height: number, stars: readonly Bright[]): NoiseMeter {
  const columns = Math.floor(width / meterBlockPx)
  const bands = meterBands(height)
  const loud = new Uint8Array(columns * bands)
  const middles = Array.from({ length: bands }, (_, band) => bandRow(height, band) + (meterBlockPx - 1) / 2)
  for (const { x, y, hfdPx, saturated } of stars) {
    const reach = Math.max(8, (saturated ? 8 : 4) * hfdPx)
    const column = (x + 0.5) / meterBlockPx - 0.5
    for (let band = 0; band < bands; band++) {
      const apart = Math.abs(middles[band] - y)
      if (apart > reach) continue
      const across = Math.sqrt(reach * reach - apart * apart) / meterBlockPx
      const last = Math.min(columns - 1, column + across)
      for (let u = Math.max(0, Math.ceil(column - across)); u <= last; u++) loud[band * columns + u] = 1
    }
  }
  const half = (): Half => ({
    mean: new Float32Array(columns * bands),
    frames: new Uint16Array(columns * bands),
    ...{ added: 0, weight: 0, squares: 0, squaresLeft: 0 },
  })
  const reference = new Float32Array(columns * bands)
  return { width, height, columns, bands, reference, referenceWeight: 0, halves: [half(), half()], loud }
}

/**
 * Adds a frame; changes the meter. The first is the reference.
 * @param blocks  what `meterBand` wrote
 * @param weight  the frame's in the stack
 */
export function addToMeter(
  meter: NoiseMeter,
  blocks: Float32Array,
  weight: number,
  transform: Similarity,
  kernel: WarpOrder['kernel'],
): void {
  const { width, height, halves, reference } = meter
  const before = halves[0].added + halves[1].added
  const half = halves[before % 2]
  if (before === 0) {
    reference.set(blocks)
    meter.referenceWeight = weight
  }
  half.added++
  half.weight += weight
  half.squares += weight * weight
  half.squaresLeft += weight * weight * resampledVariance(transform, width, height, meterBlockPx, kernel)
  const share = weight / half.weight
  for (let i = 0; i < blocks.length; i++) {
    if (Number.isNaN(blocks[i])) continue
    half.frames[i]++
    half.mean[i] += (blocks[i] - half.mean[i]) * share
  }
}

/**
 * Noise of the reference over noise of the stack; `undefined` below four frames or with too little sky free of
 * stars.
 */
export function measuredGain(meter: NoiseMeter): number | undefined {
  const [even, odd] = meter.halves
  if (even.added + odd.added < fewestFrames) return undefined
  const apart = scatter(meter, i => even.mean[i] - odd.mean[i])
  const toOdd = scatter(meter, i => meter.reference[i] - odd.mean[i])
  const toEven = scatter(meter, i => meter.reference[i] - even.mean[i])
  if (apart === undefined || toOdd === undefined || toEven === undefined) return undefined
  // Three corners: var(r − o) = r + o, var(e − o) = e + o, and var(r − e) = r + e − 2 r w / W, the reference being one
  // of e's frames, with weight w of their W.
  const share = meter.referenceWeight / even.weight
  const reference = (toOdd ** 2 + toEven ** 2 - apart ** 2) / (2 - 2 * share)
  // A half of frames of variance s² has s² · Σ w² left / W², where `left` is what resampling lets through.
  const left = even.squaresLeft / even.weight ** 2 + odd.squaresLeft / odd.weight ** 2
  const perFrame = apart ** 2 / left
  const frames = (even.weight + odd.weight) ** 2 / (even.squares + odd.squares)
  return reference > 0 && perFrame > 0 ? Math.sqrt((reference * frames) / perFrame) : undefined
}

/** Robust standard deviation of differences between neighbouring quiet blocks, ADU, of a map over blocks. */
function scatter({ columns, bands, loud, halves }: NoiseMeter, value: (block: number) => number): number | undefined {
  const [even, odd] = halves
  const differences = new Float32Array(columns * bands)
  const quiet = (i: number) => loud[i] === 0 && even.frames[i] === even.added && odd.frames[i] === odd.added
  let count = 0
  for (let band = 0; band < bands; band++) {
    for (let i = band * columns; i < (band + 1) * columns - 1; i++) {
      if (quiet(i) && quiet(i + 1)) differences[count++] = value(i) - value(i + 1)
    }
  }
  if (count < fewestPairs) return undefined
  const middle = medianInPlace(differences, count)
  return spreadInPlace(differences, count, middle)
}
