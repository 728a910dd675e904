// How much room the disk has.
import { statfsSync } from 'node:fs'
import { Fault } from '../ports/fault.js'
import type { Space } from '../ports/store.js'

/** Bytes a user without special rights may still write in that folder. */
export function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** @throws Fault `broken` when the folder is gone, maybe with its disk: it is not made anew on whatever lies below */
export function spaceOf(folder: string, reserveBytes: number): Space {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, reserveBytes }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    const fix = 'Put its disk or the folder back, then start the agent again'
    throw new Fault('broken', `the folder of the files is gone: ${folder}`, fix, { cause })
  }
}
