// Trees, roofs and hills: how high the tube must point in each direction to see sky, and whether a target may be
// pointed at.

import { ScienceError } from './science-error.js'
import type { AltAz } from './sky.js'

/**
 * Knots of the skyline, each [altitude 0 … 90, azimuth 0 ≤ az < 360] in degrees, straight lines between them, all
 * round.
 */
export type HorizonMask = readonly (readonly [altDeg: number, azDeg: number])[]

export type Allowance =
  | { readonly ok: true }
  | { readonly ok: false; readonly minSafeAltDeg: number; readonly words: string }

/** @throws ScienceError naming the first knot that is out of range, counted from 1 */
export function checkMask(mask: HorizonMask): void {
  mask.forEach(([altDeg, azDeg], index) => {
    if (!(altDeg >= 0 && altDeg <= 90))
      throw new ScienceError(`horizon knot ${index + 1}: altitude ${altDeg}° is outside 0° to 90°`)
    if (!(azDeg >= 0 && azDeg < 360))
      throw new ScienceError(`horizon knot ${index + 1}: azimuth ${azDeg}° is outside 0° to below 360°`)
  })
}

/**
 * The altitude of the skyline in a direction, degrees; 0 without knots.
 * Linear between neighbouring knots, across north too. Two knots at one azimuth are a wall: exactly there the higher
 * counts.
 * @param mask in any order
 * @param azDeg any finite azimuth
 */
export function minAltitude(mask: HorizonMask, azDeg: number): number {
  checkMask(mask)
  if (!Number.isFinite(azDeg)) throw new ScienceError(`azimuth is ${azDeg}, not a number`)
  if (mask.length === 0) return 0
  // stable: the two sides of a wall stay in the order they were given
  const knots = [...mask].sort((a, b) => a[1] - b[1])
  const az = ((azDeg % 360) + 360) % 360
  const here = knots.filter(knot => knot[1] === az)
  if (here.length > 0) return Math.max(...here.map(knot => knot[0]))
  const after = knots.find(knot => knot[1] > az) ?? knots[0]
  const before = knots.findLast(knot => knot[1] < az) ?? knots[knots.length - 1]
  const gapDeg = (after[1] - before[1] + 360) % 360 || 360 // one knot alone goes all the way round to itself
  const pastDeg = (az - before[1] + 360) % 360
  return before[0] + ((after[0] - before[0]) * pastDeg) / gapDeg
}

/**
 * May the tube point there? Whatever is not a number is refused.
 * @param minimumAltitudeDeg lowest altitude the owner allows in any direction
 */
export function allowed(target: AltAz, mask: HorizonMask, minimumAltitudeDeg: number): Allowance {
  const { altDeg, azDeg } = target
  if (!Number.isFinite(altDeg) || !Number.isFinite(azDeg) || !Number.isFinite(minimumAltitudeDeg))
    return { ok: false, minSafeAltDeg: 90, words: 'where the target stands is not known' }
  const skylineDeg = minAltitude(mask, azDeg)
  const minSafeAltDeg = Math.max(skylineDeg, minimumAltitudeDeg)
  if (altDeg >= minSafeAltDeg) return { ok: true }
  const stands = `the target stands ${altDeg.toFixed(1)}° high at azimuth ${azDeg.toFixed(0)}°`
  const words =
    altDeg < 0
      ? `${stands}, below the horizon`
      : skylineDeg > minimumAltitudeDeg
        ? `${stands}, behind the horizon mask, which is ${skylineDeg.toFixed(1)}° high there`
        : `${stands}, below the lowest altitude allowed, ${minimumAltitudeDeg.toFixed(1)}°`
  return { ok: false, minSafeAltDeg, words }
}
