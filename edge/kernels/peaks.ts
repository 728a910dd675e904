// Where stars may be: local maxima with lit neighbours.
import type { Views } from './memory.js'

/** i32 x, y; f32 value, level, noise (ADU, of the sky there); i32 0. */
export const peakBytes = 24

/** Pixels of a row that are passed in one go where the greatest of them is below the gate. */
const topPx = 64

/**
 * The greatest of each 64 pixels of each row, for `findPeaks`; −Infinity where there is no number.
 * @param top  first of `rows` rows
 * @param tops  one f32 for each 64 px of each row of the whole plane; those of these rows are written
 */
export function rowTops({ f32 }: Views, plane: number, width: number, top: number, rows: number, tops: number): void {
  let to = (tops >> 2) + top * Math.ceil(width / topPx)
  for (let y = top; y < top + rows; y++) {
    const row = (plane >> 2) + y * width
    for (let left = 0; left < width; left += topPx) {
      let most = Number.NEGATIVE_INFINITY
      for (let x = left; x < Math.min(width, left + topPx); x++) if (f32[row + x] > most) most = f32[row + x]
      f32[to++] = most + 0 // of two zeros it does not matter which came first
    }
  }
}

/**
 * Local maxima over level + `sigma` · noise with at least four of their eight neighbours over level + 2 noise, in
 * reading order. Of equal pixels the first counts. A hot pixel on a star gives way to its brightest neighbour, which
 * then lends the value: hot is what stands more than `sigma` over the sky and more than five times as high as the mean
 * of its four brightest neighbours; a star does so only below 1.15 px FWHM.
 *
 * @param plane  f32, `width` × `height`; NaN pixels count as dark
 * @param top  first of `rows` rows looked at, a multiple of 64
 * @param level  mesh of 64-px cells, f32, row by row; bilinear between their middles; `noise` likewise
 * @param gates  one f32 for each cell of this strip: nothing below is looked at; at or below any threshold in the cell
 * @param tops  as `rowTops` leaves them: nothing in a stretch of a row whose top is not above its gate is looked at
 * @param near  64 bytes, overwritten
 * @param out  `capacity` peaks of `peakBytes`, written
 * @returns how many
 */
export function findPeaks(
  views: Views,
  plane: number,
  width: number,
  height: number,
  top: number,
  rows: number,
  level: number,
  noise: number,
  gates: number,
  tops: number,
  sigma: number,
  near: number,
  out: number,
  capacity: number,
): number {
  const { f32, i32 } = views
  const columns = (width + 63) >> 6
  const mesh = { level, noise, columns, rows: (height + 63) >> 6 }
  const light = plane >> 2
  let count = 0
  for (let y = Math.max(1, top); y < Math.min(height - 1, top + rows); y++) {
    for (let x = 1; x < width - 1; x++) {
      const value = f32[light + y * width + x]
      const gate = f32[(gates >> 2) + (x >> 6)]
      if (!(f32[(tops >> 2) + y * columns + (x >> 6)] > gate && value > gate)) continue
      const { levelAdu, noiseAdu } = skyAt(views, mesh, x, y)
      if (!(value > levelAdu + sigma * noiseAdu)) continue
      const seen = judge(views, light + y * width + x, width, levelAdu, noiseAdu, sigma, near)
      if (!(seen > levelAdu + sigma * noiseAdu)) continue
      if (count === capacity) return count
      const to = (out + count * peakBytes) >> 2
      i32[to] = x
      i32[to + 1] = y
      f32[to + 2] = seen
      f32[to + 3] = levelAdu
      f32[to + 4] = noiseAdu
      i32[to + 5] = 0
      count++
    }
  }
  return count
}

interface Mesh {
  readonly level: number
  readonly noise: number
  readonly columns: number
  readonly rows: number
}

function skyAt({ f32 }: Views, { level, noise, columns, rows }: Mesh, x: number, y: number) {
  const across = Math.min(Math.max((x - 31.5) / 64, 0), columns - 1)
  const down = Math.min(Math.max((y - 31.5) / 64, 0), rows - 1)
  const left = Math.floor(across)
  const above = Math.floor(down)
  const u = across - left
  const v = down - above
  const right = Math.min(columns - 1, left + 1)
  const upper = above * columns
  const lower = Math.min(rows - 1, above + 1) * columns
  const between = (place: number) => {
    const one = (1 - u) * f32[place + upper + left] + u * f32[place + upper + right]
    const two = (1 - u) * f32[place + lower + left] + u * f32[place + lower + right]
    return (1 - v) * one + v * two
  }
  return { levelAdu: between(level >> 2), noiseAdu: between(noise >> 2) }
}

/** The peak's value, or its brightest neighbour's when it is hot; NaN when it is no peak. */
function judge(
  { f32 }: Views,
  i: number,
  width: number,
  levelAdu: number,
  noiseAdu: number,
  sigma: number,
  near: number,
): number {
  const value = f32[i]
  const first = [f32[i - width - 1], f32[i - width], f32[i - width + 1], f32[i - 1]]
  const second = [f32[i + 1], f32[i + width - 1], f32[i + width], f32[i + width + 1]]
  if (first.some(other => other >= value) || second.some(other => other > value)) return Number.NaN
  let lit = 0
  for (const other of [...first, ...second]) if (other > levelAdu + 2 * noiseAdu) lit++
  if (lit < 4) return Number.NaN
  sortNear(f32, near >> 2, [...first, ...second])
  const at = near >> 2
  const brightest = (f32[at + 4] + f32[at + 5] + (f32[at + 6] + f32[at + 7])) / 4
  const hot = value - levelAdu > sigma * noiseAdu + 5 * Math.max(0, brightest - levelAdu)
  return hot ? f32[at + 7] : value
}

/** Eight values, smallest first, into `at`; NaN are the smallest. */
export function sortNear(f32: Float32Array, at: number, values: readonly number[]): void {
  for (const [i, value] of values.entries()) {
    const sure = Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value
    let place = i
    for (; place > 0 && f32[at + place - 1] > sure; place--) f32[at + place] = f32[at + place - 1]
    f32[at + place] = sure
  }
}
