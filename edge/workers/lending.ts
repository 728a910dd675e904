// The bounded pool of shared memory that frames travel in: lent to drivers, counted, and taken back.
import assert from 'node:assert/strict'
import { Fault, reasonOf } from '../ports/fault.js'
import type { Lend, Lent } from '../ports/frame.js'

export interface LendingPool {
  readonly lend: Lend
  /** Bytes out at the moment. */
  lentBytes(): number
  /** Bytes out and kept warm. */
  heldBytes(): number
  /** Gives up what is kept warm; what is lent stays lent. */
  cool(): void
}

interface Waiter {
  readonly byteLength: number
  give(memory: Lent): void
}

/**
 * @param maxBytes bound on what is lent at one time; idle buffers of used sizes are kept for the next frame within it
 * Askers wait in line, first come first served, at most 32 of them.
 */
export function lendingPool(maxBytes: number): LendingPool {
  const idle: SharedArrayBuffer[] = []
  const line: Waiter[] = []
  let lent = 0
  let idleBytes = 0

  const take = (byteLength: number): Lent => {
    const at = idle.findIndex(
      buffer => buffer.byteLength >= byteLength && buffer.byteLength <= byteLength * 1.25 + 4096,
    )
    let buffer: SharedArrayBuffer
    if (at >= 0) {
      buffer = idle.splice(at, 1)[0]
      idleBytes -= buffer.byteLength
    } else {
      // Room for a new size comes from the oldest idle buffers.
      while (idle.length > 0 && lent + idleBytes + byteLength > maxBytes) idleBytes -= idle.shift()!.byteLength
      buffer = new SharedArrayBuffer(Math.ceil(byteLength / 16) * 16)
    }
    lent += buffer.byteLength
    let holders = 1
    return {
      buffer,
      byteLength,
      hold() {
        assert(holders > 0, 'lent memory is held after its last release')
        holders++
      },
      release() {
        assert(holders > 0, 'lent memory is released once too often')
        if (--holders > 0) return
        lent -= buffer.byteLength
        idle.push(buffer)
        idleBytes += buffer.byteLength
        serve()
      },
    }
  }
  const fits = (byteLength: number) => lent + Math.ceil(byteLength / 16) * 16 <= maxBytes
  const serve = () => {
    while (line.length > 0 && fits(line[0].byteLength)) {
      const waiter = line.shift()!
      waiter.give(take(waiter.byteLength))
    }
  }

  return {
    lentBytes: () => lent,
    heldBytes: () => lent + idleBytes,
    cool() {
      idle.length = 0
      idleBytes = 0
    },
    lend(byteLength, signal) {
      return new Promise((settle, reject) => {
        if (signal.aborted) return reject(reasonOf(signal))
        if (!(byteLength > 0) || !everFits(byteLength, maxBytes)) return reject(tooMuch(byteLength, maxBytes))
        if (line.length === 0 && fits(byteLength)) return settle(take(byteLength))
        if (line.length >= 32) {
          return reject(
            new Fault('busy', 'the memory for frames is lent out and 32 wait for it', 'Wait, or expose less often'),
          )
        }
        const waiter: Waiter = {
          byteLength,
          give(memory) {
            signal.removeEventListener('abort', leave)
            settle(memory)
          },
        }
        const leave = () => {
          line.splice(line.indexOf(waiter), 1)
          reject(reasonOf(signal))
          serve()
        }
        line.push(waiter)
        signal.addEventListener('abort', leave, { once: true })
      })
    },
  }
}

const everFits = (byteLength: number, maxBytes: number) => Math.ceil(byteLength / 16) * 16 <= maxBytes

function tooMuch(byteLength: number, maxBytes: number): Fault {
  return new Fault(
    'bad-input',
    `a frame of ${byteLength} bytes does not fit the memory for frames (${maxBytes} bytes)`,
    'Use a smaller region or more binning, or raise memory.frames_mb in the config',
  )
}
