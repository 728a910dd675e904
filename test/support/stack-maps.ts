// What tests ask of a stack's memory beyond its picture.
import { nominalWeight } from '../../edge/kernels/fold.js'
import type { Views } from '../../edge/kernels/memory.js'
import type { StackPlaces } from '../../edge/science/stack-places.js'

/** The variance of single frames of usual weight at each pixel of one plane, ADU²; NaN with fewer than two. */
export function varianceOf(views: Views, { width, height, m2, weight }: StackPlaces, plane: number): Float32Array {
  const pixels = width * height
  const squares = views.f32.subarray(m2 / 4 + plane * pixels, m2 / 4 + (plane + 1) * pixels)
  const weights = views.u16.subarray(weight / 2, weight / 2 + pixels)
  return squares.map((sum, i) => (weights[i] > nominalWeight ? sum / (weights[i] - nominalWeight) : Number.NaN))
}

/** Share of pixels that rest on at least `frames` frames of usual weight, 0 … 1. */
export function coverage(views: Views, { width, height, weight }: StackPlaces, frames: number): number {
  const weights = views.u16.subarray(weight / 2, weight / 2 + width * height)
  let covered = 0
  for (const w of weights) if (w >= frames * nominalWeight) covered++
  return covered / weights.length
}
