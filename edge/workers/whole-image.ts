// A frame's file read whole, whatever packed it: the road for pictures, and for files that no strip can be read of.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { ownKernels } from '../kernels/kernel-module.js'
import { Fault } from '../ports/fault.js'
import type { Card } from '../science/fits-header.js'
import { type FitsHeader, readFitsHeader } from '../science/fits-layout.js'
import { readFitsImage } from '../science/fits-read.js'
import { foreignPacking, type Unpacker } from '../science/fits-tiles.js'
import { bytesPerSample, type Image } from '../science/samples.js'

const unpackMs = 60_000
const headerRoomBytes = 4 * 2 ** 20

/**
 * Blocks until it is read: not for the thread of the event loop.
 * @param file absolute path
 * @throws ScienceError for what is no FITS image, Fault where `funpack` is needed and fails, and what the file system
 *   throws
 */
export function readWholeImage(file: string): Image & { readonly cards: readonly Card[] } {
  const bytes = readFileSync(file)
  const header = readFitsHeader(bytes)
  const method = foreignPacking(header)
  return readFitsImage(method === undefined ? bytes : funpacked(file, method, header), undefined, unpacker)
}

function unpacker(scratchBytes: number): Unpacker {
  const hand = ownKernels(scratchBytes)
  return { hand, inflate: (gzipped, maxOutputLength) => gunzipSync(gzipped, { maxOutputLength }) }
}

/** What cfitsio's own program makes of it; it may crash without harm to us. */
function funpacked(file: string, method: string, { width, height, planes, type }: FitsHeader): Uint8Array {
  const maxBuffer = width * height * planes * bytesPerSample[type] + headerRoomBytes
  const { stdout, stderr, status, error } = spawnSync('funpack', ['-S', file], { maxBuffer, timeout: unpackMs })
  if (status === 0) return stdout
  const what = `${basename(file)} is packed by ${method}, which takes the program funpack`
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    throw new Fault('bad-input', what, 'Install it (on Debian: libcfitsio-bin), or unpack the file elsewhere')
  }
  const said = (stderr?.toString().trim() || error?.message) ?? 'no word'
  throw new Fault('bad-input', `${what}; it failed: ${said.slice(0, 300)}`, 'Look at the file with another program')
}
