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

/**
 * Signed 16-bit big-endian words to f32.
 * @param from  2 · `count` bytes, any alignment
 * @param to  `count` f32, written
 */
export function decodeI16be({ u8, f32 }: Views, from: number, to: number, count: number): void {
  const out = to >> 2
  for (let i = 0; i < count; i++) f32[out + i] = ((u8[from + 2 * i] << 24) >> 16) | u8[from + 2 * i + 1]
}

/**
 * Signed 32-bit big-endian words to the nearest f32.
 * @param from  4 · `count` bytes, any alignment
 * @param to  `count` f32, written; may be `from`
 */
export function decodeI32be({ u8, f32 }: Views, from: number, to: number, count: number): void {
  const out = to >> 2
  for (let i = 0; i < count; i++) f32[out + i] = wordAt(u8, from + 4 * i)
}

/**
 * Big-endian f32 to the machine's; swaps any 32-bit words.
 * @param from  4 · `count` bytes, any alignment
 * @param to  `count` words, written; may be `from`
 */
export function swapWords({ u8, i32 }: Views, from: number, to: number, count: number): void {
  const out = to >> 2
  for (let i = 0; i < count; i++) i32[out + i] = wordAt(u8, from + 4 * i)
}

/**
 * Bytes to f32.
 * @param to  `count` f32, written
 */
export function decodeU8({ u8, f32 }: Views, from: number, to: number, count: number): void {
  const out = to >> 2
  for (let i = 0; i < count; i++) f32[out + i] = u8[from + i]
}

/**
 * Unsigned 16-bit words in the machine's order to f32.
 * @param from  an even offset
 * @param to  `count` f32, written
 */
export function decodeU16({ u16, f32 }: Views, from: number, to: number, count: number): void {
  const first = from >> 1
  const out = to >> 2
  for (let i = 0; i < count; i++) f32[out + i] = u16[first + i]
}

/**
 * Signed 16-bit words in the machine's order to f32.
 * @param from  an even offset
 * @param to  `count` f32, written
 */
export function decodeI16({ i16, f32 }: Views, from: number, to: number, count: number): void {
  const first = from >> 1
  const out = to >> 2
  for (let i = 0; i < count; i++) f32[out + i] = i16[first + i]
}

/**
 * Signed 32-bit words in the machine's order to the nearest f32.
 * @param from  a multiple of 4
 * @param to  `count` f32, written; may be `from`
 */
export function decodeI32({ i32, f32 }: Views, from: number, to: number, count: number): void {
  const first = from >> 2
  const out = to >> 2
  for (let i = 0; i < count; i++) f32[out + i] = i32[first + i]
}

function wordAt(u8: Uint8Array, at: number): number {
  return (u8[at] << 24) | (u8[at + 1] << 16) | (u8[at + 2] << 8) | u8[at + 3]
}
