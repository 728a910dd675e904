// Where the pier stands and who says so, at `place`: the settings, and a GPS beside them. A place that nobody has said
// is taken from the first fix.
import type { Clock } from '../ports/clock.js'
import { asFault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { GpsFix } from '../ports/gps.js'
import type { Log } from '../ports/log.js'
import { judgePlace, soundFix } from '../rules/place-sources.js'
import type { GeographicPosition } from '../science/geographic-position.js'
import { fixOf } from './gps-states.js'
import { lookAgain } from './look-again.js'
import type { Site } from './site-settings.js'

export interface PlaceParts {
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  /** Asks for a receiver that is nobody's device, where the box has one of its own. */
  readonly askGps?: (signal: AbortSignal) => Promise<GpsFix | undefined>
  /** As the settings say now. */
  site(): Site
  /** Changes the settings; refuses while something runs. */
  save(changes: { readonly site: object }): Promise<unknown>
}

/** So often is looked, and so long is waited after what could not be saved, ms. */
const everyMs = 10_000
const againMs = 60_000
/** A receiver of the box itself is asked so often, ms. */
const askMs = 30_000

/** Starts the reports; the returned function ends them. */
export function reportPlace({ feed, clock, log, askGps, site, save }: PlaceParts): () => void {
  let saving = false
  let notBeforeMs = 0
  let own: GpsFix | undefined
  const follow = async (place: GeographicPosition) => {
    saving = true
    notBeforeMs = clock.monotonicMs() + againMs
    try {
      await save({ site: placeSettings(place) })
      await feed.event('place-from-gps', { ...rounded(place) })
    } catch (error) {
      const fault = asFault(error, 'the place')
      // Nothing is restarted under what runs; it is tried again.
      if (fault.code !== 'busy') log.warn(`the place that a GPS tells could not be saved: ${fault.message}`)
    } finally {
      saving = false
    }
  }
  const look = () => {
    const { latitude, longitude, elevation, position_from: source, place: name } = site()
    const known =
      latitude === undefined || longitude === undefined
        ? undefined
        : { latitudeDeg: latitude, longitudeDeg: longitude, elevationMetres: elevation, source }
    const fix = soundFix(fixOf(feed, clock.now()) ?? own)
    const { uncertaintyKm, gpsAwayKm, gpsDisagrees, follow: to } = judgePlace(known, fix)
    feed.set('place', {
      known: known !== undefined,
      ...(known ?? {}),
      name,
      uncertaintyKm,
      ...(fix && { gpsLatitudeDeg: fix.latitudeDeg, gpsLongitudeDeg: fix.longitudeDeg }),
      ...(fix?.elevationMetres === undefined ? {} : { gpsElevationMetres: fix.elevationMetres }),
      gpsAwayKm: gpsAwayKm === undefined ? undefined : Math.round(gpsAwayKm * 10) / 10,
      gpsDisagrees,
    })
    if (to && !saving && clock.monotonicMs() >= notBeforeMs) void follow(to)
  }
  look()
  const again = clock.every(everyMs, look)
  const noMore =
    askGps &&
    lookAgain({ clock, log }, { what: 'asking gpsd', everyMs: askMs, look: askGps, tell: fix => void (own = fix) })
  const deaf = feed.listen({ event: ({ kind }) => kind === 'config-saved' && look() })
  return () => {
    again.cancel()
    deaf()
    noMore?.()
    feed.drop('place')
  }
}

/** To 0.0001°, ten metres: better than that no receiver says it twice. */
const rounded = ({ latitudeDeg, longitudeDeg, elevationMetres }: GeographicPosition) => ({
  latitudeDeg: Math.round(latitudeDeg * 1e4) / 1e4,
  longitudeDeg: Math.round(longitudeDeg * 1e4) / 1e4,
  ...(elevationMetres === undefined ? {} : { elevationMetres: Math.round(elevationMetres) }),
})

function placeSettings(place: GeographicPosition) {
  const { latitudeDeg: latitude, longitudeDeg: longitude, elevationMetres } = rounded(place)
  const height = elevationMetres === undefined ? {} : { elevation: elevationMetres }
  return { latitude, longitude, ...height, position_from: 'gps', place: null }
}
