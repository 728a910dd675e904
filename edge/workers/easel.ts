// A thread's own tools for pictures and for the stars on them: kernels on memory of their own, as large as the largest
// frame so far.
import { kernelModule, ownKernels } from '../kernels/kernel-module.js'
import type { Image } from '../science/samples.js'
import { makeStarRoom, type StarRoom, starsOf } from '../science/star-room.js'
import type { StarOptions, Stars } from '../science/stars.js'
import { pictureScratchBytes } from '../science/stretch.js'
import type { Hand } from '../science/strip-step.js'

/** Gives a hand with scratch for pictures of frames so wide. */
export type Easel = (width: number) => Hand

export function makeEasel(): Easel {
  let hand: Hand | undefined
  let bytes = 0
  return width => {
    const wanted = pictureScratchBytes(width)
    if (hand && wanted <= bytes) return hand
    bytes = wanted
    hand = ownKernels(bytes)
    return hand
  }
}

export type StarFinder = (image: Image, options?: StarOptions) => Stars

/** Keeps the room of the largest frame: 4 bytes a pixel and plane, and less than half as much again. */
export function makeStarFinder(): StarFinder {
  let room: StarRoom | undefined
  return (image, options) => {
    room ??= makeStarRoom(kernelModule())
    return starsOf(room, image, options)
  }
}
