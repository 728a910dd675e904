// How samples lie in files and in sensors' memory, and turning any of it into numbers. FITS Standard 4.0, §4.4.1 and
// §4.4.2.5.
import { swap16, swapSamples } from './byte-order.js'
import { bytesPerSample, type Samples, type SampleType } from './samples.js'
import type { Hand } from './strip-step.js'

/** `i64` exists in files only; in memory it becomes f64. */
export type StoredType = SampleType | 'i64'

/** A run of stored numbers: value = `bzero` + `bscale` · stored. Plain data. */
export interface StoredForm {
  readonly type: StoredType
  /** As in FITS; else the machine's order, which is little-endian wherever we run. */
  readonly bigEndian: boolean
  readonly bzero: number
  readonly bscale: number
  /** Stored value that means "no data": NaN in floats. Only for integers. */
  readonly blank?: number
}

export const storedBytes: Readonly<Record<StoredType, number>> = { ...bytesPerSample, i64: 8 }

/** Samples as they are in an `Image` or a `Frame`. */
export function nativeForm(type: SampleType): StoredForm {
  return { type, bigEndian: false, bzero: 0, bscale: 1 }
}

/**
 * Stored samples to f32, each the nearest one to what the file means; BLANK and NaN are NaN. The common kinds (8, 16
 * and 32-bit integers and f32 as they are, 16 bits with BZERO 32768) go through kernels, all others sample by sample.
 * @param from  byte offset of `count` stored samples: any alignment in file order, else a multiple of their size
 * @param to  byte offset of `count` f32, written; apart from the input, or `from` itself where samples have 4 bytes
 */
export function decodeToFloat(
  { kernels, views }: Hand,
  form: StoredForm,
  from: number,
  to: number,
  count: number,
): void {
  const { type, bigEndian, bzero, bscale, blank } = form
  const unsigned = bigEndian && isUnsigned(form)
  const plain = bscale === 1 && (bzero === 0 || unsigned)
  if (plain && type === 'f32') {
    if (bigEndian) kernels.swapWords(from, to, count)
    else if (from !== to) views.u8.copyWithin(to, from, from + 4 * count)
  } else if (plain && type === 'i32' && blank === undefined) {
    if (bigEndian) kernels.decodeI32be(from, to, count)
    else kernels.decodeI32(from, to, count)
  } else if (plain && (type === 'u8' || type === 'i16' || type === 'u16')) {
    if (type === 'u8') kernels.decodeU8(from, to, count)
    else if (!bigEndian) kernels[type === 'u16' ? 'decodeU16' : 'decodeI16'](from, to, count)
    else if (unsigned || type === 'u16') kernels.decodeU16be(from, to, count, bzero)
    else kernels.decodeI16be(from, to, count)
    if (blank !== undefined) clearBlanks(views.f32, to >> 2, count, blank + bzero)
  } else {
    decodeNumbers(form, views.u8, from, views.f32.subarray(to >> 2, (to >> 2) + count))
  }
}

function clearBlanks(f32: Float32Array, first: number, count: number, value: number): void {
  for (let i = first; i < first + count; i++) if (f32[i] === value) f32[i] = Number.NaN
}

/**
 * Stored samples of any form to numbers, one after the other. Correct, not fast.
 * @param from  byte offset into `bytes`, any alignment
 * @param to  filled; may lie over the input where both have the same size
 */
export function decodeNumbers(
  form: StoredForm,
  bytes: Uint8Array,
  from: number,
  to: Float32Array | Float64Array,
): void {
  const { type, bigEndian, bzero, bscale, blank } = form
  const size = storedBytes[type]
  const data = new DataView(bytes.buffer, bytes.byteOffset + from, to.length * size)
  const read = readers[type]
  const little = !bigEndian
  // Unsigned 64-bit numbers (BZERO 2⁶³) are rounded once, not twice, where the offset joins the high word.
  const highZero = type === 'i64' && bscale === 1 && bzero % 2 ** 32 === 0 ? bzero / 2 ** 32 : 0
  const plain = bscale === 1 && bzero === 0 // −0 stays itself
  for (let i = 0; i < to.length; i++) {
    const stored = read(data, i * size, little, 0)
    if (stored === blank) to[i] = Number.NaN
    else if (highZero !== 0) to[i] = read(data, i * size, little, highZero)
    else to[i] = plain ? stored : bzero + bscale * stored
  }
}

type Read = (data: DataView, at: number, little: boolean, highZero: number) => number

const readers: Readonly<Record<StoredType, Read>> = {
  u8: (data, at) => data.getUint8(at),
  u16: (data, at, little) => data.getUint16(at, little),
  i16: (data, at, little) => data.getInt16(at, little),
  i32: (data, at, little) => data.getInt32(at, little),
  f32: (data, at, little) => data.getFloat32(at, little),
  f64: (data, at, little) => data.getFloat64(at, little),
  // The nearest double: exact up to 2⁵³.
  i64: (data, at, little, highZero) =>
    (data.getInt32(at + (little ? 4 : 0), little) + highZero) * 2 ** 32 + data.getUint32(at + (little ? 0 : 4), little),
}

const stripBytes = 65_536 // small enough to stay in the cache between copying and swapping

/**
 * Stored samples to samples of an image.
 * @param bytes  as stored; may be a piece of all
 * @param type  of `samples`: what `form` becomes in memory
 * @param samples  as many, overwritten. May lie over `bytes` where the two have the same size
 */
export function decodeSamples(form: StoredForm, type: SampleType, bytes: Uint8Array, samples: Samples): void {
  const unsigned = type === 'u16' && isUnsigned(form)
  const asTheyAre = unsigned || (form.type === type && form.bzero === 0 && form.bscale === 1)
  const floats = samples instanceof Float32Array || samples instanceof Float64Array
  if (asTheyAre) {
    copySamples(form, bytes, new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), unsigned)
  } else if (floats) {
    decodeNumbers(form, bytes, 0, samples)
  } else {
    // Integers in a wider or narrower dress than their image's.
    const { blank, ...number } = form
    const numbers = new Float64Array(stripBytes / 8)
    for (let from = 0; from < samples.length; from += numbers.length) {
      const strip = numbers.subarray(0, samples.length - from)
      decodeNumbers(number, bytes, from * storedBytes[form.type], strip)
      samples.set(strip, from)
    }
  }
}

/** Unsigned 16-bit integers in the signed form that FITS has for them. */
export function isUnsigned({ type, bzero, bscale }: StoredForm): boolean {
  return type === 'i16' && bzero === 32768 && bscale === 1
}

function copySamples({ type, bigEndian }: StoredForm, bytes: Uint8Array, target: Uint8Array, unsigned: boolean): void {
  const size = storedBytes[type]
  for (let start = 0; start < bytes.length; start += stripBytes) {
    const strip = bytes.subarray(start, start + stripBytes)
    const place = target.subarray(start, start + strip.length)
    place.set(strip)
    if (bigEndian && size === 2) swap16(place, unsigned ? 0x8000 : 0)
    else if (bigEndian) swapSamples(place, size)
    else if (unsigned) for (let i = 1; i < place.length; i += 2) place[i] ^= 0x80
  }
}
