// The battery: its level in the feed, said when it changes, and the end of the night when it runs out.
import { asFault, Fault } from '../ports/fault.js'
import type { Machine } from '../ports/machine.js'
import { type BatteryState, judgeBattery } from '../rules/battery.js'
import { endNight, type NightEndParts } from './night-end.js'
import type { PowerSettings } from './power-settings.js'

export interface BatteryParts extends NightEndParts {
  readonly settings: PowerSettings['battery']
  readonly machine: Machine
}

const lookMs = 1_000

/** Starts to watch; the returned function ends it. Without a station nothing is watched. */
export function watchBattery(parts: BatteryParts): () => void {
  const { settings, feed, clock, log } = parts
  const { station, field } = settings
  if (station === undefined) return () => {}
  const limits = {
    warnVolts: settings.warn_volts,
    criticalVolts: settings.critical_volts,
    holdMs: settings.for_s * 1000,
  }
  let state: BatteryState = { level: 'good' }
  const over = new AbortController()
  const look = () => {
    const told = feed.get(`sensor/${station}`)
    const value = told && !told.stale && told.value.condition === 'ready' ? told.value[field] : undefined
    const volts = typeof value === 'number' ? Math.round(value * 100) / 100 : undefined
    const before = state.level
    state = judgeBattery(state, volts, limits, clock.monotonicMs())
    feed.set('battery', { level: state.level, volts, warnVolts: limits.warnVolts, criticalVolts: limits.criticalVolts })
    if (state.level === before) return
    void feed.event(`battery-${state.level}`, { volts, was: before })
    if (state.level !== 'critical') return
    runOut(parts, volts, over.signal).catch(error => {
      log.error(`the battery is nearly empty, and: ${asFault(error, 'battery').message}`)
    })
  }
  look()
  const watch = clock.every(lookMs, look)
  return () => {
    watch.cancel()
    over.abort(new Fault('aborted', 'the battery is not watched any more', 'It is again when the agent runs'))
    feed.drop('battery')
  }
}

/** There is no time for warming. What was not done is told, and the computer goes down all the same. */
async function runOut(parts: BatteryParts, volts: number | undefined, signal: AbortSignal): Promise<void> {
  const { log, machine, settings, clock } = parts
  const order = {
    warms: false,
    who: 'battery',
    why: `the battery is at ${volts} V`,
    takes: ['power'],
    tell: (words: string) => log.warn(words),
  }
  try {
    await endNight(parts, order, signal)
  } catch (error) {
    // The configuration was saved, or the agent is stopped: whoever watches next begins anew.
    if (signal.aborted) return
    log.error(asFault(error, 'the end of the night').message)
  }
  await clock.outside(machine.sync())
  if (settings.shut_down) await clock.outside(machine.shutDown())
}
