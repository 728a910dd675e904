// The end of a night, by hand or because the battery runs low: stop, park, warm the camera slowly, heaters off, power
// off. What fails on the way is said at the end and keeps nothing else from being done.

import type { Cooler } from '../ports/camera.js'
import type { Clock } from '../ports/clock.js'
import type { Devices } from '../ports/device.js'
import { asFault, Fault, reasonOf } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Claims, Lease } from '../ports/lease.js'
import type { Log } from '../ports/log.js'
import { beginWarming, warm } from '../rules/warming.js'
import type { Power } from './power.js'

export interface NightEndParts {
  readonly devices: Devices
  readonly feed: Feed
  readonly claims: Claims
  readonly clock: Clock
  readonly log: Log
  readonly power: Power
  readonly warmRate: number // °C per minute
}

export interface NightEnd {
  /** The camera is warmed at its pace; left out when there is no time for it. */
  readonly warms: boolean
  readonly who: string
  readonly why: string
  /** What is to be held besides cameras and mount, and is not yet. */
  readonly takes: readonly string[]
  tell(words: string): void
}

/** So often whoever takes something between is told to let go. */
const mostTries = 5
/** Longer than any camera takes to get warm. */
const wholeMs = 4 * 3_600_000
const parkMs = 300_000
const stopMs = 10_000
const warmStepMs = 20_000
/** Without a thermometer outside a sensor is warm enough at this, °C. */
const mildCelsius = 15

/** Settles when all is done; rejects at the end with what was not, or at once with the signal's reason. */
export async function endNight(parts: NightEndParts, order: NightEnd, asked: AbortSignal): Promise<void> {
  order.tell('Stopping what goes on')
  const lease = await takeAll(parts, order)
  // Whoever has a better reason, such as an empty battery, ends this.
  const limit = parts.clock.deadline(wholeMs, 'the end of the night', asked, lease.signal)
  try {
    await carryOut(parts, order, limit.signal)
  } finally {
    limit.cancel()
    lease.release()
  }
}

async function carryOut(parts: NightEndParts, order: NightEnd, signal: AbortSignal): Promise<void> {
  const { devices, feed, log, power } = parts
  const failed: string[] = []
  const attempt = async (what: string, work: () => Promise<void>): Promise<boolean> => {
    if (signal.aborted) throw reasonOf(signal)
    order.tell(what)
    try {
      await work()
      return true
    } catch (error) {
      if (signal.aborted) throw reasonOf(signal)
      failed.push(asFault(error, what).message)
      log.warn(`the night does not end cleanly: ${asFault(error, what).message}`)
      return false
    }
  }

  /** A mount that does not stand in its place, or a camera that is cold, does not lose its power. */
  const keep = new Set<string>()
  const keepPower = (name: string) => {
    for (const { path, policy } of power.outlets()) if (policy.feeds.includes(name)) keep.add(path)
  }
  for (const { name, condition } of devices.having('mount')) {
    if (condition !== 'ready') continue
    if (!(await attempt(`Parking ${name}`, () => parkMount(parts, name, signal)))) keepPower(name)
  }
  await attempt('Switching the heaters off', () => power.coolHeaters(signal))
  if (order.warms) {
    const warmed = devices.having('camera').map(async ({ name }) => {
      if (!(await attempt(`Warming ${name}`, () => warmCamera(parts, name, order, signal)))) keepPower(name)
    })
    await Promise.all(warmed)
  }
  await attempt('Switching the station off', () => power.down(order.tell, signal, keep))
  await feed.event('night-ended', { who: order.who, why: order.why, failed: failed.length > 0 ? failed : undefined })
  if (failed.length === 0) return
  throw new Fault('broken', `the night did not end cleanly: ${failed.join('; ')}`, 'See to these by hand')
}

/**
 * Everything that is in use is let go, and then ours: nothing begins meanwhile. Taken here and not by the action, which
 * would be refused while something runs.
 */
async function takeAll({ devices, claims }: NightEndParts, { who, why, takes }: NightEnd): Promise<Lease> {
  const names = ['mount', ...devices.having('camera').map(({ name }) => `camera/${name}`), ...takes]
  const reason = new Fault('aborted', `the night is ended: ${why}`, 'Start again the next night')
  for (let tries = 1; ; tries++) {
    await Promise.all(names.map(name => claims.preempt(name, reason)))
    try {
      return claims.take(
        names.map(name => ({ name })),
        { who, action: 'night-end' },
      )
    } catch (error) {
      // Somebody was quicker, who had asked before.
      if (tries === mostTries) throw error
    }
  }
}

async function parkMount({ devices, clock }: NightEndParts, name: string, signal: AbortSignal): Promise<void> {
  const mount = devices.device('mount', name).current()
  if (mount.status().slewing) {
    const limit = clock.deadline(stopMs, `stopping ${name}`, signal)
    await limit.race(mount.stop()).finally(() => limit.cancel())
  }
  if (mount.status().parked) return
  const limit = clock.deadline(parkMs, `parking ${name}`, signal)
  try {
    if (mount.park) await limit.race(mount.park(limit.signal))
    else await limit.race(mount.setTracking(false, limit.signal))
  } finally {
    limit.cancel()
  }
}

async function warmCamera(parts: NightEndParts, name: string, order: NightEnd, signal: AbortSignal): Promise<void> {
  const { devices, clock, warmRate } = parts
  const device = devices.device('camera', name)
  const cooler = device.condition === 'ready' ? device.current().cooler : undefined
  if (!cooler?.on()) return
  const limits = { goalCelsius: mildness(parts), rate: warmRate, stepMs: warmStepMs }
  const now = cooler.sensorCelsius()
  let state = beginWarming(Number.isFinite(now) ? now : (cooler.targetCelsius() ?? 0))
  for (;;) {
    const next = warm(state, cooler.sensorCelsius(), limits)
    if (next === 'warm') break
    if (next === 'stuck') {
      throw new Fault(
        'broken',
        `camera ${name} does not get warm`,
        'Leave its power on until it is, and look at its cooler',
      )
    }
    state = next
    order.tell(`Warming ${name}: ${Math.round(cooler.sensorCelsius())} °C`)
    await cool(cooler, state.targetCelsius, clock, signal)
    await clock.sleep(warmStepMs, signal)
  }
  await cool(cooler, undefined, clock, signal)
}

async function cool(cooler: Cooler, celsius: number | undefined, clock: Clock, signal: AbortSignal): Promise<void> {
  const limit = clock.deadline(stopMs, 'the cooler', signal)
  await limit.race(cooler.cool(celsius, limit.signal)).finally(() => limit.cancel())
}

/** About the air, where a station tells it. */
function mildness({ feed }: NightEndParts): number {
  const air = feed.states('weather').find(({ stale, value }) => !stale && typeof value.ambientCelsius === 'number')
  return Math.min(mildCelsius, Number(air?.value.ambientCelsius ?? mildCelsius))
}
