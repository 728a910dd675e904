// Raw samples to calibrated ones, in one pass. See ../calibrate.ts, which says what the answer is.

/** Four samples: (x − (zero + step · dark)) · (gain · flat). */
function four(x: v128, dark: v128, step: v128, zero: v128, flat: v128, gain: v128): v128 {
  return f32x4.mul(f32x4.sub(x, f32x4.add(zero, f32x4.mul(step, dark))), f32x4.mul(gain, flat))
}

function one(x: f32, dark: usize, step: f32, zero: f32, flat: usize, gain: f32): f32 {
  return (x - (zero + step * <f32>(<u32>load<u16>(dark)))) * (gain * <f32>(<u32>load<u16>(flat)))
}

/** Four of eight unsigned words as f32: they fit into 31 bits, and the signed conversion is one instruction. */
function low(words: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(words))
}

function high(words: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(words))
}

function swapped(raw: v128): v128 {
  return v128.shuffle<i8>(raw, raw, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
}

export function calibrateU16(
  from: usize,
  swap: i32,
  flip: i32,
  to: usize,
  count: i32,
  dark: usize,
  darkStep: f32,
  darkZero: f32,
  flat: usize,
  flatStep: f32,
): void {
  const flips = i16x8.splat(<i16>flip)
  const step = f32x4.splat(darkStep)
  const zero = f32x4.splat(darkZero)
  const gain = f32x4.splat(flatStep)
  let i = 0
  for (; i <= count - 8; i += 8) {
    const words = (<usize>i) << 1
    const raw = v128.load(from + words)
    const x = v128.xor(swap ? swapped(raw) : raw, flips)
    const d = v128.load(dark + words)
    const f = v128.load(flat + words)
    const place = to + ((<usize>i) << 2)
    v128.store(place, four(low(x), low(d), step, zero, low(f), gain))
    v128.store(place + 16, four(high(x), high(d), step, zero, high(f), gain))
  }
  for (; i < count; i++) {
    const words = (<usize>i) << 1
    const raw = load<u16>(from + words)
    const x = <f32>(<u32>(((swap ? bswap<u16>(raw) : raw) ^ <u16>flip) & 0xffff))
    store<f32>(to + ((<usize>i) << 2), one(x, dark + words, darkStep, darkZero, flat + words, flatStep))
  }
}

export function calibrateF32(
  from: usize,
  to: usize,
  count: i32,
  dark: usize,
  darkStep: f32,
  darkZero: f32,
  flat: usize,
  flatStep: f32,
): void {
  const step = f32x4.splat(darkStep)
  const zero = f32x4.splat(darkZero)
  const gain = f32x4.splat(flatStep)
  let i = 0
  for (; i <= count - 8; i += 8) {
    const words = (<usize>i) << 1
    const d = v128.load(dark + words)
    const f = v128.load(flat + words)
    const source = from + ((<usize>i) << 2)
    const place = to + ((<usize>i) << 2)
    const first = v128.load(source)
    const second = v128.load(source + 16)
    v128.store(place, four(first, low(d), step, zero, low(f), gain))
    v128.store(place + 16, four(second, high(d), step, zero, high(f), gain))
  }
  for (; i < count; i++) {
    const words = (<usize>i) << 1
    const x = load<f32>(from + ((<usize>i) << 2))
    store<f32>(to + ((<usize>i) << 2), one(x, dark + words, darkStep, darkZero, flat + words, flatStep))
  }
}
