// The OpenAPI document, made from the action table and the routes that exist.
import type { Action, Actions } from '../../ports/action.js'
import { jsonSchemaOf } from '../../ports/schema.js'
import type { DashboardRow } from './dashboard.js'

interface Operation {
  readonly summary: string
  readonly [key: string]: unknown
}

const looks: readonly (readonly [string, string])[] = [
  ['/api/state', 'All states now'],
  ['/api/events', 'One stream of states, events, log lines and pictures (Server-Sent Events)'],
  ['/api/logs', 'The log as a stream (Server-Sent Events)'],
  ['/api/session', 'Who you are to this box'],
  ['/api/pictures/{name}', 'Newest picture: frame, stack, focus, pier'],
  ['/api/pier-cam/stream', 'The pier camera, as one JPEG after another (multipart)'],
  ['/api/pier-cam/snapshot', 'Newest picture of the pier camera'],
  ['/api/exposures', 'Kept exposures, newest first'],
  ['/api/exposures/{id}', 'One exposure'],
  ['/api/exposures/{id}/thumbnail', 'Small picture of it'],
  ['/api/exposures/{id}/preview', 'Larger picture of it'],
  ['/api/exposures/{id}/header', 'Cards of its file'],
  ['/api/exposures/{id}/fits', 'The file'],
  ['/api/views/{of}/preview', 'JPEG of the stack or of a frame, ?maxWidth=720 and how it is to be shown'],
  ['/api/views/{of}/tiles/{level}/{column}/{row}', 'PNG of 256 px; level 0 shows pixels one by one'],
  ['/api/views/{of}/histogram', 'Its light: bins, levels, what the stretch chose, clipped pixels'],
  ['/api/views/{of}/stars', 'Its stars, brightest first'],
  ['/api/views/{of}/statistics', 'Numbers of it, or of ?x&y&width&height'],
  ['/api/calibration/preview', 'Picture of a master, ?path='],
  ['/api/calibration/header', 'Cards of a master, ?path='],
  ['/api/calibration/file', 'The file of a master, ?path='],
  ['/api/nights', 'Nights with frames'],
  ['/api/nights/{night}.zip', 'A whole night in one stream'],
  ['/api/catalogue', 'Search of the sky catalogue'],
  ['/api/places', 'Towns of that name, or the position that ?text= says'],
  ['/api/clock', "The box's clock, Unix ms"],
  ['/api/config', 'The configuration file'],
  ['/api/config/parsed', 'Its settings; ?effective=1 with the standards filled in'],
  ['/api/drivers', 'Drivers and the schema of the configuration'],
]

export function openApi(
  actions: Actions,
  dashboard: readonly DashboardRow[],
  version: string,
): Record<string, unknown> {
  const paths: Record<string, Record<string, Operation>> = {}
  const put = (method: string, path: string, operation: Operation) => {
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  for (const [path, summary] of looks) put('get', path, { summary, responses: answers({}) })
  put('post', '/api/pair', { summary: 'A token for a pairing code', security: [], responses: answers({}) })
  put('post', '/api/unpair', { summary: 'Gives the token back', responses: answers({}) })
  put('post', '/api/config', { summary: 'Replaces the configuration file', responses: answers({}) })
  put('post', '/api/config/parsed', { summary: 'Changes settings', responses: answers({}) })
  put('post', '/api/calibration/file', {
    summary: 'Takes a FITS file (the body) into the calibration library, ?name=&kind=',
    responses: answers({}),
  })
  for (const row of dashboard) {
    put(row.method, row.path.replace(/:(\w+)/g, '{$1}').replace(/\{?\*(\w+)\}?/, '{$1}'), {
      summary: row.summary,
      tags: ['dashboard'],
      responses: answers({}),
    })
  }
  for (const row of actions.table) put('post', `/api/actions/${row.name}`, operationOf(row))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pierside',
      version,
      description: 'Errors are {error, code, fix}. Looking is free; acting needs a token.',
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'pierside' },
      },
    },
    security: [{ token: [] }, { cookie: [] }],
    paths,
  }
}

function operationOf(row: Action): Operation {
  const activity = row.settles.kind === 'activity'
  return {
    summary: row.summary,
    tags: ['actions'],
    'x-role': row.role,
    'x-before-set-up': row.beforeSetUp,
    requestBody: { content: { 'application/json': { schema: jsonSchemaOf(row.input) } } },
    responses: answers(
      activity
        ? { 202: { description: 'The id of the activity; ?wait=1 waits for its end' } }
        : { 200: { description: 'Done', content: { 'application/json': { schema: jsonSchemaOf(row.output) } } } },
    ),
  }
}

const answers = (own: Record<string, unknown>) => ({ ...own, default: { description: '{error, code, fix}' } })
