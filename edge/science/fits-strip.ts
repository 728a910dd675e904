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
    return onesSum(sum, swapAndSum(source, target, type === 'u16' ? 0x80008000 : 0))
  }
  return addToSum(sum, encodeRows(image, fromSample, count, out))
}

/**
 * @param flips 0x80008000 turns u16 into the signed form with BZERO 32768; 0 leaves samples as they are
 * Two samples read as one little-endian word are the file's big-endian word with its halves exchanged. Ones'-complement
 * addition does not mind words being turned round by whole halves, as long as the sum is turned back (RFC 1071 §2B).
 */
function swapAndSum(source: Uint32Array, target: Uint32Array, flips: number): number {
  let folded = 0
  for (let start = 0; start < source.length; start += wordsPerFold) {
    const end = Math.min(source.length, start + wordsPerFold)
    // Two at a time and two sums: each addition waits for the one before it, so two chains run beside each other.
    let even = 0
    let odd = 0
    let i = start
    for (; i + 1 < end; i += 2) {
      const first = (source[i] ^ flips) >>> 0
      const second = (source[i + 1] ^ flips) >>> 0
      target[i] = ((first & 0x00ff00ff) << 8) | ((first >>> 8) & 0x00ff00ff)
      target[i + 1] = ((second & 0x00ff00ff) << 8) | ((second >>> 8) & 0x00ff00ff)
      even += first
      odd += second
    }
    if (i < end) {
      const last = (source[i] ^ flips) >>> 0
      target[i] = ((last & 0x00ff00ff) << 8) | ((last >>> 8) & 0x00ff00ff)
      even += last
    }
    folded = onesSum(folded, endAround(even + odd))
  }
  return ((folded << 16) | (folded >>> 16)) >>> 0
}

/** A sum with its carries brought in at the bottom; all ones stay all ones, as adding one by one leaves them. */
function endAround(total: number): number {
  return total === 0 ? 0 : ((total - 1) % ones) + 1
}
