// The box tells its mounts where and when they are: as they come, and again when it knows better; never one that moves
// or serves somebody. What a mount goes on to believe otherwise is said at its state.
import type { Clock } from '../ports/clock.js'
import type { Device, Devices } from '../ports/device.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Claims } from '../ports/lease.js'
import type { Log } from '../ports/log.js'
import type { Mount } from '../ports/mount.js'
import type { Timekeeping } from '../ports/timekeeping.js'
import { judgeWhereabouts, type Whereabouts, zoneHours } from '../rules/mount-whereabouts.js'
import { timeServes } from '../rules/time-and-place.js'
import { type TimeSource, timeSources } from '../rules/time-quality.js'
import type { GeographicPosition } from '../science/geographic-position.js'
import type { MountSettings } from './mount-settings.js'
import type { Site } from './site-settings.js'

export interface WhereaboutsParts {
  /** Behind the interlocks. */
  readonly devices: Devices
  readonly feed: Feed
  readonly claims: Pick<Claims, 'held'>
  readonly clock: Clock
  readonly log: Log
  readonly settings: MountSettings
  readonly site: Site
  readonly time: Timekeeping
}

const everyMs = 5_000
const tellMs = 30_000
/** After what did not work, and while a mount believes otherwise, ms. */
const againMs = 60_000
const tries = 5

/** Since the mount came. */
interface Known {
  placed: boolean
  /** Whose time it was that it was told. */
  source?: TimeSource
  left: number
  notBeforeMs: number
}
const nothing = (): Known => ({ placed: false, left: tries, notBeforeMs: 0 })

/** Starts it; the returned function ends it. */
export function tellWhereabouts(parts: WhereaboutsParts): () => void {
  const followed = parts.devices.having('mount').filter(({ name }) => followsOf(parts, name) !== 'none')
  const stops = followed.map(mount => follow(mount, parts))
  return () => {
    for (const stop of stops) stop()
  }
}

const followsOf = ({ settings }: WhereaboutsParts, mount: string) => settings.time_and_place[mount] ?? 'box'

/** Undefined while nobody has said where; without a height that nobody has said. */
function placeOf({ latitude, longitude, elevation }: Site): GeographicPosition | undefined {
  if (latitude === undefined || longitude === undefined) return undefined
  return { latitudeDeg: latitude, longitudeDeg: longitude, elevationMetres: elevation }
}

function follow(mount: Device<Mount>, parts: WhereaboutsParts): () => void {
  const { feed, claims, clock, log, site, time } = parts
  const path = `mount/${mount.name}`
  const tells = followsOf(parts, mount.name) === 'box'
  const end = new AbortController()
  let known = nothing()
  let dealing = false

  const troubled = () => feed.get(path)?.value.trouble
  const say = (trouble: string | undefined) => {
    if (troubled() !== trouble) feed.patch(path, { trouble })
  }
  const believedBy = async (port: Mount, signal: AbortSignal): Promise<Whereabouts> =>
    (await port.whereabouts?.(signal)) ?? {}

  const tell = async (port: Mount, before: ReturnType<typeof judgeWhereabouts>, timed: boolean, of: AbortSignal) => {
    const here = placeOf(site)
    const { setSite, setTime } = port
    if (here && setSite && !known.placed && !before.samePlace) {
      await setSite.call(port, here.latitudeDeg, here.longitudeDeg, here.elevationMetres, of)
    }
    const zone = feed.get('time')?.value.zone
    const hours = typeof zone === 'string' ? zoneHours(zone, clock.now()) : 0
    if (timed && setTime && !before.sameTime) await setTime.call(port, clock.now(), hours, of)
  }
  const deal = async (port: Mount, anew: boolean, signal: AbortSignal) => {
    const { source } = time.quality()
    const timed = timeServes('mount', time.quality())
    const judge = async () => judgeWhereabouts(await believedBy(port, signal), placeOf(site), timed)
    const before = await judge()
    if (tells && anew) await tell(port, before, timed, signal)
    known = { ...known, placed: placeOf(site) !== undefined, left: tries, ...(timed && { source }) }
    const after = tells && anew ? await judge() : before
    const { words, placeOffDeg, clockOffSeconds } = after.words ? after : before
    const body = { mount: mount.name, words, placeOffDeg, clockOffSeconds }
    const was = troubled()
    say(after.words)
    if (after.words ? was === undefined : before.words && anew) {
      await feed.event(after.words ? 'mount-disagrees' : 'mount-told', body)
    }
  }
  const look = async () => {
    if (dealing || mount.condition !== 'ready' || clock.monotonicMs() < known.notBeforeMs || known.left === 0) return
    const port = mount.current()
    if (!port.whereabouts && !port.setSite && !port.setTime) return
    const { source } = time.quality()
    const rank = (one: TimeSource | undefined) => (one === undefined ? timeSources.length : timeSources.indexOf(one))
    const better = timeServes('mount', time.quality()) && rank(source) < rank(known.source)
    const anew = better || (!known.placed && placeOf(site) !== undefined)
    if (!anew && troubled() === undefined) return
    if (port.status().slewing || claims.held().some(({ name }) => name === 'mount')) return
    dealing = true
    const limit = clock.deadline(tellMs, `mount ${mount.name}, place and time`, end.signal)
    try {
      await limit.race(deal(port, anew, limit.signal))
      if (troubled() !== undefined) known.notBeforeMs = clock.monotonicMs() + againMs
    } catch (error) {
      // One that has begun to move is asked again, as if it had not been.
      if (end.signal.aborted || (error instanceof Fault && error.code === 'busy')) return
      known.left--
      known.notBeforeMs = clock.monotonicMs() + againMs
      log.warn(`mount ${mount.name} was not told place and time: ${asFault(error, mount.name).message}`)
    } finally {
      limit.cancel()
      dealing = false
    }
  }
  const turn = () => {
    if (mount.condition === 'ready') return void look()
    known = nothing()
    say(undefined)
  }
  const again = clock.every(everyMs, () => void look())
  const stops = [
    mount.onChange(turn),
    feed.listen({
      event({ kind }) {
        // What it was told is by another clock than the one of now.
        if (kind !== 'clock-set' && kind !== 'clock-stepped') return
        known = { ...known, source: undefined }
      },
    }),
  ]
  turn()
  return () => {
    again.cancel()
    for (const stop of stops) stop()
    end.abort(new Fault('aborted', 'the configuration changes', 'Nothing has to be done'))
  }
}
