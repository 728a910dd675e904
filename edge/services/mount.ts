// Pointing: where the tube looks, in J2000 and above the horizon, and everything that moves it.
import { type Action, action } from '../ports/action.js'
import type { Clock, Timer } from '../ports/clock.js'
import type { Device, Devices } from '../ports/device.js'
import { Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Claim, Claims } from '../ports/lease.js'
import type { Mount } from '../ports/mount.js'
import { z } from '../ports/schema.js'
import type { Timekeeping } from '../ports/timekeeping.js'
import { judgePointing } from '../rules/mount-limits.js'
import { groundsFor } from '../rules/time-and-place.js'
import { catalogueEntry } from '../science/catalogue.js'
import { altAz, inEquinox, type Pointing, raDecOf } from '../science/sky.js'
import { deviceName } from './camera-actions.js'
import { limitsOf, type MountSettings, skySite } from './mount-settings.js'
import type { Site } from './site-settings.js'

export interface MountParts {
  /** Behind the interlocks. */
  readonly devices: Devices
  readonly feed: Feed
  readonly claims: Claims
  readonly clock: Clock
  readonly settings: MountSettings
  readonly site: Site
  readonly time: Timekeeping
  readonly use: { readonly mount?: string }
}

const shortMs = 20_000
const parkMs = 300_000
/** Arrows that are held longer than this stop by themselves: the phone may have gone. */
const moveMs = 5_000

const which = { mount: deviceName.optional().describe('Mount; the one under use: when absent') }
const ra = z
  .number('ra must be a number')
  .min(0, 'ra must be 0 to 24 hours')
  .lt(24, 'ra must be 0 to 24 hours')
  .describe('Right ascension, J2000, hours')
const dec = z
  .number('dec must be a number')
  .min(-90, 'dec must be -90 to 90')
  .max(90, 'dec must be -90 to 90')
  .describe('Declination, J2000, degrees')
const none = z.object({})

const slewInput = z.strictObject({
  ...which,
  raHours: ra.optional(),
  decDeg: dec.optional(),
  altDeg: z.number().min(-90).max(90).optional().describe('Altitude, degrees'),
  azDeg: z.number().min(0).max(360).optional().describe('Azimuth, degrees, north 0, east 90'),
  target: z.string().max(60).optional().describe('Designation or whole name in the catalogue'),
  force: z.boolean().default(false).describe('Goes although conditions are unsafe; the limits still hold'),
})

