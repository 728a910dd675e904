// How hard a JPEG was compressed, read from its own tables, so that a picture good enough is passed on untouched.

/** Sum of the luminance table of ISO/IEC 10918-1 Annex K.1, which quality 50 uses as it stands. */
const annexK = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
]
const annexKSum = annexK.reduce((sum, one) => sum + one, 0)

/**
 * Quality on libjpeg's scale of 1–100, from the first quantisation table (IJG's jcparam.c: scale = 5000/q or 200 − 2q).
 * @returns undefined when the bytes hold no table before the picture data; cameras may leave it out
 */
export function jpegQuality(jpeg: Uint8Array): number | undefined {
  const table = firstTable(jpeg)
  if (!table) return undefined
  const scale = (100 * table.reduce((sum, one) => sum + one, 0)) / annexKSum
  const quality = scale <= 100 ? (200 - scale) / 2 : 5000 / scale
  return Math.max(1, Math.min(100, Math.round(quality)))
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

function firstTable(jpeg: Uint8Array): number[] | undefined {
  for (const { marker, at, length } of segments(jpeg)) {
    if (marker !== 0xdb || length < 65) continue
    const wide = jpeg[at] >> 4 !== 0
    if (wide && length < 129) continue
    return Array.from({ length: 64 }, (_, i) =>
      wide ? (jpeg[at + 1 + 2 * i] << 8) | jpeg[at + 2 + 2 * i] : jpeg[at + 1 + i],
    )
  }
  return undefined
}

/** Marker segments up to the picture data; `at` is the first byte after the length. */
function* segments(jpeg: Uint8Array): Generator<{ marker: number; at: number; length: number }> {
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8) return
  let at = 2
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1]
    const length = ((jpeg[at + 2] << 8) | jpeg[at + 3]) - 2
    if (marker === 0xda || length < 0 || at + 4 + length > jpeg.length) return
    yield { marker, at: at + 4, length }
    at += 4 + length
  }
}
