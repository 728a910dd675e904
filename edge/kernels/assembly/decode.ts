// Samples as files and sensors store them, to f32. See ../decode.ts, which says what the answer is.

export function decodeU16be(from: usize, to: usize, count: i32, zero: i32): void {
  const flip = i16x8.splat(<i16>zero)
  let i = 0
  for (; i <= count - 8; i += 8) {
    const raw = v128.load(from + ((<usize>i) << 1))
    const words = v128.xor(v128.shuffle<i8>(raw, raw, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14), flip)
    const place = to + ((<usize>i) << 2)
    v128.store(place, f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(words)))
    v128.store(place + 16, f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(words)))
  }
  for (; i < count; i++) {
    const raw = load<u16>(from + ((<usize>i) << 1))
    store<f32>(to + ((<usize>i) << 2), <f32>(<u32>((bswap<u16>(raw) ^ <u16>zero) & 0xffff)))
  }
}
