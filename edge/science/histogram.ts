// How a picture's light is spread over its range, as a page draws it, and what it says of clipping.
import type { Image, Samples } from './samples.js'
import type { Hand } from './strip-step.js'
import { axisOf, type Levels, planesOf } from './tones.js'

const bins = 256

/** Edges and counts along the axis of the levels. */
export interface LightBins {
  readonly edgesAdu: readonly number[] // bins + 1, rising
  readonly bins: readonly (readonly number[])[] // per plane
}

/** @param small  the picture as it is shown small, whose levels these are */
export function histogramOf(small: Image, levels: Levels): LightBins {
  const axis = axisOf(levels)
  const edgesAdu = Array.from({ length: bins + 1 }, (_, i) => axis.adu(i / bins))
  // Finding the bin by a logarithm for every pixel would cost more than all the rest.
  const find = finder(edgesAdu)
  const counts = planesOf(small).map((plane, index) => {
    const { skyAdu, gain } = levels.balance[index]
    const count = new Array<number>(bins).fill(0)
    for (let i = 0; i < plane.length; i++) {
      const adu = (plane[i] - skyAdu) * gain + levels.commonSkyAdu
      if (adu - adu === 0) count[find(adu)]++
    }
    return count
  })
  return { edgesAdu, bins: counts }
}

function finder(edges: readonly number[]): (adu: number) => number {
  return adu => {
    let low = 0
    let high = bins
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (adu >= edges[middle]) low = middle
      else high = middle
    }
    return low
  }
}

export interface Clipped {
  readonly clippedLow: number
  readonly clippedHigh: number
}

/** A top that fewer samples share is a bright pixel, not the sensor's end. */
const leastAtTop = 3
/** Converters end a step or two apart: 65504 and 65534 in one frame. */
const topShare = 0.9995

/** Samples from here on are counted as being at the top. */
export const topOf = (min: number, max: number): number => min + topShare * (max - min)

/** @param zeros  samples at 0  @param tops  samples from topOf on */
export function clippedOf(min: number, max: number, zeros: number, tops: number): Clipped {
  return { clippedLow: min === 0 ? zeros : 0, clippedHigh: max > min && tops >= leastAtTop ? tops : 0 }
}

const chunk = 4096

/** Bytes of scratch that a hand must have to count clipped samples. */
export const clippedScratchBytes = 64 + 6 * chunk

/**
 * Samples at 0 where nothing is below, and at the greatest value where several share it.
 * @param hand  with `clippedScratchBytes`; f32 in its memory are read where they are
 */
export function clippedIn(hand: Hand, samples: Samples): Clipped {
  const { kernels, views, scratch } = hand
  const told = scratch >> 2
  views.f32.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], told)
  eachChunk(hand, samples, (at, count) => kernels.widenRange(at, count, scratch))
  const [min, max] = [views.f32[told], views.f32[told + 1]]
  views.i32.set([0, 0], told)
  eachChunk(hand, samples, (at, count) => kernels.countEnds(at, count, topOf(min, max), scratch))
  return clippedOf(min, max, views.i32[told], views.i32[told + 1])
}

function eachChunk({ kernels, views, scratch }: Hand, samples: Samples, see: (at: number, count: number) => void) {
  const there = samples instanceof Float32Array && samples.buffer === views.u8.buffer
  const at = scratch + 64
  for (let from = 0; from < samples.length; from += chunk) {
    const count = Math.min(chunk, samples.length - from)
    if (there) see(samples.byteOffset + 4 * from, count)
    else {
      const part = samples.subarray(from, from + count)
      if (part instanceof Uint16Array) {
        views.u16.set(part, (at + 4 * chunk) >> 1)
        kernels.decodeU16(at + 4 * chunk, at, count)
      } else views.f32.set(part, at >> 2)
      see(at, count)
    }
  }
}
