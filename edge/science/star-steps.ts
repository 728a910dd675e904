// Stars by steps: peaks of strips, spots of the whole frame, shapes of chunks. The order of a frame is
//   lightStrip, skyMeshStrip over `places.rows` strips · finishSkyMesh · peaksStrip over the strips · gatherSpots ·
//   measureChunk over the chunks it tells · collectStars.
import { spotBytes } from '../kernels/blobs.js'
import type { Views } from '../kernels/memory.js'
import { peakBytes } from '../kernels/peaks.js'
import { skyCellPx } from '../kernels/sky-mesh.js'
import { shapeBytes } from '../kernels/star-shape.js'
import { medianInPlace } from './order-statistic.js'
import { lightOf, mostSpots, type StarOrder } from './star-places.js'
import type { Hand, Step } from './strip-step.js'

const spotsPerChunk = 32
const fewestAlike = 10 // spots that tell how wide the frame's stars are
const mostPlaces = 2 ** 21 // of peaks; brightness, 32 bits, and place are one whole number together

/** Finds the peaks of one strip, when the mesh is finished. */
export const peaksStrip: Step<StarOrder> = ({ kernels, views, scratch }, order, strip) => {
  const { lightWidth, lightHeight, columns, level, noise, gates, tops, peakCounts, peaks, peaksPerStrip } = order.places
  const top = strip * skyCellPx
  const rows = Math.min(skyCellPx, lightHeight - top)
  const out = peaks + strip * peaksPerStrip * peakBytes
  views.i32[(peakCounts >> 2) + strip] = kernels.findPeaks(
    ...([lightOf(order), lightWidth, lightHeight, top, rows, level, noise, gates + 4 * strip * columns] as const),
    ...([tops, order.sigma, scratch, out, peaksPerStrip] as const),
  )
}

/** Gathers the pixels of each peak, brightest first, in sequence. @returns how many chunks there are to measure */
export function gatherSpots({ kernels, views }: Hand, order: StarOrder): number {
  const { lightWidth, lightHeight, sorted, taken, stack, spotCount, spots, listCount } = order.places
  const count = sortPeaks(views, order)
  views.u8.fill(0, taken, taken + Math.ceil((lightWidth * lightHeight) / 8))
  const found = kernels.fillBlobs(
    ...([lightOf(order), lightWidth, lightHeight, sorted, count, taken, stack, spots, mostSpots] as const),
  )
  views.i32[spotCount >> 2] = found
  views.i32[listCount >> 2] = listSpots(views, order, found)
  return Math.ceil(views.i32[listCount >> 2] / spotsPerChunk)
}

/**
 * Spots to measure, in reading order, so that one finds the other's rows still in the cache. Half-height blobs are as
 * wide as the frame's stars are, whatever their brightness: one five times as wide is a piece of a trail or a nebula,
 * unless its top is flat as that of a clipped star.
 */
function listSpots({ f32, i32, u32 }: Views, { places, most = mostSpots }: StarOrder, count: number): number {
  const { spots, spotList, shapes, lightWidth } = places
  const sizes = new Float32Array(count)
  for (let i = 0; i < count; i++) sizes[i] = f32[((spots + i * spotBytes) >> 2) + 4]
  const widest = count < fewestAlike ? Number.POSITIVE_INFINITY : 5 * medianInPlace(sizes, count)
  const keys = new Float64Array(count)
  let kept = 0
  for (let i = 0; i < count; i++) {
    const at = (spots + i * spotBytes) >> 2
    i32[(shapes + i * shapeBytes) >> 2] = 0
    if (kept === most || (f32[at + 4] > widest && i32[at + 8] < 3)) continue
    keys[kept++] = ((i32[at + 1] >> 4) * lightWidth + i32[at]) * mostSpots + i
  }
  const sorted = keys.subarray(0, kept).sort()
  for (let i = 0; i < kept; i++) u32[(spotList >> 2) + i] = sorted[i] % mostSpots
  return kept
}

/** Byte offsets of all peaks, the brightest first, equal ones in reading order. */
function sortPeaks({ i32, u32 }: Views, { places }: StarOrder): number {
  const { rows, peakCounts, peaks, peaksPerStrip, sorted } = places
  let count = 0
  for (let strip = 0; strip < rows; strip++) count += i32[(peakCounts >> 2) + strip]
  // One number for brightness and place: the bits of a float sort like the float once negative ones are turned over.
  const keys = new Float64Array(count)
  let next = 0
  for (let strip = 0; strip < rows; strip++) {
    const first = strip * peaksPerStrip
    for (let i = first; i < first + i32[(peakCounts >> 2) + strip]; i++) {
      const bits = u32[((peaks + i * peakBytes) >> 2) + 2]
      const rising = bits >>> 31 ? ~bits >>> 0 : bits + 0x80000000
      keys[next++] = (0xffffffff - rising) * mostPlaces + i
    }
  }
  keys.sort()
  for (let i = 0; i < count; i++) u32[(sorted >> 2) + i] = peaks + (keys[i] % mostPlaces) * peakBytes
  return count
}

/** Measures one chunk of spots. */
export const measureChunk: Step<StarOrder> = ({ kernels, views, scratch }, order, chunk) => {
  const { lightWidth, lightHeight, spots, listCount, spotList, shapes } = order.places
  const first = chunk * spotsPerChunk
  const last = Math.min(views.i32[listCount >> 2], first + spotsPerChunk)
  kernels.measureStars(
    ...([lightOf(order), lightWidth, lightHeight, spots, spotList, first, last, order.sigma, scratch, shapes] as const),
  )
}
