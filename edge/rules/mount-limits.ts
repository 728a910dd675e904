// May the tube point there? The horizon mask and the lowest altitude, the higher of the two wins.
import { allowed, type HorizonMask } from '../science/horizon.js'
import { altAz, type Pointing, type Site } from '../science/sky.js'

export interface MountLimits {
  /** Absent: nobody knows where the horizon is, and nothing may move on a guess. */
  readonly site: Site | undefined
  readonly minimumAltitudeDeg: number
  readonly mask: HorizonMask
}

export type Verdict =
  | { readonly ok: true; readonly altDeg: number; readonly azDeg: number }
  | { readonly ok: false; readonly words: string; readonly fix: string; readonly minSafeAltDeg?: number }

/** Pure: the same target at the same time gets the same answer. */
export function judgePointing(target: Pointing, limits: MountLimits, atMs: number): Verdict {
  if (!limits.site) {
    return {
      ok: false,
      words: 'the place of the observatory is not known, so neither is its horizon',
      fix: 'Set latitude and longitude on the Devices page, or site.latitude and site.longitude in the config',
    }
  }
  const at = altAz(target, limits.site, atMs)
  const judged = allowed(at, limits.mask, limits.minimumAltitudeDeg)
  if (judged.ok) return { ok: true, altDeg: at.altDeg, azDeg: at.azDeg }
  const { minSafeAltDeg, words } = judged
  return { ok: false, words, fix: 'Choose a target that stands higher, or wait until it has risen', minSafeAltDeg }
}
