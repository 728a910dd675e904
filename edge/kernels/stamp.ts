// A star cut out of its picture, hot pixels and pixels without data mended, so that they pull no centre.
import type { Views } from './memory.js'
import { sortNear } from './peaks.js'

/** Square of pixels around a place, in the scratch memory of one measurement; the sky of the mesh is taken off. */
export interface Stamp {
  readonly place: number // byte offset
  readonly x: number // its middle, px from the spot's peak
  readonly y: number
  readonly radius: number // px, to all sides; to the right up to three more
  readonly columns: number // a multiple of four
  readonly rows: number
}

interface Spot {
  readonly x: number
  readonly y: number
  readonly level: number
  readonly noise: number
  readonly floor: number // what is hot stands higher
}

interface Picture {
  readonly plane: number
  readonly width: number
  readonly height: number
  readonly scratch: number
}

const endless = 3e38

export function makeStamp(
  views: Views,
  { plane, width, height, scratch }: Picture,
  spot: Spot,
  x: number,
  y: number,
  radius: number,
): Stamp {
  const { f32 } = views
  const rows = 2 * radius + 1
  const columns = (rows + 3) & ~3
  const place = scratch + 8192
  const left = spot.x + x - radius
  const top = spot.y + y - radius
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const inside = left + i >= 0 && left + i < width && top + j >= 0 && top + j < height
      const light = inside ? f32[(plane >> 2) + (top + j) * width + left + i] - spot.level : 0
      f32[(place >> 2) + j * columns + i] = light
    }
  }
  const stamp = { place, x, y, radius, columns, rows }
  mendAbsent(f32, stamp)
  mendHot(f32, stamp, spot.floor, (scratch + 64) >> 2)
  return stamp
}

/** Pixels without data become the mean of their neighbours that have some, or sky. */
function mendAbsent(f32: Float32Array, { place, columns, rows }: Stamp): void {
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const at = (place >> 2) + j * columns + i
      if (Math.abs(f32[at]) < endless) continue
      let sum = 0
      let count = 0
      for (let v = Math.max(0, j - 1); v <= Math.min(rows - 1, j + 1); v++) {
        for (let u = Math.max(0, i - 1); u <= Math.min(columns - 1, i + 1); u++) {
          const other = f32[(place >> 2) + v * columns + u]
          if (!(Math.abs(other) < endless)) continue
          sum += other
          count++
        }
      }
      f32[at] = count > 0 ? sum / count : 0
    }
  }
}

/** Hot pixels become the mean of the middle four of their neighbours. What is hot: see `findPeaks`. */
function mendHot(f32: Float32Array, { place, columns, rows }: Stamp, floor: number, near: number): void {
  for (let j = 1; j < rows - 1; j++) {
    for (let block = 0; block < columns; block += 4) {
      // Four are looked at together, before any of them is mended.
      const first = (place >> 2) + j * columns + block
      const suspects = [first, first + 1, first + 2, first + 3].filter(
        at => f32[at] > floor && f32[at] > f32[at - 1] && f32[at] > f32[at + 1],
      )
      for (const at of suspects) {
        const i = block + at - first
        if (i > 0 && i < columns - 1) mendOne(f32, at, columns, floor, near)
      }
    }
  }
}

function mendOne(f32: Float32Array, at: number, columns: number, floor: number, near: number): void {
  const up = at - columns
  const down = at + columns
  const above = [f32[up - 1], f32[up], f32[up + 1], f32[at - 1]]
  sortNear(f32, near, [...above, f32[at + 1], f32[down - 1], f32[down], f32[down + 1]])
  const brightest = (f32[near + 4] + f32[near + 5] + (f32[near + 6] + f32[near + 7])) / 4
  if (f32[at] <= floor + 5 * Math.max(0, brightest)) return
  f32[at] = (f32[near + 2] + f32[near + 3] + (f32[near + 4] + f32[near + 5])) / 4
}
