// May the tube point there? The horizon mask and the lowest altitude, the higher of the two wins.
import { allowed, type HorizonMask } from '../science/horizon.js'
import { altAz, type Pointing, type Site } from '../science/sky.js'
import { groundsFor } from './time-and-place.js'
import type { TimeQuality } from './time-quality.js'

export interface MountLimits {
  /** Absent: nobody knows where the horizon is, and nothing may move on a guess. */
  readonly site: Site | undefined
  /** As little known, it turns the horizon away from under the sky. */
  readonly time: TimeQuality
  readonly minimumAltitudeDeg: number
  readonly mask: HorizonMask
}

export type Verdict =
  | { readonly ok: true; readonly altDeg: number; readonly azDeg: number }
  | { readonly ok: false; readonly words: string; readonly fix: string; readonly minSafeAltDeg?: number }

/** Pure: the same target at the same time gets the same answer. */
export function judgePointing(target: Pointing, limits: MountLimits, atMs: number): Verdict {
  const grounds = groundsFor('pointing', limits.site, limits.time)
  if (!grounds.ok) return grounds
  const at = altAz(target, grounds.site, atMs)
  const judged = allowed(at, limits.mask, limits.minimumAltitudeDeg)
  if (judged.ok) return { ok: true, altDeg: at.altDeg, azDeg: at.azDeg }
  const { minSafeAltDeg, words } = judged
  return { ok: false, words, fix: 'Choose a target that stands higher, or wait until it has risen', minSafeAltDeg }
}

/** Degrees per second that the arrows add to whatever the mount does by itself. */
export interface ArrowRates {
  readonly ra: number
  readonly dec: number
}

/** Mounts tell where they are about once a second, and need a moment to come to rest. */
const aheadSeconds = 1.5

/**
 * May the arrows go on like this? Where they lead to must be allowed, or at least higher than where the tube is: out of
 * a place that is not allowed there must be a way back.
 */
export function judgeArrows(from: Pointing, rates: ArrowRates, limits: MountLimits, atMs: number): Verdict {
  const to = ahead(from, rates)
  const verdict = judgePointing(to, limits, atMs)
  const grounds = groundsFor('pointing', limits.site, limits.time)
  if (verdict.ok || !grounds.ok) return verdict
  const here = altAz(from, grounds.site, atMs)
  const there = altAz(to, grounds.site, atMs)
  return there.altDeg > here.altDeg ? { ok: true, ...there } : verdict
}

function ahead({ raHours, decDeg, equinox }: Pointing, { ra, dec }: ArrowRates): Pointing {
  const beyond = decDeg + dec * aheadSeconds
  const overPole = Math.abs(beyond) > 90
  const hours = raHours + (ra * aheadSeconds) / 15 + (overPole ? 12 : 0)
  return {
    raHours: ((hours % 24) + 24) % 24,
    decDeg: overPole ? Math.sign(beyond) * 180 - beyond : beyond,
    equinox,
  }
}
