// Which word on where the pier stands holds: what the owner said stays until he says otherwise, whatever a GPS hears; a
// place that came from a GPS follows it.
import { distanceKm, type GeographicPosition, isHeight } from '../science/geographic-position.js'

export const placeSources = ['typed', 'town', 'gps', 'simulated'] as const
export type PlaceSource = (typeof placeSources)[number]

export interface PlaceVerdict {
  /** How well the place is known, kilometres; absent for what was typed, which is as good as its writer. */
  readonly uncertaintyKm?: number
  /** The GPS stands so far away from it, kilometres. */
  readonly gpsAwayKm?: number
  /** Further than the place allows for: somebody has to say which is true. */
  readonly gpsDisagrees: boolean
  /** To be written down as the place. */
  readonly follow?: GeographicPosition
}

/** By source: what is no disagreement, kilometres. A town is named by its middle; the simulated sky is nowhere. */
const agreesKm: Readonly<Record<PlaceSource, number>> = {
  typed: 2,
  town: 15,
  gps: 1,
  simulated: Number.POSITIVE_INFINITY,
}
const uncertainKm: Readonly<Partial<Record<PlaceSource, number>>> = { town: 5, gps: 0.05 }

/**
 * What of a fix can be a pier's. Receivers without one say zeros, or whatever their memory holds; a height that is none
 * costs only itself.
 */
export function soundFix(fix: GeographicPosition | undefined): GeographicPosition | undefined {
  if (!fix) return undefined
  const { latitudeDeg, longitudeDeg, elevationMetres } = fix
  if (!(Math.abs(latitudeDeg) <= 90 && Math.abs(longitudeDeg) <= 180)) return undefined
  // Where no land is.
  if (latitudeDeg === 0 && longitudeDeg === 0) return undefined
  const high = elevationMetres !== undefined && isHeight(elevationMetres)
  return { latitudeDeg, longitudeDeg, ...(high && { elevationMetres }) }
}

/**
 * @param known what stands in the settings, with whom it came from  @param fix what a receiver says now
 */
export function judgePlace(
  known: (GeographicPosition & { readonly source: PlaceSource }) | undefined,
  fix: GeographicPosition | undefined,
): PlaceVerdict {
  if (!known) return { gpsDisagrees: false, ...(fix && { follow: fix }) }
  const { source } = known
  const uncertaintyKm = uncertainKm[source]
  if (!fix) return { uncertaintyKm, gpsDisagrees: false }
  const gpsAwayKm = distanceKm(known, fix)
  const far = gpsAwayKm > agreesKm[source]
  return {
    uncertaintyKm,
    gpsAwayKm,
    gpsDisagrees: far && source !== 'gps',
    ...(far && source === 'gps' && { follow: fix }),
  }
}
