// One plane of light to look for stars in, made from a Bayer sensor's squares or from three colours.
import type { Views } from './memory.js'

const f = Math.fround

/**
 * Means of 2 × 2 squares: `rows` rows of `width` / 2 pixels (rounded down), from twice as many.
 * @param from  f32, `width` px a row; its first row starts the first square
 * @param to  f32, written
 */
export function superpixels({ f32 }: Views, from: number, width: number, rows: number, to: number): void {
  const columns = width >> 1
  for (let y = 0; y < rows; y++) {
    const upper = (from >> 2) + 2 * y * width
    const lower = upper + width
    for (let x = 0; x < columns; x++) {
      const left = f(f32[upper + 2 * x] + f32[lower + 2 * x])
      const right = f(f32[upper + 2 * x + 1] + f32[lower + 2 * x + 1])
      f32[(to >> 2) + y * columns + x] = f(f(left + right) * 0.25)
    }
  }
}

/** Means of three planes, `count` pixels of each. All f32; `to` is written. */
export function meanOfThree({ f32 }: Views, red: number, green: number, blue: number, count: number, to: number): void {
  for (let i = 0; i < count; i++) {
    const sum = f(f(f32[(red >> 2) + i] + f32[(green >> 2) + i]) + f32[(blue >> 2) + i])
    f32[(to >> 2) + i] = f(sum * f(1 / 3))
  }
}
