// What the files say of the observatory at the moment of exposure: site, telescope, pointing, focuser, rotator.
import type { Feed } from '../ports/feed.js'
import type { Timekeeping } from '../ports/timekeeping.js'
import type { TimeSource } from '../rules/time-quality.js'
import type { Card } from '../science/fits-header.js'
import { airmass, formatDec, formatRa } from '../science/sky.js'
import type { Site } from './site-settings.js'

export interface HeaderParts {
  readonly feed: Pick<Feed, 'get'>
  readonly site: Site
  readonly time: Timekeeping
  readonly use: {
    readonly camera?: string
    readonly mount?: string
    readonly focuser?: string
    readonly rotator?: string
  }
}

/**
 * Cards of ours for a frame taken now. SBFITSEXT 1.0 names; degrees, mm, metres.
 * @param camera telescope and focuser of the site are those of the main camera; others look through their own
 * @param clockSteppedSeconds how far the clock was set while the frame was exposed
 */
export function observatoryCards(
  { feed, site, time, use }: HeaderParts,
  object: string | undefined,
  camera: string,
  clockSteppedSeconds = 0,
): Card[] {
  const main = camera === use.camera
  const cards: Card[] = []
  const put = (keyword: string, value: Card['value'], comment: string) => {
    if (value !== undefined) cards.push({ keyword, value, comment })
  }
  put('OBJECT', object, 'what was observed')
  put('OBSERVER', site.observer, 'who observed')
  put('ORIGIN', site.name, 'observatory')
  if (main) {
    put('TELESCOP', site.telescope, 'telescope')
    put('FOCALLEN', site.focal_length, '[mm] focal length')
    put('APTDIA', site.aperture, '[mm] aperture')
  }
  // FITS 4.0 §9: dates are UTC, and so far off they may be. Who says so has no keyword of the standard.
  const { source, uncertaintySeconds } = time.quality()
  put('TIMESYS', 'UTC', 'time scale of DATE-OBS')
  if (uncertaintySeconds !== undefined) {
    put('TIMEUNIT', 's', 'unit of TIMSYER')
    put('TIMSYER', Number(uncertaintySeconds.toPrecision(2)), '[s] DATE-OBS may be off by so much')
  }
  put('PS_CLOCK', source, clockWords[source])
  if (clockSteppedSeconds !== 0) put('PS_STEP', clockSteppedSeconds, '[s] clock set meanwhile, forward positive')
  put('SITELAT', site.latitude, '[deg] latitude, north positive')
  put('SITELONG', site.longitude, '[deg] longitude, east positive')
  if (site.latitude !== undefined) put('SITEELEV', site.elevation, '[m] above the sea')

  const mount = use.mount === undefined ? undefined : feed.get(`mount/${use.mount}`)
  if (mount && !mount.stale && mount.value.condition === 'ready') {
    const { raHours, decDeg, altDeg, azDeg, pierSide } = mount.value as Record<string, never>
    if (typeof raHours === 'number' && typeof decDeg === 'number') {
      put('RA', raHours * 15, '[deg] J2000, as the mount says')
      put('DEC', decDeg, '[deg] J2000, as the mount says')
      put('OBJCTRA', formatRa(raHours, ' '), 'J2000, as the mount says')
      put('OBJCTDEC', formatDec(decDeg, ' '), 'J2000, as the mount says')
      put('EQUINOX', 2000, '[yr] equinox of RA and DEC')
    }
    if (typeof altDeg === 'number') {
      put('OBJCTALT', altDeg, '[deg] altitude')
      put('OBJCTAZ', azDeg, '[deg] azimuth, north 0, east 90')
      if (altDeg > 0) put('AIRMASS', Math.round(airmass(altDeg) * 1e4) / 1e4, 'relative optical path')
    }
    if (pierSide) put('PIERSIDE', String(pierSide).toUpperCase(), 'side of the pier the tube is on')
  }
  const focuser = use.focuser === undefined ? undefined : feed.get(`focuser/${use.focuser}`)
  if (main && focuser?.value.condition === 'ready') {
    put('FOCUSPOS', focuser.value.position as number | undefined, '[step] focuser position')
    put('FOCTEMP', focuser.value.celsius as number | undefined, '[degC] focuser temperature')
  }
  const rotator = use.rotator === undefined ? undefined : feed.get(`rotator/${use.rotator}`)
  if (main && rotator?.value.condition === 'ready') {
    put('ROTATANG', rotator.value.angleDeg as number | undefined, '[deg] angle of the rotator')
  }
  return cards
}

const clockWords: Readonly<Record<TimeSource, string>> = {
  gps: 'the clock follows a GPS receiver',
  ntp: 'the clock follows the network',
  phone: 'the clock was set by a phone',
  rtc: 'the clock goes on by its battery',
  'last-saved': 'DATE-OBS is not to be trusted',
  none: 'DATE-OBS is not to be trusted',
}
