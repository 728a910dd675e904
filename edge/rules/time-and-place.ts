// The one rule for all that hangs on where we are and when: it is refused while that is not known. Exposing never asks.
import type { Site } from '../science/sky.js'
import type { TimeQuality, TimeSource } from './time-quality.js'

/**
 * `pointing`: goto, horizon, altitudes. `daylight`: dusk and dawn. `photometry`: the air that light came through.
 * `mount`: a mount's own clock, which may be right already.
 */
export type Need = 'pointing' | 'daylight' | 'photometry' | 'mount'

export const needs: readonly Need[] = ['pointing', 'daylight', 'photometry', 'mount']

/**
 * How far off the clock may be, seconds. The sky turns by 15″ a second: a minute is a quarter of a degree at a horizon
 * whose limits are set in degrees. The Sun needs four minutes for its degree. A minute changes the airmass at 30° of
 * altitude by less than 0.01. A mount that is told half a minute wrong misses by 7.5′, which its own alignment
 * takes in.
 */
const mostSeconds: Readonly<Record<Need, number>> = { pointing: 60, daylight: 240, photometry: 60, mount: 30 }

export type Grounds =
  | { readonly ok: true; readonly site: Site }
  | { readonly ok: false; readonly lacks: 'time' | 'place'; readonly words: string; readonly fix: string }

/** @param site undefined while nobody has said where the pier stands */
export function groundsFor(need: Need, site: Site | undefined, time: TimeQuality): Grounds {
  if (!site) {
    return {
      ok: false,
      lacks: 'place',
      words: 'the place of the observatory is not known, so neither is its horizon',
      fix: 'Name a town, a position or a GPS under "Time and place", or set site.latitude and site.longitude',
    }
  }
  if (timeServes(need, time)) return { ok: true, site }
  return {
    ok: false,
    lacks: 'time',
    words: `the time is not known well enough: ${doubts(time)}`,
    fix: 'Open the page on a phone and let the box take its clock, or give it a GPS or a network with the internet',
  }
}

export function timeServes(need: Need, { source, uncertaintySeconds }: TimeQuality): boolean {
  return source !== 'none' && uncertaintySeconds !== undefined && uncertaintySeconds <= mostSeconds[need]
}

const origins: Readonly<Record<TimeSource, string>> = {
  gps: 'the clock follows a GPS receiver',
  ntp: 'the clock follows the network',
  phone: 'the clock was set by a phone',
  rtc: 'the clock goes on by its battery',
  'last-saved': 'the clock goes on from the time before the power went',
  none: 'nobody has told the box the time since it started',
}

function doubts({ source, uncertaintySeconds }: TimeQuality): string {
  if (source === 'none') return origins.none
  const off =
    uncertaintySeconds === undefined
      ? 'and nobody knows how far it is off'
      : `and may be off by ${spoken(uncertaintySeconds)}`
  return `${origins[source]}, ${off}`
}

function spoken(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}
