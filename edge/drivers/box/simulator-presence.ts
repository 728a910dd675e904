// Whether a simulated box is there and answers: power, plug and silence, the same for every part.
import type { Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { Part } from '../link/simulator/mishaps.js'
import type { Observatory } from '../link/simulator/observatory.js'
import type { Outlet } from '../link/simulator/power-box.js'

export interface Presence {
  /** Throws `offline` with the reason when the box is gone or closed. */
  check(): void
  /** It takes orders and says nothing. */
  silent(): boolean
  /**
   * The device is at work for `ms` and then says so. Rejects with the signal's reason, with `offline` as soon as
   * the box is gone, or with `timeout` when it has said nothing `patienceMs` after that.
   */
  work(ms: number, patienceMs: number, what: string, ...signals: (AbortSignal | undefined)[]): Promise<void>
  close(): void
}

const outletOf: Partial<Record<Part, Outlet>> = { camera: 'camera', mount: 'mount' }

export function presence(place: Observatory, part: Part, tools: Tools): Presence {
  const gone = new AbortController()
  const why = (): Fault | undefined => {
    const outlet = outletOf[part]
    if (outlet && place.power.value(outlet) === 0) {
      return new Fault('offline', `the simulated ${part} has no power`, `Switch on the outlet "${outlet}"`)
    }
    if (place.mishaps.happens('unplugged', part)) {
      return new Fault('offline', `the simulated ${part} is unplugged`, 'Put it back, or end the simulated mishap')
    }
    return undefined
  }
  const look = () => {
    const fault = why()
    if (!fault || gone.signal.aborted) return
    gone.abort(fault)
    tools.lost(fault)
  }
  const unlisten = [place.mishaps.onChange(look), place.power.onChange(look)]
  const check = () => {
    const fault = why()
    if (fault) throw fault
    if (gone.signal.aborted) throw reasonOf(gone.signal)
  }
  return {
    check,
    silent: () => place.mishaps.happens('silent', part),
    async work(ms, patienceMs, what, ...signals) {
      check()
      const limit = tools.clock.deadline(ms + patienceMs, what, gone.signal, ...signals)
      const endMs = tools.clock.monotonicMs() + ms
      try {
        // Timers count whole milliseconds and may ring a fraction early: nothing is done before it is done.
        for (let left = ms; left > 0; left = endMs - tools.clock.monotonicMs()) {
          await tools.clock.sleep(Math.ceil(left), limit.signal)
        }
        if (limit.signal.aborted) throw reasonOf(limit.signal)
        if (place.mishaps.happens('silent', part)) await limit.race(new Promise<never>(() => {}))
      } finally {
        limit.cancel()
      }
    },
    close() {
      for (const stop of unlisten) stop()
      if (!gone.signal.aborted) {
        gone.abort(new Fault('offline', `the simulated ${part} is closed`, 'Open it again'))
      }
    },
  }
}
