// This device's clock beside the box's: phones know the time from their network, boxes in a field often do not.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, fetched } from './ask'

export interface Comparison {
  /** This device's clock minus the box's, ms. */
  readonly offsetMs: number
  /** How long the best of the questions took, ms: half of it is what the comparison may be off by. */
  readonly roundTripMs: number
}

const questions = 3
const againMs = 60_000

/** Asks a few times and takes the quickest answer: the one that says most. */
async function compareClocks(signal: AbortSignal): Promise<Comparison | undefined> {
  let best: Comparison | undefined
  for (let asked = 0; asked < questions; asked++) {
    const beganMs = performance.now()
    const { nowMs } = await fetched<{ nowMs: number }>('/api/clock', { signal, deadlineMs: 5_000 })
    const roundTripMs = performance.now() - beganMs
    const offsetMs = Date.now() - roundTripMs / 2 - nowMs
    if (!best || roundTripMs < best.roundTripMs) best = { offsetMs, roundTripMs }
  }
  return best
}

/** Compared now, every minute, and when `anew` changes; undefined until the box has answered. */
export function useComparison(anew: unknown): Comparison | undefined {
  const [found, setFound] = useState<Comparison>()
  useEffect(() => {
    const stop = new AbortController()
    const compare = (): void => {
      compareClocks(stop.signal).then(
        comparison => {
          if (!stop.signal.aborted) setFound(comparison)
        },
        () => {
          // A box that does not answer has its banner; it is asked again.
        },
      )
    }
    compare()
    const again = setInterval(compare, againMs)
    return () => {
      stop.abort()
      clearInterval(again)
    }
  }, [anew])
  return found
}

/** IANA name of this device's time zone. */
export const hereZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** Once, as soon as the clocks are compared and `when` holds: `lend` is told what came of it. */
export function useLending(compared: Comparison | undefined, when: boolean, lend: (order: Comparison) => void): void {
  const lent = useRef(false)
  useEffect(() => {
    if (!compared || !when || lent.current) return
    lent.current = true
    lend(compared)
  }, [compared, when])
}

/** The box takes this device's clock; its time zone too where that is said. */
export function lendClock({ offsetMs, roundTripMs }: Comparison, zone?: string): Promise<unknown> {
  return ask('time-from-phone', { offsetMs: Math.round(offsetMs), roundTripMs: Math.min(10_000, roundTripMs), zone })
}
