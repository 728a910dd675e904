// How hard a JPEG was compressed, read from its own tables, so that a picture good enough is passed on untouched.

/** The luminance table of ISO/IEC 10918-1 Annex K.1, which quality 50 uses as it stands. */
const annexK = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
]
/**
 * Sum of libjpeg's table of each quality 1–100, falling; IJG's jcparam.c: scale = 5000/q or 200 − 2q, entries 1–255.
 */
const sums = Array.from({ length: 100 }, (_, i) => {
  const scale = i + 1 < 50 ? Math.floor(5000 / (i + 1)) : 200 - 2 * (i + 1)
  return annexK.reduce((sum, one) => sum + Math.max(1, Math.min(255, Math.floor((one * scale + 50) / 100))), 0)
})

/**
 * Quality on libjpeg's scale of 1–100: exact for files of libjpeg, and for other makers the quality at which libjpeg
 * would divide by as much in all.
 * @returns undefined when the bytes hold no table before the picture data
 */
export function jpegQuality(jpeg: Uint8Array): number | undefined {
  const sum = luminanceSum(jpeg)
  if (sum === undefined) return undefined
  // The first quality whose table is not above it, or the one before, whichever is nearer.
  const at = sums.findIndex(one => one <= sum)
  if (at < 0) return 100
  return at > 0 && sums[at - 1] - sum < sum - sums[at] ? at : at + 1
}

/** Width and height in px from the frame header (SOFn), or undefined. */
export function jpegSize(jpeg: Uint8Array): { width: number; height: number } | undefined {
  for (const { marker, at, length } of segments(jpeg)) {
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (!frame || length < 7) continue
    return { height: (jpeg[at + 1] << 8) | jpeg[at + 2], width: (jpeg[at + 3] << 8) | jpeg[at + 4] }
  }
  return undefined
}

/** Sum of the quantisation table number 0, which by custom is luminance; of the first one if there is no 0. */
function luminanceSum(jpeg: Uint8Array): number | undefined {
  let first: number | undefined
  for (const { marker, at, length } of segments(jpeg)) {
    if (marker !== 0xdb) continue
    // A segment may hold several tables, each of 8 or 16 bit (B.2.4.1).
    for (let from = at; from < at + length; ) {
      const wide = jpeg[from] >> 4 !== 0
      const end = from + (wide ? 129 : 65)
      if (end > at + length) break
      let sum = 0
      for (let i = from + 1; i < end; i++) sum += wide && (i - from) % 2 === 1 ? jpeg[i] << 8 : jpeg[i]
      if ((jpeg[from] & 15) === 0) return sum
      first ??= sum
      from = end
    }
  }
  return first
}

/** Marker segments up to the picture data; `at` is the first byte after the length. */
function* segments(jpeg: Uint8Array): Generator<{ marker: number; at: number; length: number }> {
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8) return
  let at = 2
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1]
    // Fill bytes before a marker (B.1.1.2).
    if (marker === 0xff) {
      at++
      continue
    }
    const length = ((jpeg[at + 2] << 8) | jpeg[at + 3]) - 2
    if (marker === 0xda || length < 0 || at + 4 + length > jpeg.length) return
    yield { marker, at: at + 4, length }
    at += 4 + length
  }
}
