// Which colour lies over which pixel, and what cropping and turning rows does to it.
import type { BayerPattern, Image } from './samples.js'

const patterns: readonly string[] = ['rggb', 'bggr', 'grbg', 'gbrg']

/** The pattern of that name in any case, blanks ignored; `undefined` for all others (MONO, X-Trans, CMYG …). */
export function bayerNamed(name: string | undefined): BayerPattern | undefined {
  const lower = name?.trim().toLowerCase()
  return lower !== undefined && patterns.includes(lower) ? (lower as BayerPattern) : undefined
}

/** The pattern seen from the pixel `x` columns right and `y` rows further. Any whole offsets, negative ones too. */
export function shiftBayer(pattern: BayerPattern, x: number, y: number): BayerPattern {
  const dx = Math.abs(x) % 2
  const dy = Math.abs(y) % 2
  let name = ''
  for (let i = 0; i < 4; i++) name += pattern[(((i >> 1) ^ dy) << 1) | ((i & 1) ^ dx)]
  return name as BayerPattern
}

/** The pattern from the other end of the columns: with an even number of rows the first row becomes a second one. */
export function flipBayer(pattern: BayerPattern, height: number): BayerPattern {
  return shiftBayer(pattern, 0, height % 2 === 0 ? 1 : 0)
}

/** The pattern from sample 0 of `image`, which is the corner to demosaic from; `image.bayer` is named as shown. */
export function storedBayer(image: Pick<Image, 'bayer' | 'height' | 'topDown'>): BayerPattern | undefined {
  if (image.bayer === undefined || image.topDown) return image.bayer
  return flipBayer(image.bayer, image.height)
}
