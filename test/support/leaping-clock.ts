// Time for devices that answer over real lines: it stands still while anything is on its way, then leaps. Unlike the
// simulated night it does not wait for work that is outside, since a device that says nothing would stop it for ever.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../edge/ports/clock.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { deadlineOf, sleepOn } from '../../edge/spine/waiting.js'

export interface LeapingClock extends Clock {
  /** Timers and deadlines that are still to come. */
  readonly timers: number
  /** Called at every leap, when the lines are quiet. */
  onLeap(run: () => void): void
  /** Lets so much time pass, ms. */
  leap(ms: number): Promise<void>
}

/** One leap, ms. */
export const leapMs = 500

/**
 * @param traffic counts what goes over the lines: while it grows, they are not quiet
 * @param arriveMs real time in which what was written arrives
 */
export function leapingClock(traffic: () => number, arriveMs = 1): LeapingClock {
  const time = simulatedClock(Date.UTC(2026, 10, 29, 21))
  const leaps: (() => void)[] = []
  let timers = 0
  const counted = (start: (ran: () => void) => { cancel(): void }) => {
    timers++
    let over = false
    const end = () => {
      if (!over) timers--
      over = true
    }
    const timer = start(end)
    return {
      cancel() {
        timer.cancel()
        end()
      },
    }
  }
  const quiet = async () => {
    let before: number
    do {
      before = traffic()
      await sleep(arriveMs)
      await sleep(arriveMs)
    } while (traffic() !== before)
  }
  const clock: LeapingClock = {
    now: time.now,
    monotonicMs: time.monotonicMs,
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
    after: (ms, run) =>
      counted(end =>
        time.after(ms, () => {
          end()
          run()
        }),
      ),
    every: (ms, run) => counted(() => time.every(ms, run)),
    deadline: (ms, what, ...signals) => deadlineOf(clock, ms, what, signals),
    outside: work => work,
    get timers() {
      return timers
    },
    onLeap: run => void leaps.push(run),
    async leap(ms) {
      for (let passed = 0; passed < ms; passed += leapMs) {
        await quiet()
        for (const run of leaps) run()
        await time.advance(leapMs)
      }
      await quiet()
    },
  }
  return clock
}
