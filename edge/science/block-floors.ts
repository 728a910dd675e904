// The least variance to believe at each 4 × 4 block of a tile, where a star may breathe and a satellite's wings may not
// stay.
import { stripRows } from './stack-places.js'
import type { Hand } from './strip-step.js'

/** A tile of samples, the mean they are judged by, and memory for what is found. */
export interface JudgedTile {
  readonly x: number // byte offset, f32
  readonly xStride: number // px
  readonly mean: number // byte offset, f32
  readonly stride: number // px
  readonly width: number // px, at most xStride
  readonly height: number // px, at most 64
  readonly noiseAdu: number // of a single pixel
  readonly starSlack?: number
  readonly floors: number // byte offset of blocksOf(xStride) f32, written
  readonly aside: number // byte offset of four times as many, overwritten
}

/** Blocks of a tile of 64 rows. */
export function blocksOf(stridePx: number): number {
  return (stripRows * stridePx) / 16
}

/** For frames of unknown seeing. */
const usualSlack = 1
const steadySlack = 0.25 // what resampling by parts of a pixel does to a sharp star
const mostSlack = 6

/**
 * By how much of their relief stars may differ from the stack's without being taken for outliers: the more, the more
 * the frame's seeing differs.
 * @param fwhmPx  the frame's, as `stackFwhmPx` a usual one of the frames in the stack
 */
export function starSlackFor(fwhmPx: number, stackFwhmPx: number): number {
  const square = (fwhmPx / stackFwhmPx) ** 2
  const change = Math.max(square, 1 / square) - 1
  return change >= 0 ? Math.min(mostSlack, steadySlack + 2 * change) : usualSlack
}

/** A square of 8 × 8 px that stands out further is no noise: one in two thousand is lost to it. */
const squareSigmas = 3.5
const clipSigmas = 6 // of a column of four pixels

/** Fills the floors of a tile, `xStride` / 4 blocks to a row. */
export function writeFloors({ kernels }: Hand, tile: JudgedTile): void {
  const { x, xStride, mean, stride, width, height, noiseAdu, starSlack, floors, aside } = tile
  const blocks = [aside, 4 * blocksOf(xStride), xStride / 4] as const
  kernels.blockSums(x, xStride, mean, stride, width, height, ...blocks, clipSigmas * noiseAdu)
  kernels.blockFloors(...blocks, Math.ceil(width / 64), floors, noiseAdu, starSlack ?? usualSlack, squareSigmas)
}
