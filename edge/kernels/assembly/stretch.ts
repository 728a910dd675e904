// Pictures made small and light made grey. See ../stretch.ts, which says what the answer is.

export function addRowsF32(
  from: usize,
  stride: i32,
  rows: i32,
  count: i32,
  first: f32,
  last: f32,
  sums: usize,
  more: i32,
): i32 {
  const zero = f32x4.splat(0)
  const head = f32x4.splat(first)
  const tail = f32x4.splat(last)
  let odd = zero
  let finite = true
  let i = 0
  for (; i <= count - 16; i += 16) {
    const at = sums + ((<usize>i) << 2)
    let row = from + ((<usize>i) << 2)
    let a = f32x4.mul(v128.load(row), head)
    let b = f32x4.mul(v128.load(row, 16), head)
    let c = f32x4.mul(v128.load(row, 32), head)
    let d = f32x4.mul(v128.load(row, 48), head)
    a = f32x4.add(more ? v128.load(at) : zero, a)
    b = f32x4.add(more ? v128.load(at, 16) : zero, b)
    c = f32x4.add(more ? v128.load(at, 32) : zero, c)
    d = f32x4.add(more ? v128.load(at, 48) : zero, d)
    for (let r = 2; r < rows; r++) {
      row += stride
      a = f32x4.add(a, v128.load(row))
      b = f32x4.add(b, v128.load(row, 16))
      c = f32x4.add(c, v128.load(row, 32))
      d = f32x4.add(d, v128.load(row, 48))
    }
    if (rows > 1) {
      row += stride
      a = f32x4.add(a, f32x4.mul(v128.load(row), tail))
      b = f32x4.add(b, f32x4.mul(v128.load(row, 16), tail))
      c = f32x4.add(c, f32x4.mul(v128.load(row, 32), tail))
      d = f32x4.add(d, f32x4.mul(v128.load(row, 48), tail))
    }
    v128.store(at, a)
    v128.store(at, b, 16)
    v128.store(at, c, 32)
    v128.store(at, d, 48)
    // Nothing but zeros from finite numbers, NaN from all others.
    odd = v128.or(odd, v128.or(f32x4.sub(a, a), f32x4.sub(b, b)))
    odd = v128.or(odd, v128.or(f32x4.sub(c, c), f32x4.sub(d, d)))
  }
  finite = i32x4.all_true(f32x4.eq(odd, zero))
  for (; i < count; i++) {
    const at = sums + ((<usize>i) << 2)
    let row = from + ((<usize>i) << 2)
    let sum: f32 = more ? load<f32>(at) : 0
    for (let r = 0; r < rows; r++, row += stride) sum += load<f32>(row) * shareOf(r, rows, first, last)
    store<f32>(at, sum)
    if (sum - sum !== 0) finite = false
  }
  return finite ? 1 : 0
}

export function addRowsMasked(
  from: usize,
  stride: i32,
  rows: i32,
  count: i32,
  first: f32,
  last: f32,
  sums: usize,
  shares: usize,
  more: i32,
): void {
  const zero = f32x4.splat(0)
  let i = 0
  for (; i <= count - 4; i += 4) {
    const place = (<usize>i) << 2
    let row = from + place
    let sum = more ? v128.load(sums + place) : zero
    let seen = more ? v128.load(shares + place) : zero
    for (let r = 0; r < rows; r++, row += stride) {
      const share = f32x4.splat(shareOf(r, rows, first, last))
      const value = v128.load(row)
      const finite = f32x4.eq(f32x4.sub(value, value), zero)
      sum = f32x4.add(sum, v128.and(f32x4.mul(value, share), finite))
      seen = f32x4.add(seen, v128.and(share, finite))
    }
    v128.store(sums + place, sum)
    v128.store(shares + place, seen)
  }
  for (; i < count; i++) {
    const place = (<usize>i) << 2
    let row = from + place
    let sum: f32 = more ? load<f32>(sums + place) : 0
    let seen: f32 = more ? load<f32>(shares + place) : 0
    for (let r = 0; r < rows; r++, row += stride) {
      const share = shareOf(r, rows, first, last)
      const value = load<f32>(row)
      const finite = value - value === 0
      sum += finite ? value * share : 0
      seen += finite ? share : 0
    }
    store<f32>(sums + place, sum)
    store<f32>(shares + place, seen)
  }
}

