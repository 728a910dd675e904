// Star finding for tests: one thread's kernels and memory for all of a file.

import { kernelModule } from '../../edge/kernels/kernel-module.js'
import type { Image, Samples } from '../../edge/science/samples.js'
import { makeStarRoom, starsOf as starsOfImage } from '../../edge/science/star-room.js'
import type { StarOptions, Stars } from '../../edge/science/stars.js'

const room = makeStarRoom(kernelModule())

export function starsOf(image: Image, options?: StarOptions): Stars {
  return starsOfImage(room, image, options)
}

/** Of a mono plane. */
export function findStars(samples: Samples, width: number, height: number, options?: StarOptions): Stars {
  return starsOf({ width, height, planes: 1, type: 'f64', samples, topDown: true }, options)
}
