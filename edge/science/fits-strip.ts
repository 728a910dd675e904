// Samples into file order and into the checksum in one pass: a frame of 33 MB goes through here while the owner waits
// for it to be safe.
import { addToSum, onesSum } from './fits-checksum.js'
import { encodeRows } from './fits-write.js'
import type { Image } from './samples.js'

/** Sums of 32-bit words stay exact in a double up to this many of them: 2²¹ × 2³² = 2⁵³. */
const wordsPerFold = 1 << 21
const ones = 0xffffffff

/**
 * `encodeRows` and `addToSum` at once; for 16-bit samples in less than half the time of the two.
 * @param out at least `count` samples long; overwritten from its beginning
 * @param sum of everything before
 * @returns the sum with these samples
 */
export function encodeStrip(image: Image, fromSample: number, count: number, out: Uint8Array, sum: number): number {
  const { samples, type } = image
  const offset = samples.byteOffset + fromSample * 2
  const fits = fromSample >= 0 && fromSample + count <= samples.length && out.length >= count * 2
  if ((type === 'u16' || type === 'i16') && count % 2 === 0 && ((offset | out.byteOffset) & 3) === 0 && fits) {
    const source = new Uint32Array(samples.buffer, offset, count / 2)
    const target = new Uint32Array(out.buffer, out.byteOffset, count / 2)
    return onesSum(sum, swapAndSum(source, target, type === 'u16' ? 0x00800080 : 0))
  }
  return addToSum(sum, encodeRows(image, fromSample, count, out))
}

/** The four bytes of a word the other way round. */
function reversed(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}

/** Ones'-complement addition does not mind byte order (RFC 1071 §2B): words are added as the machine reads them. */
function swapAndSum(source: Uint32Array, target: Uint32Array, flips: number): number {
  let folded = 0
  for (let start = 0; start < source.length; start += wordsPerFold) {
    const end = Math.min(source.length, start + wordsPerFold)
    // Two at a time and two sums: each addition waits for the one before it, so two chains run beside each other.
    let even = 0
    let odd = 0
    let i = start
    for (; i + 1 < end; i += 2) {
      const first = source[i]
      const second = source[i + 1]
      const one = ((((first & 0x00ff00ff) << 8) | ((first >>> 8) & 0x00ff00ff)) ^ flips) >>> 0
      const two = ((((second & 0x00ff00ff) << 8) | ((second >>> 8) & 0x00ff00ff)) ^ flips) >>> 0
      target[i] = one
      target[i + 1] = two
      even += one
      odd += two
    }
    if (i < end) {
      const word = source[i]
      target[i] = (((word & 0x00ff00ff) << 8) | ((word >>> 8) & 0x00ff00ff)) ^ flips
      even += target[i]
    }
    folded = onesSum(folded, endAround(even + odd))
  }
  return reversed(folded)
}

/** A sum with its carries brought in at the bottom; all ones stay all ones, as adding one by one leaves them. */
function endAround(total: number): number {
  return total === 0 ? 0 : ((total - 1) % ones) + 1
}
