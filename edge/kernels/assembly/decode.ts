// Samples as files and sensors store them, to f32. See ../decode.ts, which says what the answer is.

function swapped16(raw: v128): v128 {
  return v128.shuffle<i8>(raw, raw, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
}

function swapped32(raw: v128): v128 {
  return v128.shuffle<i8>(raw, raw, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}

function storeUnsigned(place: usize, words: v128): void {
  v128.store(place, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(words)))
  v128.store(place + 16, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(words)))
}

function storeSigned(place: usize, words: v128): void {
  v128.store(place, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)))
  v128.store(place + 16, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)))
}

export function decodeU16be(from: usize, to: usize, count: i32, zero: i32): void {
  const flip = i16x8.splat(<i16>zero)
  let i = 0
  for (; i <= count - 8; i += 8) {
    const words = v128.xor(swapped16(v128.load(from + ((<usize>i) << 1))), flip)
    storeUnsigned(to + ((<usize>i) << 2), words)
  }
  for (; i < count; i++) {
    const raw = load<u16>(from + ((<usize>i) << 1))
    store<f32>(to + ((<usize>i) << 2), <f32>(<u32>((bswap<u16>(raw) ^ <u16>zero) & 0xffff)))
  }
}

export function decodeI16be(from: usize, to: usize, count: i32): void {
  let i = 0
  for (; i <= count - 8; i += 8) {
    storeSigned(to + ((<usize>i) << 2), swapped16(v128.load(from + ((<usize>i) << 1))))
  }
  for (; i < count; i++) {
    const raw = bswap<u16>(load<u16>(from + ((<usize>i) << 1)))
    store<f32>(to + ((<usize>i) << 2), <f32>(<i32>(<i16>raw)))
  }
}

export function decodeI32be(from: usize, to: usize, count: i32): void {
  let i = 0
  for (; i <= count - 4; i += 4) {
    const words = swapped32(v128.load(from + ((<usize>i) << 2)))
    v128.store(to + ((<usize>i) << 2), f32x4.convert_i32x4_s(words))
  }
  for (; i < count; i++) {
    const raw = bswap<u32>(load<u32>(from + ((<usize>i) << 2)))
    store<f32>(to + ((<usize>i) << 2), <f32>(<i32>raw))
  }
}

export function swapWords(from: usize, to: usize, count: i32): void {
  let i = 0
  for (; i <= count - 4; i += 4) {
    v128.store(to + ((<usize>i) << 2), swapped32(v128.load(from + ((<usize>i) << 2))))
  }
  for (; i < count; i++) {
    store<u32>(to + ((<usize>i) << 2), bswap<u32>(load<u32>(from + ((<usize>i) << 2))))
  }
}

export function decodeU8(from: usize, to: usize, count: i32): void {
  let i = 0
  for (; i <= count - 16; i += 16) {
    const raw = v128.load(from + <usize>i)
    const place = to + ((<usize>i) << 2)
    storeUnsigned(place, i16x8.extend_low_i8x16_u(raw))
    storeUnsigned(place + 32, i16x8.extend_high_i8x16_u(raw))
  }
  for (; i < count; i++) store<f32>(to + ((<usize>i) << 2), <f32>(<u32>load<u8>(from + <usize>i)))
}

export function decodeU16(from: usize, to: usize, count: i32): void {
  let i = 0
  for (; i <= count - 8; i += 8) storeUnsigned(to + ((<usize>i) << 2), v128.load(from + ((<usize>i) << 1)))
  for (; i < count; i++) {
    store<f32>(to + ((<usize>i) << 2), <f32>(<u32>load<u16>(from + ((<usize>i) << 1))))
  }
}

export function decodeI16(from: usize, to: usize, count: i32): void {
  let i = 0
  for (; i <= count - 8; i += 8) storeSigned(to + ((<usize>i) << 2), v128.load(from + ((<usize>i) << 1)))
  for (; i < count; i++) {
    store<f32>(to + ((<usize>i) << 2), <f32>(<i32>load<i16>(from + ((<usize>i) << 1))))
  }
}

export function decodeI32(from: usize, to: usize, count: i32): void {
  let i = 0
  for (; i <= count - 4; i += 4) {
    v128.store(to + ((<usize>i) << 2), f32x4.convert_i32x4_s(v128.load(from + ((<usize>i) << 2))))
  }
  for (; i < count; i++) {
    store<f32>(to + ((<usize>i) << 2), <f32>load<i32>(from + ((<usize>i) << 2)))
  }
}