export function mountActions(parts: MountParts): Action[] {
  const { devices, feed, claims, clock, settings, site, time, use } = parts
  const nameOr = (name: string | undefined) => name ?? use.mount
  const device = (name: string | undefined) => devices.device('mount', nameOr(name))
  const claim: Claim[] = [{ name: 'mount' }]
  /** By mount: the end of the arrow that is held now. */
  const held = new Map<string, Timer>()

  const demandGrounds = () => {
    const grounds = groundsFor('pointing', skySite(site), time.quality())
    if (!grounds.ok) throw new Fault('limit', grounds.words, grounds.fix)
    return grounds.site
  }
  /** J2000 of what was asked for. */
  const targetOf = (input: z.output<typeof slewInput>): { place: Pointing; name?: string } => {
    const here = skySite(site)
    if (input.target !== undefined) {
      // By its own name alone: the nearest match of a search may be another thing, and the mount would go there.
      const found = catalogueEntry(input.target, clock.now(), here)
      if (!found)
        throw new Fault('not-found', `the catalogue has no "${input.target}"`, 'Search for it on the Mount page')
      return { place: { raHours: found.raHours, decDeg: found.decDeg, equinox: 'j2000' }, name: found.id }
    }
    if (input.raHours !== undefined && input.decDeg !== undefined) {
      return { place: { raHours: input.raHours, decDeg: input.decDeg, equinox: 'j2000' } }
    }
    if (input.altDeg !== undefined && input.azDeg !== undefined) {
      return { place: raDecOf({ altDeg: input.altDeg, azDeg: input.azDeg % 360 }, demandGrounds(), clock.now()) }
    }
    throw new Fault('bad-input', 'no target was given', 'Give raHours and decDeg, altDeg and azDeg, or target')
  }
  const demandAllowed = (place: Pointing) => {
    const verdict = judgePointing(place, limitsOf(settings, site, time.quality()), clock.now())
    if (verdict.ok) return
    const detail = { minSafeAltDeg: verdict.minSafeAltDeg }
    throw new Fault('limit', verdict.words, verdict.fix, { detail })
  }
  /** A mount that has gone quiet is put on the supervisor's ladder. */
  const asked = async (mount: Device<Mount>, signal: AbortSignal, work: (port: Mount) => Promise<void>) => {
    try {
      await work(mount.current())
    } catch (error) {
      if (error instanceof Fault && error.code === 'timeout' && !signal.aborted) mount.distrust(error)
      throw error
    }
  }
  const slewTo = async (mount: Device<Mount>, place: Pointing, signal: AbortSignal, timeoutMs: number) => {
    if (mount.current().status().parked) throw new Fault('unsafe', 'the mount is parked', 'Unpark it first')
    held.get(mount.name)?.cancel()
    const deadline = clock.deadline(timeoutMs, `mount ${mount.name}`, signal)
    try {
      await asked(mount, deadline.signal, port =>
        port.slew(inEquinox(place, port.equinox, clock.now()), deadline.signal),
      )
    } finally {
      deadline.cancel()
    }
  }

  const slew = action({
    name: 'mount-slew',
    summary: 'Slews the mount to a place on the sky',
    input: slewInput,
    output: none,
    role: 'observer',
    check(input) {
      device(input.mount).current()
      demandAllowed(targetOf(input).place)
    },
    claims: () => claim,
    settles: { kind: 'activity', resumes: false },
    async run({ input, signal, activity }) {
      const mount = device(input.mount)
      const { place, name } = targetOf(input)
      activity?.progress({ summary: `Slewing${name ? ` to ${name}` : ''}` })
      feed.patch(`mount/${mount.name}`, { target: name })
      await slewTo(mount, place, signal, settings.slew_timeout * 1000).catch(error => {
        // It stands somewhere on the way.
        feed.patch(`mount/${mount.name}`, { target: undefined })
        throw error
      })
      await feed.event('mount-slewed', {
        mount: mount.name,
        raHours: place.raHours,
        decDeg: place.decDeg,
        target: name,
      })
      return {}
    },
  })

  const sync = action({
    name: 'mount-sync',
    summary: 'Tells the mount where it points',
    input: z.strictObject({ ...which, raHours: ra, decDeg: dec }),
    output: none,
    role: 'observer',
    claims: () => claim,
    settles: { kind: 'deed', deadlineMs: shortMs },
    async run({ input, signal }) {
      demandGrounds()
      const place: Pointing = { raHours: input.raHours, decDeg: input.decDeg, equinox: 'j2000' }
      await asked(device(input.mount), signal, port => port.sync(inEquinox(place, port.equinox, clock.now()), signal))
      return {}
    },
  })

  const parking = (verb: 'park' | 'unpark', summary: string, icon: string) =>
    action({
      name: `mount-${verb}`,
      summary,
      input: z.strictObject(which),
      output: none,
      role: 'observer',
      on: 'mount/{mount}',
      claims: () => claim,
      settles: { kind: 'deed', deadlineMs: parkMs },
      // Parking late is safe; unparking late is not.
      harmlessWhenLate: verb === 'park',
      entity: verb === 'park' ? { platform: 'button', icon } : undefined,
      async run({ input, signal }) {
        const mount = device(input.mount)
        held.get(mount.name)?.cancel()
        await asked(mount, signal, port => {
          const move = port[verb]
          if (move) return move.call(port, signal)
          throw new Fault('unsupported', `mount ${mount.name} cannot ${verb}`, 'Slew it to a safe place instead')
        })
        await feed.event(`mount-${verb}ed`, { mount: mount.name })
        return {}
      },
    })

  const tracking = action({
    name: 'mount-tracking',
    summary: 'Follows the stars, or stands still',
    input: z.strictObject({ ...which, on: z.boolean('enabled must be true or false').describe('Track') }),
    output: none,
    role: 'observer',
    claims: () => claim,
    settles: { kind: 'deed', deadlineMs: shortMs },
    async run({ input, signal }) {
      await asked(device(input.mount), signal, port => port.setTracking(input.on, signal))
      return {}
    },
  })

  const nudge = action({
    name: 'mount-nudge',
    summary: 'Moves the mount a little',
    input: z.strictObject({
      ...which,
      direction: z.enum(['north', 'south', 'east', 'west']).describe('Which way on the sky'),
      arcmin: z
        .number()
        .min(1 / 60)
        .max(600)
        .describe('How far on the sky, arcminutes'),
    }),
    output: none,
    role: 'observer',
    claims: () => claim,
    settles: { kind: 'deed', deadlineMs: 60_000 },
    async run({ input, signal }) {
      const mount = device(input.mount)
      const place = offset(mount.current().status(), input.direction, input.arcmin / 60)
      await slewTo(mount, place, signal, 55_000)
      return {}
    },
  })

  const move = action({
    name: 'mount-move',
    summary: `Moves both axes at a rate; ends by itself after ${moveMs / 1000} s unless asked again`,
    input: z.strictObject({
      ...which,
      raDegPerSecond: z.number().min(-10).max(10).default(0).describe('Rate in right ascension, °/s'),
      decDegPerSecond: z.number().min(-10).max(10).default(0).describe('Rate in declination, °/s'),
    }),
    output: none,
    role: 'observer',
    claims: () => claim,
    settles: { kind: 'deed', deadlineMs: shortMs },
    async run({ input }) {
      const mount = device(input.mount)
      const port = mount.current()
      const { moveAxis } = port
      if (!moveAxis)
        throw new Fault('unsupported', `mount ${mount.name} cannot move at a rate`, 'Use the arrows with a step')
      const release = () => {
        port
          .stop()
          .catch(error =>
            mount.distrust(new Fault('broken', `mount ${mount.name} did not stop: ${error}`, 'Cut its power')),
          )
      }
      // Before anything moves: one axis may obey and the other fail.
      held.get(mount.name)?.cancel()
      if (input.raDegPerSecond !== 0 || input.decDegPerSecond !== 0) {
        held.set(mount.name, clock.after(moveMs, release))
      }
      await moveAxis.call(port, 'ra', input.raDegPerSecond)
      await moveAxis.call(port, 'dec', input.decDegPerSecond)
      return {}
    },
  })

  const stop = action({
    name: 'mount-stop',
    summary: 'Stops the mount at once',
    input: z.strictObject(which),
    output: none,
    role: 'observer',
    on: 'mount/{mount}',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: 10_000 },
    harmlessWhenLate: true,
    entity: { platform: 'button', icon: 'mdi:stop-circle' },
    async run({ input, who }) {
      const mount = device(input.mount)
      held.get(mount.name)?.cancel()
      const reason = new Fault('aborted', `stopped by ${who.name}`, 'Slew again when it is safe')
      // The device first: whoever holds the mount is told meanwhile.
      const quiet = new AbortController().signal
      await Promise.all([asked(mount, quiet, port => port.stop()), claims.preempt('mount', reason, 'exclusive')])
      await feed.event('mount-stopped', { mount: mount.name, who: who.name })
      return {}
    },
  })
  const rows = [
    slew,
    sync,
    parking('park', 'Parks the mount', 'mdi:parking'),
    parking('unpark', 'Unparks the mount', ''),
  ]
  return [...rows, tracking, nudge, move, stop]
}

