// Time, as everything in the house gets it: wall time in UTC, durations from a monotonic clock, and every timer.

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall time, Unix ms, UTC. */
  now(): number
  /** Milliseconds since some fixed moment; never jumps back. For durations. */
  monotonicMs(): number
  /** Settles after `ms`, or rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Runs once after `ms`. Does not keep the process alive. */
  after(ms: number, run: () => void): Timer
  /** Runs every `ms` until cancelled. Does not keep the process alive. */
  every(ms: number, run: () => void): Timer
  /** A signal that aborts with `timeout` after `ms`, or with any of `signals` before that. Cancel it when done. */
  deadline(ms: number, what: string, ...signals: (AbortSignal | undefined)[]): Deadline
  /** Marks work that time must wait for (a worker, a disk, a socket). Real clocks hand the promise straight back. */
  outside<T>(work: Promise<T>): Promise<T>
}

export interface Deadline {
  readonly signal: AbortSignal
  /** Settles like `work`, or rejects with the signal's reason first: a wait that cannot hang. */
  race<T>(work: Promise<T>): Promise<T>
  cancel(): void
}

/**
 * Waits `ms`, or less when the signal fires: answers whether the whole time has passed. For loops that look at their
 * signal.
 */
export async function pause(clock: Pick<Clock, 'sleep'>, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal)
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}
