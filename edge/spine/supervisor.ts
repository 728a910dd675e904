// The ladder: opens a thing, reopens it when it fails, resets it, gives it up with the reason, and never stops trying.
import type { Clock, Timer } from '../ports/clock.js'
import type { Condition } from '../ports/device.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'

/** Waits before each new attempt; past the end the thing is called unavailable and tried at the last pace. */
const ladderMs = [0, 1_000, 2_000, 5_000, 10_000]
const unavailableAfter = 3
const openMs = 30_000
const closeMs = 5_000
/** Ready for so long counts as well again: the ladder starts at its foot. */
const steadyMs = 30_000

/** What one successful opening gives. */
export interface Opened<T> {
  readonly value: T
  readonly reset?: () => Promise<void>
  close(): Promise<void>
}

/** A stronger means than opening anew, tried once before a thing is called unavailable. */
export interface Rung {
  /** What it does, for the owner: `USB socket 1-1.3 is reset`. */
  readonly words: string
  run(signal: AbortSignal): Promise<void>
}

export interface Supervised<T> {
  readonly name: string
  readonly condition: Condition
  readonly fault: Fault | undefined
  readonly attempts: number
  /** Means beyond opening anew that were used so far, and the last of them. */
  readonly resets: number
  readonly lastReset: string | undefined
  /** Unix ms since when the condition holds. */
  readonly sinceMs: number
  /** Throws `offline` with the reason unless ready. */
  current(): T
  /** It failed at something: close, and up the ladder. */
  distrust(fault: Fault): void
  /** Tries at once, from the foot of the ladder: a person asked, or what it needs has come back. */
  retry(): void
  onChange(listener: () => void): () => void
  close(): Promise<void>
}

export interface Plan<T> {
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  /** From the mildest to the strongest; each is used once, with an attempt to open after it. */
  readonly rungs?: readonly Rung[]
  /** `lost` may be called at any time until closed. */
  open(lost: (fault: Fault) => void, signal: AbortSignal): Promise<Opened<T>>
}

export function supervise<T>({ name, clock, log, rungs = [], open }: Plan<T>): Supervised<T> {
  let condition: Condition = 'opening'
  let fault: Fault | undefined
  let attempts = 0
  let resets = 0
  let lastReset: string | undefined
  /** Attempts before it is called unavailable: those without means, then one after each. */
  const mostAttempts = unavailableAfter + Math.max(0, rungs.length - 1)
  let sinceMs = clock.now()
  let opened: Opened<T> | undefined
  let generation = 0
  let timer: Timer | undefined
  let steady: Timer | undefined
  let opening = new AbortController()
  let work: Promise<void> = Promise.resolve()
  const listeners = new Set<() => void>()

  const turn = (next: Condition, why: Fault | undefined) => {
    if (condition !== next) sinceMs = clock.now()
    condition = next
    fault = why
    for (const listener of [...listeners]) listener()
  }
  const shut = async (what: Opened<T>) => {
    const deadline = clock.deadline(closeMs, `closing ${name}`)
    try {
      await deadline.race(what.close())
    } catch (error) {
      log.warn(`${name} did not close cleanly: ${asFault(error, name).message}`)
    } finally {
      deadline.cancel()
    }
  }
  const climb = (why: Fault) => {
    if (condition === 'closed') return
    steady?.cancel()
    attempts++
    turn(attempts > mostAttempts ? 'unavailable' : 'retrying', why)
    if (attempts === mostAttempts + 1) log.warn(`${name} is unavailable: ${why.message}`)
    timer?.cancel()
    timer = clock.after(ladderMs[Math.min(attempts, ladderMs.length) - 1], start)
  }
  /** One attempt; attempts never overlap. */
  const start = () => {
    const mine = ++generation
    work = work.then(() => attempt(mine))
  }
  const attempt = async (mine: number) => {
    if (condition === 'closed' || mine !== generation) return
    opening = new AbortController()
    const before = opened
    opened = undefined
    if (before) {
      const { reset } = before
      if (reset && attempts === unavailableAfter) await use({ words: `${name} is reset`, run: () => reset() })
      await shut(before)
    }
    const rung = attempts > 0 ? rungs[attempts - unavailableAfter] : undefined
    if (rung && (condition as Condition) !== 'closed') await use(rung)
    if ((condition as Condition) === 'closed') return
    if (condition !== 'unavailable') turn('opening', fault)
    const deadline = clock.deadline(openMs, `opening ${name}`, opening.signal)
    const lost = (why: Fault) => {
      if (mine !== generation || condition === 'closed') return
      log.warn(`${name} is lost: ${why.message}`)
      generation++
      climb(why)
    }
    try {
      const coming = open(lost, deadline.signal)
      // Too late is not leaked: what opens after the deadline is closed again.
      const got = await deadline.race(coming).catch(error => {
        coming.then(
          late => shut(late),
          () => undefined,
        )
        throw error
      })
      if (mine !== generation || (condition as Condition) === 'closed') {
        await shut(got)
        return
      }
      opened = got
      turn('ready', undefined)
      steady = clock.after(steadyMs, () => {
        attempts = 0
      })
    } catch (error) {
      if (mine === generation) climb(asFault(error, name))
    } finally {
      deadline.cancel()
    }
  }
  const use = async ({ words, run }: Rung) => {
    const deadline = clock.deadline(openMs, `resetting ${name}`, opening.signal)
    resets++
    lastReset = words
    try {
      log.warn(`${words}, for it does not come back by itself`)
      await deadline.race(run(deadline.signal))
    } catch (error) {
      log.warn(`${words}: that failed: ${asFault(error, name).message}`)
    } finally {
      deadline.cancel()
    }
  }

  start()
  return {
    name,
    get condition() {
      return condition
    },
    get fault() {
      return fault
    },
    get attempts() {
      return attempts
    },
    get resets() {
      return resets
    },
    get lastReset() {
      return lastReset
    },
    get sinceMs() {
      return sinceMs
    },
    current() {
      if (condition === 'ready' && opened) return opened.value
      throw new Fault(
        'offline',
        `${name} is not there: ${fault?.message ?? 'it is being opened'}`,
        fault?.fix ?? 'Wait a moment',
        {
          cause: fault,
        },
      )
    },
    distrust(why) {
      if (condition !== 'ready') return
      log.warn(`${name} is reopened: ${why.message}`)
      generation++
      climb(why)
    },
    retry() {
      if (condition === 'closed' || condition === 'ready') return
      attempts = 0
      timer?.cancel()
      opening.abort(new Fault('aborted', `${name} is opened anew`, 'Wait a moment'))
      start()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      if (condition === 'closed') return work
      turn('closed', new Fault('offline', `${name} is closed`, 'Start the agent again'))
      generation++
      timer?.cancel()
      steady?.cancel()
      opening.abort(new Fault('aborted', `${name} is being closed`, 'Start the agent again'))
      await work
      const last = opened
      opened = undefined
      if (last) await shut(last)
      listeners.clear()
    },
  }
}
