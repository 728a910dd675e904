// The Rice code of tile-compressed FITS images, RICE_1: neighbouring samples differ little, so their differences are
// written in as many bits as a block of them needs. FITS Standard 4.0, §10.4.1; R. F. Rice, P.-S. Yeh and W. H. Miller,
// AIAA 93-4541. Codes are chosen as cfitsio chooses them, so that files are the same to the byte.
import type { Views } from './memory.js'

/** Per bytes of a sample: bits of a block's code, and the code that says "differences as they are". */
function codesOf(size: number): [codeBits: number, rawCode: number] {
  if (size === 1) return [3, 6]
  return size === 2 ? [4, 14] : [5, 25]
}

/**
 * Unpacks one tile.
 * @param from  `bytes` packed bytes; nothing beyond them is read
 * @param to  `count` samples of `size` bytes in the machine's order, written; a multiple of `size`
 * @param block  samples that share a code
 * @param size  1, 2 or 4
 * @param flip  added to all samples by exclusive or; 0x8000 makes u16 of what FITS stores with BZERO 32768. Only the
 *   top bit of a sample may be set in it
 * @returns bytes used, or −1 when they end too soon or hold a code there is none of; some samples are written then too
 */
export function riceDecode(
  { u8, u16, u32 }: Views,
  from: number,
  bytes: number,
  to: number,
  count: number,
  block: number,
  size: number,
  flip: number,
): number {
  if (count === 0) return 0
  if (bytes < size) return -1
  const out = size === 1 ? u8 : size === 2 ? u16 : u32
  const first = to / size
  const end = from + bytes
  const [codeBits, rawCode] = codesOf(size)
  let at = from
  let last = 0
  for (; at < from + size; at++) last = (last << 8) | u8[at]
  last ^= flip
  // `held` is what is left of the last byte: `bits` of them, fewer than 8.
  let held = 0
  let bits = 0
  const next = (): number => {
    const byte = at < end ? u8[at] : 0
    at++
    return byte
  }
  const take = (wanted: number): number => {
    while (bits < wanted) {
      held = (held << 8) | next()
      bits += 8
    }
    bits -= wanted
    const value = held >>> bits
    held &= (1 << bits) - 1
    return value
  }
  for (let i = 0; i < count; ) {
    const code = take(codeBits)
    if (code > rawCode + 1) return -1
    const stop = Math.min(count, i + block)
    for (; i < stop; i++) {
      let mapped = 0
      if (code === rawCode + 1) {
        // In halves: what is held and 32 bits more would not fit.
        mapped = size === 4 ? (take(16) << 16) | take(16) : take(8 * size)
      } else if (code > 0) {
        let zeros = 0
        while (held === 0) {
          if (at >= end) return -1
          zeros += bits
          held = u8[at++]
          bits = 8
        }
        const top = 31 - Math.clz32(held)
        zeros += bits - 1 - top
        bits = top
        held &= (1 << bits) - 1
        mapped = (zeros << (code - 1)) | take(code - 1)
      }
      last = (last + ((mapped >>> 1) ^ -(mapped & 1))) | 0
      out[first + i] = last
    }
    if (at > end) return -1
  }
  return at - from
}

/**
 * Packs one tile.
 * @param from  `count` samples of `size` bytes in the machine's order; a multiple of `size`
 * @param to  packed bytes, written: at most `count` · `size` + `count` / `block` + 16
 * @param flip  as for `riceDecode`
 * @returns how many bytes
 */
export function riceEncode(
  { u8, u16, u32 }: Views,
  from: number,
  count: number,
  to: number,
  block: number,
  size: number,
  flip: number,
): number {
  if (count === 0) return 0
  const samples = size === 1 ? u8 : size === 2 ? u16 : u32
  const first = from / size
  const width = 8 * size
  const [codeBits, rawCode] = codesOf(size)
  let at = to
  let held = 0
  let bits = 0
  const put = (value: number, wanted: number): void => {
    for (let left = wanted; left > 0; ) {
      const now = Math.min(8 - bits, left)
      left -= now
      held = (held << now) | ((value >>> left) & ((1 << now) - 1))
      bits += now
      if (bits === 8) {
        u8[at++] = held
        held = 0
        bits = 0
      }
    }
  }
  const mappedAt = (i: number): number => {
    const before = i === 0 ? samples[first] : samples[first + i - 1]
    const step = ((samples[first + i] - before) << (32 - width)) >> (32 - width)
    return ((step << 1) ^ (step >> 31)) >>> 0
  }
  put(samples[first] ^ flip, width)
  for (let start = 0; start < count; start += block) {
    const stop = Math.min(count, start + block)
    let sum = 0
    for (let i = start; i < stop; i++) sum += mappedAt(i)
    const length = stop - start
    let shift = 0
    for (let mean = Math.floor(Math.max(0, (sum - (length >> 1) - 1) / length)) >>> 1; mean > 0; mean >>>= 1) shift++
    if (shift >= rawCode) {
      put(rawCode + 1, codeBits)
      for (let i = start; i < stop; i++) put(mappedAt(i), width)
    } else if (sum === 0) {
      put(0, codeBits)
    } else {
      put(shift + 1, codeBits)
      for (let i = start; i < stop; i++) {
        const mapped = mappedAt(i)
        let zeros = mapped >>> shift
        for (; zeros > 30; zeros -= 30) put(0, 30)
        put(1, zeros + 1)
        put(mapped, shift)
      }
    }
  }
  if (bits > 0) put(0, 8 - bits)
  return at - to
}
