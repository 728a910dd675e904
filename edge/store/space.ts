// How much room the disk has.
import { statfsSync } from 'node:fs'
import type { Space } from '../ports/store.js'

/** Bytes a user without special rights may still write in that folder. */
export function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

export function spaceOf(folder: string, reserveBytes: number): Space {
  const { bavail, blocks, bsize } = statfsSync(folder)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, reserveBytes }
}
