// A roof and the mounts beneath it are handed out only through here: neither moves unless the other is sensed where it
// must be. Domes turn and open beside the tube, and pass as they are.
import type { Clock } from '../ports/clock.js'
import type { Device } from '../ports/device.js'
import type { Dome } from '../ports/dome.js'
import { Fault, reasonOf } from '../ports/fault.js'
import type { Log } from '../ports/log.js'
import type { Mount } from '../ports/mount.js'
import {
  judgeRoof,
  judgeUnderRoof,
  type MountEvidence,
  type RoofEvidence,
  roofMustStop,
  type Verdict,
} from '../rules/roof-mount.js'

export interface RoofParts {
  readonly clock: Clock
  readonly log: Log
  mounts(): readonly Device<Mount>[]
  domes(): readonly Device<Dome>[]
}

const senseMs = 5_000
const lookMs = 500

/** The same dome; as a roof it moves only while every mount is sensed parked, and stops when one is no more. */
export function guardDome(dome: Dome, { clock, log, mounts }: RoofParts): Dome {
  const move = async (signal: AbortSignal, run: (signal: AbortSignal) => Promise<void>) => {
    if (dome.kind !== 'roof') return run(signal)
    const deadline = clock.deadline(senseMs, 'sensing whether the mounts are parked', signal)
    try {
      for (const mount of mounts()) {
        if (mount.condition === 'ready') await deadline.race(mount.current().sense?.(deadline.signal) ?? settled)
      }
    } finally {
      deadline.cancel()
    }
    const known = mounts().map(mount => mountEvidence(mount, clock))
    demand(judgeRoof(known), 'the roof stays where it is')
    const own = new AbortController()
    const pass = () => own.abort(reasonOf(signal))
    signal.addEventListener('abort', pass, { once: true })
    if (signal.aborted) pass()
    const look = (mount: Device<Mount>) => {
      const evidence = mountEvidence(mount, clock)
      if (own.signal.aborted || !roofMustStop(evidence)) return
      const words = evidence.there ? 'is not parked' : 'is not there any more'
      log.error(`the roof is stopped: mount ${mount.name} ${words}`)
      own.abort(new Fault('unsafe', `the roof was stopped: mount ${mount.name} ${words}`, 'Look at the telescope'))
    }
    const stops = mounts().flatMap(mount => [
      mount.current().onStatus(() => look(mount)),
      mount.onChange(() => look(mount)),
    ])
    // One that goes between two looks, and says nothing as it goes, is missed by neither.
    const again = clock.every(lookMs, () => mounts().forEach(look))
    try {
      await run(own.signal)
    } finally {
      signal.removeEventListener('abort', pass)
      again.cancel()
      for (const stop of stops) stop()
    }
  }
  const { turnTo } = dome
  return {
    kind: dome.kind,
    status: () => dome.status(),
    onStatus: listener => dome.onStatus(listener),
    open: signal => move(signal, own => dome.open(own)),
    close: signal => move(signal, own => dome.close(own)),
    stop: () => dome.stop(),
    turnTo: turnTo && ((azDeg, signal) => turnTo.call(dome, azDeg, signal)),
  }
}

/**
 * The same mount; under a roof it leaves its park only when that is sensed open. Parking, the way to safety, is refused
 * only while the roof moves.
 */
export function underRoof(mount: Mount, { domes }: RoofParts): Mount {
  const roofs = () => domes().flatMap(roofEvidence)
  const leave = () => demand(judgeUnderRoof(roofs()), 'the mount stays where it is')
  const { moveAxis, park, unpark, setSite, setTime, sense, whereabouts } = mount
  return {
    equinox: mount.equinox,
    status: () => mount.status(),
    sense: sense && (signal => sense.call(mount, signal)),
    onStatus: listener => mount.onStatus(listener),
    async slew(target, signal) {
      leave()
      return mount.slew(target, signal)
    },
    sync: (target, signal) => mount.sync(target, signal),
    stop: () => mount.stop(),
    async setTracking(on, signal) {
      if (on) leave()
      return mount.setTracking(on, signal)
    },
    park:
      park &&
      (async signal => {
        demand(judgeUnderRoof(roofs().map(roof => ({ ...roof, there: true, open: true }))), 'the mount does not park')
        return park.call(mount, signal)
      }),
    unpark:
      unpark &&
      (async signal => {
        leave()
        return unpark.call(mount, signal)
      }),
    moveAxis:
      moveAxis &&
      (async (axis, degPerSecond) => {
        if (degPerSecond !== 0) leave()
        return moveAxis.call(mount, axis, degPerSecond)
      }),
    whereabouts: whereabouts && (signal => whereabouts.call(mount, signal)),
    setSite: setSite && ((...where) => setSite.call(mount, ...where)),
    setTime: setTime && ((...when) => setTime.call(mount, ...when)),
    get guidePort() {
      return mount.guidePort
    },
  }
}

const settled = Promise.resolve()

function demand(verdict: Verdict, so: string): void {
  if (!verdict.ok) throw new Fault('unsafe', `${verdict.words}: ${so}`, verdict.fix)
}

function mountEvidence(mount: Device<Mount>, clock: Clock): MountEvidence {
  const { name } = mount
  if (mount.condition !== 'ready') {
    return { name, there: false, parked: false, slewing: false, tracking: false, ageMs: Number.POSITIVE_INFINITY }
  }
  const { parked, slewing, tracking, atMs } = mount.current().status()
  return { name, there: true, parked, slewing, tracking, ageMs: clock.now() - atMs }
}

/** Nothing of a dome that turns; of one that is not there nobody knows, and it counts. */
function roofEvidence(device: Device<Dome>): RoofEvidence[] {
  const { name } = device
  if (device.condition !== 'ready') return [{ name, there: false, open: false, moving: false }]
  const dome = device.current()
  if (dome.kind !== 'roof') return []
  const { shutter, moving } = dome.status()
  return [{ name, there: true, open: shutter === 'open', moving }]
}
