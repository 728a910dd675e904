// Samples into the byte order of files, summed on the way. See ../encode.ts, which says what the answer is.

function sumOf(words: v128): v128 {
  return i64x2.add(i64x2.extend_low_i32x4_u(words), i64x2.extend_high_i32x4_u(words))
}

function total(lanes: v128): u64 {
  return <u64>(i64x2.extract_lane(lanes, 0) + i64x2.extract_lane(lanes, 1))
}

function swapped32(raw: v128): v128 {
  return v128.shuffle<i8>(raw, raw, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
}

export function encode16(from: usize, to: usize, count: i32, flip: i32): f64 {
  const flips = i16x8.splat(<i16>flip)
  let lanes = i64x2.splat(0)
  let i = 0
  for (; i <= count - 8; i += 8) {
    const words = v128.xor(v128.load(from + ((<usize>i) << 1)), flips)
    const bytes = v128.shuffle<i8>(words, words, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)
    v128.store(to + ((<usize>i) << 1), bytes)
    // The big-endian word of two samples has the first one above.
    lanes = i64x2.add(lanes, sumOf(v128.or(i32x4.shl(words, 16), i32x4.shr_u(words, 16))))
  }
  let sum = total(lanes)
  for (; i < count; i++) {
    const word = load<u16>(from + ((<usize>i) << 1)) ^ <u16>flip
    store<u16>(to + ((<usize>i) << 1), bswap<u16>(word))
    sum += i & 1 ? <u64>word : (<u64>word) << 16
  }
  return <f64>sum
}

export function encode32(from: usize, to: usize, count: i32): f64 {
  let lanes = i64x2.splat(0)
  let i = 0
  for (; i <= count - 4; i += 4) {
    const words = v128.load(from + ((<usize>i) << 2))
    v128.store(to + ((<usize>i) << 2), swapped32(words))
    lanes = i64x2.add(lanes, sumOf(words))
  }
  let sum = total(lanes)
  for (; i < count; i++) {
    const word = load<u32>(from + ((<usize>i) << 2))
    store<u32>(to + ((<usize>i) << 2), bswap<u32>(word))
    sum += <u64>word
  }
  return <f64>sum
}

export function sumWords(from: usize, count: i32): f64 {
  let lanes = i64x2.splat(0)
  let i = 0
  for (; i <= count - 4; i += 4) lanes = i64x2.add(lanes, sumOf(swapped32(v128.load(from + ((<usize>i) << 2)))))
  let sum = total(lanes)
  for (; i < count; i++) sum += <u64>bswap<u32>(load<u32>(from + ((<usize>i) << 2)))
  return <f64>sum
}
