// The mean of aligned frames, pixel by pixel, and how many frames each pixel rests on.
import type { Image } from './samples.js'
import { ScienceError } from './science-error.js'

/** A running mean: 4 bytes a pixel and plane, and 2 bytes a pixel for the count. */
export interface Stack {
  readonly width: number // px
  readonly height: number // px
  readonly planes: number
  readonly mean: Float32Array // ADU, planes * height * width; NaN where no frame has had data
  readonly count: Uint16Array // frames behind a pixel, height * width; one for all planes
}

export const maxFrames = 65_535 // what a count holds

/** @param planes 1 mono, 3 colour */
export function emptyStack(width: number, height: number, planes: number): Stack {
  if (![width, height, planes].every(size => Number.isInteger(size) && size > 0)) {
    throw new ScienceError(`no stack can have ${planes} planes of ${width} × ${height} px`)
  }
  const mean = new Float32Array(planes * height * width).fill(Number.NaN)
  return { width, height, planes, mean, count: new Uint16Array(height * width) }
}

/**
 * Folds one aligned frame into a stack, in place.
 *
 * A pixel joins with all its planes or, when one of them is NaN, not at all. Equal values leave the mean as it is,
 * bit for bit; else single precision costs less than a hundredth of the noise for as many frames as a night has.
 *
 * @param frame  one array per plane, each height * width in ADU on the stack's grid; not changed
 * @returns how many pixels had data
 */
export function addToStack(stack: Stack, frame: readonly Float32Array[]): number {
  return addRowsToStack(stack, frame, 0, stack.height)
}

/** `addToStack` for `rows` rows from `firstRow` on, given at the beginning of each array. */
export function addRowsToStack(stack: Stack, strip: readonly Float32Array[], firstRow: number, rows: number): number {
  const { width, height, planes, mean, count } = stack
  const pixels = rows * width
  if (
    strip.length !== planes ||
    strip.some(plane => plane.length < pixels) ||
    firstRow < 0 ||
    firstRow + rows > height
  ) {
    throw new ScienceError(
      `${strip.length} planes of ${rows} rows from ${firstRow} do not fit a stack of ${planes} × ${height} rows`,
    )
  }
  const start = firstRow * width
  const [first, second, third] = strip
  let joined = 0
  for (let i = 0; i < pixels; i++) {
    if (Number.isNaN(first[i]) || (planes > 1 && (Number.isNaN(second[i]) || (third && Number.isNaN(third[i])))))
      continue
    const at = start + i
    const seen = count[at]
    if (seen === maxFrames) throw new ScienceError(`a stack holds at most ${maxFrames} frames`)
    count[at] = seen + 1
    joined++
    for (let plane = 0, place = at; plane < planes; plane++, place += width * height) {
      const value = strip[plane][i]
      mean[place] = seen === 0 ? value : mean[place] + (value - mean[place]) / (seen + 1)
    }
  }
  return joined
}

/** The stack as a picture; its samples are the stack's own memory, not a copy, and change with the next frame. */
export function stackImage(stack: Stack, topDown: boolean): Image {
  const { width, height, planes, mean } = stack
  return { width, height, planes, type: 'f32', samples: mean, topDown }
}

/** Share of pixels that rest on at least `frames` frames, 0 … 1. */
export function coverage({ count }: Stack, frames: number): number {
  let covered = 0
  for (const seen of count) if (seen >= frames) covered++
  return covered / count.length
}

/** What averaging n equal frames does to signal over noise: √n. */
export function snrGain(frames: number): number {
  return Math.sqrt(frames)
}
