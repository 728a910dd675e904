// How a picture's light is spread over its range, as a page draws it, and what it says of clipping.
import type { Image, Samples } from './samples.js'
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

/** Samples at 0 where nothing is below, and at the greatest value where several share it. */
export function clippedIn(samples: Samples): Clipped {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]
    if (value < min) min = value
    if (value > max && value !== Number.POSITIVE_INFINITY) max = value
  }
  const top = min + topShare * (max - min)
  let clippedLow = 0
  let clippedHigh = 0
  for (let i = 0; i < samples.length; i++) {
    if (samples[i] === 0) clippedLow++
    if (samples[i] >= top) clippedHigh++
  }
  return {
    clippedLow: min === 0 ? clippedLow : 0,
    clippedHigh: max > min && clippedHigh >= leastAtTop ? clippedHigh : 0,
  }
}