export function addRowsU16(
  from: usize,
  stride: i32,
  rows: i32,
  count: i32,
  first: f32,
  last: f32,
  sums: usize,
  more: i32,
): void {
  const zero = f32x4.splat(0)
  let i = 0
  for (; i <= count - 16; i += 16) {
    const at = sums + ((<usize>i) << 2)
    let row = from + ((<usize>i) << 1)
    let a = more ? v128.load(at) : zero
    let b = more ? v128.load(at, 16) : zero
    let c = more ? v128.load(at, 32) : zero
    let d = more ? v128.load(at, 48) : zero
    for (let r = 0; r < rows; r++, row += stride) {
      const low = v128.load(row)
      const high = v128.load(row, 16)
      const share = f32x4.splat(shareOf(r, rows, first, last))
      a = f32x4.add(a, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(low)), share))
      b = f32x4.add(b, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(low)), share))
      c = f32x4.add(c, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(high)), share))
      d = f32x4.add(d, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(high)), share))
    }
    v128.store(at, a)
    v128.store(at, b, 16)
    v128.store(at, c, 32)
    v128.store(at, d, 48)
  }
  for (; i < count; i++) {
    const at = sums + ((<usize>i) << 2)
    let row = from + ((<usize>i) << 1)
    let sum: f32 = more ? load<f32>(at) : 0
    for (let r = 0; r < rows; r++, row += stride) sum += <f32>load<u16>(row) * shareOf(r, rows, first, last)
    store<f32>(at, sum)
  }
}

function shareOf(row: i32, rows: i32, first: f32, last: f32): f32 {
  return row === 0 ? first : row === rows - 1 ? last : 1
}

export function squeezeRow(
  sums: usize,
  shares: usize,
  share: f32,
  stride: i32,
  spans: usize,
  columns: i32,
  toSums: usize,
  toShares: usize,
  more: i32,
): void {
  const step = (<usize>stride) << 2
  let span = spans
  for (let i = 0; i < columns; i++) {
    const at = <usize>load<i32>(span) * step
    const vectors = load<i32>(span, 4)
    const weights = span + 16
    const out = (<usize>i) << 2
    let sum = spanSum(sums + at, stride, vectors, weights)
    let seen: f32 = shares === 0 ? share * load<f32>(span, 8) : spanSum(shares + at, stride, vectors, weights)
    if (more) {
      sum += load<f32>(toSums + out)
      seen += load<f32>(toShares + out)
    }
    store<f32>(toSums + out, sum)
    store<f32>(toShares + out, seen)
    span = weights + ((<usize>vectors) << 4)
  }
}

function spanSum(at: usize, stride: i32, vectors: i32, weights: usize): f32 {
  let sum = f32x4.splat(0)
  if (stride === 1) {
    for (let v = 0; v < vectors; v++) {
      const place = (<usize>v) << 4
      sum = f32x4.add(sum, f32x4.mul(v128.load(at + place), v128.load(weights + place)))
    }
  } else {
    for (let v = 0; v < vectors; v++) {
      const place = at + ((<usize>v) << 5)
      const light = v128.shuffle<f32>(v128.load(place), v128.load(place, 16), 0, 2, 4, 6)
      sum = f32x4.add(sum, f32x4.mul(light, v128.load(weights + ((<usize>v) << 4))))
    }
  }
  const low = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1)
  return low + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
}

export function shareRow(sums: usize, shares: usize, count: i32, to: usize): void {
  let i = 0
  for (; i <= count - 4; i += 4) {
    const at = (<usize>i) << 2
    v128.store(to + at, f32x4.div(v128.load(sums + at), v128.load(shares + at)))
  }
  for (; i < count; i++) {
    const at = (<usize>i) << 2
    store<f32>(to + at, load<f32>(sums + at) / load<f32>(shares + at))
  }
}

