// Stars by steps: peaks of strips, spots of the whole frame, shapes of chunks. The order of a frame is
//   lightStrip, skyMeshStrip over `places.rows` strips · finishSkyMesh · peaksStrip over the strips · gatherSpots ·
//   measureChunk over the chunks it tells · collectStars.
import type { Views } from '../kernels/memory.js'
import { peakBytes } from '../kernels/peaks.js'
import { skyCellPx } from '../kernels/sky-mesh.js'
import { lightOf, mostSpots, type StarOrder } from './star-places.js'
import type { Hand, Step } from './strip-step.js'

const spotsPerChunk = 32

/** Finds the peaks of one strip, when the mesh is finished. */
export const peaksStrip: Step<StarOrder> = ({ kernels, views, scratch }, order, strip) => {
  const { lightWidth, lightHeight, columns, level, noise, gates, peakCounts, peaks, peaksPerStrip } = order.places
  const top = strip * skyCellPx
  const rows = Math.min(skyCellPx, lightHeight - top)
  const out = peaks + strip * peaksPerStrip * peakBytes
  views.i32[(peakCounts >> 2) + strip] = kernels.findPeaks(
    ...([lightOf(order), lightWidth, lightHeight, top, rows, level, noise, gates + 4 * strip * columns] as const),
    ...([order.sigma, scratch, out, peaksPerStrip] as const),
  )
}

/** Gathers the pixels of each peak, brightest first, in sequence. @returns how many chunks there are to measure */
export function gatherSpots({ kernels, views }: Hand, order: StarOrder): number {
  const { lightWidth, lightHeight, sorted, taken, stack, spotCount, spots } = order.places
  const count = sortPeaks(views, order)
  views.u8.fill(0, taken, taken + Math.ceil((lightWidth * lightHeight) / 8))
  const found = kernels.fillBlobs(
    ...([lightOf(order), lightWidth, lightHeight, sorted, count, taken, stack, spots, mostSpots] as const),
  )
  views.i32[spotCount >> 2] = found
  return Math.ceil(found / spotsPerChunk)
}

/** Byte offsets of all peaks, the brightest first, equal ones in reading order. */
function sortPeaks({ i32, u32 }: Views, { places }: StarOrder): number {
  const offsets: number[] = []
  for (let strip = 0; strip < places.rows; strip++) {
    const first = places.peaks + strip * places.peaksPerStrip * peakBytes
    for (let i = 0; i < i32[(places.peakCounts >> 2) + strip]; i++) offsets.push(first + i * peakBytes)
  }
  // One number for brightness and place: the bits of a float sort like the float once negative ones are turned over.
  const keys = Float64Array.from(offsets, (offset, i) => {
    const bits = u32[(offset >> 2) + 2]
    const rising = bits >>> 31 ? ~bits >>> 0 : bits + 0x80000000
    return (0xffffffff - rising) * 0x100000 + i
  }).sort()
  for (const [i, key] of keys.entries()) u32[(places.sorted >> 2) + i] = offsets[key % 0x100000]
  return keys.length
}

/** Measures one chunk of spots. */
export const measureChunk: Step<StarOrder> = ({ kernels, views, scratch }, order, chunk) => {
  const { lightWidth, lightHeight, spotCount, spots, shapes } = order.places
  const first = chunk * spotsPerChunk
  const last = Math.min(views.i32[spotCount >> 2], first + spotsPerChunk)
  kernels.measureStars(lightOf(order), lightWidth, lightHeight, spots, first, last, order.sigma, scratch, shapes)
}
