// What an Alpaca mount believes of place and time, and how it is told; one that does not know either leaves it out.
import type { Mount } from '../../../ports/mount.js'
import { type AlpacaSession, maybe } from './session.js'

export async function alpacaWhereabouts(
  session: AlpacaSession,
): Promise<Pick<Mount, 'whereabouts' | 'setSite' | 'setTime'>> {
  const { clock } = session
  const number = (member: string, signal?: AbortSignal) => maybe(session.number(member, {}, signal))
  const utc = (signal?: AbortSignal) => maybe(session.text('utcdate', {}, signal))
  const [sited, timed] = [(await number('sitelatitude')) !== undefined, (await utc()) !== undefined]
  const whereabouts = async (of: AbortSignal) => {
    const text = timed ? await utc(of) : undefined
    // Some leave out that it is UTC, or say it twice.
    const utcMs = text === undefined ? Number.NaN : Date.parse(`${text.replace(/(Z|[+-]00:00)+$/, '')}Z`)
    const clockAheadSeconds = Number.isNaN(utcMs) ? undefined : (utcMs - clock.now()) / 1000
    if (!sited) return { clockAheadSeconds }
    return {
      latitudeDeg: await number('sitelatitude', of),
      longitudeDeg: await number('sitelongitude', of),
      elevationMetres: await number('siteelevation', of),
      clockAheadSeconds,
    }
  }
  const setSite: Mount['setSite'] = async (latitudeDeg, longitudeDeg, elevationMetres, of) => {
    await session.put('sitelatitude', { SiteLatitude: latitudeDeg }, { signal: of })
    const east = ((((longitudeDeg + 180) % 360) + 360) % 360) - 180
    await session.put('sitelongitude', { SiteLongitude: east }, { signal: of })
    if (elevationMetres === undefined) return
    await session.put('siteelevation', { SiteElevation: elevationMetres }, { signal: of })
  }
  const setTime = async (utcMs: number, _zoneHours: number, of: AbortSignal) => {
    await session.put('utcdate', { UTCDate: new Date(utcMs).toISOString() }, { signal: of })
  }
  return {
    whereabouts: sited || timed ? whereabouts : undefined,
    setSite: sited ? setSite : undefined,
    setTime: timed ? setTime : undefined,
  }
}
