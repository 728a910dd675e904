// The machine's own time: the one file that may touch timers and Date.
import { performance } from 'node:perf_hooks'
import type { Clock, Deadline } from '../ports/clock.js'
import { deadlineOf, sleepOn } from './waiting.js'

export function systemClock(): Clock {
  const clock: Clock = {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
    after(ms, run) {
      const timer = setTimeout(run, ms)
      timer.unref()
      return { cancel: () => clearTimeout(timer) }
    },
    every(ms, run) {
      const timer = setInterval(run, ms)
      timer.unref()
      return { cancel: () => clearInterval(timer) }
    },
    deadline: (ms, what, ...signals): Deadline => deadlineOf(clock, ms, what, signals),
    outside: work => work,
  }
  return clock
}
