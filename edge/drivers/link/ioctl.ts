// ioctl(2) and poll(2) for the kernel devices that have no other door (I²C, GPIO, video), and mmap(2) for the memory
// they share: the only file that calls into C.
import koffi from 'koffi'
import { Fault } from '../../ports/fault.js'

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
  const names = errorNames()
  const call = loaded()
  return (fd, request, argument) =>
    new Promise((settle, reject) => {
      const word = typeof argument === 'number' ? argument : koffi.address(argument)
      call.async(fd, request, word, (error: Error | null, result: number) => {
        if (error) return reject(error)
        if (result >= 0) return settle(result)
        const code = names.get(koffi.errno()) ?? 'EIO'
        // The argument is named here so that its memory lives as long as the call.
        const what = `ioctl 0x${request.toString(16)} of ${typeof argument}`
        reject(Object.assign(new Error(`${what}: ${code}`), { code }))
      })
    })
}

/** Some numbers have two names (EAGAIN is EWOULDBLOCK too): the first by the alphabet is the one in use. */
function errorNames(): ReadonlyMap<number, string> {
  const names = Object.entries(koffi.os.errno).sort(([a], [b]) => (a < b ? 1 : -1))
  return new Map(names.map(([name, number]) => [number, name]))
}

/** Where a piece of memory lies, for a struct that points to it; it must stay referenced meanwhile. */
export const addressOf = (memory: Uint8Array): bigint => BigInt(koffi.address(memory))

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
  const call = libc().func('poll', 'int', ['unsigned long', 'unsigned long', 'int'])
  return (fd, ms) =>
    new Promise((settle, reject) => {
      // struct pollfd: the descriptor, what is waited for, what has come.
      const asked = Buffer.alloc(8)
      asked.writeInt32LE(fd, 0)
      asked.writeInt16LE(pollIn, 4)
      call.async(koffi.address(asked), 1, ms, (error: Error | null, result: number) => {
        if (error) return reject(error)
        const came = asked.readInt16LE(6)
        if (result < 0 || (came & pollFailed) !== 0) return reject(new Error(`poll: ${result}, ${came}`))
        settle((came & pollIn) !== 0)
      })
    })
}

/** Its third argument is a word: a number or an address, in the same register on arm64, arm and x64 Linux. */
function loaded() {
  return libc().func('ioctl', 'int', ['int', 'unsigned long', 'unsigned long'])
}

function libc() {
  try {
    return koffi.load('libc.so.6')
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
  const map = c.func('mmap', 'uintptr_t', ['uintptr_t', 'size_t', 'int', 'int', 'int', 'long'])
  const unmap = c.func('munmap', 'int', ['uintptr_t', 'size_t'])
  const copy = c.func('memcpy', 'uintptr_t', ['uintptr_t', 'uintptr_t', 'size_t'])
  return (fd, byteLength, offset) => {
    const at = BigInt(map(0, byteLength, protectRead, mapShared, fd, offset))
    if (at === mapFailed) throw new Error(`the memory of the device cannot be mapped: errno ${koffi.errno()}`)
    let mapped = true
    return {
      copy(into) {
        if (!mapped || into.byteLength > byteLength) return Promise.reject(new RangeError('outside of what is mapped'))
        return new Promise((settle, reject) => {
          copy.async(koffi.address(into), at, into.byteLength, (error: Error | null) => {
            // The target is named here so that its memory lives as long as the call.
            if (error) reject(new Error(`${into.byteLength} bytes could not be copied`, { cause: error }))
            else settle()
          })
        })
      },
      unmap() {
        if (mapped) unmap(at, byteLength)
        mapped = false
      },
    }
  }
}
