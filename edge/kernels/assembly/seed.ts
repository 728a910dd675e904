// The first frames judged together. See ../seed.ts, which says what the answer is.

function infinity(): v128 {
  return f32x4.splat(Infinity)
}

/** Finite ones stay, the rest becomes Infinity. */
function orInfinity(x: v128): v128 {
  return v128.bitselect(x, infinity(), f32x4.lt(f32x4.abs(x), infinity()))
}

/** −1 where finite. */
function counted(x: v128): v128 {
  return f32x4.lt(x, infinity())
}

/** Median of up to seven samples, Infinity where there is none; the mean of the two in the middle. */
function median7(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128): v128 {
  let n = i32x4.add(i32x4.add(counted(a), counted(b)), i32x4.add(counted(c), counted(d)))
  n = i32x4.neg(i32x4.add(n, i32x4.add(i32x4.add(counted(e), counted(f)), counted(g))))
  let low: v128
  // What the four lowest need of the 16 comparisons that sort seven (Knuth, The Art of Computer Programming 3, 5.3.4).
  low = f32x4.min(a, g)
  g = f32x4.max(a, g)
  a = low
  low = f32x4.min(c, d)
  d = f32x4.max(c, d)
  c = low
  low = f32x4.min(e, f)
  f = f32x4.max(e, f)
  e = low
  low = f32x4.min(a, c)
  c = f32x4.max(a, c)
  a = low
  low = f32x4.min(b, e)
  e = f32x4.max(b, e)
  b = low
  low = f32x4.min(d, g)
  g = f32x4.max(d, g)
  d = low
  low = f32x4.min(a, b)
  b = f32x4.max(a, b)
  a = low
  low = f32x4.min(c, f)
  f = f32x4.max(c, f)
  c = low
  low = f32x4.min(d, e)
  e = f32x4.max(d, e)
  d = low
  low = f32x4.min(b, c)
  c = f32x4.max(b, c)
  b = low
  low = f32x4.min(e, g)
  g = f32x4.max(e, g)
  e = low
  low = f32x4.min(c, d)
  d = f32x4.max(c, d)
  c = low
  e = f32x4.min(e, f)
  low = f32x4.min(b, c)
  c = f32x4.max(b, c)
  b = low
  d = f32x4.min(d, e)
  let under = v128.bitselect(a, b, i32x4.le_s(n, i32x4.splat(2)))
  under = v128.bitselect(under, c, i32x4.le_s(n, i32x4.splat(4)))
  under = v128.bitselect(under, d, i32x4.le_s(n, i32x4.splat(6)))
  let over = v128.bitselect(a, b, i32x4.le_s(n, i32x4.splat(1)))
  over = v128.bitselect(over, c, i32x4.le_s(n, i32x4.splat(3)))
  over = v128.bitselect(over, d, i32x4.le_s(n, i32x4.splat(5)))
  const middle = f32x4.add(f32x4.mul(f32x4.add(under, over), f32x4.splat(0.5)), f32x4.splat(0))
  return v128.bitselect(f32x4.splat(f32.NaN), middle, i32x4.eq(n, i32x4.splat(0)))
}

/** The third of five finite samples; rounded and signed as `median7` does. */
function median5(a: v128, b: v128, c: v128, d: v128, e: v128): v128 {
  const low = f32x4.max(f32x4.min(a, b), f32x4.min(c, d))
  const high = f32x4.min(f32x4.max(a, b), f32x4.max(c, d))
  const third = f32x4.max(f32x4.min(low, high), f32x4.min(e, f32x4.max(low, high)))
  return f32x4.add(f32x4.mul(f32x4.add(third, third), f32x4.splat(0.5)), f32x4.splat(0))
}

/** Whether all five are finite in all lanes: their sum of magnitudes compares, NaN and Infinity do not. */
function allFinite5(a: v128, b: v128, c: v128, d: v128, e: v128): bool {
  const ab = v128.and(f32x4.lt(f32x4.abs(a), infinity()), f32x4.lt(f32x4.abs(b), infinity()))
  const cd = v128.and(f32x4.lt(f32x4.abs(c), infinity()), f32x4.lt(f32x4.abs(d), infinity()))
  return i32x4.all_true(v128.and(v128.and(ab, cd), f32x4.lt(f32x4.abs(e), infinity())))
}

