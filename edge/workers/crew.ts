// Several threads on one frame: the coordinator hands out strips of a step, works along, and goes on when all are done.
// It blocks while it waits, so it must not be the thread of the event loop.
import { deserialize, serialize } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { Fault } from '../ports/fault.js'
import type { Hand } from '../science/strip-step.js'
import { at, boardBytes, boardOf, type CrewTicket, doStrip, handOn, orderBytes, takeStrips } from './crew-board.js'
import type { Steps } from './crew-steps.js'

export interface Crew {
  /** The coordinator's own tools, for what is done between steps. */
  readonly hand: Hand
  /**
   * Does all strips 0 … `strips` − 1, in no order, each once. What a step throws is thrown here, after the others
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

/**
 * For what a thread throws away again: frames lie elsewhere, and with as much as a thread may take unless told, garbage
 * would hold some 20 MB of each.
 */
export const smallHeapMb = 6

/** Longer than any strip takes on the slowest card and the fullest box. */
const stuckMs = 60_000

export function openCrew({ module, memory, scratch }: CrewOptions): Crew {
  const shared = new SharedArrayBuffer(boardBytes)
  const board = boardOf(shared)
  const { counters } = board
  const hand = handOn(module, memory, scratch[0])
  const helpers = scratch.slice(1).map(place => {
    const ticket: CrewTicket = { module, memory, scratch: place, board: shared }
    const resourceLimits = { maxYoungGenerationSizeMb: smallHeapMb }
    const worker = new Worker(new URL('./crew-thread.js', import.meta.url), { workerData: ticket, resourceLimits })
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
        [at.orderLength, bytes.length],
        [at.strips, count],
        [at.next, 0],
        [at.done, 0],
        [at.failed, 0],
      ]) {
        Atomics.store(counters, index, value)
      }
      Atomics.store(counters, at.open, 1)
      Atomics.add(counters, at.round, 1)
      Atomics.notify(counters, at.round)
      takeStrips(hand, board, step, order)
      waitFor(() => Atomics.load(counters, at.done) >= count, at.done)
      Atomics.store(counters, at.open, 0)
      // Latecomers may look at the order until they have seen that it is over.
      waitFor(() => Atomics.load(counters, at.inside) === 0, at.inside)
      const failure = Atomics.load(counters, at.failed)
      if (failure > 0) throw Object.assign(new Error(), deserialize(Buffer.from(board.words.slice(0, failure))))
    },
    async close() {
      await Promise.all(helpers.map(helper => helper.terminate()))
    },
  }
}
