// ioctl(2) and poll(2) for the kernel devices that have no other door (I²C, GPIO, video), and mmap(2) for the memory
// they share.
import { Fault } from '../../ports/fault.js'
import { type CLibrary, errnoName, loadLibrary } from './c-library.js'

/**
 * Asks the driver behind a file descriptor, on a thread of the pool, since a bus may hold its answer back.
 *
 * @param request the command, as the kernel's headers make it
 * @param argument a number, or a struct's memory, which the kernel may write into
 * @returns what ioctl returned, 0 or more; rejects with the errno's name as `code`
 */
export type Ioctl = (fd: number, request: number, argument: number | Uint8Array) => Promise<number>

/** C's own ioctl. Throws `unsupported` where there is no glibc. */
export function loadIoctl(): Ioctl {
  const c = libc()
  const numbers = c.find('ioctl', 'int', ['int', 'unsigned long', 'unsigned long'])
  const structs = c.find('ioctl', 'int', ['int', 'unsigned long', 'void *'])
  return async (fd, request, argument) => {
    const call = typeof argument === 'number' ? numbers : structs
    const { value, errno } = await call(fd, request, argument)
    if (Number(value) >= 0) return Number(value)
    const code = errnoName(errno)
    throw Object.assign(new Error(`ioctl 0x${request.toString(16)} of ${typeof argument}: ${code}`), { code })
  }
}

/** Waits until a file descriptor has something to read, `ms` at most: answers whether it has. */
export type Poll = (fd: number, ms: number) => Promise<boolean>

/** POLLIN of <poll.h>, and what it may answer besides: POLLERR, POLLHUP, POLLNVAL. */
const pollIn = 0x1
const pollFailed = 0x8 | 0x10 | 0x20

/**
 * C's own poll. Each call takes a thread of the pool for as long as it waits: for processes that have nothing else to
 * do with theirs.
 */
export function loadPoll(): Poll {
  const call = libc().find('poll', 'int', ['struct pollfd *', 'unsigned long', 'int'])
  return async (fd, ms) => {
    // struct pollfd: the descriptor, what is waited for, what has come.
    const asked = Buffer.alloc(8)
    asked.writeInt32LE(fd, 0)
    asked.writeInt16LE(pollIn, 4)
    const { value } = await call(asked, 1, ms)
    const came = asked.readInt16LE(6)
    if (Number(value) < 0 || (came & pollFailed) !== 0) throw new Error(`poll: ${value}, ${came}`)
    return (came & pollIn) !== 0
  }
}

function libc(): CLibrary {
  try {
    return loadLibrary('libc.so.6')
  } catch (error) {
    throw new Fault('unsupported', `ioctl is not to be had here: ${error}`, 'Use Debian or the image', { cause: error })
  }
}

/** A piece of a kernel device's memory, seen here. */
export interface Mapping {
  /** Copies its first bytes. @param into as long as what is wanted, at most as long as the piece */
  copy(into: Uint8Array): Promise<void>
  /** After it nothing can be copied. */
  unmap(): void
}

export type MapMemory = (fd: number, byteLength: number, offset: number) => Mapping

/** PROT_READ, MAP_SHARED and MAP_FAILED of <sys/mman.h>. */
const protectRead = 1
const mapShared = 1
const mapFailed = 2n ** 64n - 1n

/** C's own mmap. Throws `unsupported` where there is no glibc. */
export function loadMapMemory(): MapMemory {
  const c = libc()
  const map = c.findNow('mmap', 'void *', ['void *', 'unsigned long', 'int', 'int', 'int', 'long'])
  const unmap = c.findNow('munmap', 'int', ['void *', 'unsigned long'])
  const copy = c.find('memcpy', 'void *', ['void *', 'void *', 'unsigned long'])
  return (fd, byteLength, offset) => {
    const { value, errno } = map(0, byteLength, protectRead, mapShared, fd, offset)
    const at = BigInt(value as number)
    if (at === mapFailed) throw new Error(`the memory of the device cannot be mapped: ${errnoName(errno)}`)
    let mapped = true
    return {
      async copy(into) {
        if (!mapped || into.byteLength > byteLength) throw new RangeError('outside of what is mapped')
        await copy(into, at, into.byteLength)
      },
      unmap() {
        if (mapped) unmap(at, byteLength)
        mapped = false
      },
    }
  }
}