function sampleAt(samples: usize, step: usize, frames: i32, k: i32): v128 {
  return k < frames ? orInfinity(v128.load(samples + <usize>k * step)) : infinity()
}

function medianAt(samples: usize, step: usize, frames: i32): v128 {
  if (frames === 5) {
    const a = v128.load(samples)
    const b = v128.load(samples + step)
    const c = v128.load(samples + 2 * step)
    const d = v128.load(samples + 3 * step)
    const e = v128.load(samples + 4 * step)
    if (allFinite5(a, b, c, d, e)) return median5(a, b, c, d, e)
  }
  return median7(
    sampleAt(samples, step, frames, 0),
    sampleAt(samples, step, frames, 1),
    sampleAt(samples, step, frames, 2),
    sampleAt(samples, step, frames, 3),
    sampleAt(samples, step, frames, 4),
    sampleAt(samples, step, frames, 5),
    sampleAt(samples, step, frames, 6),
  )
}

function apartAt(samples: usize, step: usize, frames: i32, k: i32, middle: v128): v128 {
  if (k >= frames) return infinity()
  return orInfinity(f32x4.abs(f32x4.sub(v128.load(samples + <usize>k * step), middle)))
}

/** Median distance from the middle. */
function scatterAt(at: usize, step: usize, frames: i32, middle: v128): v128 {
  if (frames === 5) {
    const a = f32x4.abs(f32x4.sub(v128.load(at), middle))
    const b = f32x4.abs(f32x4.sub(v128.load(at + step), middle))
    const c = f32x4.abs(f32x4.sub(v128.load(at + 2 * step), middle))
    const d = f32x4.abs(f32x4.sub(v128.load(at + 3 * step), middle))
    const e = f32x4.abs(f32x4.sub(v128.load(at + 4 * step), middle))
    if (allFinite5(a, b, c, d, e)) return median5(a, b, c, d, e)
  }
  return median7(
    apartAt(at, step, frames, 0, middle),
    apartAt(at, step, frames, 1, middle),
    apartAt(at, step, frames, 2, middle),
    apartAt(at, step, frames, 3, middle),
    apartAt(at, step, frames, 4, middle),
    apartAt(at, step, frames, 5, middle),
    apartAt(at, step, frames, 6, middle),
  )
}

/** The first `count` lanes; reads may run beyond a row, writes never. */
function storeSome(to: usize, value: v128, count: i32): void {
  if (count >= 4) {
    v128.store(to, value)
    return
  }
  v128.store_lane<u32>(to, value, 0)
  if (count > 1) v128.store_lane<u32>(to + 4, value, 1)
  if (count > 2) v128.store_lane<u32>(to + 8, value, 2)
}

function storeSomeShort(to: usize, value: v128, count: i32): void {
  const short = i16x8.narrow_i32x4_u(value, value)
  if (count >= 4) {
    v128.store_lane<u64>(to, short, 0)
    return
  }
  v128.store_lane<u16>(to, short, 0)
  if (count > 1) v128.store_lane<u16>(to + 2, short, 1)
  if (count > 2) v128.store_lane<u16>(to + 4, short, 2)
}

export function seedMedian(samples: usize, step: usize, frames: i32, out: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) {
    const at = (<usize>i) << 2
    storeSome(out + at, medianAt(samples + at, step, frames), count - i)
  }
}

export function seedVotes(
  samples: usize,
  step: usize,
  frames: i32,
  median: usize,
  columns: i32,
  rows: i32,
  stride: i32,
  floors: usize,
  floorStep: usize,
  floorStride: i32,
  kappa2: f32,
  votes: usize,
): void {
  const kappaSquare = f32x4.splat(kappa2)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += 4) {
      const pixel = row * stride + column
      const at = samples + ((<usize>pixel) << 2)
      const middle = v128.load(median + ((<usize>pixel) << 2))
      const scatter = scatterAt(at, step, frames, middle)
      const spread = f32x4.mul(f32x4.splat(1.4826), scatter)
      const square = f32x4.mul(spread, spread)
      const block = floors + ((<usize>((row >> 2) * floorStride + (column >> 2))) << 2)
      const place = votes + ((<usize>pixel) << 1)
      let vote = v128.load16x4_u(place)
      for (let k = 0; k < frames; k++) {
        const value = v128.load(at + <usize>k * step)
        const floor = v128.load32_splat(block + <usize>k * floorStep)
        const apart = f32x4.sub(value, middle)
        const limit = f32x4.mul(kappaSquare, f32x4.max(floor, square))
        const far = v128.or(f32x4.gt(f32x4.mul(apart, apart), limit), f32x4.lt(floor, f32x4.splat(0)))
        vote = v128.or(vote, v128.and(far, i32x4.splat(1 << k)))
        const there = f32x4.lt(f32x4.abs(value), infinity())
        vote = v128.or(vote, v128.andnot(i32x4.splat(256 << k), there))
      }
      storeSomeShort(place, vote, columns - column)
    }
  }
}

