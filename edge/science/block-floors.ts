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
  readonly floors: number // byte offset of blocksOf(xStride) f32, written
  readonly aside: number // byte offset of three times as many, overwritten
}

/** Blocks of a tile of 64 rows. */
export function blocksOf(stridePx: number): number {
  return (stripRows * stridePx) / 16
}

/** Share of a star's relief by which frames may differ: their seeing changes twofold, their sharpest is half again. */
const starSlack = 0.5
/** A square of 8 × 8 px that stands out further is no noise: one in two thousand is lost to it. */
const squareSigmas = 3.5
const clipSigmas = 3

/** Fills the floors of a tile, `xStride` / 4 blocks to a row. */
export function writeFloors({ kernels }: Hand, tile: JudgedTile): void {
  const { x, xStride, mean, stride, width, height, noiseAdu, floors, aside } = tile
  const blocks = [aside, 4 * blocksOf(xStride), xStride / 4] as const
  kernels.blockSums(x, xStride, mean, stride, width, height, ...blocks, clipSigmas * noiseAdu)
  kernels.blockFloors(...blocks, Math.ceil(width / 64), floors, noiseAdu, starSlack, squareSigmas)
}
