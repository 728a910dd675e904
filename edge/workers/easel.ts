// A thread's own tools for making pictures: kernels on a little memory of their own, as wide as the widest frame so far.
import { simdKernels } from '../kernels/kernels.js'
import { kernelMemory, viewsOf } from '../kernels/memory.js'
import { pictureScratchBytes } from '../science/stretch.js'
import type { Hand } from '../science/strip-step.js'
import { kernelModule } from './kernel-module.js'

/** Gives a hand with scratch for pictures of frames so wide. */
export type Easel = (width: number) => Hand

const start = 64 // offset 0 stays free, see makeLayout

export function makeEasel(): Easel {
  let hand: Hand | undefined
  let bytes = 0
  return width => {
    const wanted = start + pictureScratchBytes(width)
    if (hand && wanted <= bytes) return hand
    const memory = kernelMemory(wanted)
    bytes = memory.buffer.byteLength
    hand = { kernels: simdKernels(kernelModule(), memory), views: viewsOf(memory.buffer), scratch: start }
    return hand
  }
}
