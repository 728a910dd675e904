// CHECKSUM and DATASUM: how a file says that it is whole. FITS Standard 4.0, §4.4.2.7 and appendix J.

/** What CHECKSUM holds while the header is summed (appendix J.2). */
export const zeroChecksum = '0000000000000000'

/** Words summed before carries are folded in: 32768 × 65535 still fits a 32-bit integer. */
const wordsPerFold = 32768

/**
 * Goes on with the ones'-complement sum of big-endian 32-bit words; start from 0.
 * @param sum of everything before, 0..2³²−1
 * @param bytes a multiple of 4 long, but for the last piece, which counts as padded with zeros
 */
export function addToSum(sum: number, bytes: Uint8Array): number {
  const wordCount = bytes.length >> 2
  const rest = bytes.subarray(wordCount * 4)
  let total = sum
  if (bytes.byteOffset & 3) {
    // Between words the whole piece is copied once: only odd slices come here.
    total = addWords(total, new Uint32Array(new Uint8Array(bytes.subarray(0, wordCount * 4)).buffer))
  } else {
    total = addWords(total, new Uint32Array(bytes.buffer, bytes.byteOffset, wordCount))
  }
  if (rest.length === 0) return total
  const last = ((rest[0] << 24) | ((rest[1] ?? 0) << 16) | ((rest[2] ?? 0) << 8)) >>> 0
  return onesSum(total, last)
}

/** A plain sum of words with its carries brought in at the bottom; all ones stay, as adding one by one leaves them. */
export function endAround(total: number): number {
  return total === 0 ? 0 : ((total - 1) % 0xffffffff) + 1
}

/** Ones'-complement sum of two sums: a carry out of the top comes in at the bottom. */
export function onesSum(a: number, b: number): number {
  const sum = a + b
  return sum > 0xffffffff ? sum - 0xffffffff : sum
}

/**
 * The 16 characters that bring an HDU with this sum (CHECKSUM then being `zeroChecksum`) to all ones.
 * Each byte is spread over four characters, moved off punctuation, and the string turned by one (appendix J.2).
 */
export function checksumText(sum: number): string {
  const value = ~sum >>> 0
  const codes = new Uint8Array(16)
  for (let i = 0; i < 4; i++) {
    const byte = (value >>> (24 - 8 * i)) & 0xff
    const quarters = [0, 0, 0, 0].fill((byte >> 2) + 0x30)
    quarters[0] += byte & 3
    while (quarters.some(isPunctuation)) {
      for (let pair = 0; pair < 4; pair += 2) {
        if (!isPunctuation(quarters[pair]) && !isPunctuation(quarters[pair + 1])) continue
        quarters[pair]++
        quarters[pair + 1]--
      }
    }
    for (let j = 0; j < 4; j++) codes[4 * j + i] = quarters[j]
  }
  return String.fromCharCode(codes[15], ...codes.subarray(0, 15))
}

function isPunctuation(code: number): boolean {
  return (code >= 0x3a && code <= 0x40) || (code >= 0x5b && code <= 0x60)
}

/** Words as the machine reads them (little-endian), summed as the big-endian ones they are. */
function addWords(sum: number, words: Uint32Array): number {
  let total = sum
  for (let start = 0; start < words.length; start += wordsPerFold) {
    const end = Math.min(words.length, start + wordsPerFold)
    let high = 0
    let low = 0
    for (let i = start; i < end; i++) {
      const word = words[i]
      const halves = ((word & 0x00ff00ff) << 8) | ((word >>> 8) & 0x00ff00ff)
      high = (high + (halves & 0xffff)) | 0
      low = (low + (halves >>> 16)) | 0
    }
    // Carries of the low half go up, those of the high half come round into the low one.
    const carried = onesSum((high & 0xffff) * 0x10000, (low & 0xffff) + (high >>> 16))
    total = onesSum(total, onesSum(carried, (low >>> 16) * 0x10000))
  }
  return total
}
