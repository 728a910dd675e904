// Notices when something kept ready has not been used for a while, so that an idle box gives its memory back.
import type { Clock, Timer } from './clock.js'

export interface Rest {
  /** Begins the wait anew. */
  used(): void
  cancel(): void
}

/** Calls `rest` once `restMs` have passed since the last use; while `busy` holds it looks again after as long. */
export function afterRest(clock: Clock, restMs: number, busy: () => boolean, rest: () => void): Rest {
  let timer: Timer | undefined
  const used = () => {
    timer?.cancel()
    timer = clock.after(restMs, () => (busy() ? used() : rest()))
  }
  return { used, cancel: () => timer?.cancel() }
}
