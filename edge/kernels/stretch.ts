// Pictures made small and light made grey: the hot loops of everything that is shown.
import type { Views } from './memory.js'

/**
 * Adds up rows of f32 column by column: the first row by its share, the last by its own, those between whole.
 * @param from  the first row; each next one lies `stride` bytes further, which may be negative
 * @param first  share of the first row, of the only one too
 * @param sums  `count` f32: overwritten, or added to when `more` is 1
 * @returns 1 when every sum is finite: no pixel was without data
 */
export function addRowsF32(
  { f32 }: Views,
  from: number,
  stride: number,
  rows: number,
  count: number,
  first: number,
  last: number,
  sums: number,
  more: number,
): number {
  let finite = 1
  for (let i = 0; i < count; i++) {
    let sum = more === 1 ? f32[(sums >> 2) + i] : 0
    for (let row = 0; row < rows; row++) {
      sum = Math.fround(sum + Math.fround(f32[((from + row * stride) >> 2) + i] * shareOf(row, rows, first, last)))
    }
    f32[(sums >> 2) + i] = sum
    if (!Number.isFinite(sum)) finite = 0
  }
  return finite
}

/** The same where pixels are without data: these are left out, and the shares of the others added up beside. */
export function addRowsMasked(
  { f32 }: Views,
  from: number,
  stride: number,
  rows: number,
  count: number,
  first: number,
  last: number,
  sums: number,
  shares: number,
  more: number,
) {
  for (let i = 0; i < count; i++) {
    let sum = more === 1 ? f32[(sums >> 2) + i] : 0
    let seen = more === 1 ? f32[(shares >> 2) + i] : 0
    for (let row = 0; row < rows; row++) {
      const value = f32[((from + row * stride) >> 2) + i]
      const finite = Math.fround(value - value) === 0
      const share = shareOf(row, rows, first, last)
      sum = Math.fround(sum + (finite ? Math.fround(value * share) : 0))
      seen = Math.fround(seen + (finite ? share : 0))
    }
    f32[(sums >> 2) + i] = sum
    f32[(shares >> 2) + i] = seen
  }
}

/** `addRowsF32` for u16, which all have data. */
export function addRowsU16(
  { u16, f32 }: Views,
  from: number,
  stride: number,
  rows: number,
  count: number,
  first: number,
  last: number,
  sums: number,
  more: number,
) {
  for (let i = 0; i < count; i++) {
    let sum = more === 1 ? f32[(sums >> 2) + i] : 0
    for (let row = 0; row < rows; row++) {
      sum = Math.fround(sum + Math.fround(u16[((from + row * stride) >> 1) + i] * shareOf(row, rows, first, last)))
    }
    f32[(sums >> 2) + i] = sum
  }
}

const shareOf = (row: number, rows: number, first: number, last: number) =>
  row === 0 ? Math.fround(first) : row === rows - 1 ? Math.fround(last) : 1

/**
 * Squeezes a row of sums into fewer columns, by weights: each column's sum and share are written to `toSums` and
 * `toShares`, or added to them when `more` is 1.
 * @param sums  f32; place p stands at p · `stride`, which is 1 or 2
 * @param shares  f32 like them; 0: every place has `share`
 * @param spans  for each column 16 bytes (its first place and its number of vectors of four weights, i32; the sum of
 *   its weights, f32) and then those weights, f32
 */
export function squeezeRow(
  { i32, f32 }: Views,
  sums: number,
  shares: number,
  share: number,
  stride: number,
  spans: number,
  columns: number,
  toSums: number,
  toShares: number,
  more: number,
) {
  let span = spans >> 2
  for (let i = 0; i < columns; i++) {
    const at = i32[span] * stride
    const count = 4 * i32[span + 1]
    const weights = f32.subarray(span + 4, span + 4 + count)
    let sum = spanSum(f32, (sums >> 2) + at, stride, weights)
    let seen =
      shares === 0 ? Math.fround(Math.fround(share) * f32[span + 2]) : spanSum(f32, (shares >> 2) + at, stride, weights)
    if (more === 1) {
      sum += f32[(toSums >> 2) + i]
      seen += f32[(toShares >> 2) + i]
    }
    f32[(toSums >> 2) + i] = sum
    f32[(toShares >> 2) + i] = seen
    span += 4 + count
  }
}

/** Four lanes are summed apart. */
function spanSum(f32: Float32Array, at: number, stride: number, weights: Float32Array): number {
  const lanes = [0, 0, 0, 0]
  for (let p = 0; p < weights.length; p++) {
    lanes[p & 3] = Math.fround(lanes[p & 3] + Math.fround(f32[at + p * stride] * weights[p]))
  }
  return Math.fround(Math.fround(lanes[0] + lanes[1]) + Math.fround(lanes[2] + lanes[3]))
}

/** Sums over shares, NaN where nothing had data. @param to  `count` f32, written; may be `sums` */
export function shareRow({ f32 }: Views, sums: number, shares: number, count: number, to: number) {
  for (let i = 0; i < count; i++) f32[(to >> 2) + i] = f32[(sums >> 2) + i] / f32[(shares >> 2) + i]
}

/**
 * Light to grey: (ADU − `low`) · `scale`, held within 0…1, bent by the midtones transfer function and looked up, so
 * that a table of a few thousand steps is fine enough for the steepest stretch. No data is as dark as black.
 * @param table  `steps` + 1 bytes
 * @param to  a byte every `stride`, written
 */
export function toneRow(
  { u8, f32 }: Views,
  from: number,
  count: number,
  low: number,
  scale: number,
  midtones: number,
  table: number,
  steps: number,
  to: number,
  stride: number,
) {
  const black = Math.fround(low)
  const unit = Math.fround(scale)
  const mid = Math.fround(midtones)
  const over = Math.fround(mid - 1)
  const under = Math.fround(Math.fround(2 * mid) - 1)
  const top = Math.fround(steps)
  for (let i = 0; i < count; i++) {
    const raw = Math.fround(Math.fround(f32[(from >> 2) + i] - black) * unit)
    const x = Math.min(Math.max(raw, 0), 1)
    const bent = Math.fround(Math.fround(over * x) / Math.fround(Math.fround(under * x) - mid))
    const step = Math.fround(Math.fround(bent * top) + 0.5)
    u8[to + i * stride] = u8[table + (step > 0 ? Math.min(steps, Math.trunc(step)) : 0)]
  }
}

/** Widens a range by the finite ones of some f32. @param range  least and greatest so far, two f32, changed */
export function widenRange({ f32 }: Views, from: number, count: number, range: number) {
  let [least, greatest] = [f32[range >> 2], f32[(range >> 2) + 1]]
  for (let i = 0; i < count; i++) {
    const value = f32[(from >> 2) + i]
    if (!Number.isFinite(value)) continue
    if (value < least) least = value
    if (greatest < value) greatest = value
  }
  // A zero's sign would hang on the order.
  f32[range >> 2] = least + 0
  f32[(range >> 2) + 1] = greatest + 0
}

/** Counts f32 at an end of the range. @param counts  zeros so far, and those of at least `top`; two i32, changed */
export function countEnds({ f32, i32 }: Views, from: number, count: number, top: number, counts: number) {
  const high = Math.fround(top)
  for (let i = 0; i < count; i++) {
    const value = f32[(from >> 2) + i]
    if (value === 0) i32[counts >> 2]++
    if (value >= high) i32[(counts >> 2) + 1]++
  }
}
