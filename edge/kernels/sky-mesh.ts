// Sky level and noise of one row of mesh cells.
import { clippedMean } from './clipped-mean.js'
import type { Views } from './memory.js'

/** Width and height of a mesh cell: stars up to some 20 px wide leave most of it dark; glow and gradients are wider. */
export const skyCellPx = 64

/**
 * Level and noise of the cells of one strip, left to right, by `clippedMean`; NaN for cells half of whose pixels are
 * none.
 * @param plane  f32, `width` px a row, at least 4
 * @param top  first row of the strip; `rows` of them, of which every `step`-th is looked at
 * @param scratch  40 kB, overwritten
 * @param level  one f32 a cell, written; `noise` likewise
 */
export function skyCells(
  views: Views,
  plane: number,
  width: number,
  top: number,
  rows: number,
  step: number,
  scratch: number,
  level: number,
  noise: number,
): void {
  const { f32, f64 } = views
  const samples = scratch + 16
  const work = samples + 4 * (skyCellPx + 4) * skyCellPx
  for (let left = 0, cell = 0; left < width; left += skyCellPx, cell++) {
    const right = Math.min(width, left + skyCellPx)
    let to = samples >> 2
    for (let y = top; y < top + rows; y += step) {
      const row = (plane >> 2) + y * width
      for (let x = left; x < right; x += 4) {
        // The last four of a row's end are taken whole, some of them again.
        const from = row + Math.min(x, right - 4)
        for (let lane = 0; lane < 4; lane++) f32[to++] = f32[from + lane]
      }
    }
    clippedMean(views, samples, (to - (samples >> 2)) >> 2, work, scratch)
    f32[(level >> 2) + cell] = f64[scratch >> 3]
    f32[(noise >> 2) + cell] = f64[(scratch >> 3) + 1]
  }
}
