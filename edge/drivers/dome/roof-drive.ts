// What sets a roof in motion and stops it: two relays that are held or pressed, or one that is pressed. Never both
// directions at once, and never one soon after the other.
import type { Clock } from '../../ports/clock.js'
import { asFault, Fault } from '../../ports/fault.js'
import type { Wire } from './roof-wires.js'

/** A stop button is pressed, also where the other relays are held, ms. */
const stopPressMs = 500

export interface RoofWiring {
  readonly open?: Wire
  readonly close?: Wire
  /** One button for everything. */
  readonly toggle?: Wire
  readonly stop?: Wire
  readonly power?: Wire
  /** A relay is pressed for so long; undefined: held for the whole way. */
  readonly pressMs: number | undefined
  /** Between two directions. */
  readonly deadMs: number
  /** The motor's power is on for so long before it is told to move. */
  readonly powerUpMs: number
}

export interface RoofDrive {
  /** Settles when it has been set in motion. On the signal it may be half done: `halt` then. */
  go(to: 'open' | 'closed', signal: AbortSignal): Promise<void>
  /** Stops it by every means there is, at once, all relays off. Rejects naming those that do not obey. */
  halt(): Promise<void>
  /** All relays off: it is where it was sent, or how they stood is not known. */
  rest(): Promise<void>
  /** Some relay that can move it is seen on. */
  live(): boolean
  /** A relay of the way it is on was switched off by something else. */
  cut(to: 'open' | 'closed'): boolean
  /** The relay of the other direction is on. */
  crossed(to: 'open' | 'closed'): boolean
}

export function roofDrive(wiring: RoofWiring, clock: Clock): RoofDrive {
  const { open, close, toggle, stop, power, pressMs, deadMs, powerUpMs } = wiring
  const directions = [open, close, toggle].filter(wire => wire !== undefined)
  let restingSinceMs: number | undefined
  let pressing: Promise<void> | undefined

  const off = async (wires: readonly (Wire | undefined)[]) => {
    const all = wires.filter(wire => wire !== undefined)
    const results = await Promise.allSettled(all.map(wire => wire.set(false)))
    const failed = results.flatMap((result, at) =>
      result.status === 'fulfilled' ? [] : [asFault(result.reason, all[at].path).message],
    )
    if (failed.length === 0) return
    throw new Fault('broken', `not every relay of the roof is off: ${failed.join('; ')}`, 'Cut the power of its motor')
  }
  const press = async (wire: Wire, ms: number, signal?: AbortSignal) => {
    try {
      await wire.set(true, signal)
      await clock.sleep(ms, signal)
    } finally {
      await wire.set(false)
    }
  }
  const rest = async () => {
    try {
      // Power first: what is stopped by it need not wait for the rest.
      await off([power, ...directions])
    } finally {
      restingSinceMs = clock.monotonicMs()
    }
  }
  const halt = async () => {
    if (stop) {
      pressing ??= press(stop, pressMs ?? stopPressMs).finally(() => {
        pressing = undefined
      })
    }
    // Its button is pressed once at a time; its relays are dropped anew at every word, whatever was done before.
    const results = await Promise.allSettled([rest(), pressing])
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }
  return {
    async go(to, signal) {
      const wire = toggle ?? (to === 'open' ? open : close)!
      await off(directions)
      const rested = restingSinceMs === undefined ? 0 : clock.monotonicMs() - restingSinceMs
      if (rested < deadMs) await clock.sleep(deadMs - rested, signal)
      if (power) {
        await power.set(true, signal)
        await clock.sleep(powerUpMs, signal)
      }
      if (directions.some(one => one.on() !== false)) {
        throw new Fault('broken', 'a relay of the roof is not seen off', 'Look at its relays')
      }
      if (pressMs === undefined) await wire.set(true, signal)
      else await press(wire, pressMs, signal)
    },
    halt,
    rest,
    live: () => [...directions, power].some(wire => wire?.on() === true),
    cut: to => {
      const held = pressMs === undefined && (to === 'open' ? open : close)
      return (held && held.on() === false) || power?.on() === false
    },
    crossed: to => (to === 'open' ? close : open)?.on() === true,
  }
}
