// What moving a frame between pixels does to its noise, which is what tells true quiet from smoothing.
import { invert, moveX, moveY, type Similarity } from './similarity.js'
import type { WarpOrder } from './warp-tile.js'

/** Weights of the samples around a place, from `first` on, for its part of a pixel beyond the one before it. */
const taps: Readonly<Record<WarpOrder['kernel'], { first: number; weights(part: number): number[] }>> = {
  bilinear: { first: 0, weights: part => [1 - part, part] },
  // Catmull–Rom: Keys, IEEE TASSP 29 (1981) 1153, with a = −1/2.
  cubic: {
    first: -1,
    weights: t => [
      0.5 * t * (-1 + t * (2 - t)),
      0.5 * (2 + t * t * (-5 + 3 * t)),
      0.5 * t * (1 + t * (4 - 3 * t)),
      0.5 * t * t * (t - 1),
    ],
  },
}

/**
 * What resampling does to the noise that is left in differences of neighbouring `blockPx`-square blocks: variance
 * after over variance before, 1 for a whole-pixel shift, for white noise in the source. Exact for the transform,
 * averaged over `samples`² places of the frame, since with a turn the weights change from place to place.
 */
export function resampledVariance(
  frameToReference: Similarity,
  width: number,
  height: number,
  blockPx: number,
  kernel: WarpOrder['kernel'],
  samples = 8,
): number {
  const back = invert(frameToReference)
  const span = 2 * blockPx
  const reach = Math.ceil(1.5 * span * (Math.abs(back.a) + Math.abs(back.b))) + 8
  const weights = new Float64Array(reach * reach)
  let sum = 0
  for (let place = 0; place < samples * samples; place++) {
    const x0 = Math.floor((((place % samples) + 0.5) / samples) * Math.max(1, width - span))
    const y0 = Math.floor(((Math.floor(place / samples) + 0.5) / samples) * Math.max(1, height - blockPx))
    sum += differenceVariance(back, x0, y0, blockPx, weights, reach, kernel)
  }
  return sum / (samples * samples)
}

/**
 * Sum of squared weights of (left block − right block) over the source's pixels, relative to that without
 * resampling.
 */
function differenceVariance(
  back: Similarity,
  x0: number,
  y0: number,
  blockPx: number,
  weights: Float64Array,
  reach: number,
  kernel: WarpOrder['kernel'],
): number {
  weights.fill(0)
  const middleX = moveX(back, x0 + blockPx - 0.5, y0 + blockPx / 2 - 0.5)
  const middleY = moveY(back, x0 + blockPx - 0.5, y0 + blockPx / 2 - 0.5)
  const originX = Math.floor(middleX - reach / 2)
  const originY = Math.floor(middleY - reach / 2)
  const { first, weights: weightsAt } = taps[kernel]
  for (let y = y0; y < y0 + blockPx; y++) {
    for (let x = x0; x < x0 + 2 * blockPx; x++) {
      const sign = x < x0 + blockPx ? 1 : -1
      const sx = moveX(back, x, y) - originX
      const sy = moveY(back, x, y) - originY
      const across = weightsAt(sx - Math.floor(sx))
      const down = weightsAt(sy - Math.floor(sy))
      const at = (Math.floor(sy) + first) * reach + Math.floor(sx) + first
      for (let v = 0; v < down.length; v++) {
        for (let u = 0; u < across.length; u++) weights[at + v * reach + u] += sign * across[u] * down[v]
      }
    }
  }
  let squares = 0
  for (const weight of weights) squares += weight * weight
  return squares / (2 * blockPx * blockPx)
}
