// Peaks gathered into spots: a star's flat top, a ring out of focus or a trail has many maxima and is one thing.
import type { Views } from './memory.js'

/** i32 x, y of the peak; f32 dx, dy (blob's middle − peak), size px, value, level, noise (ADU); i32 flat px, 0. */
export const spotBytes = 40
/** The most pixels a blob has: larger than any star are the Moon, a lamp, a dew-covered corner. */
export const mostBlobPx = 16_384

/**
 * The connected pixels at or above half a peak's height, for each peak in turn; a pixel belongs to one blob only, so
 * peaks come brightest first. What outgrows `mostBlobPx` is no spot, and takes its pixels out of play all the same.
 *
 * @param plane  f32, `width` × `height`, at most 65 535 px each way
 * @param peaks  `count` byte offsets of peaks, u32
 * @param taken  one bit a pixel, zero at first; changed
 * @param stack  4 · `mostBlobPx` bytes, overwritten
 * @param out  `capacity` spots of `spotBytes`, written: the size is the width of a disc of the same area, or nearly
 *   the box's where that is hollow; flat are pixels within half a percent of the peak
 * @returns how many
 */
export function fillBlobs(
  views: Views,
  plane: number,
  width: number,
  height: number,
  peaks: number,
  count: number,
  taken: number,
  stack: number,
  out: number,
  capacity: number,
): number {
  const { f32, i32, u32, u8 } = views
  let spots = 0
  for (let i = 0; i < count && spots < capacity; i++) {
    const peak = u32[(peaks >> 2) + i] >> 2
    const x = i32[peak]
    const y = i32[peak + 1]
    const bit = y * width + x
    if ((u8[taken + (bit >> 3)] >> (bit & 7)) & 1) continue
    const value = f32[peak + 2]
    const level = f32[peak + 3]
    const floor = level + (value - level) / 2
    const blob = fill(views, { plane, width, height, taken, stack }, x, y, value, floor)
    if (!blob) continue
    const to = (out + spots * spotBytes) >> 2
    i32[to] = x
    i32[to + 1] = y
    f32[to + 2] = blob.dx
    f32[to + 3] = blob.dy
    f32[to + 4] = blob.size
    f32[to + 5] = value
    f32[to + 6] = level
    f32[to + 7] = f32[peak + 4]
    i32[to + 8] = blob.flat
    i32[to + 9] = 0
    spots++
  }
  return spots
}

interface Plate {
  readonly plane: number
  readonly width: number
  readonly height: number
  readonly taken: number
  readonly stack: number
}

function fill(views: Views, plate: Plate, peakX: number, peakY: number, value: number, floor: number) {
  const { f32, u8, u32 } = views
  const { plane, width, height, taken, stack } = plate
  const top = value - 0.005 * Math.abs(value) // clipped pixels differ by a step or two of the converter
  let pending = 0
  let area = 0
  let flat = 0
  let sum = 0
  let sumX = 0
  let sumY = 0
  let left = peakX
  let right = peakX
  let above = peakY
  let below = peakY
  const take = (x: number, y: number) => {
    const bit = y * width + x
    u8[taken + (bit >> 3)] |= 1 << (bit & 7)
    u32[(stack >> 2) + pending++] = y * 65_536 + x
  }
  take(peakX, peakY)
  while (pending > 0) {
    const at = u32[(stack >> 2) + --pending]
    const x = at & 0xffff
    const y = at >>> 16
    const light = f32[(plane >> 2) + y * width + x]
    // The peak may be lower than a hot pixel on it.
    const weight = Math.min(light, value) - floor + 1e-6
    area++
    if (light >= top) flat++
    sum += weight
    sumX += weight * (x - peakX)
    sumY += weight * (y - peakY)
    left = Math.min(left, x)
    right = Math.max(right, x)
    above = Math.min(above, y)
    below = Math.max(below, y)
    if (area + pending > mostBlobPx - 8) return undefined
    for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
        const next = v * width + u
        if ((u8[taken + (next >> 3)] >> (next & 7)) & 1 || !(f32[(plane >> 2) + next] >= floor)) continue
        take(u, v)
      }
    }
  }
  const box = (right - left + below - above + 2) / 2
  const size = Math.max(2 * Math.sqrt(area / Math.PI), 0.9 * box)
  return { dx: sumX / sum, dy: sumY / sum, size, flat }
}
