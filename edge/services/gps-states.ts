// Receivers of GPS as the feed tells of them: only a real one says where and when we are.
import type { Feed } from '../ports/feed.js'
import type { GeographicPosition } from '../science/geographic-position.js'

/** The simulated one knows the place and the time that the simulation was given. @param path `gps/<device>` */
export function isReal(feed: Pick<Feed, 'get'>, path: string): boolean {
  const driver = feed.get(`device/${path.slice('gps/'.length)}`)?.value.driver
  return driver !== undefined && driver !== 'simulator'
}

/** A fix no older than this tells where we are, ms. */
const freshMs = 60_000

/** What the first real receiver with a fresh fix says. */
export function fixOf(feed: Pick<Feed, 'get' | 'states'>, nowMs: number): GeographicPosition | undefined {
  for (const { path, value } of feed.states('gps')) {
    const { condition, latitudeDeg, longitudeDeg, elevationMetres, fixAtMs } = value
    if (condition !== 'ready' || typeof latitudeDeg !== 'number' || typeof longitudeDeg !== 'number') continue
    if (typeof fixAtMs !== 'number' || Math.abs(nowMs - fixAtMs) > freshMs || !isReal(feed, path)) continue
    // Where no land is, receivers without a fix stand.
    if (latitudeDeg === 0 && longitudeDeg === 0) continue
    return { latitudeDeg, longitudeDeg, ...(typeof elevationMetres === 'number' ? { elevationMetres } : {}) }
  }
  return undefined
}
