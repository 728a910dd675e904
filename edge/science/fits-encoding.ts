// A FITS file on its way to the disk, strip by strip in kernel memory: samples are turned, packed and summed while
// earlier strips are written, so that a large frame needs no second copy of itself. FITS Standard 4.0.
import { swapSamples } from './byte-order.js'
import { addToSum, endAround, onesSum } from './fits-checksum.js'
import type { Card } from './fits-header.js'
import { checkLength, dataUnitBytes, fitsHeader, packedHeader } from './fits-write.js'
import { bytesPerSample, type Image, type SampleType } from './samples.js'
import type { Hand } from './strip-step.js'

/** No strip is longer. */
export const stripBytes = 1 << 20
/** Encoded piece by piece, so that what was just turned is still in the processor's cache when it is summed. */
const pieceBytes = 1 << 16

export interface FitsEncoding {
  /** What is left free in front, for `head`. */
  readonly headBytes: number
  /** The file is no longer, padding to a multiple of 2880 included. */
  readonly mostBytes: number
  /**
   * Encodes the next strip.
   * @param to byte offset in the hand's memory, a multiple of 64, with `stripBytes` free; overwritten
   * @returns how many bytes of the file stand there now; 0 after the last
   */
  next(to: number): number
  /** What stands in front, checksums and all; only after the last strip. */
  head(): Uint8Array
}

/**
 * An image as it is.
 * @param factor f32 samples are written so many times as large
 * @param image only read; its samples may lie anywhere
 * @throws ScienceError when the samples do not fill the image, or naming a card FITS has no form for
 */
export function plainEncoding(hand: Hand, image: Image, cards: readonly Card[], factor = 1): FitsEncoding {
  checkLength(image)
  const { samples, type } = image
  const size = bytesPerSample[type]
  const headBytes = fitsHeader(image, cards, 0).length
  let from = 0
  let sum = 0
  return {
    headBytes,
    mostBytes: headBytes + dataUnitBytes(image),
    next(to) {
      const strip = Math.min(stripBytes / size, samples.length - from)
      for (let done = 0; done < strip; done += pieceBytes / size) {
        const count = Math.min(pieceBytes / size, strip - done)
        const place = to + done * size
        bringIn(hand, image, from + done, count, place)
        if (factor !== 1) multiply(hand.views.f32.subarray(place >> 2, (place >> 2) + count), factor)
        sum = onesSum(sum, encodeIn(hand, type, place, count))
      }
      from += strip
      return strip * size
    },
    head: () => fitsHeader(image, cards, sum),
  }
}

/** Samples beside each other share a Rice code in blocks of this many, as fpack has it. */
const riceBlock = 32

/** Bytes that a row may come to, whatever is in it. */
function rowBound({ width, type }: Pick<Image, 'width' | 'type'>): number {
  return width * bytesPerSample[type] + Math.ceil(width / riceBlock) + 16
}

/** Whether Rice takes such images: integers, in rows that fit a strip. */
export function isPackable(image: Pick<Image, 'width' | 'type'>): boolean {
  return /^[ui]/.test(image.type) && rowBound(image) <= stripBytes / 4
}

/** Scratch that `packedEncoding` needs, bytes. */
export function packingScratchBytes({ width, type }: Pick<Image, 'width' | 'type'>): number {
  return width * bytesPerSample[type]
}

/**
 * An image packed by Rice, each row a tile, as `fpack -r` does it (§10): nothing is lost.
 * @param hand with `packingScratchBytes` of scratch
 * @param image of integers (`isPackable`); only read
 * @throws ScienceError as `plainEncoding`
 */
export function packedEncoding(hand: Hand, image: Image, cards: readonly Card[]): FitsEncoding {
  checkLength(image)
  const { kernels, views, scratch } = hand
  const { width, height, planes, type } = image
  const rows = height * planes
  const size = bytesPerSample[type]
  const table = new DataView(new ArrayBuffer(8 * rows))
  const headerBytes = packedHeader(image, cards, { heapBytes: 0, longest: 0, datasum: 0 }).length
  const headBytes = headerBytes + table.byteLength
  /** Sums are of whole words: what is over goes in front of the next strip. */
  let over: Uint8Array = new Uint8Array(0)
  let [row, heapBytes, longest, sum] = [0, 0, 0, 0]
  return {
    headBytes,
    mostBytes: Math.ceil((headBytes + rows * rowBound(image)) / 2880 + 1) * 2880,
    next(to) {
      views.u8.set(over, to)
      let used = over.length
      for (; row < rows && used + rowBound(image) <= stripBytes; row++) {
        bringIn(hand, image, row * width, width, scratch)
        const length = kernels.riceEncode(scratch, width, to + used, riceBlock, size, type === 'u16' ? 0x8000 : 0)
        table.setInt32(8 * row, length)
        table.setInt32(8 * row + 4, heapBytes)
        longest = Math.max(longest, length)
        heapBytes += length
        used += length
      }
      const whole = row < rows ? used & ~3 : used
      if (row === rows) views.u8.fill(0, to + used, to + used + 3)
      over = views.u8.slice(to + whole, to + used)
      sum = onesSum(sum, endAround(kernels.sumWords(to, Math.ceil(whole / 4))))
      return whole
    },
    head() {
      const rowTable = new Uint8Array(table.buffer)
      const datasum = addToSum(sum, rowTable)
      const head = new Uint8Array(headBytes)
      head.set(packedHeader(image, cards, { heapBytes, longest, datasum }))
      head.set(rowTable, headerBytes)
      return head
    },
  }
}

/** Samples as they are, into kernel memory. */
function bringIn({ views }: Hand, { samples, type }: Image, first: number, count: number, to: number): void {
  const size = bytesPerSample[type]
  views.u8.set(new Uint8Array(samples.buffer, samples.byteOffset + first * size, count * size), to)
}

function multiply(samples: Float32Array, factor: number): void {
  for (let i = 0; i < samples.length; i++) samples[i] *= factor
}

/** Turned into file order where they lie. @returns their sum; only the last of a file may be no whole words */
function encodeIn({ kernels, views }: Hand, type: SampleType, at: number, count: number): number {
  if (type === 'u16' || type === 'i16') return endAround(kernels.encode16(at, at, count, type === 'u16' ? 0x8000 : 0))
  if (type === 'i32' || type === 'f32') return endAround(kernels.encode32(at, at, count))
  const bytes = views.u8.subarray(at, at + count * bytesPerSample[type])
  if (type === 'f64') swapSamples(bytes, 8)
  return addToSum(0, bytes)
}
