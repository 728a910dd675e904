// FITS images as cameras and archives really write them, into memory. FITS Standard 4.0, sections 3 to 5, 7.1 and 10.
import { swap16, swapSamples } from './byte-order.js'
import type { Card } from './fits-header.js'
import { type FitsHeader, readFitsHeader } from './fits-layout.js'
import { bytesPerSample, type Image, type Samples, viewSamples } from './samples.js'
import { ScienceError } from './science-error.js'
import { decodeNumbers, storedBytes } from './stored-samples.js'

const stripBytes = 65536 // small enough to stay in the cache between copying and swapping

/**
 * Reads the file's image: samples in native byte order, plane after plane, every value as the file means it.
 * 16-bit with BZERO 32768 is u16, without BZERO i16; 64-bit integers are f64, exact up to 2⁵³; any other scaling gives
 * f32 (from 32-bit integers f64, which loses nothing), with BLANK as NaN there.
 * @param into where the samples shall live, at offset 0 and aligned to 8; without it, new memory
 * @throws ScienceError naming the card that is wrong, or the bytes that are missing
 */
export function readFitsImage(
  bytes: Uint8Array,
  into: (byteLength: number) => ArrayBufferLike = byteLength => new ArrayBuffer(byteLength),
): Image & { readonly cards: readonly Card[] } {
  const header = readFitsHeader(bytes)
  const { width, height, planes, type, dataOffset, dataBytes, topDown, bayer, cards } = header
  if (header.packing) {
    throw new ScienceError(`this FITS image is compressed (${header.packing.method}, .fz): unpack it first`)
  }
  const present = Math.max(0, bytes.length - dataOffset)
  if (present < dataBytes) {
    throw new ScienceError(
      `this FITS file is cut short: ${width}×${height}×${planes} needs ${dataBytes} bytes, ${present} are there`,
    )
  }
  const count = width * height * planes
  const buffer = into(count * bytesPerSample[type])
  const samples = viewSamples(type, buffer, 0, count)
  const data = bytes.subarray(dataOffset, dataOffset + dataBytes)
  if (header.interleaved) decodeInterleaved(header, data, samples)
  else decodeSamples(header, data, samples)
  return { width, height, planes, type, samples, topDown, cards, ...(bayer ? { bayer } : {}) }
}

/**
 * Decodes whole samples of a straight image's data unit.
 * @param data as stored; may be a piece of the unit
 * @param samples as many, of `header.type`; overwritten. May lie over `data` where the two have the same size
 */
export function decodeSamples(header: FitsHeader, data: Uint8Array, samples: Samples): void {
  const { form, type } = header
  const size = storedBytes[form.type]
  if (samples instanceof Float32Array || samples instanceof Float64Array) {
    if (form.type !== type || form.bzero !== 0 || form.bscale !== 1) {
      decodeNumbers(form, data, 0, samples)
      return
    }
  }
  const target = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  const flip = type === 'u16' ? 0x8000 : 0
  for (let start = 0; start < data.length; start += stripBytes) {
    const strip = data.subarray(start, start + stripBytes)
    const place = target.subarray(start, start + strip.length)
    place.set(strip)
    if (size === 2) swap16(place, flip)
    else swapSamples(place, size)
  }
}

/** Colours stored pixel by pixel, into planes. */
function decodeInterleaved(header: FitsHeader, data: Uint8Array, samples: Samples): void {
  const { type, form, planes } = header
  const size = storedBytes[form.type]
  const pixels = samples.length / planes
  const stripPixels = Math.floor(stripBytes / (8 * planes))
  const strip = viewSamples(type, new ArrayBuffer(stripPixels * planes * bytesPerSample[type]), 0, stripPixels * planes)
  for (let from = 0; from < pixels; from += stripPixels) {
    const count = Math.min(stripPixels, pixels - from)
    const part = strip.subarray(0, count * planes)
    decodeSamples(header, data.subarray(from * planes * size, (from + count) * planes * size), part)
    for (let plane = 0; plane < planes; plane++) {
      for (let i = 0; i < count; i++) samples[plane * pixels + from + i] = part[i * planes + plane]
    }
  }
}
