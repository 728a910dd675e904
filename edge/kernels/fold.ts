// Frames folded into a running mean, with or without variance and rejection. A pixel has a mean and a sum of squares
// (M2) per plane, f32, and one weight for all planes, u16: 16 for a frame of usual worth.
import type { Views } from './memory.js'

export const nominalWeight = 16
const mostWeight = 65_535

/** A pixel has data when it is finite in all its planes. */
function hasData(f32: Float32Array, at: number, plane: number, planes: number): boolean {
  for (let p = 0; p < planes; p++) if (!Number.isFinite(f32[at + p * plane])) return false
  return true
}

/** A mean is NaN until there is something to take a mean of. */
function known(mean: number): number {
  return Number.isNaN(mean) ? 0 : mean
}

/**
 * Folds `rows` × `columns` pixels into the mean. Where a pixel lacks data in one of its planes, nothing is changed.
 * @param x  f32, `planes` of them `xPlane` bytes apart, `xStride` pixels from row to row
 * @param mean  f32, planes `meanPlane` bytes apart, `stride` pixels from row to row, NaN where the weight is 0; changed
 * @param weight  u16, same rows; grows by `w` (1 … 64) and stays at 65535
 */
export function foldMean(
  { f32, u16 }: Views,
  x: number,
  xPlane: number,
  xStride: number,
  mean: number,
  meanPlane: number,
  weight: number,
  stride: number,
  columns: number,
  rows: number,
  planes: number,
  w: number,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = x / 4 + row * xStride + column
      if (!hasData(f32, from, xPlane / 4, planes)) continue
      const place = row * stride + column
      const after = Math.min(mostWeight, u16[weight / 2 + place] + w)
      const share = Math.fround(w / after)
      for (let p = 0; p < planes; p++) {
        const at = (mean + p * meanPlane) / 4 + place
        const former = known(f32[at])
        f32[at] = former + Math.fround(Math.fround(f32[from + (p * xPlane) / 4] - former) * share)
      }
      u16[weight / 2 + place] = after
    }
  }
}

/**
 * Folds `rows` × `columns` pixels into mean and M2 (Welford, Technometrics 4 (1962) 419, weighted as in West, CACM 22
 * (1979) 532), but for those too far from the mean in one of the planes: (x − mean)² > kappa² · max(floor, variance).
 * @param x  as for `foldMean`, with `mean`, `weight` and the strides
 * @param m2  f32, laid out as `mean`; changed
 * @param floors  f32 of each 4 × 4 block from the first pixel on, ADU²: the least variance to believe, negative where
 *   nothing is to be taken; `floorStride` blocks from row to row, planes `floorPlane` bytes apart
 * @param kappa2  kappa², Infinity to take everything but in blocks of negative floor
 * @param fewest  weight below which nothing is rejected, at least 17; negative floors count here too
 * @returns pixels rejected
 */
export function foldReject(
  { f32, u16 }: Views,
  x: number,
  xPlane: number,
  xStride: number,
  mean: number,
  m2: number,
  meanPlane: number,
  weight: number,
  stride: number,
  columns: number,
  rows: number,
  planes: number,
  floors: number,
  floorPlane: number,
  floorStride: number,
  w: number,
  kappa2: number,
  fewest: number,
): number {
  const kappaSquare = Math.fround(kappa2)
  let rejected = 0
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = x / 4 + row * xStride + column
      if (!hasData(f32, from, xPlane / 4, planes)) continue
      const place = row * stride + column
      const before = u16[weight / 2 + place]
      let far = false
      for (let p = 0; p < planes; p++) {
        const at = p * (meanPlane / 4) + place
        const floor = f32[(floors + p * floorPlane) / 4 + (row >> 2) * floorStride + (column >> 2)]
        const apart = Math.fround(f32[from + (p * xPlane) / 4] - f32[mean / 4 + at])
        const spare = before - nominalWeight
        const variance = Math.max(Math.fround(floor * spare), f32[m2 / 4 + at])
        const beyond = Math.fround(Math.fround(apart * apart) * spare) > Math.fround(kappaSquare * variance)
        far ||= beyond || floor < 0
      }
      if (far && before >= fewest) {
        rejected++
        continue
      }
      const after = Math.min(mostWeight, before + w)
      const share = Math.fround(w / after)
      for (let p = 0; p < planes; p++) {
        const at = p * (meanPlane / 4) + place
        const value = f32[from + (p * xPlane) / 4]
        const former = known(f32[mean / 4 + at])
        const apart = Math.fround(value - former)
        const moved = Math.fround(former + Math.fround(apart * share))
        f32[mean / 4 + at] = moved
        f32[m2 / 4 + at] += Math.fround(w * Math.fround(apart * Math.fround(value - moved)))
      }
      u16[weight / 2 + place] = after
    }
  }
  return rejected
}
