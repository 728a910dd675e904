// Dashboard rows about the mount and the catalogue (N22, N23, N29).
import { Fault } from '../../ports/fault.js'
import { catalogueList } from '../../science/catalogue.js'
import type { Call, DashboardRow } from './dashboard.js'

const statuses = { offline: 400, 'not-found': 400, limit: 403, unsafe: 403 } as const
const words = { offline: 'Telescope not connected' } as const
const directions: Readonly<Record<string, string>> = { N: 'north', S: 'south', E: 'east', W: 'west' }

const row = (path: string, summary: string, act: (call: Call) => Promise<unknown>): DashboardRow => ({
  method: 'POST',
  path,
  summary,
  statuses,
  words,
  async run(call) {
    await act(call)
    return { ok: true }
  },
})

export const mountRows: readonly DashboardRow[] = [
  row('/api/telescope/park', 'Parks the mount', ({ ask }) => ask('mount-park', {})),
  row('/api/telescope/unpark', 'Unparks the mount', ({ ask }) => ask('mount-unpark', {})),
  row('/api/telescope/tracking', 'Tracking on or off', ({ ask, body }) => ask('mount-tracking', { on: body.enabled })),
  row('/api/telescope/nudge', 'Moves a little: direction N, S, E or W, step in arcseconds', ({ ask, body }) => {
    const step = Number(body.step)
    if (!(step >= 1 && step <= 3600)) throw new Fault('bad-input', 'step must be 1 to 3600', 'Give it in arcseconds')
    const direction = directions[String(body.direction)]
    if (!direction) throw new Fault('bad-input', 'direction must be N, S, E or W', 'Use one of the four')
    return blockedBeside(ask('mount-nudge', { direction, arcmin: step / 60 }), { blocked: true })
  }),
  row('/api/telescope/moveaxis', 'Moves both axes at a rate, degrees per second', ({ ask, body }) =>
    ask('mount-move', { raDegPerSecond: body.ra_rate ?? 0, decDegPerSecond: body.dec_rate ?? 0 }),
  ),
  row(
    '/api/slew',
    'Slews to RA (hours) and Dec (degrees) J2000, or to mode "altaz" with alt and az',
    ({ ask, body }) => {
      const force = body.force === true
      const input =
        body.mode === 'altaz'
          ? { altDeg: body.alt, azDeg: body.az, force }
          : { raHours: body.ra, decDeg: body.dec, force }
      return blockedBeside(ask('mount-slew', input), { blocked: true })
    },
  ),
  ...(['open', 'close'] as const).map(
    (verb): DashboardRow => ({
      method: 'POST',
      path: `/api/arm/${verb}`,
      summary: `Moves the arm: ${verb}`,
      statuses: { unsupported: 400 },
      async run() {
        throw new Fault('unsupported', 'Arm not connected', 'No driver of this box moves an arm')
      },
    }),
  ),
  {
    method: 'GET',
    path: '/api/catalog',
    summary: 'The offline catalogue',
    async run() {
      return catalogueList().map(({ id, name, type, raHours, decDeg, constellation }) => ({
        id,
        name,
        type,
        ra: raHours,
        dec: decDeg,
        constellation,
      }))
    },
  },
]

/** Adds the marks that pages look for to a refusal by the limits. */
async function blockedBeside(asked: Promise<unknown>, marks: Record<string, unknown>) {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (error.code !== 'limit' && error.code !== 'unsafe') throw error
    const min_safe_alt = error.detail?.minSafeAltDeg
    const horizon = min_safe_alt === undefined ? marks : { ...marks, horizon_blocked: true, min_safe_alt }
    const detail = error.code === 'unsafe' ? { unsafe: true } : horizon
    throw new Fault(error.code, error.message, error.fix, { cause: error, detail: { ...error.detail, ...detail } })
  }
}
