// Samples as files and sensors store them, to f32.
import type { Views } from './memory.js'

/**
 * Unsigned 16-bit big-endian words, as FITS has them with BZERO 32768, to f32.
 * @param from  2 · `count` bytes, any alignment
 * @param to  `count` f32, written
 * @param zero  32768 flips the sign bit (BZERO 32768); 0 takes the words as they are
 */
export function decodeU16be({ u8, f32 }: Views, from: number, to: number, count: number, zero: number): void {
  const out = to >> 2
  for (let i = 0; i < count; i++) f32[out + i] = ((u8[from + 2 * i] << 8) | u8[from + 2 * i + 1]) ^ zero
}
