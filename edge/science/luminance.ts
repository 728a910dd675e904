// One plane to look for stars in, whatever the sensor: mono as it is, colour averaged, Bayer gathered into superpixels.
import type { Image, Samples } from './samples.js'
import { ScienceError } from './science-error.js'

/**
 * A plane of light; its pixel (x, y) lies at (x * scale + offsetPx, y * scale + offsetPx) of the picture it came
 * from.
 */
export interface Luminance {
  readonly plane: Samples // ADU, height * width long; a mono picture's own samples, not a copy
  readonly width: number // px of this plane
  readonly height: number
  readonly scale: number // 1, or 2 for superpixels
  readonly offsetPx: number // 0, or 0.5 for superpixels
}

/**
 * Luminance of a picture.
 *
 * Bayer: the mean of each 2 × 2 square, one red, two green, one blue, whose middle is exactly (2x + 0.5, 2y + 0.5). A
 * box of the same size sliding pixel by pixel would spread a hot pixel over four and correlate the noise, and both
 * would fool star finding; superpixels keep hot pixels single and noise white, and cost a quarter. An odd last row or
 * column is left out.
 *
 * Colour: the mean of the three planes. Mono: the samples themselves.
 *
 * @throws ScienceError when the samples do not fill the picture, or it has neither 1 nor 3 planes
 */
export function luminanceOf(image: Image): Luminance {
  const { width, height, planes, samples } = image
  if (samples.length !== width * height * planes) {
    throw new ScienceError(`${samples.length} samples do not fill ${planes} × ${height} × ${width}`)
  }
  if (planes === 3) return { plane: meanOfThree(samples, width * height), width, height, scale: 1, offsetPx: 0 }
  if (planes !== 1) throw new ScienceError(`a picture of ${planes} planes has no known luminance`)
  if (image.bayer === undefined) return { plane: samples, width, height, scale: 1, offsetPx: 0 }
  return superpixels(samples, width, height)
}

function superpixels(samples: Samples, width: number, height: number): Luminance {
  const columns = width >> 1
  const rows = height >> 1
  const plane = new Float32Array(columns * rows)
  for (let y = 0; y < rows; y++) {
    let upper = 2 * y * width
    let lower = upper + width
    for (let i = y * columns; i < (y + 1) * columns; i++, upper += 2, lower += 2) {
      plane[i] = (samples[upper] + samples[upper + 1] + samples[lower] + samples[lower + 1]) / 4
    }
  }
  return { plane, width: columns, height: rows, scale: 2, offsetPx: 0.5 }
}

function meanOfThree(samples: Samples, count: number): Float32Array {
  const plane = new Float32Array(count)
  for (let i = 0; i < count; i++) plane[i] = (samples[i] + samples[i + count] + samples[i + 2 * count]) / 3
  return plane
}
