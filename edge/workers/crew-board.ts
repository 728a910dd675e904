// What the threads of a crew share: a board of counters, and how strips are taken from it.
import { deserialize, serialize } from 'node:v8'
import { simdKernels } from '../kernels/kernels.js'
import { viewsOf } from '../kernels/memory.js'
import type { Hand } from '../science/strip-step.js'
import { type Steps, steps } from './crew-steps.js'

/** What helpers need to know to join. */
export interface CrewTicket {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly scratch: number
  readonly board: SharedArrayBuffer
}

export const orderBytes = 64 * 1024
const wordsBytes = 4 * 1024
const headBytes = 64
export const boardBytes = headBytes + orderBytes + wordsBytes

/** The board all threads read: counters that are only touched by Atomics, the order, and what went wrong. */
export function boardOf(board: SharedArrayBuffer) {
  return {
    counters: new Int32Array(board, 0, headBytes / 4),
    order: new Uint8Array(board, headBytes, orderBytes),
    words: new Uint8Array(board, headBytes + orderBytes, wordsBytes),
  }
}

export type Board = ReturnType<typeof boardOf>

/** Indices of counters. */
export const at = {
  round: 0, // goes up when there is work; threads sleep on it
  open: 1, // 1 while strips may be taken
  inside: 2, // threads that may be working on the round
  next: 3, // the strip to be taken next
  strips: 4,
  done: 5,
  orderLength: 6,
  failed: 7, // bytes of words, 0 while all is well
} as const

/** A helper's life: sleep, take strips, sleep. Never returns; the coordinator ends the thread. */
export function serveCrew({ module, memory, scratch, board: shared }: CrewTicket): never {
  const board = boardOf(shared)
  const { counters } = board
  const hand = handOn(module, memory, scratch)
  for (let seen = 0; ; ) {
    Atomics.wait(counters, at.round, seen)
    seen = Atomics.load(counters, at.round)
    Atomics.add(counters, at.inside, 1)
    if (Atomics.load(counters, at.open) === 1) {
      const length = Atomics.load(counters, at.orderLength)
      const { step, order } = deserialize(Buffer.from(board.order.slice(0, length)))
      takeStrips(hand, board, step, order)
    }
    Atomics.sub(counters, at.inside, 1)
    Atomics.notify(counters, at.inside)
  }
}

export function takeStrips<K extends keyof Steps>(
  hand: Hand,
  board: Board,
  step: K,
  order: Parameters<Steps[K]>[1],
): void {
  const { counters } = board
  const count = Atomics.load(counters, at.strips)
  for (let strip = Atomics.add(counters, at.next, 1); strip < count; strip = Atomics.add(counters, at.next, 1)) {
    try {
      // After a failure the rest is only counted.
      if (Atomics.load(counters, at.failed) === 0) doStrip(hand, step, order, strip)
    } catch (error) {
      const { name, message, code, stack } = error as NodeJS.ErrnoException
      const words = serialize({ name, message: message.slice(0, 1000), code, stack: stack?.slice(0, 2000) })
      if (Atomics.compareExchange(counters, at.failed, 0, -1) === 0) {
        board.words.set(words)
        Atomics.store(counters, at.failed, words.length)
      }
    }
    if (Atomics.add(counters, at.done, 1) + 1 === count) Atomics.notify(counters, at.done)
  }
}

export function doStrip<K extends keyof Steps>(
  hand: Hand,
  step: K,
  order: Parameters<Steps[K]>[1],
  strip: number,
): void {
  ;(steps[step] as (hand: Hand, order: unknown, strip: number) => void)(hand, order, strip)
}

export function handOn(module: WebAssembly.Module, memory: WebAssembly.Memory, scratch: number): Hand {
  return { kernels: simdKernels(module, memory), views: viewsOf(memory.buffer), scratch }
}
