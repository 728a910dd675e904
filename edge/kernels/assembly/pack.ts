// Masters into 16 bits. See ../pack.ts, which says what the answer is.

export function rangeOf(from: usize, count: i32, to: usize): void {
  let least = f32x4.splat(f32.POSITIVE_INFINITY)
  let most = f32x4.splat(f32.NEGATIVE_INFINITY)
  let i = 0
  for (; i <= count - 4; i += 4) {
    const values = v128.load(from + ((<usize>i) << 2))
    least = f32x4.pmin(least, values)
    most = f32x4.pmax(most, values)
  }
  store<f32>(to, Infinity)
  store<f32>(to + 4, -Infinity)
  // Lane after lane, then what is left, by the same rule.
  see(to, f32x4.extract_lane(least, 0), f32x4.extract_lane(most, 0))
  see(to, f32x4.extract_lane(least, 1), f32x4.extract_lane(most, 1))
  see(to, f32x4.extract_lane(least, 2), f32x4.extract_lane(most, 2))
  see(to, f32x4.extract_lane(least, 3), f32x4.extract_lane(most, 3))
  for (; i < count; i++) {
    const value = load<f32>(from + ((<usize>i) << 2))
    see(to, value, value)
  }
}

function see(to: usize, low: f32, high: f32): void {
  if (low < load<f32>(to)) store<f32>(to, low)
  if (high > load<f32>(to + 4)) store<f32>(to + 4, high)
}

export function firstOdd(from: usize, count: i32, step: i32, reach: f32, share: f32): i32 {
  const away = (<usize>step) << 2
  const add = f32x4.splat(reach)
  const times = f32x4.splat(share)
  let i = 0
  for (; i <= count - 4; i += 4) {
    const place = from + ((<usize>i) << 2)
    const value = v128.load(place)
    const sum = f32x4.add(v128.load(place - away), v128.load(place + away))
    const apart = f32x4.abs(f32x4.sub(f32x4.add(value, value), sum))
    const near = f32x4.le(apart, f32x4.add(add, f32x4.mul(times, f32x4.abs(sum))))
    if (!i32x4.all_true(near)) return i + ctz<i32>(~i32x4.bitmask(near))
  }
  for (; i < count; i++) {
    const place = from + ((<usize>i) << 2)
    const value = load<f32>(place)
    const sum = load<f32>(place - away) + load<f32>(place + away)
    if (!(abs<f32>(value + value - sum) <= reach + share * abs<f32>(sum))) return i
  }
  return count
}

function saturated(value: f32): u16 {
  return value > 0 ? (value < 65536 ? <u16>(<u32>value) : 65535) : 0
}

export function packSteps(from: usize, to: usize, count: i32, zero: f32, inverse: f32): i32 {
  const least = f32x4.splat(zero)
  const times = f32x4.splat(inverse)
  const half = f32x4.splat(0.5)
  const none = f32x4.splat(0)
  const end = f32x4.splat(65536)
  let beyond = 0
  let i = 0
  for (; i <= count - 8; i += 8) {
    const place = from + ((<usize>i) << 2)
    const a = f32x4.add(f32x4.mul(f32x4.sub(v128.load(place), least), times), half)
    const b = f32x4.add(f32x4.mul(f32x4.sub(v128.load(place, 16), least), times), half)
    const good = i16x8.narrow_i32x4_s(
      v128.and(f32x4.ge(a, none), f32x4.lt(a, end)),
      v128.and(f32x4.ge(b, none), f32x4.lt(b, end)),
    )
    beyond += 8 - popcnt<i32>(i16x8.bitmask(good))
    const words = i16x8.narrow_i32x4_u(i32x4.trunc_sat_f32x4_s(a), i32x4.trunc_sat_f32x4_s(b))
    v128.store(to + ((<usize>i) << 1), words)
  }
  for (; i < count; i++) {
    const steps = (load<f32>(from + ((<usize>i) << 2)) - zero) * inverse + <f32>0.5
    if (!(steps >= 0 && steps < 65536)) beyond++
    store<u16>(to + ((<usize>i) << 1), saturated(steps))
  }
  return beyond
}

export function packInverse(from: usize, to: usize, count: i32, even: f32, odd: f32, inverse: f32, least: f32): void {
  const levels = f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(even), 1, odd), 3, odd)
  const dimmest = f32x4.mul(f32x4.splat(least), levels)
  const times = f32x4.splat(inverse)
  const half = f32x4.splat(0.5)
  const usual = f32x4.splat(1)
  let i = 0
  for (; i <= count - 8; i += 8) {
    const place = from + ((<usize>i) << 2)
    const x = v128.load(place)
    const y = v128.load(place, 16)
    const goodX = f32x4.ge(x, dimmest)
    const goodY = f32x4.ge(y, dimmest)
    const a = f32x4.add(f32x4.mul(v128.bitselect(f32x4.div(levels, x), usual, goodX), times), half)
    const b = f32x4.add(f32x4.mul(v128.bitselect(f32x4.div(levels, y), usual, goodY), times), half)
    const words = i16x8.narrow_i32x4_u(i32x4.trunc_sat_f32x4_s(a), i32x4.trunc_sat_f32x4_s(b))
    v128.store(to + ((<usize>i) << 1), words)
  }
  for (; i < count; i++) {
    const level = i & 1 ? odd : even
    const value = load<f32>(from + ((<usize>i) << 2))
    const good = value >= least * level
    const part: f32 = good ? level / value : 1
    store<u16>(to + ((<usize>i) << 1), saturated(part * inverse + <f32>0.5))
  }
}
