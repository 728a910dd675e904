// ioctl(2) and poll(2) for the kernel devices that have no other door (I²C, GPIO): the only file that calls into C.
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
  const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]))
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
  const call = koffi.load('libc.so.6').func('poll', 'int', ['unsigned long', 'unsigned long', 'int'])
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
  try {
    return koffi.load('libc.so.6').func('ioctl', 'int', ['int', 'unsigned long', 'unsigned long'])
  } catch (error) {
    throw new Fault('unsupported', `ioctl is not to be had here: ${error}`, 'Use Debian or the image', { cause: error })
  }
}
