// Sky level and noise of each colour of a calibrated frame, for bringing frames to one sky before they are combined.
import type { Hand } from './strip-step.js'
import { type FrameKind, planesOf } from './warp-tile.js'

export interface PlaneSky {
  readonly levelAdu: number // NaN where there is no sky to be seen
  readonly noiseAdu: number // of one pixel
}

const mostSamples = 32_768 // a level good to a hundredth of the noise

/** Scratch that `skyOfPlanes` needs, bytes. */
export const planeSkyScratchBytes = 16 + (4 * mostSamples * 4) / 3 + 64

/**
 * One sky level and noise for each plane of the picture (for a mosaic red, green and blue), by the clipped mean of some
 * 32 000 pixels spread over it.
 * @param plane byte offset of the calibrated frame, f32
 */
export function skyOfPlanes({ kernels, views, scratch }: Hand, frame: FrameKind, plane: number): PlaneSky[] {
  const { width, height, bayer } = frame
  const first = plane >> 2
  const list = scratch + 16
  return Array.from({ length: planesOf(frame) }, (_, colour) => {
    // A mosaic is walked in steps of its squares, and green at one of its two places.
    const corner = bayer === undefined ? 0 : bayer.indexOf('rgb'[colour])
    const cell = bayer === undefined ? 1 : 2
    const base = first + (bayer === undefined ? colour * width * height : 0)
    const [columns, rows] = [Math.floor(width / cell), Math.floor(height / cell)]
    // Four side by side cost one access to memory. Odd, so as not to walk down one column of an even width.
    const step = Math.ceil((columns * rows) / (mostSamples / 4)) | 1
    let count = 0
    for (let i = 0; i < columns * rows; i += step) {
      const column = Math.max(0, Math.min(i % columns, columns - 4))
      const y = Math.floor(i / columns) * cell + (corner >> 1)
      const from = base + y * width + column * cell + (corner & 1)
      for (let k = 0; k < Math.min(4, columns); k++) views.f32[(list >> 2) + count++] = views.f32[from + k * cell]
    }
    const vectors = count >> 2
    kernels.clippedMean(list, vectors, list + 16 * vectors, scratch)
    return { levelAdu: views.f64[scratch >> 3], noiseAdu: views.f64[(scratch >> 3) + 1] }
  })
}
