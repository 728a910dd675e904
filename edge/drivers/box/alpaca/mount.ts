// An Alpaca mount. Orders that end by themselves (slew, park) watch what the device says of its motion, asked by name;
// STOP goes out at once on a connection of its own, whatever else is waiting.
import { Fault } from '../../../ports/fault.js'
import type { Mount, MountStatus, PierSide, Pointing } from '../../../ports/mount.js'
import { separationDeg } from '../../../science/sky.js'
import { alpacaErrorOf, alpacaErrors, isAbsent } from '../../link/alpaca/answer.js'
import { listeners } from '../../listeners.js'
import { alpacaGuidePort } from './guide-port.js'
import { oneMotion } from './motion.js'
import { type ArrowOptions, mountArrows } from './mount-arrows.js'
import { type AlpacaSession, maybe } from './session.js'
import { keepState, type Member } from './state.js'
import { alpacaWhereabouts } from './whereabouts.js'

const everyMs = 1_000
const motionMs = 300_000 // the slowest mounts cross the sky in four minutes
const startMs = 5_000 // for a slew to begin
const answerMs = 5_000
const unparkMs = 60_000
const quietMs = 60_000 // not every driver calls parking a slew
/** A mount that stops further from its target than this did not get there. Pointing models leave some arcminutes. */
const missDeg = 1
const thereDeg = 0.02
/** ITelescope, EquatorialCoordinateType: what others than these mean by a coordinate, no port of ours can say. */
const equinoxes: Readonly<Record<number, 'jnow' | 'j2000' | undefined>> = { 0: 'jnow', 1: 'jnow', 2: 'j2000' }
/** PierSide: 0 is the tube on the east side, looking west. */
const sides: Readonly<Record<number, PierSide | undefined>> = { 0: 'east', 1: 'west' }

const members: Readonly<Record<string, Member>> = {
  RightAscension: { type: 'number' },
  Declination: { type: 'number' },
  Slewing: { type: 'flag', alone: true },
  Tracking: { type: 'flag', alone: true },
  AtPark: { type: 'flag', alone: true },
  SideOfPier: { type: 'number' },
  Altitude: { type: 'number' },
  Azimuth: { type: 'number' },
}

