// The simulated mount and what it makes the tube look at: axes, sidereal time, and the small errors of real mounts.
import type { PierSide } from '../../../ports/mount.js'
import { lineNoise } from '../../../science/seeded-noise.js'
import { precess, type Site, siderealHours } from '../../../science/sky.js'
import { type Axes, axesFrom, type Hour, hourOf, type Stance, sideOf, stanceOf, wrap180 } from './axes.js'

export interface TelescopeTraits {
  readonly seed: number
  readonly site: Site
  readonly slewDegPerSecond: number
  /** How far the polar axis is off. */
  readonly polarErrorArcmin: number
  /** Peak of the worm's error over its turn of 2°, 480 s. */
  readonly periodicErrorArcsec: number
  /** How far the encoders' zero is off until somebody syncs. */
  readonly pointingErrorArcmin: number
  readonly startParked: boolean
}

/** Time as the observatory lives it: monotonic ms for motion, and the wall time that belongs to it. */
export interface Hours {
  monotonicMs(): number
  wallMs(monotonicMs: number): number
}

/** Where the tube looks: J2000, and the position angle of its upward direction. */
export interface Look {
  readonly raDeg: number
  readonly decDeg: number
  readonly upDeg: number
  /** Of the date, for what depends on the horizon. */
  readonly hourAngleDeg: number
}

export interface Telescope {
  readonly slewDegPerSecond: number
  /** What the mount believes, equinox of date. */
  believed(): Hour & { readonly raDeg: number; readonly side: PierSide }
  readonly tracking: boolean
  readonly parked: boolean
  readonly slewing: boolean
  readonly stalled: boolean
  /** Where the tube really looks, or looked. */
  lookAt(monotonicMs: number): Look
  /** Tube and mount at that moment, for drawing. */
  stanceNow(): Stance
  hourOfDate(raDeg: number): number
  /** Sets off to a place in the sky, with the counterweight down; gives the ms it will take. */
  setOff(target: { readonly raDeg: number; readonly decDeg: number } | 'park'): number
  /** The axes have arrived, or have not and never will. */
  arrive(): boolean
  /** Ends slews and arrows; tracking goes on. */
  halt(): void
  track(on: boolean): void
  unpark(): void
  /** Degrees per second of RA and dec on top of tracking: an arrow key. */
  push(axis: 'ra' | 'dec', degPerSecond: number): void
  /** The same for guiding, added to the arrows. */
  nudge(axis: 'ra' | 'dec', degPerSecond: number): void
  sync(raDeg: number, decDeg: number): void
  stall(on: boolean): void
}

const siderealDegPerSecond = 360.98564736629 / 86400
const wormTurnDeg = 2

