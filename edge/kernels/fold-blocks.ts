// What tells a satellite's faint wings from noise, and a star in other seeing from a satellite: blocks of 4 × 4 pixels,
// judged among the 16 × 16 blocks of their cell. Cells do not look at each other, so that strips need not either.
import type { Views } from './memory.js'

const f = Math.fround

/**
 * Of each 4 × 4 block of x: the sum of x − mean, clipped at `reach` so that no cosmic ray speaks for its neighbours, the
 * highest and the lowest mean. Blocks that are not whole, and the
 * rest of the last cells, get NaN, −Infinity, Infinity.
 * @param x  f32, `xStride` pixels from row to row
 * @param mean  f32, `stride` pixels from row to row
 * @param blocks  three f32 maps `blockPlane` bytes apart, `blockStride` blocks from row to row; written
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
      let [sum, high, low] = [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      if (4 * u + 4 <= columns && 4 * v + 4 <= rows) {
        const lanes = [0, 1, 2, 3].map(i => {
          const [a, b, c, d] = [0, 1, 2, 3].map(row => {
            const level = f32[mean / 4 + (4 * v + row) * stride + 4 * u + i]
            high = Math.max(high, level)
            low = Math.min(low, level)
            const apart = f(f32[x / 4 + (4 * v + row) * xStride + 4 * u + i] - level)
            return Math.min(Math.max(apart, -most), most)
          })
          return f(f(a + b) + f(c + d))
        })
        sum = fourTogether(lanes)
      }
      const at = blocks / 4 + v * blockStride + u
      f32[at] = sum
      f32[at + blockPlane / 4] = high
      f32[at + blockPlane / 2] = low
    }
  }
}

/**
 * Variances to believe at least, ADU², per block, for `foldReject`: noise² and the square of `slack` times the relief
 * of the mean in the 3 × 3 blocks around, so that a star may differ from frame to frame; −1 for the four blocks of
 * every square whose sum stands out of its cell by more than `sigmas` of its noise.
 *
 * A cell's level is taken off first: a sky that brightens to one side is no satellite.
 * @param blocks  as `blockSums` left them; highs and lows are spread to the blocks beside
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

function fourTogether([a, b, c, d]: readonly number[]): number {
  return f(f(a + b) + f(c + d))
}

/** Highest less lowest in the 3 × 3 blocks around each of a cell, less what noise makes of it. */
function reliefOf(f32: Float32Array, first: number, plane: number, stride: number, noise: number): Float32Array {
  for (let row = 0; row < 16; row++) {
    spread(f32, first + plane + row * stride, Math.max, Number.NEGATIVE_INFINITY)
    spread(f32, first + 2 * plane + row * stride, Math.min, Number.POSITIVE_INFINITY)
  }
  return Float32Array.from({ length: 256 }, (_, i) => {
    const at = (row: number) => first + plane + row * stride + (i & 15)
    const rows = [(i >> 4) - 1, i >> 4, (i >> 4) + 1].filter(row => row >= 0 && row < 16)
    const high = Math.max(...rows.map(row => f32[at(row)]))
    const low = Math.min(...rows.map(row => f32[at(row) + plane]))
    return Math.max(0, f(f(high - low) - f(3 * noise)))
  })
}

function spread(f32: Float32Array, at: number, of: (...all: number[]) => number, none: number): void {
  const row = f32.slice(at, at + 16)
  for (let i = 0; i < 16; i++) f32[at + i] = of(row[i], row[i - 1] ?? none, row[i + 1] ?? none)
}
