// A stack in kernel memory: where its mean, squares and weights are, and what is made of them.

import type { Layout, Views } from '../kernels/memory.js'
import type { Image } from './samples.js'
import { ScienceError } from './science-error.js'

/**
 * `mean` is a running mean, `sum` the same times the frames, `reject` a mean without outliers. Per pixel 4 bytes and
 * plane for the mean, 4 for M2 with rejection, and 2 for the weight.
 */
export type StackMode = 'sum' | 'mean' | 'reject'

export interface StackSizes {
  readonly width: number // px
  readonly height: number // px
  readonly planes: number
  readonly mode: StackMode
}

/** Byte offsets; with zeroed memory and `clearStack` an empty stack. */
export interface StackPlaces extends StackSizes {
  readonly mean: number // f32, ADU, planes × height × width; NaN where the weight is 0
  readonly m2: number // f32, sum of weight · ADU², as `mean`; only with rejection
  readonly weight: number // u16, height × width, 16 for each usual frame; one for all planes
  readonly rejected: number // u32 per strip: pixels rejected of the frame last folded
}

/** Rows of a strip, and both sides of the cells whose neighbours judge each other. */
export const stripRows = 64

export function stripsOf(height: number): number {
  return Math.ceil(height / stripRows)
}

/** @throws ScienceError for sizes no stack can have */
export function layOutStack(layout: Layout, { width, height, planes, mode }: StackSizes): StackPlaces {
  if (![width, height, planes].every(size => Number.isInteger(size) && size > 0)) {
    throw new ScienceError(`no stack can have ${planes} planes of ${width} × ${height} px`)
  }
  const pixels = width * height
  return {
    ...{ width, height, planes, mode },
    mean: layout.take(4 * pixels * planes),
    m2: mode === 'reject' ? layout.take(4 * pixels * planes) : 0,
    weight: layout.take(2 * pixels),
    rejected: layout.take(4 * stripsOf(height)),
  }
}

/** Nothing has been taken yet: a picture without data. */
export function clearStack({ f32 }: Views, { width, height, planes, mean }: StackPlaces): void {
  f32.fill(Number.NaN, mean >> 2, (mean >> 2) + planes * width * height)
}

/**
 * The mean as a picture, NaN where no frame has data. It shares the stack's memory and changes with it; a sum is this
 * times `stackFactor`.
 */
export function stackImage({ f32 }: Views, { width, height, planes, mean }: StackPlaces, topDown: boolean): Image {
  const samples = f32.subarray(mean >> 2, (mean >> 2) + planes * width * height)
  return { width, height, planes, type: 'f32', samples, topDown }
}

/** A sum is that of all frames even where some had no data, so that there are no dark borders. */
export function stackFactor({ mode }: StackPlaces, frames: number): number {
  return mode === 'sum' ? frames : 1
}

/** Share of the stack's pixels at which the frame last folded was rejected, 0 … 1. */
export function rejectedShare(views: Views, { width, height, rejected }: StackPlaces): number {
  const counts = views.u32.subarray(rejected / 4, rejected / 4 + stripsOf(height))
  return counts.reduce((sum, count) => sum + count, 0) / (width * height)
}
