// Turning samples between the machine's byte order (little-endian on every machine we run on) and the big-endian of
// FITS, in place and word by word: a frame of 33 MB passes here on its way to the disk.

/** Reverses each sample in place; the same call undoes itself. */
export function swapSamples(bytes: Uint8Array, bytesPerSample: number): void {
  if (bytesPerSample === 2) swap16(bytes, 0)
  else if (bytesPerSample === 4) swap32(bytes)
  else if (bytesPerSample === 8) swap64(bytes)
}

/**
 * Swaps 16-bit samples in place and flips bits in the result. Flipping the top bit turns u16 into the signed form with
 * BZERO 32768 that FITS has for it, and back.
 * @param flip read little-endian from the result: 0x8000 when decoding, 0x0080 when encoding, 0 for signed samples
 */
export function swap16(bytes: Uint8Array, flip: number): void {
  const { buffer, byteOffset, byteLength } = bytes
  // Samples between 16-bit words can only be taken byte by byte; else at most one stands before the first 32-bit word.
  const head = byteOffset & 1 ? byteLength : Math.min(byteLength, byteOffset & 2)
  const wordCount = (byteLength - head) >> 2
  swap16Bytes(bytes.subarray(0, head), flip)
  if (head === byteLength) return
  swap16Bytes(bytes.subarray(head + wordCount * 4), flip)
  const words = new Uint32Array(buffer, byteOffset + head, wordCount)
  const flips = (flip << 16) | flip
  for (let i = 0; i < wordCount; i++) {
    const word = words[i]
    words[i] = (((word & 0x00ff00ff) << 8) | ((word >>> 8) & 0x00ff00ff)) ^ flips
  }
}

function swap32(bytes: Uint8Array): void {
  if (bytes.byteOffset & 3) {
    swapBytes(bytes, 4)
    return
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2)
  for (let i = 0; i < words.length; i++) words[i] = reversed(words[i])
}

function swap64(bytes: Uint8Array): void {
  if (bytes.byteOffset & 3) {
    swapBytes(bytes, 8)
    return
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, (bytes.byteLength >> 3) * 2)
  for (let i = 0; i < words.length; i += 2) {
    const low = words[i]
    words[i] = reversed(words[i + 1])
    words[i + 1] = reversed(low)
  }
}

/** The four bytes of a word the other way round. */
function reversed(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}

function swap16Bytes(bytes: Uint8Array, flip: number): void {
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    const first = bytes[i]
    bytes[i] = bytes[i + 1] ^ (flip & 0xff)
    bytes[i + 1] = first ^ (flip >> 8)
  }
}

/** Buffers that start between words are rare (a slice of a file): correct, not fast. */
function swapBytes(bytes: Uint8Array, size: number): void {
  for (let i = 0; i + size <= bytes.length; i += size) bytes.subarray(i, i + size).reverse()
}
