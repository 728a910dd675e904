// One FITS file onto the disk, strip by strip: samples are swapped and summed in one buffer while the other is written,
// and the disk starts early, so that little is left to wait for when the last strip is done.
import type { FileHandle } from 'node:fs/promises'
import { addToSum } from '../science/fits-checksum.js'
import type { Card } from '../science/fits-header.js'
import { checkLength, dataUnitBytes, encodeRows, fitsHeader } from '../science/fits-write.js'
import { bytesPerSample, type Image } from '../science/samples.js'

const bufferBytes = 1 << 20
/** Encoded piece by piece, so that swapping and summing find the samples still in the processor's cache. */
const pieceBytes = 1 << 16
/** Written but not yet asked of the disk. */
const unflushedBytes = 1 << 23

export interface FitsWriter {
  /**
   * Writes header, samples and padding, and waits until all of it is on disk. The image is only read.
   * @returns bytes of the file
   * @throws ScienceError when the samples do not fill the image; the file system's own errors
   */
  write(file: FileHandle, image: Image, cards: readonly Card[]): Promise<number>
}

/** Keeps its two buffers from frame to frame; one file at a time. */
export function fitsWriter(): FitsWriter {
  const buffers = [Buffer.alloc(bufferBytes), Buffer.alloc(bufferBytes)]
  return {
    async write(file, image, cards) {
      checkLength(image)
      const size = bytesPerSample[image.type]
      const headerBytes = fitsHeader(image, cards, 0).length
      const fileBytes = headerBytes + dataUnitBytes(image)
      const flushes: Promise<void>[] = []
      let writing: Promise<void> = Promise.resolve()
      let datasum = 0
      let unflushed = 0
      let position = headerBytes
      for (let from = 0; from < image.samples.length; from += bufferBytes / size) {
        const buffer = buffers[0]
        const count = Math.min(bufferBytes / size, image.samples.length - from)
        for (let done = 0; done < count; done += pieceBytes / size) {
          const pieceCount = Math.min(pieceBytes / size, count - done)
          const piece = encodeRows(image, from + done, pieceCount, buffer.subarray(done * size))
          datasum = addToSum(datasum, piece)
        }
        await writing
        buffers.reverse()
        writing = marked(writeAll(file, buffer, count * size, position))
        position += count * size
        unflushed += count * size
        if (unflushed >= unflushedBytes && position < fileBytes - unflushedBytes) {
          await writing
          unflushed = 0
          flushes.push(marked(file.datasync()))
        }
      }
      await writing
      await writeAll(file, Buffer.alloc(fileBytes - position), fileBytes - position, position)
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

/** Its failure is thrown by whoever waits for it later; until then it must not count as unhandled. */
function marked(work: Promise<void>): Promise<void> {
  work.catch(() => {})
  return work
}