/** Where no sample is marked: what `seedMean` does, without asking for each. */
function meanOfAll(
  at: usize,
  step: usize,
  frames: i32,
  weights: usize,
  middle: v128,
  to: i32,
  mean: usize,
  m2: usize,
  weight: usize,
  count: i32,
): void {
  let total: f32 = 0
  let moved = f32x4.splat(0)
  for (let k = 0; k < frames; k++) {
    const w = load<f32>(weights + ((<usize>k) << 2))
    total += w
    moved = f32x4.add(moved, f32x4.mul(f32x4.splat(w), f32x4.sub(v128.load(at + <usize>k * step), middle)))
  }
  const level = f32x4.add(middle, f32x4.div(moved, f32x4.splat(total)))
  let squares = f32x4.splat(0)
  for (let k = 0; k < frames; k++) {
    const apart = f32x4.sub(v128.load(at + <usize>k * step), level)
    squares = f32x4.add(squares, f32x4.mul(v128.load32_splat(weights + ((<usize>k) << 2)), f32x4.mul(apart, apart)))
  }
  storeSome(mean + ((<usize>to) << 2), level, count)
  storeSome(m2 + ((<usize>to) << 2), squares, count)
  storeSomeShort(weight + ((<usize>to) << 1), i32x4.splat(<i32>total), count)
}

export function seedMean(
  samples: usize,
  step: usize,
  frames: i32,
  median: usize,
  columns: i32,
  rows: i32,
  stride: i32,
  votes: usize,
  weights: usize,
  mean: usize,
  m2: usize,
  weight: usize,
  outStride: i32,
): void {
  const all = i32x4.splat((1 << frames) - 1)
  const zero = f32x4.splat(0)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += 4) {
      const pixel = row * stride + column
      const at = samples + ((<usize>pixel) << 2)
      const middle = v128.load(median + ((<usize>pixel) << 2))
      const vote = v128.load16x4_u(votes + ((<usize>pixel) << 1))
      if (!v128.any_true(vote)) {
        meanOfAll(at, step, frames, weights, middle, row * outStride + column, mean, m2, weight, columns - column)
        continue
      }
      const missing = i32x4.shr_u(vote, 8)
      const left = v128.andnot(all, v128.or(vote, missing))
      const used = v128.bitselect(v128.andnot(all, missing), left, i32x4.eq(left, zero))
      let total = zero
      let moved = zero
      for (let k = 0; k < frames; k++) {
        const w = v128.load32_splat(weights + ((<usize>k) << 2))
        const taken = i32x4.ne(v128.and(used, i32x4.splat(1 << k)), zero)
        const part = f32x4.mul(w, f32x4.sub(v128.load(at + <usize>k * step), middle))
        total = v128.bitselect(f32x4.add(total, w), total, taken)
        moved = v128.bitselect(f32x4.add(moved, part), moved, taken)
      }
      const empty = f32x4.eq(total, zero)
      const level = v128.bitselect(f32x4.splat(f32.NaN), f32x4.add(middle, f32x4.div(moved, total)), empty)
      let squares = zero
      for (let k = 0; k < frames; k++) {
        const w = v128.load32_splat(weights + ((<usize>k) << 2))
        const taken = i32x4.ne(v128.and(used, i32x4.splat(1 << k)), zero)
        const apart = f32x4.sub(v128.load(at + <usize>k * step), level)
        squares = v128.bitselect(f32x4.add(squares, f32x4.mul(w, f32x4.mul(apart, apart))), squares, taken)
      }
      const to = row * outStride + column
      storeSome(mean + ((<usize>to) << 2), level, columns - column)
      storeSome(m2 + ((<usize>to) << 2), squares, columns - column)
      storeSomeShort(weight + ((<usize>to) << 1), i32x4.trunc_sat_f32x4_s(total), columns - column)
    }
  }
}
