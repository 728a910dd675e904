// Several threads on one frame: the coordinator hands out strips of a step, works along, and goes on when all are done.
// It blocks while it waits, so it must not be the thread of the event loop.
import { deserialize, serialize } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { simdKernels } from '../kernels/kernels.js'
import { viewsOf } from '../kernels/memory.js'
import { Fault } from '../ports/fault.js'
import type { Hand } from '../science/strip-step.js'
import { type Steps, steps } from './crew-steps.js'

export interface Crew {
  /** The coordinator's own tools, for what is done between steps. */
  readonly hand: Hand
  /**
   * Settles all strips 0 … `strips` − 1, in no order, each once. What a step throws is thrown here, after the others
   * have let go.
   */
  run<K extends keyof Steps>(step: K, order: Parameters<Steps[K]>[1], strips: number): void
  close(): Promise<void>
}

export interface CrewOptions {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  /** One place of scratch for each thread, the coordinator's first; their number is the number of threads. */
  readonly scratch: readonly number[]
}

/** What helpers need to know to join. */
export interface CrewTicket {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly scratch: number
  readonly board: SharedArrayBuffer
}

const orderBytes = 64 * 1024
const wordsBytes = 4 * 1024
const headBytes = 64
/** Longer than any strip takes on the slowest card and the fullest box. */
const stuckMs = 60_000

/** The board all threads read: counters that are only touched by Atomics, the order, and what went wrong. */
export function boardOf(board: SharedArrayBuffer) {
  return {
    counters: new Int32Array(board, 0, headBytes / 4),
    order: new Uint8Array(board, headBytes, orderBytes),
    words: new Uint8Array(board, headBytes + orderBytes, wordsBytes),
  }
}

type Board = ReturnType<typeof boardOf>

/** Indices of counters. */
const round = 0 // goes up when there is work; threads sleep on it
const open = 1 // 1 while strips may be taken
const inside = 2 // threads that may be working on the round
const next = 3 // the strip to be taken next
const strips = 4
const done = 5
const orderLength = 6
const failed = 7 // bytes of words, 0 while all is well

export function openCrew({ module, memory, scratch }: CrewOptions): Crew {
  const shared = new SharedArrayBuffer(headBytes + orderBytes + wordsBytes)
  const board = boardOf(shared)
  const { counters } = board
  const hand = handOn(module, memory, scratch[0])
  const helpers = scratch.slice(1).map(place => {
    const ticket: CrewTicket = { module, memory, scratch: place, board: shared }
    const worker = new Worker(new URL('./crew-thread.js', import.meta.url), { workerData: ticket })
    worker.unref()
    return worker
  })
  const waitFor = (ready: () => boolean, index: number) => {
    for (let value = Atomics.load(counters, index); !ready(); value = Atomics.load(counters, index)) {
      if (Atomics.wait(counters, index, value, stuckMs) === 'timed-out' && !ready()) {
        throw new Fault('broken', 'a thread of the stack does not come back', 'Start the stack again; report the log')
      }
    }
  }

  return {
    hand,
    run(step, order, count) {
      if (helpers.length === 0) {
        for (let strip = 0; strip < count; strip++) doStrip(hand, step, order, strip)
        return
      }
      const bytes = serialize({ step, order })
      if (bytes.length > orderBytes) throw new RangeError(`an order of ${bytes.length} bytes is too long`)
      board.order.set(bytes)
      for (const [index, value] of [
        [orderLength, bytes.length],
        [strips, count],
        [next, 0],
        [done, 0],
        [failed, 0],
      ]) {
        Atomics.store(counters, index, value)
      }
      Atomics.store(counters, open, 1)
      Atomics.add(counters, round, 1)
      Atomics.notify(counters, round)
      takeStrips(hand, board, step, order)
      waitFor(() => Atomics.load(counters, done) >= count, done)
      Atomics.store(counters, open, 0)
      // Latecomers may look at the order until they have seen that it is over.
      waitFor(() => Atomics.load(counters, inside) === 0, inside)
      const failure = Atomics.load(counters, failed)
      if (failure > 0) throw Object.assign(new Error(), deserialize(Buffer.from(board.words.slice(0, failure))))
    },
    async close() {
      await Promise.all(helpers.map(helper => helper.terminate()))
    },
  }
}

/** A helper's life: sleep, take strips, sleep. Never returns; the coordinator ends the thread. */
export function serveCrew({ module, memory, scratch, board: shared }: CrewTicket): never {
  const board = boardOf(shared)
  const { counters } = board
  const hand = handOn(module, memory, scratch)
  for (let seen = 0; ; ) {
    Atomics.wait(counters, round, seen)
    seen = Atomics.load(counters, round)
    Atomics.add(counters, inside, 1)
    if (Atomics.load(counters, open) === 1) {
      const length = Atomics.load(counters, orderLength)
      const { step, order } = deserialize(Buffer.from(board.order.slice(0, length)))
      takeStrips(hand, board, step, order)
    }
    Atomics.sub(counters, inside, 1)
    Atomics.notify(counters, inside)
  }
}

function takeStrips<K extends keyof Steps>(hand: Hand, board: Board, step: K, order: Parameters<Steps[K]>[1]): void {
  const { counters } = board
  const count = Atomics.load(counters, strips)
  for (let strip = Atomics.add(counters, next, 1); strip < count; strip = Atomics.add(counters, next, 1)) {
    try {
      // After a failure the rest is only counted.
      if (Atomics.load(counters, failed) === 0) doStrip(hand, step, order, strip)
    } catch (error) {
      const { name, message, code, stack } = error as NodeJS.ErrnoException
      const words = serialize({ name, message: message.slice(0, 1000), code, stack: stack?.slice(0, 2000) })
      if (Atomics.compareExchange(counters, failed, 0, -1) === 0) {
        board.words.set(words)
        Atomics.store(counters, failed, words.length)
      }
    }
    if (Atomics.add(counters, done, 1) + 1 === count) Atomics.notify(counters, done)
  }
}

function doStrip<K extends keyof Steps>(hand: Hand, step: K, order: Parameters<Steps[K]>[1], strip: number): void {
  ;(steps[step] as (hand: Hand, order: unknown, strip: number) => void)(hand, order, strip)
}

function handOn(module: WebAssembly.Module, memory: WebAssembly.Memory, scratch: number): Hand {
  return { kernels: simdKernels(module, memory), views: viewsOf(memory.buffer), scratch }
}
