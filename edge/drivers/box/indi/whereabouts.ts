// What an INDI mount believes of place and time, and how it is told. Its clock is heard of when the driver says it
// anew; a definition may repeat what was said hours ago.
import type { Mount } from '../../../ports/mount.js'
import type { IndiSession } from './session.js'

const place = 'GEOGRAPHIC_COORD'
const clockName = 'TIME_UTC'
const answerMs = 5_000

/** What the mount has of it now: drivers define these once they are connected. */
export function indiWhereabouts(session: IndiSession): Pick<Mount, 'whereabouts' | 'setSite' | 'setTime'> {
  const { clock } = session
  const writable = (property: string) => session.property(property)?.permission === 'rw'
  const clockAheadSeconds = () => {
    const saidMs = session.saidMs(clockName)
    const text = session.item(clockName, 'UTC')?.value
    const utcMs = typeof text === 'string' && text !== '' ? Date.parse(`${text.replace(/Z$/, '')}Z`) : Number.NaN
    if (saidMs === undefined || Number.isNaN(utcMs)) return undefined
    return (utcMs + clock.monotonicMs() - saidMs - clock.now()) / 1000
  }
  const whereabouts = async () => {
    const latitudeDeg = session.number(place, 'LAT')
    const east = session.number(place, 'LONG')
    // What nobody has set is zero.
    const known = latitudeDeg !== undefined && east !== undefined && (latitudeDeg !== 0 || east !== 0)
    return {
      ...(known && { latitudeDeg, longitudeDeg: east > 180 ? east - 360 : east }),
      ...(known && { elevationMetres: session.number(place, 'ELEV') }),
      clockAheadSeconds: clockAheadSeconds(),
    }
  }
  const setSite: Mount['setSite'] = async (latitudeDeg, longitudeDeg, elevationMetres, of) => {
    // Drivers want all three, or take none.
    const ELEV = elevationMetres ?? session.number(place, 'ELEV') ?? 0
    const site = { LAT: latitudeDeg, LONG: ((longitudeDeg % 360) + 360) % 360, ELEV }
    await session.settle(place, site, { what: 'setting its site', ms: answerMs, signal: of })
  }
  const setTime = async (utcMs: number, zoneHours: number, of: AbortSignal) => {
    const UTC = new Date(utcMs).toISOString().slice(0, 19)
    const said = { UTC, OFFSET: zoneHours.toFixed(2) }
    await session.settle(clockName, said, { what: 'setting its clock', ms: answerMs, signal: of })
  }
  return {
    get whereabouts() {
      return session.property(place) || session.property(clockName) ? whereabouts : undefined
    },
    get setSite() {
      return writable(place) ? setSite : undefined
    },
    get setTime() {
      return writable(clockName) ? setTime : undefined
    },
  }
}
