// The two axes of a German mount as angles over time: straight lines between orders, so that where the tube looked
// at any past moment can still be said, and nothing has to tick.
import type { PierSide } from '../../../ports/mount.js'

/** How the axes stand. `turnDeg` 0: counterweight down. `reachDeg` 0: at the pole; positive: tube west of the pier. */
export interface Stance {
  readonly turnDeg: number
  readonly reachDeg: number
}

/** A place in the sky that turns with the Earth: hour angle and declination, degrees. */
export interface Hour {
  readonly hourAngleDeg: number
  readonly decDeg: number
}

interface Leg extends Stance {
  readonly fromMs: number
  readonly turnDegPerSecond: number
  readonly reachDegPerSecond: number
}

/** Where the mount runs into its stops. */
const turnStopDeg = 110
const reachStopDeg = 180
/** Legs kept for looking back: hours of guiding. */
const mostLegs = 20_000

export interface Axes {
  at(ms: number): Stance
  /** Degrees per second of both axes at that moment; 0 at a stop. */
  rates(ms: number): { readonly turn: number; readonly reach: number }
  /** From `ms` on the axes turn at these rates; earlier orders after `ms` are forgotten. */
  drive(ms: number, turnDegPerSecond: number, reachDegPerSecond: number): void
  /** From `ms` on the axes stand here: encoders were told so, or time was put right. */
  place(ms: number, stance: Stance): void
}

/** @param startMs monotonic ms, like all times here */
export function axesFrom(startMs: number, stance: Stance): Axes {
  let legs: Leg[] = [{ ...stance, fromMs: startMs, turnDegPerSecond: 0, reachDegPerSecond: 0 }]

  const legAt = (ms: number): Leg => {
    let low = 0
    let high = legs.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (legs[middle].fromMs <= ms) low = middle
      else high = middle - 1
    }
    return legs[low]
  }
  const standing = (leg: Leg, ms: number): Stance => {
    const seconds = Math.max(0, ms - leg.fromMs) / 1000
    return {
      turnDeg: stopped(leg.turnDeg + leg.turnDegPerSecond * seconds, turnStopDeg),
      reachDeg: stopped(leg.reachDeg + leg.reachDegPerSecond * seconds, reachStopDeg),
    }
  }
  const append = (leg: Leg) => {
    while (legs.length > 1 && legs[legs.length - 1].fromMs >= leg.fromMs) legs.pop()
    if (legs.length > mostLegs) legs = legs.slice(mostLegs / 2)
    legs.push(leg)
  }
  return {
    at: ms => standing(legAt(ms), ms),
    rates(ms) {
      const leg = legAt(ms)
      const { turnDeg, reachDeg } = standing(leg, ms)
      return {
        turn: Math.abs(turnDeg) >= turnStopDeg ? 0 : leg.turnDegPerSecond,
        reach: Math.abs(reachDeg) >= reachStopDeg ? 0 : leg.reachDegPerSecond,
      }
    },
    drive(ms, turnDegPerSecond, reachDegPerSecond) {
      append({ ...standing(legAt(ms), ms), fromMs: ms, turnDegPerSecond, reachDegPerSecond })
    },
    place(ms, place) {
      const { turnDegPerSecond, reachDegPerSecond } = legAt(ms)
      append({ ...place, fromMs: ms, turnDegPerSecond, reachDegPerSecond })
    },
  }
}

function stopped(angle: number, stop: number): number {
  return Math.min(stop, Math.max(-stop, angle))
}

/** Where axes in this stance point. North of the equator the pole is the northern one, else the southern. */
export function hourOf({ turnDeg, reachDeg }: Stance, northern: boolean): Hour {
  const side = reachDeg >= 0 ? -90 : 90
  const polarDistance = Math.abs(reachDeg)
  return northern
    ? { hourAngleDeg: wrap180(turnDeg + side), decDeg: 90 - polarDistance }
    : { hourAngleDeg: wrap180(-(turnDeg + side)), decDeg: polarDistance - 90 }
}

/** The stance that points there with the tube on that side. */
export function stanceOf(hour: Hour, side: PierSide, northern: boolean): Stance {
  const hourAngleDeg = northern ? hour.hourAngleDeg : -hour.hourAngleDeg
  const polarDistance = northern ? 90 - hour.decDeg : 90 + hour.decDeg
  const westward = (side === 'west') === northern
  return westward
    ? { turnDeg: wrap180(hourAngleDeg + 90), reachDeg: polarDistance }
    : { turnDeg: wrap180(hourAngleDeg - 90), reachDeg: -polarDistance }
}

export function sideOf({ reachDeg }: Stance, northern: boolean): PierSide {
  return reachDeg >= 0 === northern ? 'west' : 'east'
}

export function wrap180(angleDeg: number): number {
  const wrapped = (((angleDeg % 360) + 540) % 360) - 180
  return wrapped
}
