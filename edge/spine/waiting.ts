// Waits built on a clock's one-shot timer, the same for the real clock and the simulated one.
import type { Clock, Deadline } from '../ports/clock.js'
import { Fault, reasonOf } from '../ports/fault.js'

/** Settles after `ms` by the clock, or rejects with the signal's reason; leaves no listener behind either way. */
export function sleepOn(clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((settle, reject) => {
    if (signal?.aborted) return reject(reasonOf(signal))
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', stop)
      settle()
    })
    const stop = () => {
      timer.cancel()
      reject(reasonOf(signal!))
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** A signal that fires with `timeout` after `ms` by the clock, or with the reason of any of `signals`. */
export function deadlineOf(
  clock: Pick<Clock, 'after'>,
  ms: number,
  what: string,
  signals: readonly (AbortSignal | undefined)[],
): Deadline {
  const control = new AbortController()
  const watched = signals.filter(signal => signal !== undefined)
  const cancel = () => {
    timer.cancel()
    for (const signal of watched) signal.removeEventListener('abort', pass)
  }
  const stop = (reason: Fault) => {
    cancel()
    control.abort(reason)
  }
  const pass = (event: Event) => stop(reasonOf(event.target as AbortSignal))
  const timer = clock.after(ms, () =>
    stop(
      new Fault('timeout', `${what}: no answer within ${seconds(ms)} s`, 'Check its power and cable, then try again'),
    ),
  )
  for (const signal of watched) {
    if (signal.aborted) {
      stop(reasonOf(signal))
      break
    }
    signal.addEventListener('abort', pass, { once: true })
  }
  return { signal: control.signal, race: work => raceWith(control.signal, work), cancel }
}

/** `work`, or the signal's reason if that comes first. */
function raceWith<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((settle, reject) => {
    const stop = () => reject(reasonOf(signal))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    work.then(settle, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

const seconds = (ms: number) => (ms >= 10_000 ? Math.round(ms / 1000) : Math.round(ms / 100) / 10)
