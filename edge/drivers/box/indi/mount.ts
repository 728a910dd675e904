// A mount of an INDI server. Orders that end by themselves (slew, park) watch the driver's own states; STOP goes out at
// once, whatever else is waiting.
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { Mount, MountStatus, Pointing } from '../../../ports/mount.js'
import { indiGuidePort } from './guide-port.js'
import { type IndiSession, refused, type Wait } from './session.js'
import { slewRateFor } from './slew-rate.js'
import { indiWhereabouts } from './whereabouts.js'

const motionMs = 300_000 // the slowest mounts cross the sky in four minutes
const startMs = 5000 // for a slew to begin
const answerMs = 5000
const unparkMs = 60_000
const firstStatusMs = 3000
const followMs = 2000
const restMs = 700 // after an abort some drivers change tracking within their next poll
/** A mount that stops further from its target than this did not get there. Pointing models leave some arcminutes. */
const missDeg = 1

export async function openIndiMount(
  session: IndiSession,
  signal: AbortSignal,
): Promise<{ mount: Mount; close(): Promise<void> }> {
  const { clock, name } = session
  const coordinates = () => (session.property('EQUATORIAL_EOD_COORD') ? 'EQUATORIAL_EOD_COORD' : 'EQUATORIAL_COORD')
  const listeners = new Set<(status: MountStatus) => void>()
  let heardMs = clock.now()
  /** Fires when STOP or a newer order ends the motion that is waited for. */
  let motion: AbortController | undefined
  let trackingBefore: boolean | undefined

  const slewing = () =>
    busy(coordinates()) || busy('TELESCOPE_PARK') || busy('TELESCOPE_MOTION_NS') || busy('TELESCOPE_MOTION_WE')
  const busy = (property: string) => session.property(property)?.state === 'Busy'
  const parked = () => session.isOn('TELESCOPE_PARK', 'PARK') && !busy('TELESCOPE_PARK')
  const tracking = () =>
    session.property('TELESCOPE_TRACK_STATE')
      ? session.isOn('TELESCOPE_TRACK_STATE', 'TRACK_ON')
      : session.property(coordinates())?.state === 'Ok'
  const equinox = () => (coordinates() === 'EQUATORIAL_EOD_COORD' ? 'jnow' : 'j2000')

  const status = (): MountStatus => {
    const west = session.isOn('TELESCOPE_PIER_SIDE', 'PIER_WEST')
    const east = session.isOn('TELESCOPE_PIER_SIDE', 'PIER_EAST')
    return {
      raHours: session.number(coordinates(), 'RA') ?? Number.NaN,
      decDeg: session.number(coordinates(), 'DEC') ?? Number.NaN,
      equinox: equinox(),
      slewing: slewing(),
      tracking: tracking() && !parked(),
      parked: parked(),
      ...(west !== east ? { pierSide: west ? 'west' : 'east' } : {}),
      altDeg: session.number('HORIZONTAL_COORD', 'ALT'),
      azDeg: session.number('HORIZONTAL_COORD', 'AZ'),
      atMs: heardMs,
    }
  }
  const told = new Set(['TELESCOPE_PARK', 'TELESCOPE_TRACK_STATE', 'TELESCOPE_PIER_SIDE', 'TELESCOPE_MOTION_NS'])
  for (const more of ['TELESCOPE_MOTION_WE', 'HORIZONTAL_COORD']) told.add(more)
  const stopWatching = session.watch(change => {
    if (change.kind !== 'set' || !(change.property.name === coordinates() || told.has(change.property.name))) return
    heardMs = clock.now()
    const now = status()
    for (const listener of [...listeners]) listener(now)
  })
  session.gone.addEventListener('abort', stopWatching, { once: true })

  const unparked = () => {
    if (!parked()) return
    throw new Fault('limit', `mount "${name}" is parked`, 'Unpark it first')
  }
  const checked = (target: Pointing) => {
    if (target.equinox !== equinox()) {
      const what = `mount "${name}" takes ${equinox()} coordinates, not ${target.equinox}`
      throw new Fault('bad-input', what, 'Convert them first')
    }
    const { raHours, decDeg } = target
    if (raHours >= 0 && raHours < 24 && decDeg >= -90 && decDeg <= 90) return
    const fix = 'Give RA from 0 to 24 hours and Dec from -90 to 90 degrees'
    throw new Fault('bad-input', `RA ${raHours} h, Dec ${decDeg}° is no place on the sky`, fix)
  }
  const apartDeg = ({ raHours, decDeg }: Pointing) => separationDeg(status(), { raHours, decDeg })

  /** Runs one motion: a newer one or STOP ends it, and the signal stops the axes. */
  const move = async (outer: AbortSignal, run: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    motion?.abort(new Fault('aborted', `a newer order for mount "${name}" replaced this one`, 'Nothing to do'))
    const own = new AbortController()
    motion = own
    trackingBefore = slewing() ? trackingBefore : tracking()
    const pass = () => own.abort(reasonOf(outer))
    outer.addEventListener('abort', pass, { once: true })
    if (outer.aborted) pass()
    try {
      if (own.signal.aborted) throw reasonOf(own.signal)
      await run(own.signal)
    } catch (error) {
      // Whatever went wrong, a mount that nobody watches must not go on moving, even if it has not said that it does.
      if (motion === own && !session.gone.aborted) await rest(trackingBefore)
      throw error
    } finally {
      outer.removeEventListener('abort', pass)
      if (motion === own) motion = undefined
    }
  }

  const coordSet = async (item: 'TRACK' | 'SLEW' | 'SYNC', of: AbortSignal) => {
    const taken = session.item('ON_COORD_SET', item) ? item : 'SLEW'
    if (session.isOn('ON_COORD_SET', taken)) return
    await session.settle(
      'ON_COORD_SET',
      { [taken]: true },
      { what: 'choosing what coordinates mean', ms: answerMs, signal: of },
    )
  }
  /** Settles when the mount has begun to move, or stands on the target already. */
  const begun = (target: Pointing, since: number, wait: Wait) =>
    session.until(wait, change => {
      if (change?.kind !== 'set' || change.property.name !== coordinates()) return undefined
      const { state } = change.property
      if (state === 'Alert') throw refused(name, wait.what, session.words(since))
      return state === 'Busy' || (state === 'Ok' && apartDeg(target) < 0.01) || undefined
    })
  const slew = async (target: Pointing, of: AbortSignal) => {
    const what = `slewing to RA ${target.raHours.toFixed(3)} h, Dec ${target.decDeg.toFixed(2)}°`
    await coordSet('TRACK', of)
    const since = session.wordsHeard()
    const start = begun(target, since, { what, ms: startMs, signal: of })
    start.catch(() => {}) // awaited below, unless the order itself throws
    session.order(coordinates(), { RA: target.raHours, DEC: target.decDeg })
    await start.catch(error => {
      const silent = error instanceof Fault && error.code === 'timeout'
      throw silent ? refused(name, what, session.words(since) ?? 'it did not begin to move') : error
    })
    await session.until({ what, ms: motionMs, signal: of }, () => {
      const state = session.property(coordinates())?.state
      if (state === 'Alert') throw refused(name, what, session.words(since))
      return state !== 'Busy' || undefined
    })
    const missed = apartDeg(target)
    if (!(missed < missDeg)) throw refused(name, what, `it stopped ${missed.toFixed(1)}° from the target`)
    await follow(of)
  }
  /** Most drivers track after a slew by themselves; the rest are told to. */
  const follow = async (of: AbortSignal) => {
    const wait = { what: 'beginning to track', ms: followMs, signal: of }
    const silent = (error: unknown) => error instanceof Fault && error.code === 'timeout'
    await session
      .until(wait, () => tracking() || undefined)
      .catch(error => (silent(error) && !of.aborted ? setTracking(true, of) : Promise.reject(error)))
  }

  /** The abort goes out first and waits for nobody. */
  const halt = async () => {
    session.order('TELESCOPE_ABORT_MOTION', { ABORT: true })
    for (const [property, items] of Object.entries(arrows)) {
      if (busy(property)) session.order(property, { [items[0]]: false, [items[1]]: false })
    }
    await session.until({ what: 'stopping', ms: answerMs }, change => {
      if (change?.kind !== 'set' || change.property.name !== 'TELESCOPE_ABORT_MOTION') return undefined
      if (change.property.state === 'Alert') throw refused(name, 'stopping', session.words(session.wordsHeard() - 1))
      return change.property.state !== 'Busy' || undefined
    })
  }
  /** Stops, and brings tracking back to what it was where the driver takes the abort for more. */
  const rest = async (before: boolean | undefined) => {
    const during = motion
    await halt()
    if (before === undefined || !session.property('TELESCOPE_TRACK_STATE')) return
    await clock.sleep(restMs, session.gone)
    if (motion === during && !parked()) await setTracking(before)
  }
  const setTracking = async (on: boolean, of?: AbortSignal) => {
    const wanted = on ? 'TRACK_ON' : 'TRACK_OFF'
    if (session.isOn('TELESCOPE_TRACK_STATE', wanted)) return
    const wait = { what: `switching tracking ${on ? 'on' : 'off'}`, ms: answerMs, signal: of, busyIsTaken: true }
    await session.settle('TELESCOPE_TRACK_STATE', { [wanted]: true }, wait)
  }

  const places = indiWhereabouts(session)
  const mount: Mount = {
    get equinox() {
      return equinox()
    },
    status,
    async sense(of) {
      // Its driver answers from what its last poll of the mount gave; that it answers at all is what is asked.
      const answer = session.until({ what: 'saying where it stands', ms: answerMs, signal: of }, change =>
        change?.kind === 'defined' && change.property.name === coordinates() ? true : undefined,
      )
      for (const property of ['TELESCOPE_PARK', 'TELESCOPE_TRACK_STATE', coordinates()]) {
        session.client.ask(name, property)
      }
      await answer
      heardMs = clock.now()
    },
    onStatus(listener) {
      const own = (now: MountStatus) => listener(now)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    async slew(target, of) {
      checked(target)
      unparked()
      await move(of, own => slew(target, own))
    },
    async sync(target, of) {
      checked(target)
      unparked()
      const what = `syncing on RA ${target.raHours.toFixed(3)} h, Dec ${target.decDeg.toFixed(2)}°`
      await coordSet('SYNC', of)
      try {
        const since = session.wordsHeard()
        const taken = session.until({ what, ms: answerMs, signal: of }, change => {
          if (change?.kind !== 'set' || change.property.name !== coordinates()) return undefined
          if (change.property.state === 'Alert') throw refused(name, what, session.words(since))
          return apartDeg(target) < 0.1 || undefined
        })
        taken.catch(() => {}) // awaited below, unless the order itself throws
        session.order(coordinates(), { RA: target.raHours, DEC: target.decDeg })
        await taken
      } finally {
        // Left at SYNC, the next program's slew would shift the mount's idea of the sky instead.
        if (!session.gone.aborted) session.order('ON_COORD_SET', { TRACK: true })
      }
    },
    async stop() {
      const moved = slewing() || motion !== undefined
      const before = trackingBefore
      motion?.abort(new Fault('aborted', `mount "${name}" was stopped`, 'Start it again when you are ready'))
      motion = undefined
      await rest(moved ? before : undefined)
    },
    async setTracking(on, of) {
      unparked()
      await setTracking(on, of)
    },
    get park() {
      return session.property('TELESCOPE_PARK') ? park : undefined
    },
    get unpark() {
      return session.property('TELESCOPE_PARK') ? unpark : undefined
    },
    get moveAxis() {
      return session.property('TELESCOPE_MOTION_NS') && session.property('TELESCOPE_MOTION_WE') ? moveAxis : undefined
    },
    get whereabouts() {
      return places.whereabouts
    },
    get setSite() {
      return places.setSite
    },
    get setTime() {
      return places.setTime
    },
    get guidePort() {
      return indiGuidePort(session)
    },
  }
  const park = async (of: AbortSignal) => {
    if (parked()) return
    await move(of, async own => {
      await session.settle('TELESCOPE_PARK', { PARK: true }, { what: 'parking', ms: motionMs, signal: own })
      if (!parked()) throw refused(name, 'parking', 'it says it is done and is not parked')
      // Its position may still say Busy until the next poll.
      await session.until({ what: 'coming to rest', ms: answerMs, signal: own }, () => !slewing() || undefined)
    })
  }
  const unpark = async (of: AbortSignal) => {
    if (!parked()) return
    await session.settle('TELESCOPE_PARK', { UNPARK: true }, { what: 'unparking', ms: unparkMs, signal: of })
  }
  const moveAxis = async (axis: 'ra' | 'dec', degPerSecond: number) => {
    const property = axis === 'ra' ? 'TELESCOPE_MOTION_WE' : 'TELESCOPE_MOTION_NS'
    const [up, down] = arrows[property]
    if (degPerSecond === 0) {
      session.order(property, { [up]: false, [down]: false })
      return
    }
    unparked()
    if (!slewing()) trackingBefore = tracking()
    const rate = slewRateFor(session.property('TELESCOPE_SLEW_RATE'), Math.abs(degPerSecond))
    if (rate && !session.isOn('TELESCOPE_SLEW_RATE', rate)) session.order('TELESCOPE_SLEW_RATE', { [rate]: true })
    const wait = { what: `moving in ${axis}`, ms: answerMs, busyIsTaken: true }
    await session.settle(property, { [up]: degPerSecond > 0, [down]: degPerSecond < 0 }, wait)
  }

  await firstStatus(session, coordinates(), signal)
  return {
    mount,
    async close() {
      stopWatching()
      motion?.abort(new Fault('aborted', `mount "${name}" is closed`, 'Open it again'))
    },
  }
}

/** First the element that makes the coordinate grow: north, and east, where RA grows. */
const arrows = {
  TELESCOPE_MOTION_NS: ['MOTION_NORTH', 'MOTION_SOUTH'],
  TELESCOPE_MOTION_WE: ['MOTION_EAST', 'MOTION_WEST'],
} as const

/** A definition carries zeros; the first poll brings the truth. Drivers that poll slowly are taken as they are. */
async function firstStatus(session: IndiSession, coordinates: string, signal: AbortSignal): Promise<void> {
  try {
    await session.until({ what: 'its first position', ms: firstStatusMs, signal }, change =>
      change?.kind === 'set' && change.property.name === coordinates ? true : undefined,
    )
  } catch (error) {
    if (signal.aborted || session.gone.aborted) throw error
  }
}

/** Angle between two directions (haversine, which keeps its digits for small angles). */
function separationDeg(a: { raHours: number; decDeg: number }, b: { raHours: number; decDeg: number }): number {
  const rad = Math.PI / 180
  const half = (angle: number) => Math.sin((angle * rad) / 2) ** 2
  const across = Math.cos(a.decDeg * rad) * Math.cos(b.decDeg * rad) * half((a.raHours - b.raHours) * 15)
  return (2 * Math.asin(Math.min(1, Math.sqrt(half(a.decDeg - b.decDeg) + across)))) / rad
}