export function toneRow(
  from: usize,
  count: i32,
  low: f32,
  scale: f32,
  midtones: f32,
  table: usize,
  steps: i32,
  to: usize,
  stride: i32,
): void {
  const one: f32 = 1
  const over: f32 = midtones - one
  const under: f32 = <f32>2 * midtones - one
  const top = <f32>steps
  const limit = i32x4.splat(steps)
  const far = <usize>stride
  let i = 0
  let out = to
  for (; i <= count - 4; i += 4) {
    const raw = f32x4.mul(f32x4.sub(v128.load(from + ((<usize>i) << 2)), f32x4.splat(low)), f32x4.splat(scale))
    const x = f32x4.min(f32x4.max(raw, f32x4.splat(0)), f32x4.splat(1))
    const below = f32x4.sub(f32x4.mul(f32x4.splat(under), x), f32x4.splat(midtones))
    const bent = f32x4.div(f32x4.mul(f32x4.splat(over), x), below)
    const place = f32x4.add(f32x4.mul(bent, f32x4.splat(top)), f32x4.splat(0.5))
    // NaN becomes 0.
    const step = i32x4.max_s(i32x4.min_s(i32x4.trunc_sat_f32x4_s(place), limit), i32x4.splat(0))
    store<u8>(out, load<u8>(table + <usize>i32x4.extract_lane(step, 0)))
    store<u8>(out + far, load<u8>(table + <usize>i32x4.extract_lane(step, 1)))
    store<u8>(out + 2 * far, load<u8>(table + <usize>i32x4.extract_lane(step, 2)))
    store<u8>(out + 3 * far, load<u8>(table + <usize>i32x4.extract_lane(step, 3)))
    out += 4 * far
  }
  for (; i < count; i++, out += far) {
    const raw = (load<f32>(from + ((<usize>i) << 2)) - low) * scale
    const x: f32 = min<f32>(max<f32>(raw, 0), 1)
    const bent: f32 = (over * x) / (under * x - midtones)
    const place: f32 = bent * top + <f32>0.5
    const step = place > 0 ? <i32>min<f32>(place, top) : 0
    store<u8>(out, load<u8>(table + <usize>step))
  }
}

export function widenRange(from: usize, count: i32, range: usize): void {
  let least = v128.load32_splat(range)
  let greatest = v128.load32_splat(range, 4)
  const zero = f32x4.splat(0)
  let i = 0
  for (; i <= count - 4; i += 4) {
    const value = v128.load(from + ((<usize>i) << 2))
    const finite = f32x4.eq(f32x4.sub(value, value), zero)
    least = f32x4.pmin(least, v128.bitselect(value, least, finite))
    greatest = f32x4.pmax(greatest, v128.bitselect(value, greatest, finite))
  }
  let low = load<f32>(range)
  let high = load<f32>(range, 4)
  for (; i < count; i++) {
    const value = load<f32>(from + ((<usize>i) << 2))
    if (value - value !== 0) continue
    if (value < low) low = value
    if (high < value) high = value
  }
  const lows = v128.shuffle<f32>(least, least, 2, 3, 0, 1)
  const highs = v128.shuffle<f32>(greatest, greatest, 2, 3, 0, 1)
  least = f32x4.pmin(least, lows)
  greatest = f32x4.pmax(greatest, highs)
  for (let lane = 0; lane < 2; lane++) {
    const a = lane === 0 ? f32x4.extract_lane(least, 0) : f32x4.extract_lane(least, 1)
    const b = lane === 0 ? f32x4.extract_lane(greatest, 0) : f32x4.extract_lane(greatest, 1)
    if (a < low) low = a
    if (high < b) high = b
  }
  // A zero's sign would hang on the order.
  store<f32>(range, low + 0)
  store<f32>(range, high + 0, 4)
}

export function countEnds(from: usize, count: i32, top: f32, counts: usize): void {
  const zero = f32x4.splat(0)
  const high = f32x4.splat(top)
  let zeros = zero
  let tops = zero
  let i = 0
  for (; i <= count - 4; i += 4) {
    const value = v128.load(from + ((<usize>i) << 2))
    zeros = i32x4.sub(zeros, f32x4.eq(value, zero))
    tops = i32x4.sub(tops, f32x4.ge(value, high))
  }
  let none = laneSum(zeros)
  let all = laneSum(tops)
  for (; i < count; i++) {
    const value = load<f32>(from + ((<usize>i) << 2))
    if (value === 0) none++
    if (value >= top) all++
  }
  store<i32>(counts, load<i32>(counts) + none)
  store<i32>(counts, load<i32>(counts, 4) + all, 4)
}

function laneSum(lanes: v128): i32 {
  const low = i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1)
  return low + i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3)
}
