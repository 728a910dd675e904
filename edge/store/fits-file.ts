// One FITS file onto the disk, strip by strip: samples are swapped and summed while earlier strips are written, and the
// disk starts early, so that little is left to wait for when the last strip is done.
import type { FileHandle } from 'node:fs/promises'
import type { Card } from '../science/fits-header.js'
import { encodeStrip } from '../science/fits-strip.js'
import { checkLength, dataUnitBytes, fitsHeader } from '../science/fits-write.js'
import { bytesPerSample, type Image } from '../science/samples.js'

const stripBytes = 1 << 20
/** On their way to the file at a time. Three keep disk and processor busy beside each other; more gained nothing. */
const maxUnderway = 3
/** Encoded piece by piece, so that what was just written is still in the processor's cache when it is handed on. */
const pieceBytes = 1 << 16
/** Handed to the system and not yet asked of the disk. */
const unflushedBytes = 1 << 23

export interface FitsWriter {
  /**
   * Writes header, samples and padding, and waits until all of it is on disk. The image is only read.
   * @returns bytes of the file
   * @throws ScienceError when the samples do not fill the image; the file system's own errors
   */
  write(file: FileHandle, image: Image, cards: readonly Card[]): Promise<number>
}

/** Keeps its buffers from frame to frame; one file at a time. */
export function fitsWriter(): FitsWriter {
  const buffers = Array.from({ length: maxUnderway }, () => new Uint8Array(stripBytes))
  return {
    async write(file, image, cards) {
      checkLength(image)
      const size = bytesPerSample[image.type]
      const headerBytes = fitsHeader(image, cards, 0).length
      const fileBytes = headerBytes + dataUnitBytes(image)
      const underway: Promise<void>[] = []
      const flushes: Promise<void>[] = []
      let datasum = 0
      let unflushed = 0
      let position = headerBytes
      for (let from = 0; from < image.samples.length; from += stripBytes / size) {
        const strip = buffers.shift()!
        buffers.push(strip)
        const count = Math.min(stripBytes / size, image.samples.length - from)
        for (let done = 0; done < count; done += pieceBytes / size) {
          const pieceCount = Math.min(pieceBytes / size, count - done)
          datasum = encodeStrip(image, from + done, pieceCount, strip.subarray(done * size), datasum)
        }
        underway.push(marked(writeAll(file, strip, count * size, position)))
        position += count * size
        unflushed += count * size
        if (unflushed >= unflushedBytes) {
          unflushed = 0
          flushes.push(marked(file.datasync()))
        }
        // It is the buffer of the oldest that is filled next.
        if (underway.length === maxUnderway) await underway.shift()
      }
      await Promise.all(underway)
      await writeAll(file, new Uint8Array(fileBytes - position), fileBytes - position, position)
      const header = fitsHeader(image, cards, datasum)
      await writeAll(file, header, header.length, 0)
      // Every flush is waited for: an error told to one of them is not told again by the last.
      await Promise.all(flushes)
      await file.sync()
      return fileBytes
    },
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, count: number, position: number): Promise<void> {
  for (let done = 0; done < count; ) {
    const { bytesWritten } = await file.write(bytes, done, count - done, position + done)
    done += bytesWritten
  }
}

/** Work that is waited for later. */
function marked(work: Promise<void>): Promise<void> {
  // Its failure is thrown by that wait; until then it must not count as unhandled.
  work.catch(() => {})
  return work
}
