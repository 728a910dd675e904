// What tells a satellite's faint wings from noise, and a star in other seeing from a satellite: blocks of 4 × 4 pixels,
// judged among the 16 × 16 blocks of their cell. Cells do not look at each other, so that strips need not either.
import type { Views } from './memory.js'

const f = Math.fround

/**
 * Of each 4 × 4 block: how far x stands above the mean, summed, each column clipped at `reach` so that no cosmic ray
 * speaks for its neighbours; and the sum of the mean. Blocks that are not whole, and the rest of the last cells, are
 * NaN.
 * @param x  f32, `xStride` pixels from row to row
 * @param mean  f32, `stride` pixels from row to row
 * @param blocks  two f32 maps `blockPlane` bytes apart, `blockStride` blocks from row to row; written
 */
export function blockSums(
  { f32 }: Views,
  x: number,
  xStride: number,
  mean: number,
  stride: number,
  columns: number,
  rows: number,
  blocks: number,
  blockPlane: number,
  blockStride: number,
  reach: number,
): void {
  const most = f(reach)
  for (let v = 0; v < 16 * Math.ceil(rows / 64); v++) {
    for (let u = 0; u < 16 * Math.ceil(columns / 64); u++) {
      const at = blocks / 4 + v * blockStride + u
      f32[at] = Number.NaN
      f32[at + blockPlane / 4] = Number.NaN
      if (4 * u + 4 > columns || 4 * v + 4 > rows) continue
      const levels = [0, 1, 2, 3].map(i => columnSum(f32, mean / 4 + 4 * v * stride + 4 * u + i, stride))
      const above = levels.map((level, i) => {
        const apart = f(columnSum(f32, x / 4 + 4 * v * xStride + 4 * u + i, xStride) - level)
        return Math.min(Math.max(apart, -most), most)
      })
      f32[at] = fourTogether(above)
      f32[at + blockPlane / 4] = fourTogether(levels)
    }
  }
}

/**
 * Means of the 4 × 4 blocks of four rows, over all planes; NaN where a sample is.
 * @param x  f32, `planes` of them `xPlane` bytes apart, `xStride` pixels from row to row
 * @param means  one f32 a block, written
 */
export function blockMeans(
  { f32 }: Views,
  x: number,
  xPlane: number,
  xStride: number,
  blocks: number,
  planes: number,
  means: number,
): void {
  const share = f(1 / (16 * planes))
  for (let u = 0; u < blocks; u++) {
    let sum = 0
    for (let p = 0; p < planes; p++) {
      const at = (x + p * xPlane) / 4 + 4 * u
      const columns = [0, 1, 2, 3].map(i => columnSum(f32, at + i, xStride))
      sum = f(sum + fourTogether(columns))
    }
    f32[means / 4 + u] = f(sum * share)
  }
}

/**
 * Variances to believe at least, ADU², per block, for `foldReject`: noise² and the square of `slack` times the relief
 * of the mean (its range among the 3 × 3 blocks around), so that a star may differ from frame to frame; −1 for the four
 * blocks of every square whose sum stands out of its cell by more than `sigmas` of its noise.
 *
 * A cell's level is taken off first: a sky that brightens to one side is no satellite.
 * @param blocks  as `blockSums` left them, and two more maps that are overwritten
 * @param cells  16 × 16 blocks each, side by side
 * @param floors  f32, `blockStride` blocks from row to row; written
 * @param noise  of a single pixel, ADU
 */
