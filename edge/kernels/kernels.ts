// The hot loops, by name: each as WebAssembly SIMD and as the plain TypeScript that says what its answer is, bit for
// bit. `test/kernels` holds the two against each other.

import { fillBlobs } from './blobs.js'
import { calibrateF32, calibrateU16 } from './calibrate.js'
import { clippedMean } from './clipped-mean.js'
import { debayerBox } from './debayer.js'
import {
  decodeI16,
  decodeI16be,
  decodeI32,
  decodeI32be,
  decodeU8,
  decodeU16,
  decodeU16be,
  swapWords,
} from './decode.js'
import { encode16, encode32, sumWords } from './encode.js'
import { foldMean, foldReject } from './fold.js'
import { blockFloors, blockMeans, blockSums } from './fold-blocks.js'
import { meanOfThree, superpixels } from './luminance.js'
import { type Views, viewsOf } from './memory.js'
import { firstOdd, packInverse, packSteps, rangeOf } from './pack.js'
import { findPeaks, rowTops } from './peaks.js'
import { riceDecode, riceEncode } from './rice.js'
import { seedMean, seedMedian, seedVotes } from './seed.js'
import { skyCells } from './sky-mesh.js'
import { measureStars } from './star-shape.js'
import {
  addRowsF32,
  addRowsMasked,
  addRowsU16,
  countEnds,
  shareRow,
  squeezeRow,
  toneRow,
  widenRange,
} from './stretch.js'
import { warpCubic, warpLinear } from './warp.js'

const twins = {
  firstOdd,
  packInverse,
  packSteps,
  rangeOf,
  debayerBox,
  foldMean,
  foldReject,
  blockFloors,
  blockMeans,
  blockSums,
  seedMean,
  seedMedian,
  seedVotes,
  warpCubic,
  warpLinear,
  addRowsF32,
  addRowsMasked,
  addRowsU16,
  countEnds,
  widenRange,
  calibrateF32,
  calibrateU16,
  decodeI16,
  decodeI16be,
  decodeI32,
  decodeI32be,
  decodeU16,
  decodeU16be,
  decodeU8,
  shareRow,
  squeezeRow,
  encode16,
  encode32,
  riceDecode,
  riceEncode,
  sumWords,
  swapWords,
  toneRow,
  clippedMean,
  fillBlobs,
  findPeaks,
  rowTops,
  meanOfThree,
  measureStars,
  skyCells,
  superpixels,
}

type Bound<F> = F extends (views: Views, ...rest: infer A) => infer R ? (...rest: A) => R : never

/** Kernels on one memory: byte offsets and numbers in, memory changed, a number out where there is one to tell. */
export type Kernels = { readonly [K in keyof typeof twins]: Bound<(typeof twins)[K]> }

/** The definition: slow, and without WebAssembly. */
export function plainKernels(buffer: ArrayBufferLike): Kernels {
  const views = viewsOf(buffer)
  const bound = Object.entries(twins).map(([name, twin]) => [
    name,
    (...rest: unknown[]) => (twin as (...all: unknown[]) => unknown)(views, ...rest),
  ])
  return Object.fromEntries(bound) as Kernels
}

/** @param module compiled from assembly/; the memory may be used by other threads' kernels at the same time */
export function simdKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  return exports as unknown as Kernels
}
