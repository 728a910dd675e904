// Sunset, dusk, dawn and sunrise of one night.

import { nightStartMs } from './night-date.js'
import { nextAltitudeCrossing, type Site } from './sky.js'

/** Unix ms each; undefined where the Sun does not pass that altitude in this night. */
export interface Twilight {
  readonly sunsetMs?: number // −0.833°: upper limb, with mean refraction
  readonly civilDuskMs?: number // −6°
  readonly nauticalDuskMs?: number // −12°
  readonly astronomicalDuskMs?: number // −18°
  readonly astronomicalDawnMs?: number
  readonly nauticalDawnMs?: number
  readonly civilDawnMs?: number
  readonly sunriseMs?: number
}

/** The twilights of the night that `atMs` belongs to, noon to noon. */
export function twilight(site: Site, atMs: number): Twilight {
  const noonMs = nightStartMs(atMs, site.longitudeDeg)
  const sets = (altitudeDeg: number) => nextAltitudeCrossing('sun', altitudeDeg, 'setting', site, noonMs, 1)
  const rises = (altitudeDeg: number) => nextAltitudeCrossing('sun', altitudeDeg, 'rising', site, noonMs, 1)
  return {
    sunsetMs: sets(-0.833),
    civilDuskMs: sets(-6),
    nauticalDuskMs: sets(-12),
    astronomicalDuskMs: sets(-18),
    astronomicalDawnMs: rises(-18),
    nauticalDawnMs: rises(-12),
    civilDawnMs: rises(-6),
    sunriseMs: rises(-0.833),
  }
}