export function blockFloors(
  { f32 }: Views,
  blocks: number,
  blockPlane: number,
  blockStride: number,
  cells: number,
  floors: number,
  noise: number,
  slack: number,
  sigmas: number,
): void {
  const pixelNoise = f(noise)
  const share = f(slack)
  for (let cell = 0; cell < cells; cell++) {
    const first = blocks / 4 + 16 * cell
    const sum = (row: number, column: number) => f32[first + row * blockStride + column]
    const { level, noiseOfSum } = cellLevel(sum, pixelNoise)
    const relief = reliefOf(f32, first, blockPlane / 4, blockStride, pixelNoise)
    const reach = f(f(2 * noiseOfSum) * f(sigmas))
    const slope = f(12 * share)
    const loud = new Uint8Array(256)
    for (let row = 0; row < 15; row++) {
      for (let column = 0; column < 15; column++) {
        const square = f(
          f(sum(row, column) + sum(row, column + 1)) + f(sum(row + 1, column) + sum(row + 1, column + 1)),
        )
        const at = 16 * row + column
        const around = Math.max(Math.max(relief[at], relief[at + 1]), Math.max(relief[at + 16], relief[at + 17]))
        if (Math.abs(f(square - f(4 * level))) > f(reach + f(slope * around))) {
          loud[at] = loud[at + 1] = loud[at + 16] = loud[at + 17] = 1
        }
      }
    }
    for (let i = 0; i < 256; i++) {
      const bend = f(share * relief[i])
      const floor = f(f(pixelNoise * pixelNoise) + f(bend * bend))
      f32[floors / 4 + (i >> 4) * blockStride + 16 * cell + (i & 15)] = loud[i] ? -1 : floor
    }
  }
}

/** Level and noise of a cell's sums, robust against what stands out: clipped at 8, then at 4 times the noise. */
function cellLevel(sum: (row: number, column: number) => number, noise: number) {
  const expected = f(4 * noise)
  const count = together(value => (Number.isNaN(value) ? 0 : 1), sum)
  const wide = f(8 * expected)
  const narrow = f(4 * expected)
  const share = f(1 / Math.max(1, count))
  const first = f(together(value => clipped(value, wide), sum) * share)
  const second = f(first + f(together(value => clipped(f(value - first), narrow), sum) * share))
  const spread = f(together(value => Math.abs(clipped(f(value - second), narrow)), sum) * share)
  return { level: second, noiseOfSum: Math.max(expected, f(spread * f(1.2533))) }
}

/** NaN is 0. */
function clipped(value: number, reach: number): number {
  return Number.isNaN(value) ? 0 : Math.min(Math.max(value, -reach), reach)
}

/** In four lanes, and these in pairs. */
function together(of: (value: number) => number, sum: (row: number, column: number) => number): number {
  const lanes = [0, 0, 0, 0]
  for (let i = 0; i < 256; i++) lanes[i & 3] = f(lanes[i & 3] + of(sum(i >> 4, i & 15)))
  return fourTogether(lanes)
}

/** Four rows of one column. */
function columnSum(f32: Float32Array, at: number, stride: number): number {
  return f(f(f32[at] + f32[at + stride]) + f(f32[at + 2 * stride] + f32[at + 3 * stride]))
}

function fourTogether([a, b, c, d]: readonly number[]): number {
  return f(f(a + b) + f(c + d))
}

/** Highest less lowest mean of the 3 × 3 blocks around each of a cell, less what noise makes of it. */
function reliefOf(f32: Float32Array, first: number, plane: number, stride: number, noise: number): Float32Array {
  for (let row = 0; row < 16; row++) {
    const from = first + plane + row * stride
    const means = f32.slice(from, from + 16)
    for (let i = 0; i < 16; i++) {
      const beside = [means[i - 1] ?? Number.NaN, means[i], means[i + 1] ?? Number.NaN]
      f32[from + plane + i] = highest(beside)
      f32[from + 2 * plane + i] = lowest(beside)
    }
  }
  return Float32Array.from({ length: 256 }, (_, i) => {
    const around = [(i >> 4) - 1, i >> 4, (i >> 4) + 1].filter(row => row >= 0 && row < 16)
    const at = around.map(row => first + 2 * plane + row * stride + (i & 15))
    const range = f(highest(at.map(place => f32[place])) - lowest(at.map(place => f32[place + plane])))
    return Math.max(0, f(f(range * 0.0625) - f(0.5 * noise)))
  })
}

/** NaN counts for nothing. */
function highest(values: readonly number[]): number {
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) if (high < value) high = value
  return high
}

function lowest(values: readonly number[]): number {
  let low = Number.POSITIVE_INFINITY
  for (const value of values) if (value < low) low = value
  return low
}
