// A GPS receiver of an INDI server (indi_gpsd among others): asked now and then, since its driver tells by itself only
// when told to.
import type { Gps, GpsFix } from '../../../ports/gps.js'
import { listeners } from '../../listeners.js'
import type { IndiSession } from './session.js'

const askMs = 60_000
const place = 'GEOGRAPHIC_COORD'

export function openIndiGps(session: IndiSession): { gps: Gps; close(): Promise<void> } {
  const { clock } = session
  const fixes = listeners<GpsFix>()
  let last: GpsFix | undefined
  const take = () => {
    const at = session.property(place)
    const latitudeDeg = session.number(place, 'LAT')
    const longitudeDeg = session.number(place, 'LONG')
    if (at?.state === 'Alert' || latitudeDeg === undefined || longitudeDeg === undefined) {
      last = undefined
      return
    }
    // While it searches, the driver shows what it knew before.
    if (at?.state !== 'Ok') return
    const utcMs = Date.parse(`${session.item('TIME_UTC', 'UTC')?.value ?? ''}Z`)
    last = {
      latitudeDeg,
      longitudeDeg: longitudeDeg > 180 ? longitudeDeg - 360 : longitudeDeg,
      ...(session.number(place, 'ELEV') === undefined ? {} : { elevationMetres: session.number(place, 'ELEV') }),
      ...(Number.isNaN(utcMs) ? {} : { utcMs }),
      atMs: clock.now(),
    }
    fixes.tell(last)
  }
  const stopWatching = session.watch(change => {
    // The time comes after the place, with the same fix.
    if (change.kind === 'set' && (change.property.name === place || change.property.name === 'TIME_UTC')) take()
  })
  const ask = () => {
    if (session.property('GPS_REFRESH')) session.order('GPS_REFRESH', { REFRESH: true })
  }
  ask()
  const asking = clock.every(askMs, ask)
  session.gone.addEventListener('abort', () => asking.cancel(), { once: true })
  return {
    gps: { fix: () => last, onFix: fixes.add },
    async close() {
      asking.cancel()
      stopWatching()
    },
  }
}
