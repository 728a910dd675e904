// Time that moves only when nobody is working: a whole night runs in seconds, and again exactly the same.
import type { Clock, Deadline } from '../ports/clock.js'
import { deadlineOf, sleepOn } from './waiting.js'

interface Waiting {
  dueMs: number
  order: number
  readonly everyMs?: number
  readonly run: () => void
}

export interface SimulatedClock extends Clock {
  /** Lets `ms` of simulated time pass, timer by timer, waiting for outside work between them. */
  advance(ms: number): Promise<void>
  /** Advances until `done` settles, and settles like it; rejects when `limitMs` of simulated time have passed. */
  until<T>(done: Promise<T>, limitMs: number): Promise<T>
}

/** @param startMs wall time at the start, Unix ms UTC */
export function simulatedClock(startMs: number): SimulatedClock {
  let nowMs = startMs
  let order = 0
  let outstanding = 0
  const waiting = new Set<Waiting>()
  const wakes = new Set<() => void>()

  const add = (ms: number, run: () => void, everyMs?: number) => {
    const entry: Waiting = { dueMs: nowMs + Math.max(0, ms), order: order++, everyMs, run }
    waiting.add(entry)
    return entry
  }
  const next = () => {
    let first: Waiting | undefined
    for (const entry of waiting) {
      if (!first || entry.dueMs < first.dueMs || (entry.dueMs === first.dueMs && entry.order < first.order))
        first = entry
    }
    return first
  }
  /** Until promises and outside work have nothing more to do at this moment. */
  const settle = async () => {
    for (let quiet = 0; quiet < 3; quiet++) {
      await new Promise<void>(resolve => setImmediate(resolve))
      if (outstanding > 0) {
        await new Promise<void>(resolve => wakes.add(resolve))
        quiet = -1
      }
    }
  }
  const step = async (limitMs: number): Promise<boolean> => {
    await settle()
    const entry = next()
    if (!entry || entry.dueMs > limitMs) return false
    nowMs = Math.max(nowMs, entry.dueMs)
    if (entry.everyMs === undefined) waiting.delete(entry)
    else {
      entry.dueMs += entry.everyMs
      entry.order = order++
    }
    entry.run()
    return true
  }

  const clock: SimulatedClock = {
    now: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
    after(ms, run) {
      const entry = add(ms, run)
      return { cancel: () => waiting.delete(entry) }
    },
    every(ms, run) {
      const entry = add(ms, run, Math.max(1, ms))
      return { cancel: () => waiting.delete(entry) }
    },
    deadline: (ms, what, ...signals): Deadline => deadlineOf(clock, ms, what, signals),
    outside(work) {
      outstanding++
      const over = () => {
        outstanding--
        if (outstanding > 0) return
        for (const wake of wakes) wake()
        wakes.clear()
      }
      work.then(over, over)
      return work
    },
    async advance(ms) {
      const limitMs = nowMs + ms
      while (await step(limitMs));
      nowMs = limitMs
    },
    async until(done, limitMs) {
      const endMs = nowMs + limitMs
      let over = false
      const mark = () => {
        over = true
      }
      done.then(mark, mark)
      for (;;) {
        await settle()
        if (over) return done
        if (!(await step(endMs))) throw new Error(`nothing more happens within ${limitMs} ms of simulated time`)
      }
    },
  }
  return clock
}
