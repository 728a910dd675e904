// FITS images as cameras and archives really write them, into memory. FITS Standard 4.0, sections 3 to 5, 7.1 and 10.
import type { Card } from './fits-header.js'
import { type FitsHeader, readFitsHeader } from './fits-layout.js'
import { checkTiles, plainUnpacker, tileScratchBytes, type Unpacker, unpackTiles } from './fits-tiles.js'
import { bytesPerSample, type Image, type Samples, viewSamples } from './samples.js'
import { ScienceError } from './science-error.js'
import { decodeSamples, storedBytes } from './stored-samples.js'

const stripSamples = 8192 // small enough to stay in the cache

/**
 * Reads the file's image: samples in native byte order, plane after plane, every value as the file means it.
 * 16-bit with BZERO 32768 is u16, without BZERO i16; 64-bit integers are f64, exact up to 2⁵³; any other scaling gives
 * f32 (from 32-bit integers f64, which loses nothing), with BLANK as NaN there.
 * @param into where the samples shall live, at offset 0 and aligned to 8; without it, new memory
 * @param unpacker what packed images are opened with; without it slowly, and gzipped ones not at all
 * @throws ScienceError naming the card that is wrong, or the bytes that are missing
 */
export function readFitsImage(
  bytes: Uint8Array,
  into: (byteLength: number) => ArrayBufferLike = byteLength => new ArrayBuffer(byteLength),
  unpacker: (scratchBytes: number) => Unpacker = plainUnpacker,
): Image & { readonly cards: readonly Card[] } {
  const header = readFitsHeader(bytes)
  const { width, height, planes, type, dataOffset, dataBytes, topDown, bayer, cards } = header
  const present = Math.max(0, bytes.length - dataOffset)
  if (present < dataBytes) {
    const needed = `by its NAXIS cards ${width}×${height}×${planes} needs ${dataBytes} bytes`
    throw new ScienceError(`this FITS file is cut short: ${needed}, ${present} are there`)
  }
  const count = width * height * planes
  const data = bytes.subarray(dataOffset, dataOffset + dataBytes)
  if (header.packing) checkTiles(header, data)
  const buffer = into(count * bytesPerSample[type])
  const samples = viewSamples(type, buffer, 0, count)
  if (header.packing) unpackTiles(header, data, samples, unpacker(tileScratchBytes(header)), 0, header.packing.rows)
  else if (header.interleaved) decodeInterleaved(header, data, samples)
  else decodeSamples(header.form, type, data, samples)
  return { width, height, planes, type, samples, topDown, cards, ...(bayer ? { bayer } : {}) }
}

/** Colours stored pixel by pixel, into planes. */
function decodeInterleaved(header: FitsHeader, data: Uint8Array, samples: Samples): void {
  const { type, form, planes } = header
  const size = storedBytes[form.type]
  const pixels = samples.length / planes
  const stripPixels = Math.floor(stripSamples / planes)
  const strip = viewSamples(type, new ArrayBuffer(stripPixels * planes * bytesPerSample[type]), 0, stripPixels * planes)
  for (let from = 0; from < pixels; from += stripPixels) {
    const count = Math.min(stripPixels, pixels - from)
    const part = strip.subarray(0, count * planes)
    decodeSamples(form, type, data.subarray(from * planes * size, (from + count) * planes * size), part)
    for (let plane = 0; plane < planes; plane++) {
      for (let i = 0; i < count; i++) samples[plane * pixels + from + i] = part[i * planes + plane]
    }
  }
}
