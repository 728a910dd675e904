// The dashboard API that existing pages and scripts call: one row each, their names and statuses, our actions and
// states.
import { type Request, type Response, Router } from 'express'
import type { Actions } from '../../ports/action.js'
import type { Clock } from '../../ports/clock.js'
import { asFault, Fault, type FaultCode } from '../../ports/fault.js'
import type { Feed } from '../../ports/feed.js'
import type { Pictures } from '../../ports/pictures.js'
import type { Pixels } from '../../ports/pixels.js'
import type { Store } from '../../ports/store.js'
import { sendFault, statusOf } from './answer.js'
import { archiveRows } from './dashboard-archive.js'
import { mountRows } from './dashboard-mount.js'
import { statusRows } from './dashboard-status.js'
import { demandWho, type GuardParts } from './guard.js'

export interface DashboardParts {
  readonly feed: Feed
  readonly actions: Actions
  readonly store: Store
  readonly pixels: Pixels
  readonly pictures: Pictures
  /** Folder of the files. */
  readonly archive: string
  readonly guard: GuardParts
  readonly clock: Clock
}

/** What a row gets: the request taken apart, and `ask` for the one who sent it. */
export interface Call extends DashboardParts {
  readonly request: Request
  readonly response: Response
  readonly body: Readonly<Record<string, unknown>>
  ask(action: string, input: Record<string, unknown>): ReturnType<Actions['ask']>
}

export interface DashboardRow {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PATCH'
  readonly path: string
  readonly summary: string
  /** Their status for a fault, where it is not ours; and their words, where pages match on them. */
  readonly statuses?: Partial<Record<FaultCode, number>>
  readonly words?: Partial<Record<FaultCode, string>>
  /** Answers itself, or returns the JSON of a 200. */
  run(call: Call): Promise<unknown>
}

const cameraStatuses = { offline: 400, 'not-found': 400, unsupported: 400 } as const
const cameraWords = { offline: 'Camera not connected' } as const

const actionRows: readonly DashboardRow[] = [
  {
    method: 'POST',
    path: '/api/camera/expose',
    summary: 'One exposure; answers at once, or with ?wait=1 when its file is safe',
    statuses: cameraStatuses,
    words: { ...cameraWords, busy: 'Exposure already in progress' },
    async run({ body, ask, request }) {
      const { duration, binning, ...more } = body
      const { output, done } = await ask('camera-expose', { seconds: duration ?? 1, binning: binning ?? 1, ...more })
      if (request.query.wait !== '1') return { ok: true, job: output.id }
      const { ids, paths } = (await done) as { ids: string[]; paths: string[] }
      return { ok: true, job: output.id, id: ids.at(-1), path: paths.at(-1) }
    },
  },
  {
    method: 'POST',
    path: '/api/camera/abort',
    summary: 'Aborts the exposure',
    statuses: cameraStatuses,
    words: cameraWords,
    async run({ ask }) {
      await ask('camera-abort', {})
      return { ok: true }
    },
  },
  {
    method: 'POST',
    path: '/api/stack/start',
    summary: 'Starts the live stack',
    statuses: cameraStatuses,
    words: cameraWords,
    async run({ body, ask }) {
      const { frames, exposure_s, preview_every, ...more } = body
      const input = { frames, exposureSeconds: exposure_s, previewEvery: preview_every, ...more }
      const { output } = await ask('stack-start', input)
      return { ok: true, job: output.id }
    },
  },
  {
    method: 'DELETE',
    path: '/api/stack/start',
    summary: 'Ends the live stack and saves it',
    async run({ ask }) {
      const { stopped } = (await ask('stack-stop', {})).output
      return stopped ? { ok: true } : { ok: true, message: 'No live stacking running' }
    },
  },
]

export const dashboardTable: readonly DashboardRow[] = [...actionRows, ...archiveRows, ...mountRows, ...statusRows]

export function dashboardRoutes(parts: DashboardParts): Router {
  const router = Router()
  for (const row of dashboardTable) {
    const handle = async (request: Request, response: Response) => {
      const who = row.method === 'GET' ? undefined : await demandWho(request, parts.guard)
      const call: Call = {
        ...parts,
        request,
        response,
        body: bodyOf(request),
        ask(action, input) {
          if (!who) throw new Fault('unpaired', 'looking does not act', 'Send a POST')
          return parts.actions.ask(action, input, who)
        },
      }
      try {
        const json = await row.run(call)
        if (!response.headersSent) response.json(json)
      } catch (error) {
        answerFault(row, response, asFault(error, `${row.method} ${row.path}`))
      }
    }
    router[row.method.toLowerCase() as 'get' | 'post' | 'delete' | 'patch'](row.path, handle)
  }
  return router
}

function bodyOf(request: Request): Record<string, unknown> {
  const { body } = request
  if (body === undefined || body === null) return {}
  if (typeof body === 'object' && !Array.isArray(body)) return body
  throw new Fault('bad-input', 'the body must be a JSON object', 'Send {} when there is nothing to say')
}

/** Our words, unless the page matches on theirs; ours then stand beside as `detail`. */
function answerFault(row: DashboardRow, response: Response, fault: Fault) {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const words = row.words?.[fault.code]
  const shown = words
    ? new Fault(fault.code, words, fault.fix, { cause: fault, detail: { ...fault.detail, detail: fault.message } })
    : fault
  sendFault(response, shown, row.statuses?.[fault.code] ?? statusOf(fault))
}
