// Blocks of 4 × 4 pixels, judged among those of their cell. See ../fold-blocks.ts, which says what the answer is.

/** Pairs added, then pairs of pairs: lane i is the sum of vector i. */
function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7))
  const cd = f32x4.add(v128.shuffle<i32>(c, d, 0, 2, 4, 6), v128.shuffle<i32>(c, d, 1, 3, 5, 7))
  return f32x4.add(v128.shuffle<i32>(ab, cd, 0, 2, 4, 6), v128.shuffle<i32>(ab, cd, 1, 3, 5, 7))
}

function clamped(value: v128, reach: v128): v128 {
  return f32x4.min(f32x4.max(value, f32x4.neg(reach)), reach)
}

/** Four columns of a block, each the sum of its four rows. */
function columnsOf(at: usize, row: usize): v128 {
  const upper = f32x4.add(v128.load(at), v128.load(at + row))
  return f32x4.add(upper, f32x4.add(v128.load(at + 2 * row), v128.load(at + 3 * row)))
}

export function blockSums(
  x: usize,
  xStride: i32,
  mean: usize,
  stride: i32,
  columns: i32,
  rows: i32,
  blocks: usize,
  blockPlane: usize,
  blockStride: i32,
  reach: f32,
): void {
  const most = f32x4.splat(reach)
  const least = f32x4.splat(-reach)
  const xRow = (<usize>xStride) << 2
  const row = (<usize>stride) << 2
  const across = ((columns + 63) >> 6) << 4
  const down = ((rows + 63) >> 6) << 4
  for (let v = 0; v < down; v++) {
    let at = blocks + ((<usize>(v * blockStride)) << 2)
    let u = 0
    if (4 * v + 4 <= rows) {
      let from = x + <usize>(4 * v) * xRow
      let level = mean + <usize>(4 * v) * row
      for (; 4 * u + 16 <= columns; u += 4, at += 16, from += 64, level += 64) {
        const a = columnsOf(level, row)
        const b = columnsOf(level + 16, row)
        const c = columnsOf(level + 32, row)
        const d = columnsOf(level + 48, row)
        v128.store(at + blockPlane, sums(a, b, c, d))
        const e = f32x4.min(f32x4.max(f32x4.sub(columnsOf(from, xRow), a), least), most)
        const f = f32x4.min(f32x4.max(f32x4.sub(columnsOf(from + 16, xRow), b), least), most)
        const g = f32x4.min(f32x4.max(f32x4.sub(columnsOf(from + 32, xRow), c), least), most)
        const h = f32x4.min(f32x4.max(f32x4.sub(columnsOf(from + 48, xRow), d), least), most)
        v128.store(at, sums(e, f, g, h))
      }
      for (; 4 * u + 4 <= columns; u++, at += 4, from += 16, level += 16) {
        const a = columnsOf(level, row)
        store<f32>(at + blockPlane, f32x4.extract_lane(sums(a, a, a, a), 0))
        const e = f32x4.min(f32x4.max(f32x4.sub(columnsOf(from, xRow), a), least), most)
        store<f32>(at, f32x4.extract_lane(sums(e, e, e, e), 0))
      }
    }
    for (; u < across; u++, at += 4) {
      store<f32>(at, f32.NaN)
      store<f32>(at + blockPlane, f32.NaN)
    }
  }
}

export function blockMeans(
  x: usize,
  xPlane: usize,
  xStride: i32,
  blocks: i32,
  planes: i32,
  means: usize,
): void {
  const row = (<usize>xStride) << 2
  const share: f32 = 1 / (16 * <f32>planes)
  let u = 0
  for (; u + 4 <= blocks; u += 4) {
    let sum = f32x4.splat(0)
    for (let p = 0; p < planes; p++) {
      const at = x + <usize>p * xPlane + ((<usize>u) << 4)
      const a = columnsOf(at, row)
      const b = columnsOf(at + 16, row)
      const c = columnsOf(at + 32, row)
      const d = columnsOf(at + 48, row)
      sum = f32x4.add(sum, sums(a, b, c, d))
    }
    v128.store(means + ((<usize>u) << 2), f32x4.mul(sum, f32x4.splat(share)))
  }
  for (; u < blocks; u++) {
    let sum: f32 = 0
    for (let p = 0; p < planes; p++) {
      const a = columnsOf(x + <usize>p * xPlane + ((<usize>u) << 4), row)
      sum += f32x4.extract_lane(sums(a, a, a, a), 0)
    }
    store<f32>(means + ((<usize>u) << 2), sum * share)
  }
}

