// Rows of a frame's file as floats, for work that goes through a file once and on one thread.
import { ownKernels } from '../kernels/kernel-module.js'
import { decodeToFloat } from '../science/stored-samples.js'
import { type RawFile, readRows } from './frame-file.js'

/**
 * Reads through kernels, in memory of its own for `rows` rows of the widest samples.
 * @param width  px, of all files that it will read
 * @returns reads rows from number `firstRow` on, counted through all planes, into the whole of `to`; throws as
 *   `readRows` does
 */
export function rowReader(width: number, rows: number): (raw: RawFile, firstRow: number, to: Float32Array) => void {
  const hand = ownKernels(12 * width * rows)
  const { views, scratch: stored } = hand
  const floats = stored + 8 * width * rows
  return (raw, firstRow, to) => {
    readRows(hand, raw, firstRow, to.length / width, stored)
    decodeToFloat(hand, raw.form, stored, floats, to.length)
    to.set(views.f32.subarray(floats >> 2, (floats >> 2) + to.length))
  }
}
