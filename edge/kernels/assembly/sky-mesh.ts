// Sky level and noise of one row of mesh cells. See ../sky-mesh.ts, which says what the answer is.
import { clippedMean } from './clipped-mean'

export function skyCells(
  plane: usize,
  width: i32,
  top: i32,
  rows: i32,
  step: i32,
  scratch: usize,
  level: usize,
  noise: usize,
): void {
  const samples = scratch + 16
  const work = samples + 4 * (64 + 4) * 64
  let cell: usize = 0
  for (let left = 0; left < width; left += 64) {
    const right = min(width, left + 64)
    let to = samples
    for (let y = top; y < top + rows; y += step) {
      const row = plane + ((<usize>y * <usize>width) << 2)
      for (let x = left; x < right; x += 4) {
        v128.store(to, v128.load(row + ((<usize>min(x, right - 4)) << 2)))
        to += 16
      }
    }
    clippedMean(samples, <i32>((to - samples) >> 4), work, scratch)
    store<f32>(level + (cell << 2), <f32>load<f64>(scratch))
    store<f32>(noise + (cell << 2), <f32>load<f64>(scratch + 8))
    cell++
  }
}
