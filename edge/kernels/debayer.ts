// Colour out of a mosaic, in boxes.
import type { Views } from './memory.js'

/**
 * Colour at full size, missing colours averaged from the nearest neighbours (bilinear), for `rows` × `columns` pixels
 * from column `x0` and row `y0` of the frame on. At the frame's edges the mosaic is mirrored about its last pixel,
 * which keeps colours in step. A missing pixel (NaN) stays so in its own colour only; others do without it.
 * @param source  byte offset of the frame's pixel (0, 0), or where it would be: the box and one pixel around it are
 *   read, as far as they lie on the frame
 * @param stride  pixels from one row of the source to the next
 * @param width  of the frame, as `height`; at least 2
 * @param red  where red stands in the square at (0, 0): 0 … 3, as in the pattern's name
 * @param out  three f32 planes, red, green, blue, `outPlane` bytes apart, `outStride` pixels from row to row; written
 */
export function debayerBox(
  { f32 }: Views,
  source: number,
  stride: number,
  width: number,
  height: number,
  x0: number,
  y0: number,
  columns: number,
  rows: number,
  red: number,
  out: number,
  outPlane: number,
  outStride: number,
): void {
  const from = source / 4
  for (let row = 0; row < rows; row++) {
    const y = y0 + row
    const here = from + y * stride
    const above = from + (y > 0 ? y - 1 : 1) * stride
    const below = from + (y < height - 1 ? y + 1 : height - 2) * stride
    const redRow = (y & 1) === red >> 1
    const own = (redRow ? out : out + 2 * outPlane) / 4 + row * outStride
    const other = (redRow ? out + 2 * outPlane : out) / 4 + row * outStride
    const green = (out + outPlane) / 4 + row * outStride
    const ownColumn = redRow ? red & 1 : (red & 1) ^ 1
    for (let column = 0; column < columns; column++) {
      const x = x0 + column
      const left = x > 0 ? x - 1 : 1
      const right = x < width - 1 ? x + 1 : width - 2
      const pixel = f32[here + x]
      if ((x & 1) === ownColumn) {
        f32[own + column] = pixel
        f32[green + column] = mean4(f32[here + left], f32[here + right], f32[above + x], f32[below + x])
        f32[other + column] = mean4(f32[above + left], f32[above + right], f32[below + left], f32[below + right])
      } else {
        f32[green + column] = pixel
        f32[own + column] = mean2(f32[here + left], f32[here + right])
        f32[other + column] = mean2(f32[above + x], f32[below + x])
      }
    }
  }
}

/** NaN counts for nothing. */
function mean2(a: number, b: number): number {
  const mean = Math.fround(Math.fround(a + b) * 0.5)
  return Number.isNaN(mean) ? (Number.isNaN(a) ? b : a) : mean
}

function mean4(a: number, b: number, c: number, d: number): number {
  const mean = Math.fround(Math.fround(Math.fround(a + b) + Math.fround(c + d)) * 0.25)
  if (!Number.isNaN(mean)) return mean
  const there = [a, b, c, d].filter(value => !Number.isNaN(value))
  return Math.fround(there.reduce((sum, value) => Math.fround(sum + value), 0) / there.length)
}
