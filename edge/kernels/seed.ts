// The first frames of a stack judged together: their median knows what is wrong, whichever frame it is in. At most 7
// samples of each pixel, f32, each `step` bytes after the one before.
import type { Views } from './memory.js'

const f = Math.fround
export const mostSamples = 7

/** Median of the finite of `frames` samples, per pixel, into `out` (f32, written); NaN where there are none. */
export function seedMedian(
  { f32 }: Views,
  samples: number,
  step: number,
  frames: number,
  out: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) f32[out / 4 + i] = medianOf(samplesAt(f32, samples / 4 + i, step / 4, frames))
}

/**
 * Marks samples: bit k of a vote when sample k is too far from the median, bit 8 + k when it is not finite. Far is
 * (x − median)² > kappa² · max(floor, (1.4826 MAD)²).
 * @param floors  of each frame as for `foldReject`, `floorStep` bytes apart, `floorStride` blocks from row to row
 * @param votes  u16 per pixel; bits are added, so that the planes of a colour vote together
 */
export function seedVotes(
  { f32, u16 }: Views,
  samples: number,
  step: number,
  frames: number,
  median: number,
  columns: number,
  rows: number,
  stride: number,
  floors: number,
  floorStep: number,
  floorStride: number,
  kappa2: number,
  votes: number,
): void {
  const kappaSquare = f(kappa2)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * stride + column
      const middle = f32[median / 4 + at]
      const values = samplesAt(f32, samples / 4 + at, step / 4, frames)
      const spread = f(f(1.4826) * medianOf(values.map(value => Math.abs(f(value - middle)))))
      const square = f(spread * spread)
      const block = floors / 4 + (row >> 2) * floorStride + (column >> 2)
      let vote = 0
      for (const [k, value] of values.entries()) {
        const floor = f32[block + (k * floorStep) / 4]
        const apart = f(value - middle)
        const far = f(apart * apart) > f(kappaSquare * Math.max(floor, square)) || floor < 0
        if (far) vote |= 1 << k
        if (!Number.isFinite(value)) vote |= 256 << k
      }
      u16[votes / 2 + at] |= vote
    }
  }
}

/**
 * Mean, M2 and weight of the samples that no vote marks; of all finite ones where votes mark every sample. Nothing is
 * left of what was there before; without a sample all is 0.
 * @param weights  byte offset of one f32 for each frame, whole numbers
 * @param mean  with `m2` and `weight`: `outStride` pixels from row to row
 */
export function seedMean(
  { f32, u16 }: Views,
  samples: number,
  step: number,
  frames: number,
  median: number,
  columns: number,
  rows: number,
  stride: number,
  votes: number,
  weights: number,
  mean: number,
  m2: number,
  weight: number,
  outStride: number,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * stride + column
      const to = row * outStride + column
      const vote = u16[votes / 2 + at]
      const missing = vote >> 8
      const left = ~(vote | missing) & ((1 << frames) - 1)
      const used = left === 0 ? ~missing & ((1 << frames) - 1) : left
      const middle = f32[median / 4 + at]
      let total = 0
      let moved = 0
      for (let k = 0; k < frames; k++) {
        if (!(used & (1 << k))) continue
        const w = f32[weights / 4 + k]
        total = f(total + w)
        moved = f(moved + f(w * f(f32[(samples + k * step) / 4 + at] - middle)))
      }
      const level = total === 0 ? Number.NaN : f(middle + f(moved / total))
      let squares = 0
      for (let k = 0; k < frames; k++) {
        if (!(used & (1 << k))) continue
        const apart = f(f32[(samples + k * step) / 4 + at] - level)
        squares = f(squares + f(f32[weights / 4 + k] * f(apart * apart)))
      }
      f32[mean / 4 + to] = level
      f32[m2 / 4 + to] = squares
      u16[weight / 2 + to] = total
    }
  }
}

function samplesAt(f32: Float32Array, at: number, step: number, frames: number): number[] {
  return Array.from({ length: frames }, (_, k) => f32[at + k * step])
}

/** Of the finite ones; the mean of the two in the middle. */
function medianOf(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  const { length } = sorted
  return length === 0 ? Number.NaN : f(f(sorted[(length - 1) >> 1] + sorted[length >> 1]) * 0.5) + 0
}