function fromLeft(before: v128, here: v128): v128 {
  return v128.shuffle<i32>(before, here, 3, 4, 5, 6)
}

function fromRight(here: v128, after: v128): v128 {
  return v128.shuffle<i32>(here, after, 1, 2, 3, 4)
}

function high3(a: v128, b: v128, c: v128): v128 {
  return f32x4.pmax(f32x4.pmax(f32x4.pmax(f32x4.splat(-Infinity), a), b), c)
}

function low3(a: v128, b: v128, c: v128): v128 {
  return f32x4.pmin(f32x4.pmin(f32x4.pmin(f32x4.splat(Infinity), a), b), c)
}

/** Highest and lowest of each of 16 numbers and its neighbours, into the next two maps. */
function spreadBoth(at: usize, plane: usize): void {
  const none = f32x4.splat(f32.NaN)
  let before = none
  let here = v128.load(at)
  for (let i: usize = 0; i < 64; i += 16) {
    const after = i < 48 ? v128.load(at + i, 16) : none
    const left = fromLeft(before, here)
    const right = fromRight(here, after)
    v128.store(at + plane + i, high3(left, here, right))
    v128.store(at + 2 * plane + i, low3(left, here, right))
    before = here
    here = after
  }
}

function fourTogether(a: v128): f32 {
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3))
}

/** Sum of the cell's 256 numbers less `level`, clipped; NaN is 0. */
function clippedSum(first: usize, row: usize, level: f32, reach: f32, absolute: bool): f32 {
  const less = f32x4.splat(level)
  const most = f32x4.splat(reach)
  let sum = f32x4.splat(0)
  for (let r = 0; r < 16; r++) {
    for (let c: usize = 0; c < 64; c += 16) {
      const value = f32x4.sub(v128.load(first + <usize>r * row + c), less)
      let part = v128.and(clamped(value, most), f32x4.eq(value, value))
      if (absolute) part = f32x4.abs(part)
      sum = f32x4.add(sum, part)
    }
  }
  return fourTogether(sum)
}

function countOf(first: usize, row: usize): f32 {
  let sum = f32x4.splat(0)
  for (let r = 0; r < 16; r++) {
    for (let c: usize = 0; c < 64; c += 16) {
      const value = v128.load(first + <usize>r * row + c)
      sum = f32x4.add(sum, v128.and(f32x4.splat(1), f32x4.eq(value, value)))
    }
  }
  return fourTogether(sum)
}

/** Squares that begin in these four blocks and stand out. `next` are the four blocks to the right. */
function loudSquares(
  here: v128,
  next: v128,
  below: v128,
  belowNext: v128,
  relief: v128,
  reliefNext: v128,
  reliefBelow: v128,
  reliefBelowNext: v128,
  level: v128,
  reach: v128,
  slope: v128,
): v128 {
  const upper = f32x4.add(here, fromRight(here, next))
  const square = f32x4.add(upper, f32x4.add(below, fromRight(below, belowNext)))
  const around = f32x4.max(
    f32x4.max(relief, fromRight(relief, reliefNext)),
    f32x4.max(reliefBelow, fromRight(reliefBelow, reliefBelowNext)),
  )
  return f32x4.gt(f32x4.abs(f32x4.sub(square, level)), f32x4.add(reach, f32x4.mul(slope, around)))
}

/** Every loud square marks the block to the right of the one it begins in, too. */
function spread(before: v128, here: v128): v128 {
  return v128.or(here, fromLeft(before, here))
}

function putFloor(at: usize, loud: v128, share: v128, square: v128): void {
  const bend = f32x4.mul(share, v128.load(at))
  v128.store(at, v128.bitselect(f32x4.splat(-1), f32x4.add(square, f32x4.mul(bend, bend)), loud))
}