export function telescope(traits: TelescopeTraits, hours: Hours): Telescope {
  const northern = traits.site.latitudeDeg >= 0
  const start: Hour = { hourAngleDeg: -45, decDeg: northern ? 30 : -30 }
  const axes: Axes = axesFrom(
    hours.monotonicMs(),
    traits.startParked ? { turnDeg: 0, reachDeg: 0 } : stanceOf(start, 'west', northern),
  )
  const errors = mountErrors(traits)
  const arrows = { ra: 0, dec: 0 }
  const guiding = { ra: 0, dec: 0 }
  let tracking = false
  let parked = traits.startParked
  let stalled = false
  let slew: { readonly endMs: number; readonly goal: Stance; readonly park: boolean } | undefined
  let zero = { hourAngleDeg: 0, decDeg: 0 } // what syncs have added to the encoders

  const lst = (ms: number) => siderealHours(traits.site, hours.wallMs(ms)) * 15
  /** Puts the axes on the rates that the orders amount to. */
  const drive = (ms: number) => {
    if (stalled) return axes.drive(ms, 0, 0)
    const { reachDeg } = axes.at(ms)
    const eastward = arrows.ra + guiding.ra
    const northward = arrows.dec + guiding.dec
    const turn = (tracking ? siderealDegPerSecond : 0) - eastward
    const poleward = northern ? northward : -northward
    axes.drive(ms, northern ? turn : -turn, reachDeg >= 0 ? -poleward : poleward)
  }
  const believedAt = (ms: number): Hour => {
    const hour = hourOf(axes.at(ms), northern)
    return { hourAngleDeg: wrap180(hour.hourAngleDeg + zero.hourAngleDeg), decDeg: clampDec(hour.decDeg + zero.decDeg) }
  }
  const track = (on: boolean) => {
    tracking = on
    if (!slew) drive(hours.monotonicMs())
  }
  if (!traits.startParked) track(true)

  return {
    slewDegPerSecond: traits.slewDegPerSecond,
    believed() {
      const ms = hours.monotonicMs()
      const hour = believedAt(ms)
      return { ...hour, raDeg: wrap360(lst(ms) - hour.hourAngleDeg), side: sideOf(axes.at(ms), northern) }
    },
    get tracking() {
      // A mount at its stop does not track whatever it was told.
      return tracking && !slew && (stalled || axes.rates(hours.monotonicMs()).turn !== 0)
    },
    get parked() {
      return parked
    },
    get slewing() {
      return slew !== undefined
    },
    get stalled() {
      return stalled
    },
    stanceNow: () => axes.at(hours.monotonicMs()),
    hourOfDate: raDeg => wrap180(lst(hours.monotonicMs()) - raDeg),
    lookAt(ms) {
      const stance = axes.at(ms)
      const seen = errors.apply(stance, northern, ms)
      const wallMs = hours.wallMs(ms)
      const ofDate = { raHours: wrap360(lst(ms) - seen.hourAngleDeg) / 15, decDeg: seen.decDeg }
      // North of date and of J2000 differ by a tenth of a degree, the same for hours: no frame can tell.
      const { raHours, decDeg } = precess(ofDate, 'jnow', 'j2000', wallMs)
      return { raDeg: raHours * 15, decDeg, upDeg: seen.upDeg, hourAngleDeg: seen.hourAngleDeg }
    },
    setOff(target) {
      const ms = hours.monotonicMs()
      const from = axes.at(ms)
      const goal = target === 'park' ? { turnDeg: 0, reachDeg: 0 } : goalOf(target)
      const travel = Math.max(Math.abs(goal.turnDeg - from.turnDeg), Math.abs(goal.reachDeg - from.reachDeg))
      // Half a second to get going and come to rest.
      const seconds = travel / traits.slewDegPerSecond + 0.5
      const drift = target === 'park' ? 0 : siderealDegPerSecond * seconds * (northern ? 1 : -1)
      const goalThen = { turnDeg: goal.turnDeg + drift, reachDeg: goal.reachDeg }
      slew = { endMs: ms + seconds * 1000, goal: goalThen, park: target === 'park' }
      if (stalled) axes.drive(ms, 0, 0)
      else axes.drive(ms, (goalThen.turnDeg - from.turnDeg) / seconds, (goalThen.reachDeg - from.reachDeg) / seconds)
      arrows.ra = 0
      arrows.dec = 0
      return seconds * 1000
    },
    arrive() {
      if (!slew) return false
      const { goal, endMs, park } = slew
      const ms = Math.max(hours.monotonicMs(), endMs)
      const { turnDeg, reachDeg } = axes.at(endMs)
      slew = undefined
      const there = !stalled && Math.hypot(turnDeg - goal.turnDeg, reachDeg - goal.reachDeg) < 0.01
      if (there && park) {
        tracking = false
        parked = true
      } else if (there) tracking = true
      if (there) axes.place(endMs, goal)
      drive(there ? endMs : ms)
      return there
    },
    halt() {
      slew = undefined
      arrows.ra = 0
      arrows.dec = 0
      drive(hours.monotonicMs())
    },
    track,
    unpark() {
      parked = false
    },
    push(axis, degPerSecond) {
      arrows[axis] = degPerSecond
      drive(hours.monotonicMs())
    },
    nudge(axis, degPerSecond) {
      guiding[axis] = degPerSecond
      if (!slew) drive(hours.monotonicMs())
    },
    sync(raDeg, decDeg) {
      const ms = hours.monotonicMs()
      const hour = hourOf(axes.at(ms), northern)
      zero = { hourAngleDeg: wrap180(lst(ms) - raDeg - hour.hourAngleDeg), decDeg: decDeg - hour.decDeg }
    },
    stall(on) {
      stalled = on
      const ms = hours.monotonicMs()
      if (on || !slew) drive(ms)
    },
  }

  function goalOf(target: { readonly raDeg: number; readonly decDeg: number }): Stance {
    const hourAngleDeg = wrap180(lst(hours.monotonicMs()) - target.raDeg - zero.hourAngleDeg)
    const side: PierSide = hourAngleDeg < 0 ? 'west' : 'east'
    return stanceOf({ hourAngleDeg, decDeg: clampDec(target.decDeg - zero.decDeg) }, side, northern)
  }
}

