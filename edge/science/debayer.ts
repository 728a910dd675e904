// Colour out of a mosaic, for what is looked at: any part of a picture, few rows at a time.
import type { Image } from './samples.js'
import { ScienceError } from './science-error.js'
import type { Hand } from './strip-step.js'

const rowsAtOnce = 4

/** Bytes of scratch that a hand must have to make colour of pictures so wide: rows, those around, three colours. */
export function colourScratchBytes(width: number): number {
  return 4 * (rowsAtOnce + 2 + 3 * rowsAtOnce) * (width + 2) + 64
}

/**
 * A part of a mosaic in colour at full size, f32, rows from the top, missing colours averaged from the nearest
 * neighbours (bilinear); the same pixels in whatever part. At the picture's edges the mosaic is mirrored about its last
 * pixel. A NaN pixel stays NaN in its own colour only.
 * @param hand  with `colourScratchBytes` of the part's width
 * @param part  as the picture is shown, whole pixels of it
 * @throws ScienceError when the image has no Bayer pattern or is smaller than 2 × 2
 */
export function inColour(
  { kernels, views, scratch }: Hand,
  image: Image,
  part: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): Image {
  const { x, y, width, height } = part
  if (image.bayer === undefined || image.planes !== 1) {
    throw new ScienceError('this image has no Bayer pattern to make colour from')
  }
  if (image.width < 2 || image.height < 2) {
    throw new ScienceError(`${image.width}×${image.height} px is no whole Bayer square`)
  }
  const red = image.bayer.indexOf('r')
  const left = Math.max(0, x - 1)
  const wide = Math.min(image.width, x + width + 1) - left
  const colours = scratch + 4 * (rowsAtOnce + 2) * wide
  const plane = 4 * rowsAtOnce * width
  const samples = new Float32Array(3 * width * height)
  for (let done = 0; done < height; done += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, height - done)
    const first = Math.max(0, y + done - 1)
    const end = Math.min(image.height, y + done + rows + 1)
    for (let shown = first; shown < end; shown++) {
      const at = (image.topDown ? shown : image.height - 1 - shown) * image.width + left
      views.f32.set(image.samples.subarray(at, at + wide), scratch / 4 + (shown - first) * wide)
    }
    kernels.debayerBox(
      ...([scratch - 4 * (first * wide + left), wide, image.width, image.height] as const),
      ...([x, y + done, width, rows, red, colours, plane, width] as const),
    )
    for (let colour = 0; colour < 3; colour++) {
      const from = (colours + colour * plane) / 4
      samples.set(views.f32.subarray(from, from + rows * width), (colour * height + done) * width)
    }
  }
  return { width, height, planes: 3, type: 'f32', samples, topDown: true }
}
