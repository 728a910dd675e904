// The memory that a camera's process and the agent share: the library writes its frame there, and the agent reads it
// once.
import { Fault } from '../../../ports/fault.js'
import { loadLibrary } from '../../link/c-library.js'

export interface SharedMemory {
  /** Its address, with at least so many bytes behind it that are really there. Rejects with `broken` without room. */
  room(byteLength: number): Promise<number>
}

/** @param fd a file of memory, without a name; it grows to the largest frame so far */
export function sharedMemory(fd: number): SharedMemory {
  const libc = loadLibrary('libc.so.6')
  const fallocate = libc.find('posix_fallocate', 'int', ['int', 'long', 'long'])
  const mmap = libc.find('mmap', 'void *', ['void *', 'unsigned long', 'int', 'int', 'int', 'long'])
  const munmap = libc.find('munmap', 'int', ['void *', 'unsigned long'])
  const [readWrite, shared] = [3, 1] // PROT_READ | PROT_WRITE, MAP_SHARED
  let at = 0
  let length = 0
  return {
    async room(byteLength: number): Promise<number> {
      if (byteLength <= length) return at
      if (length > 0) await munmap(at, length)
      length = 0
      const { value: errno } = await fallocate(fd, 0, byteLength)
      if (errno !== 0) {
        const words = `there is no room for a frame of ${byteLength} bytes in /dev/shm`
        throw new Fault('broken', words, 'Use more binning or a region, or enlarge /dev/shm')
      }
      at = Number((await mmap(0, byteLength, readWrite, shared, fd, 0)).value)
      length = byteLength
      return at
    },
  }
}
