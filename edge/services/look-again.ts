// Looking at something outside again and again: one look at a time, each with an end; one that fails is told in the
// log, and the next one follows soon.
import type { Clock, Timer } from '../ports/clock.js'
import { asFault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'

export interface Looking<T> {
  /** For messages: `looking at the box`. */
  readonly what: string
  readonly everyMs: number
  look(signal: AbortSignal): Promise<T>
  /** Tells when a look out of turn is worth while; gives what ends that. */
  wake?(changed: () => void): () => void
  /** What was seen; not called for a look that came too late. */
  tell(seen: T): void
}

const longestMs = 10_000
/** After one that failed: as the box starts, everything is slow. */
const soonMs = 30_000

/** Looks now and then every so often. @returns what ends it */
export function lookAgain<T>(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  { what, everyMs, look, tell, wake }: Looking<T>,
): () => void {
  const end = new AbortController()
  let under = false
  /** Something changed during a look, which may have missed it. */
  let anew = false
  let soon: Timer | undefined
  const once = async () => {
    anew = under
    if (under) return
    under = true
    soon?.cancel()
    const limit = clock.deadline(longestMs, what, end.signal)
    try {
      tell(await limit.race(clock.outside(look(limit.signal))))
    } catch (error) {
      if (!end.signal.aborted) {
        log.warn(`${what} did not succeed: ${asFault(error, what).message}`)
        soon = clock.after(Math.min(everyMs, soonMs), () => void once())
      }
    } finally {
      limit.cancel()
      under = false
      if (anew && !end.signal.aborted) void once()
    }
  }
  void once()
  const again = clock.every(everyMs, () => void once())
  const sleep = wake?.(() => void once())
  return () => {
    end.abort()
    sleep?.()
    again.cancel()
    soon?.cancel()
  }
}
