// Where star finding keeps its things in kernel memory: laid out once for a size of frame, plain numbers only.
import { mostBlobPx, spotBytes } from '../kernels/blobs.js'
import type { Layout } from '../kernels/memory.js'
import { peakBytes } from '../kernels/peaks.js'
import { skyCellPx } from '../kernels/sky-mesh.js'
import { shapeBytes, shapeScratchBytes } from '../kernels/star-shape.js'

export interface StarSizes {
  readonly width: number // px of the frame
  readonly height: number
  /** Mono: one plane. Bayer: one, its stars found on 2 × 2 superpixels. Colour: three planes, found on their mean. */
  readonly kind: 'mono' | 'bayer' | 'colour'
}

/** Byte offsets and counts; what is searched is the plane of light, the frame's own for mono. */
export interface StarPlaces extends StarSizes {
  readonly light: number // f32; for mono nothing lies there
  readonly lightWidth: number // px
  readonly lightHeight: number
  readonly scale: number // frame px per px of light: 1, or 2 for superpixels
  readonly columns: number // of mesh cells; strips are rows of them
  readonly rows: number // 0 for a frame too small to hold a star
  readonly level: number // f32 a cell
  readonly noise: number
  readonly gates: number
  readonly tops: number // f32 for each 64 px of each row of light
  readonly peakCounts: number // i32 a strip
  readonly peaks: number // `peaksPerStrip` for each strip
  readonly peaksPerStrip: number
  readonly sorted: number // u32 a peak
  readonly taken: number // bits, one a pixel of light
  readonly stack: number
  readonly spotCount: number // i32
  readonly spots: number // the brightest peak's first
  readonly listCount: number // i32
  readonly spotList: number // u32, numbers of those to measure
  readonly shapes: number
}

/** The brightest peaks only, so that no frame takes longer than a tenth of a second or so. */
export const mostSpots = 16_384
const leastSidePx = 5

/** @param light  byte offset of memory for the plane of light; a place of its own unless told */
export function layOutStars(layout: Layout, { width, height, kind }: StarSizes, light?: number): StarPlaces {
  const scale = kind === 'bayer' ? 2 : 1
  const lightWidth = Math.floor(width / scale)
  const lightHeight = Math.floor(height / scale)
  const columns = Math.ceil(lightWidth / skyCellPx)
  const rows = Math.min(lightWidth, lightHeight) < leastSidePx ? 0 : Math.ceil(lightHeight / skyCellPx)
  const cells = columns * rows
  const peaksPerStrip = Math.max(1024, lightWidth)
  return {
    ...{ width, height, kind, lightWidth, lightHeight, scale, columns, rows, peaksPerStrip },
    light: light ?? layout.take(kind === 'mono' ? 0 : 4 * lightWidth * lightHeight),
    level: layout.take(4 * cells),
    noise: layout.take(4 * cells),
    gates: layout.take(4 * cells),
    tops: layout.take(4 * columns * lightHeight),
    peakCounts: layout.take(4 * rows),
    peaks: layout.take(peakBytes * peaksPerStrip * rows),
    sorted: layout.take(4 * peaksPerStrip * rows),
    taken: layout.take(Math.ceil((lightWidth * lightHeight) / 8)),
    stack: layout.take(4 * mostBlobPx),
    spotCount: layout.take(4),
    spots: layout.take(spotBytes * mostSpots),
    listCount: layout.take(4),
    spotList: layout.take(4 * mostSpots),
    shapes: layout.take(shapeBytes * mostSpots),
  }
}

/** Scratch that each thread's hand needs for the steps of star finding. */
export const starScratchBytes: number = shapeScratchBytes

/** What the steps are told: the same for all strips of a frame. */
export interface StarOrder {
  readonly places: StarPlaces
  /** Byte offset of the calibrated frame, f32; the planes of colour one after the other. */
  readonly plane: number
  /** Detection threshold over the sky's noise; 5 is usual. */
  readonly sigma: number
  /** Only so many spots are measured, the brightest; all unless told. */
  readonly most?: number
}

/** The plane of light itself. */
export function lightOf({ places, plane }: StarOrder): number {
  return places.kind === 'mono' ? plane : places.light
}