export function blockFloors(
  blocks: usize,
  blockPlane: usize,
  blockStride: i32,
  cells: i32,
  floors: usize,
  noise: f32,
  slack: f32,
  sigmas: f32,
): void {
  const row = (<usize>blockStride) << 2
  const none = f32x4.splat(f32.NaN)
  const quiet = f32x4.splat(0.5 * noise)
  const zero = f32x4.splat(0)
  const share = f32x4.splat(slack)
  const slope = f32x4.splat(12 * slack)
  const square = f32x4.splat(noise * noise)
  for (let cell = 0; cell < cells; cell++) {
    const first = blocks + ((<usize>cell) << 6)
    const to = floors + ((<usize>cell) << 6)
    const expected: f32 = 4 * noise
    const part: f32 = 1 / max<f32>(1, countOf(first, row))
    const start = clippedSum(first, row, 0, 8 * expected, false) * part
    const level = start + clippedSum(first, row, start, 4 * expected, false) * part
    const scatter = clippedSum(first, row, level, 4 * expected, true) * part
    const reach = f32x4.splat(2 * max<f32>(expected, scatter * <f32>1.2533) * sigmas)
    const fourLevels = f32x4.splat(4 * level)
    for (let r = 0; r < 16; r++) spreadBoth(first + blockPlane + <usize>r * row, blockPlane)
    for (let r = 0; r < 16; r++) {
      for (let c: usize = 0; c < 64; c += 16) {
        const high = first + 2 * blockPlane + <usize>r * row + c
        const low = high + blockPlane
        const none = f32x4.splat(f32.NaN)
        const top = high3(r > 0 ? v128.load(high - row) : none, v128.load(high), r < 15 ? v128.load(high + row) : none)
        const bottom = low3(r > 0 ? v128.load(low - row) : none, v128.load(low), r < 15 ? v128.load(low + row) : none)
        const range = f32x4.mul(f32x4.sub(top, bottom), f32x4.splat(0.0625))
        v128.store(to + <usize>r * row + c, f32x4.max(zero, f32x4.sub(range, quiet)))
      }
    }
    let aboveA = zero
    let aboveB = zero
    let aboveC = zero
    let aboveD = zero
    for (let r = 0; r < 16; r++) {
      let a = zero
      let b = zero
      let c = zero
      let d = zero
      const p = to + <usize>r * row
      if (r < 15) {
        const s = first + <usize>r * row
        const t = s + row
        const q = p + row
        const s1 = v128.load(s, 16)
        const s2 = v128.load(s, 32)
        const s3 = v128.load(s, 48)
        const t1 = v128.load(t, 16)
        const t2 = v128.load(t, 32)
        const t3 = v128.load(t, 48)
        const p1 = v128.load(p, 16)
        const p2 = v128.load(p, 32)
        const p3 = v128.load(p, 48)
        const q1 = v128.load(q, 16)
        const q2 = v128.load(q, 32)
        const q3 = v128.load(q, 48)
        a = loudSquares(
          v128.load(s),
          s1,
          v128.load(t),
          t1,
          v128.load(p),
          p1,
          v128.load(q),
          q1,
          fourLevels,
          reach,
          slope,
        )
        b = loudSquares(s1, s2, t1, t2, p1, p2, q1, q2, fourLevels, reach, slope)
        c = loudSquares(s2, s3, t2, t3, p2, p3, q2, q3, fourLevels, reach, slope)
        d = loudSquares(s3, none, t3, none, p3, none, q3, none, fourLevels, reach, slope)
        d = spread(c, d)
        c = spread(b, c)
        b = spread(a, b)
        a = spread(zero, a)
      }
      putFloor(p, v128.or(a, aboveA), share, square)
      putFloor(p + 16, v128.or(b, aboveB), share, square)
      putFloor(p + 32, v128.or(c, aboveC), share, square)
      putFloor(p + 48, v128.or(d, aboveD), share, square)
      aboveA = a
      aboveB = b
      aboveC = c
      aboveD = d
    }
  }
}
