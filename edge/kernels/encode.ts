// Samples into the byte order of files, and into the file's checksum in the same pass: the sum of its big-endian 32-bit
// words (FITS Standard 4.0, appendix J), exact as long as no more than 2²⁰ words are summed at a time.
import type { Views } from './memory.js'

/**
 * 16-bit samples to big-endian words.
 * @param from  `count` samples in the machine's order; a multiple of 4
 * @param to  2 · `count` bytes, written; a multiple of 4
 * @param flip  0x8000 turns u16 into the signed form with BZERO 32768; 0 leaves samples as they are
 * @returns the sum of the words written, a last half one filled up with zeros
 */
export function encode16({ u8, u16 }: Views, from: number, to: number, count: number, flip: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) {
    const word = u16[(from >> 1) + i] ^ flip
    u8[to + 2 * i] = word >> 8
    u8[to + 2 * i + 1] = word
    sum += i % 2 === 0 ? word * 65_536 : word
  }
  return sum
}

/**
 * 32-bit samples to big-endian words.
 * @param from  `count` words in the machine's order; a multiple of 4
 * @param to  4 · `count` bytes, written; a multiple of 4
 * @returns the sum of the words written
 */
export function encode32({ u8, u32 }: Views, from: number, to: number, count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) {
    const word = u32[(from >> 2) + i]
    for (let byte = 0; byte < 4; byte++) u8[to + 4 * i + byte] = word >>> (24 - 8 * byte)
    sum += word
  }
  return sum
}

/**
 * The sum of big-endian words as they lie.
 * @param from  4 · `count` bytes, any alignment
 */
export function sumWords({ u8 }: Views, from: number, count: number): number {
  let sum = 0
  for (let at = from; at < from + 4 * count; at += 4) {
    sum += u8[at] * 16_777_216 + (u8[at + 1] << 16) + (u8[at + 2] << 8) + u8[at + 3]
  }
  return sum
}