export async function openAlpacaMount(
  session: AlpacaSession,
  arrows: ArrowOptions,
  signal: AbortSignal,
): Promise<Mount> {
  const { name, clock, gone } = session
  const can = async (member: string) => (await maybe(session.flag(member))) ?? false
  const equinox = equinoxes[(await maybe(session.number('equatorialsystem'))) ?? 1]
  if (!equinox) {
    const fix = 'Set topocentric or J2000 coordinates in its driver'
    throw new Fault('unsupported', `${name} counts its coordinates from an equinox that nobody uses`, fix)
  }
  const [pulses, tracks] = [await can('canpulseguide'), await can('cansettracking')]
  const [parks, unparks, syncs] = [await can('canpark'), await can('canunpark'), await can('cansync')]
  const asynchronous = await can('canslewasync')
  const slews = asynchronous || (await can('canslew'))
  const places = await alpacaWhereabouts(session)
  const state = await keepState(
    session,
    { ...members, ...(pulses && { IsPulseGuiding: { type: 'flag' } as const }) },
    everyMs,
    signal,
  )
  const arrow = await mountArrows(session, arrows)

  const parked = () => state.flag('AtPark') ?? false
  const slewing = () => (state.flag('Slewing') ?? false) || (arrow?.moving() ?? false)
  const tracking = () => state.flag('Tracking') ?? false
  const status = (): MountStatus => ({
    raHours: state.number('RightAscension') ?? Number.NaN,
    decDeg: state.number('Declination') ?? Number.NaN,
    equinox,
    slewing: slewing() || motion.underWay(),
    tracking: tracking() && !parked(),
    parked: parked(),
    pierSide: sides[state.number('SideOfPier') ?? -1],
    altDeg: state.number('Altitude'),
    azDeg: state.number('Azimuth'),
    atMs: state.atMs(),
  })
  const unparked = () => {
    if (parked()) throw new Fault('limit', `${name} is parked`, 'Unpark it first')
  }
  const checked = ({ raHours, decDeg, equinox: said }: Pointing) => {
    if (said !== equinox)
      throw new Fault('bad-input', `${name} takes ${equinox} coordinates, not ${said}`, 'Convert them')
    if (raHours >= 0 && raHours < 24 && decDeg >= -90 && decDeg <= 90) return
    const fix = 'Give RA from 0 to 24 hours and Dec from -90 to 90 degrees'
    throw new Fault('bad-input', `RA ${raHours} h, Dec ${decDeg}° is no place on the sky`, fix)
  }
  const offDeg = (target: Pointing) => separationDeg(status(), target)

  const setTracking = async (on: boolean, of?: AbortSignal) => {
    if (tracking() === on) return
    if (!tracks) throw new Fault('unsupported', `${name} does not let its tracking be switched`, 'Switch it by hand')
    await session.put('tracking', { Tracking: on }, { signal: of })
    const wait = { what: `switching tracking ${on ? 'on' : 'off'}`, ms: answerMs, signal: of }
    await state.until(wait, () => (tracking() === on ? true : undefined))
  }

  let trackingBefore: boolean | undefined
  /** Stops, and brings tracking back to what it was where the driver takes the abort for more. */
  const halt = async (replaced: () => boolean) => {
    const before = trackingBefore
    const stopped = [arrow?.halt(), session.put('abortslew', {}, { ms: answerMs })]
    for (const each of await Promise.allSettled(stopped)) {
      // Nothing is moving that an order could end: it is parked, or stands, of which it is asked below.
      if (each.status === 'rejected' && !standsAnyway(each.reason)) throw each.reason
    }
    const stands = () => !(state.flag('Slewing') ?? arrow?.moving() ?? false)
    await state.until({ what: 'stopping', ms: answerMs }, () => (stands() || replaced() ? true : undefined))
    if (replaced()) return
    arrow?.stands()
    if (before !== undefined && tracks && !parked() && tracking() !== before) await setTracking(before)
  }
  const motion = oneMotion(name, gone, halt)
  session.onLeave(async () => {
    if (!motion.underWay() && !arrow?.moving()) return
    await motion.stop(new Fault('aborted', `${name} is closed`, 'Open it again'))
  })
  const heard = listeners<MountStatus>()
  state.onHeard(() => heard.tell(status()))
  const begin = async (of: AbortSignal, move: (own: AbortSignal) => Promise<void>) => {
    if (!slewing()) trackingBefore = tracking()
    const run = motion.run(of, move)
    // One that answers when it is there says nothing on the way.
    heard.tell(status())
    await run.finally(() => heard.tell(status()))
  }

  const slew = async (target: Pointing, of: AbortSignal) => {
    const what = `slewing to RA ${target.raHours.toFixed(3)} h, Dec ${target.decDeg.toFixed(2)}°`
    const failed = (words: string) => new Fault('broken', `${name}, ${what}: ${words}`, 'See what its driver says')
    // Drivers refuse equatorial coordinates while they do not track (ITelescope, SlewToCoordinatesAsync).
    if (tracks) await setTracking(true, of)
    const order = { RightAscension: target.raHours, Declination: target.decDeg }
    const member = asynchronous ? 'slewtocoordinatesasync' : 'slewtocoordinates'
    await session.put(member, order, { ms: asynchronous ? answerMs * 2 : motionMs, signal: of })
    // Before Platform 7 a driver may take a moment to say that it slews.
    const begun = () => (slewing() || offDeg(target) < thereDeg ? true : undefined)
    await state.until({ what: `${what}, beginning`, ms: startMs, signal: of }, begun).catch(error => {
      const silent = error instanceof Fault && error.code === 'timeout' && !of.aborted
      throw silent ? failed('it did not begin to move') : error
    })
    await state.until({ what, ms: motionMs, signal: of }, () => (slewing() ? undefined : true))
    const missed = offDeg(target)
    if (!(missed < missDeg)) throw failed(`it stopped ${missed.toFixed(1)}° from the target`)
    if (tracks) await setTracking(true, of)
  }
  const park = async (of: AbortSignal) => {
    if (parked()) return
    await begin(of, async own => {
      await session.put('park', {}, { ms: motionMs, signal: own })
      let stillSinceMs = clock.monotonicMs()
      await state.until({ what: 'parking', ms: motionMs, signal: own }, () => {
        if (parked() && !slewing()) return true
        if (slewing()) stillSinceMs = clock.monotonicMs()
        if (clock.monotonicMs() - stillSinceMs < quietMs) return undefined
        throw new Fault('broken', `${name}, parking: it stands, and is not parked`, 'See what its driver says')
      })
    })
  }
  const unpark = async (of: AbortSignal) => {
    if (!parked()) return
    await session.put('unpark', {}, { ms: unparkMs, signal: of })
    await state.until({ what: 'unparking', ms: unparkMs, signal: of }, () => (parked() ? undefined : true))
  }
  const moveAxis = async (axis: 'ra' | 'dec', degPerSecond: number) => {
    if (degPerSecond !== 0) {
      unparked()
      if (!slewing()) trackingBefore = tracking()
    }
    await arrow?.move(axis, degPerSecond)
    await state.refresh()
  }

  return {
    equinox,
    status,
    sense: of => state.refresh(of),
    onStatus: heard.add,
    async slew(target, of) {
      checked(target)
      unparked()
      if (!slews) throw new Fault('unsupported', `${name} cannot go to coordinates`, 'Use a mount with GoTo')
      await begin(of, own => slew(target, own))
    },
    async sync(target, of) {
      checked(target)
      unparked()
      if (!syncs) throw new Fault('unsupported', `${name} cannot be told where it points`, 'Sync it in its own program')
      // As for slews: drivers refuse a sync while they do not track.
      if (tracks) await setTracking(true, of)
      const order = { RightAscension: target.raHours, Declination: target.decDeg }
      await session.put('synctocoordinates', order, { ms: answerMs * 2, signal: of })
      const wait = { what: 'taking the sync', ms: answerMs, signal: of }
      await state.until(wait, () => (offDeg(target) < 0.1 ? true : undefined))
    },
    async stop() {
      if (!slewing() && !motion.underWay()) trackingBefore = undefined
      await motion.stop(new Fault('aborted', `${name} was stopped`, 'Start it again when you are ready'))
    },
    async setTracking(on, of) {
      unparked()
      await setTracking(on, of)
    },
    park: parks ? park : undefined,
    unpark: unparks ? unpark : undefined,
    moveAxis: arrow && moveAxis,
    ...places,
    guidePort: pulses ? alpacaGuidePort(session, state) : undefined,
  }
}

/** What an order to stop answers when nothing moves. */
function standsAnyway(error: unknown): boolean {
  const number = alpacaErrorOf(error)
  return number === alpacaErrors.parked || number === alpacaErrors.invalidOperation || isAbsent(error)
}
