// Colour out of a mosaic, row by row, so that a picture can be made smaller without ever holding all its colours.
import { storedBayer } from './bayer.js'
import type { BayerPattern, Image } from './samples.js'
import { ScienceError } from './science-error.js'

/** An image that gives its rows as floats, colour already made. Rows in the order they are stored. */
export interface RowSource {
  readonly width: number // px
  readonly height: number // px
  readonly planes: number
  /** Overwrites the first `width` values of one array per plane with row `y`. */
  read(y: number, rows: readonly Float32Array[]): void
}

/** Rows as they are stored, a mosaic staying one. */
export function plainRows(image: Image): RowSource {
  const { width, height, planes, samples } = image
  const read = (y: number, rows: readonly Float32Array[]): void => {
    for (let plane = 0; plane < planes; plane++) {
      const start = (plane * height + y) * width
      rows[plane].set(samples.subarray(start, start + width))
    }
  }
  return { width, height, planes, read }
}

/**
 * A mosaic as colour at half the size: each 2 × 2 square one pixel, its two greens averaged. Nothing is invented, noise
 * stays white. An odd last row or column is left out. A missing (NaN) green leaves the other; red and blue stay
 * missing.
 * @throws ScienceError when the image has no Bayer pattern or is smaller than 2 × 2
 */
export function superpixelRows(image: Image): RowSource {
  const pattern = patternOf(image)
  const mosaic = plainRows(image)
  const upper = new Float32Array(image.width)
  const lower = new Float32Array(image.width)
  const red = pattern.indexOf('r')
  const blue = 3 - red // opposite corners
  const width = image.width >> 1
  const [redRow, blueRow] = red < 2 ? [upper, lower] : [lower, upper]
  const redColumn = red % 2
  const read = (y: number, [reds, greens, blues]: readonly Float32Array[]): void => {
    mosaic.read(2 * y, [upper])
    mosaic.read(2 * y + 1, [lower])
    for (let x = 0; x < width; x++) {
      const redAt = 2 * x + redColumn
      const blueAt = 2 * x + (blue % 2)
      reds[x] = redRow[redAt]
      blues[x] = blueRow[blueAt]
      greens[x] = meanOf2(redRow[blueAt], blueRow[redAt])
    }
  }
  return { width, height: image.height >> 1, planes: 3, read }
}

/**
 * A mosaic as colour at full size, missing colours averaged from the nearest neighbours (bilinear). At the edges the
 * picture is mirrored about its last pixel, which keeps colours in step. A NaN pixel stays NaN in its own colour only.
 * @throws ScienceError when the image has no Bayer pattern or is smaller than 2 × 2
 */
export function bilinearRows(image: Image): RowSource {
  const pattern = patternOf(image)
  const { width, height } = image
  const mosaic = plainRows(image)
  // One pixel of mirror on either side: column x stands at x + 1.
  const three = [0, 1, 2].map(() => new Float32Array(width + 2))
  const held = [-1, -1, -1]
  const rowAt = (y: number): Float32Array => {
    const mirrored = y < 0 ? 1 : y >= height ? height - 2 : y
    const row = three[mirrored % 3]
    if (held[mirrored % 3] !== mirrored) {
      mosaic.read(mirrored, [row.subarray(1, width + 1)])
      row[0] = row[2]
      row[width + 1] = row[width - 1]
      held[mirrored % 3] = mirrored
    }
    return row
  }
  const read = (y: number, [reds, greens, blues]: readonly Float32Array[]): void => {
    const parity = (y & 1) * 2
    const hasRed = pattern[parity] === 'r' || pattern[parity + 1] === 'r'
    const [own, other] = hasRed ? [reds, blues] : [blues, reds]
    fillRow([rowAt(y - 1), rowAt(y), rowAt(y + 1)], width, pattern[parity] === 'g' ? 0 : 1, { own, greens, other })
  }
  return { width, height, planes: 3, read }
}

/** `superpixelRows` as a picture: f32, three planes, half the size. Reads u8 to f64, changes nothing. */
export function debayerHalf(image: Image): Image {
  return gather(superpixelRows(image), image.topDown)
}

/** `bilinearRows` as a picture: f32, three planes, full size. Reads u8 to f64, changes nothing. */
export function debayerFull(image: Image): Image {
  return gather(bilinearRows(image), image.topDown)
}

function patternOf(image: Image): BayerPattern {
  const pattern = storedBayer(image)
  if (pattern === undefined || image.planes !== 1)
    throw new ScienceError('this image has no Bayer pattern to make colour from')
  if (image.width < 2 || image.height < 2)
    throw new ScienceError(`${image.width}×${image.height} px is no whole Bayer square`)
  return pattern
}

/** @param own  the colour that shares this row with green; `other` stands above and below the greens */
function fillRow(
  [above, here, below]: readonly Float32Array[],
  width: number,
  firstGreen: number,
  { own, greens, other }: { own: Float32Array; greens: Float32Array; other: Float32Array },
): void {
  for (let x = 0; x < width; x++) {
    const at = x + 1
    if ((x & 1) === firstGreen) {
      greens[x] = here[at]
      own[x] = meanOf2(here[at - 1], here[at + 1])
      other[x] = meanOf2(above[at], below[at])
    } else {
      own[x] = here[at]
      greens[x] = meanOf4(above[at], below[at], here[at - 1], here[at + 1])
      other[x] = meanOf4(above[at - 1], above[at + 1], below[at - 1], below[at + 1])
    }
  }
}

function meanOf2(a: number, b: number): number {
  const mean = (a + b) / 2
  return Number.isNaN(mean) ? (Number.isNaN(a) ? b : a) : mean
}

function meanOf4(a: number, b: number, c: number, d: number): number {
  const mean = (a + b + c + d) / 4
  if (!Number.isNaN(mean)) return mean
  let sum = 0
  let count = 0
  for (const value of [a, b, c, d]) {
    if (Number.isNaN(value)) continue
    sum += value
    count++
  }
  return sum / count
}

function gather(source: RowSource, topDown: boolean): Image {
  const { width, height, planes } = source
  const samples = new Float32Array(planes * width * height)
  for (let y = 0; y < height; y++) {
    const rows: Float32Array[] = []
    for (let plane = 0; plane < planes; plane++) {
      const start = (plane * height + y) * width
      rows.push(samples.subarray(start, start + width))
    }
    source.read(y, rows)
  }
  return { width, height, planes, type: 'f32', samples, topDown }
}
