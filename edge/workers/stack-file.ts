// A stack's file, written strip by strip out of the memory in which it grew: a second copy of it would not fit.
import { closeSync, openSync, writeSync } from 'node:fs'
import { ownKernels } from '../kernels/kernel-module.js'
import { plainEncoding, stripBytes } from '../science/fits-encoding.js'
import type { Card } from '../science/fits-header.js'
import type { Image } from '../science/samples.js'

/**
 * Whoever moves the file to its place forces it to disk.
 * @param file absolute path where nothing is yet
 * @param image f32 samples, each written `factor` times as large; only read
 * @throws the file system's own errors; what was written is left
 */
export function writeStackFile(file: string, image: Image, factor: number, cards: readonly Card[]): void {
  const { kernels, views, scratch } = ownKernels(stripBytes)
  const encoding = plainEncoding({ kernels, views, scratch }, image, cards, factor)
  const descriptor = openSync(file, 'wx')
  try {
    let position = encoding.headBytes
    for (let count = encoding.next(scratch); count > 0; count = encoding.next(scratch)) {
      position = writeAll(descriptor, views.u8.subarray(scratch, scratch + count), position)
    }
    writeAll(descriptor, new Uint8Array(encoding.mostBytes - position), position)
    writeAll(descriptor, encoding.head(), 0)
  } finally {
    closeSync(descriptor)
  }
}

/** @returns the position behind them */
function writeAll(descriptor: number, bytes: Uint8Array, position: number): number {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done)
  }
  return position + bytes.length
}
