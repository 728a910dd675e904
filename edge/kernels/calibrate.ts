// Raw samples to calibrated ones, in one pass: (raw − dark) · inverse flat, where both masters are packed into 16 bits,
// for the memory they are read from sets the pace.
import type { Views } from './memory.js'

/** (x − (`darkZero` + `darkStep` · dark)) · (`flatStep` · flat), every operation rounded to f32. */
function calibrated(x: number, dark: number, step: number, zero: number, flat: number, flatStep: number): number {
  const darkAdu = Math.fround(zero + Math.fround(step * dark))
  return Math.fround(Math.fround(x - darkAdu) * Math.fround(flatStep * flat))
}

/**
 * 16-bit samples, of a file or of a sensor.
 * @param from  `count` 16-bit words, any alignment
 * @param swap  1 for big-endian words, 0 for words in the machine's order
 * @param flip  32768 flips the sign bit (FITS with BZERO 32768); 0 takes the words as they are
 * @param to  `count` f32, written
 * @param dark  `count` u16: `darkZero` + `darkStep` · value ADU
 * @param flat  `count` u16: `flatStep` · value is the inverse flat
 */
export function calibrateU16(
  { u8, u16, f32 }: Views,
  from: number,
  swap: number,
  flip: number,
  to: number,
  count: number,
  dark: number,
  darkStep: number,
  darkZero: number,
  flat: number,
  flatStep: number,
): void {
  const [step, zero, gain] = [Math.fround(darkStep), Math.fround(darkZero), Math.fround(flatStep)]
  const low = swap ? 1 : 0
  for (let i = 0; i < count; i++) {
    const place = from + 2 * i
    const raw = (u8[place + low] | (u8[place + (low ^ 1)] << 8)) ^ flip
    f32[(to >> 2) + i] = calibrated(raw, u16[(dark >> 1) + i], step, zero, u16[(flat >> 1) + i], gain)
  }
}

/** The same for samples that are f32 already; `from` may be `to`. NaN (no data) stays NaN. */
export function calibrateF32(
  { u16, f32 }: Views,
  from: number,
  to: number,
  count: number,
  dark: number,
  darkStep: number,
  darkZero: number,
  flat: number,
  flatStep: number,
): void {
  const [step, zero, gain] = [Math.fround(darkStep), Math.fround(darkZero), Math.fround(flatStep)]
  for (let i = 0; i < count; i++) {
    const raw = f32[(from >> 2) + i]
    f32[(to >> 2) + i] = calibrated(raw, u16[(dark >> 1) + i], step, zero, u16[(flat >> 1) + i], gain)
  }
}