/** Writes every mount's status into the feed, in J2000 and over the horizon. Returns how to end it. */
export function reportMounts({ devices, feed, claims, clock, site, time }: Omit<MountParts, 'settings' | 'use'>) {
  /** Who moves it; exposures that only need it to stand still are not meant. */
  const holder = () => {
    const held = claims.held().find(({ name, shared }) => name === 'mount' && !shared)?.holder
    return held && `${held.action} (${held.who})`
  }
  const stops: (() => void)[] = []
  for (const device of devices.having('mount')) {
    const path = `mount/${device.name}`
    let deaf: (() => void) | undefined
    const report = (port: Mount) => {
      const status = port.status()
      const { raHours, decDeg } = inEquinox(status, 'j2000', status.atMs)
      // Else as the mount has it, which may know better.
      const grounds = groundsFor('pointing', skySite(site), time.quality())
      const up = grounds.ok ? altAz(status, grounds.site, status.atMs) : { altDeg: status.altDeg, azDeg: status.azDeg }
      const { slewing, tracking, parked, pierSide } = status
      const told = { raHours, decDeg, ...up, slewing, tracking, parked, pierSide, holder: holder() }
      const left = parked ? { target: undefined } : {}
      feed.patch(path, { condition: 'ready', reason: undefined, ...told, ...left }, status.atMs)
    }
    const turn = () => {
      deaf?.()
      deaf = undefined
      if (device.condition === 'ready') {
        const port = device.current()
        deaf = port.onStatus(() => report(port))
        report(port)
      } else {
        const unknown = { slewing: undefined, holder: undefined }
        feed.patch(path, { condition: device.condition, reason: device.fault?.message, ...unknown })
      }
    }
    // A mount that says nothing new still stands somewhere else against the horizon.
    const again = clock.every(5_000, () => {
      if (device.condition === 'ready') report(device.current())
    })
    stops.push(
      device.onChange(turn),
      () => deaf?.(),
      () => again.cancel(),
      () => feed.drop(path),
    )
    turn()
  }
  return () => {
    for (const stop of stops) stop()
  }
}

/** `deg` away on the sky; right ascension steps are stretched towards the pole, at most to a tenth of it. */
function offset({ raHours, decDeg, equinox }: Pointing, direction: string, deg: number): Pointing {
  const sign = direction === 'north' || direction === 'east' ? 1 : -1
  if (direction === 'north' || direction === 'south') {
    return { raHours, decDeg: Math.max(-90, Math.min(90, decDeg + sign * deg)), equinox }
  }
  const step = deg / 15 / Math.max(0.1, Math.cos((decDeg * Math.PI) / 180))
  return { raHours: (((raHours + sign * step) % 24) + 24) % 24, decDeg, equinox }
}
