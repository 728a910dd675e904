// One FITS file onto the disk, strip by strip: samples are turned and summed while earlier strips are written, and the
// disk starts early, so that little is left to wait for when the last strip is done.
import type { FileHandle } from 'node:fs/promises'
import { ownKernels } from '../kernels/kernel-module.js'
import type { FrameFormat } from '../ports/store.js'
import { packedEncoding, packingScratchBytes, plainEncoding, stripBytes } from '../science/fits-encoding.js'
import { blockBytes, type Card } from '../science/fits-header.js'
import type { Image } from '../science/samples.js'
import type { Hand } from '../science/strip-step.js'

/** On their way to the file at a time. Three keep disk and processor busy beside each other; more gained nothing. */
const maxUnderway = 3
/** Handed to the system and not yet asked of the disk. */
const unflushedBytes = 1 << 23

export interface FitsWriter {
  /**
   * Writes header, samples and padding, and waits until all of it is on disk. The image is only read.
   * @param format `rice` only for what `isPackable`
   * @returns bytes of the file
   * @throws ScienceError when the samples do not fill the image; the file system's own errors
   */
  write(file: FileHandle, image: Image, cards: readonly Card[], format: FrameFormat): Promise<number>
}

/** Keeps its memory from frame to frame; one file at a time. */
export function fitsWriter(): FitsWriter {
  let hand: Hand | undefined
  let room = 0
  const handFor = (scratchBytes: number): Hand => {
    if (!hand || scratchBytes > room) {
      room = Math.ceil(scratchBytes / 64) * 64
      hand = ownKernels(room + maxUnderway * stripBytes)
    }
    return hand
  }
  return {
    async write(file, image, cards, format) {
      const { kernels, views, scratch } = handFor(format === 'rice' ? packingScratchBytes(image) : 0)
      const encode = format === 'rice' ? packedEncoding : plainEncoding
      const encoding = encode({ kernels, views, scratch }, image, cards)
      const underway: Promise<void>[] = []
      const flushes: Promise<void>[] = []
      let unflushed = 0
      let position = encoding.headBytes
      for (let turn = 0; ; turn++) {
        const strip = scratch + room + (turn % maxUnderway) * stripBytes
        const count = encoding.next(strip)
        if (count === 0) break
        underway.push(marked(writeAll(file, views.u8.subarray(strip, strip + count), position)))
        position += count
        unflushed += count
        if (unflushed >= unflushedBytes) {
          unflushed = 0
          flushes.push(marked(file.datasync()))
        }
        // It is the place of the oldest that is filled next.
        if (underway.length === maxUnderway) await underway.shift()
      }
      await Promise.all(underway)
      const fileBytes = Math.ceil(position / blockBytes) * blockBytes
      await writeAll(file, new Uint8Array(fileBytes - position), position)
      await writeAll(file, encoding.head(), 0)
      // Every flush is waited for: an error told to one of them is not told again by the last.
      await Promise.all(flushes)
      await file.sync()
      return fileBytes
    },
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** Work that is waited for later. */
function marked(work: Promise<void>): Promise<void> {
  // Its failure is thrown by that wait; until then it must not count as unhandled.
  work.catch(() => {})
  return work
}