/**
 * Encoder zero, worm and polar misalignment turned into where the tube looks. The polar axis is off by a fixed
 * small turn of the whole mount: declination drift and field rotation come out of that together, as on a real one.
 */
function mountErrors(traits: TelescopeTraits) {
  const phase = (traits.seed % 360) * (Math.PI / 180)
  const polarRad = ((traits.polarErrorArcmin / 60) * Math.PI) / 180
  const altitudeRad = polarRad * Math.cos(phase)
  const azimuthRad = polarRad * Math.sin(phase)
  const zeroTurnDeg = (traits.pointingErrorArcmin / 60) * Math.cos(phase * 3)
  const zeroReachDeg = (traits.pointingErrorArcmin / 60) * Math.sin(phase * 3)
  /** Rotates a vector of the mount's frame (x meridian, y west, z pole) into the sky's. */
  const tilt = (v: Vector): Vector => {
    const [x, y, z] = v
    const turned: Vector = [
      x * Math.cos(altitudeRad) - z * Math.sin(altitudeRad),
      y,
      x * Math.sin(altitudeRad) + z * Math.cos(altitudeRad),
    ]
    return [
      turned[0],
      turned[1] * Math.cos(azimuthRad) - turned[2] * Math.sin(azimuthRad),
      turned[1] * Math.sin(azimuthRad) + turned[2] * Math.cos(azimuthRad),
    ]
  }
  return {
    apply(stance: Stance, northern: boolean, ms: number): Hour & { readonly upDeg: number } {
      const worm = (traits.periodicErrorArcsec / 3600) * Math.sin((2 * Math.PI * stance.turnDeg) / wormTurnDeg + phase)
      // Bearings, wind and air shake the tube by a few tenths of an arcsecond within seconds.
      const shake = (which: number) => (0.7 / 3600) * (lineNoise(traits.seed + which, ms / 3000) - 0.5)
      const hour = hourOf(
        {
          turnDeg: stance.turnDeg + worm + zeroTurnDeg + shake(11),
          reachDeg: stance.reachDeg + zeroReachDeg + shake(12),
        },
        northern,
      )
      const h = (hour.hourAngleDeg * Math.PI) / 180
      const d = (hour.decDeg * Math.PI) / 180
      const looking = tilt([Math.cos(d) * Math.cos(h), Math.cos(d) * Math.sin(h), Math.sin(d)])
      // Up in the tube is along its declination circle: north with the tube west of the pier, south with it east.
      const flip = sideOf(stance, northern) === 'west' ? 1 : -1
      const up = tilt([-flip * Math.sin(d) * Math.cos(h), -flip * Math.sin(d) * Math.sin(h), flip * Math.cos(d)])
      const decRad = Math.asin(Math.min(1, Math.max(-1, looking[2])))
      const hourRad = Math.atan2(looking[1], looking[0])
      const north: Vector = [
        -Math.sin(decRad) * Math.cos(hourRad),
        -Math.sin(decRad) * Math.sin(hourRad),
        Math.cos(decRad),
      ]
      const east: Vector = [Math.sin(hourRad), -Math.cos(hourRad), 0]
      return {
        hourAngleDeg: (hourRad * 180) / Math.PI,
        decDeg: (decRad * 180) / Math.PI,
        upDeg: (Math.atan2(dot(up, east), dot(up, north)) * 180) / Math.PI,
      }
    },
  }
}

type Vector = readonly [number, number, number]

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

function clampDec(decDeg: number): number {
  return Math.min(90, Math.max(-90, decDeg))
}

function wrap360(angleDeg: number): number {
  return ((angleDeg % 360) + 360) % 360
}
