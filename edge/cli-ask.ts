// Verbs of the command line that ask the running agent over its own HTTP face.
import { request } from 'node:http'
import { join } from 'node:path'
import { Fault } from './ports/fault.js'
import { runningAgent } from './spine/one-agent.js'
import { readIfThere } from './spine/whole-file.js'

export interface CliPlace {
  readonly config: string
  readonly data: string
  readonly port: number | undefined
}

export type Say = (text: string) => void
type Answer = Record<string, unknown>

/** @throws Fault `offline` when no agent runs, or the one it answers with */
export async function call(place: CliPlace, method: string, path: string, body?: unknown): Promise<Answer> {
  const running = await runningAgent(place.data)
  const port = place.port ?? running?.port
  if (!port) {
    throw new Fault(
      'offline',
      `no agent runs on ${place.data}`,
      'Start it with `make run` or `pierside run`, or set PIERSIDE_DATA to the folder of the one that runs',
    )
  }
  const token = (await readIfThere(join(place.data, 'cli.token')))?.trim()
  const headers: Record<string, string> = { 'Content-Type': 'application/json' }
  if (token) headers.Authorization = `Bearer ${token}`
  const sent = { port, path, method, headers, body: body === undefined ? '' : JSON.stringify(body) }
  let said: { status: number; text: string }
  try {
    said = await exchange(sent)
  } catch (cause) {
    const fix = running
      ? 'Look into its log; stop it and start it again when it stays silent'
      : 'Start it with `make run` or `pierside run`, or set PIERSIDE_PORT to the port of the one that runs'
    throw new Fault('offline', `the agent does not answer on port ${port}`, fix, { cause })
  }
  let answer: Answer
  try {
    answer = JSON.parse(said.text) as Answer
  } catch (cause) {
    throw new Fault('broken', `what answers on port ${port} is no agent`, 'Set PIERSIDE_PORT to its port', { cause })
  }
  if (said.status < 300) return answer
  const { error, code, fix } = answer
  throw new Fault(code === 'not-found' ? 'not-found' : 'bad-input', String(error), String(fix ?? ''))
}

interface Sent {
  readonly port: number
  readonly path: string
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: string
}

/** Not fetch: that gives up after five minutes, and with --wait an hour of frames is answered after the hour. */
function exchange({ body, ...where }: Sent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, host: '127.0.0.1', agent: false }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', part => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** `name=value` words become the input; values are JSON where they parse as such, text otherwise. */
export async function askAgent(
  place: CliPlace,
  words: readonly string[],
  how: { wait: boolean },
  say: Say,
): Promise<number> {
  const [name, ...fields] = words
  if (!name) throw new Fault('bad-input', 'no action was named', '`pierside actions` lists them')
  const input: Answer = {}
  for (const field of fields) {
    const at = field.indexOf('=')
    if (at < 1) throw new Fault('bad-input', `"${field}" is not name=value`, 'Write for instance seconds=2.5')
    input[field.slice(0, at)] = parsed(field.slice(at + 1))
  }
  try {
    say(`${JSON.stringify(await call(place, 'POST', `/api/actions/${name}${how.wait ? '?wait=1' : ''}`, input))}\n`)
  } catch (error) {
    if (!(error instanceof Fault) || !/Unrecognized key/.test(error.message)) throw error
    throw new Fault('bad-input', error.message, `\`pierside actions ${name}\` lists what it takes`, { cause: error })
  }
  return 0
}

interface InputField {
  readonly description?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly default?: unknown
}

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      {
        post?: {
          summary: string
          requestBody?: {
            content: Record<string, { schema: { properties?: Record<string, InputField>; required?: string[] } }>
          }
        }
      }
    >
  >
}

const actionPath = '/api/actions/'

/** Every action in a line; of one, each field it takes. */
async function tellActions(place: CliPlace, name: string | undefined, say: Say): Promise<void> {
  const { paths } = (await call(place, 'GET', '/api/openapi.json')) as unknown as OpenApi
  if (name === undefined) {
    for (const [path, { post }] of Object.entries(paths)) {
      if (path.startsWith(actionPath)) say(`${path.slice(actionPath.length).padEnd(20)} ${post?.summary}\n`)
    }
    return
  }
  const post = paths[actionPath + name]?.post
  if (!post) throw new Fault('not-found', `there is no action "${name}"`, '`pierside actions` lists them')
  const { properties = {}, required = [] } = post.requestBody?.content['application/json']?.schema ?? {}
  say(`${name}: ${post.summary}\n`)
  for (const [field, about] of Object.entries(properties)) {
    const words = [about.description, valuesOf(about), required.includes(field) ? 'needed' : '']
    say(`  ${field.padEnd(18)} ${words.filter(Boolean).join('; ')}\n`)
  }
}

function valuesOf({ enum: choices, type, minimum, exclusiveMinimum, maximum, default: standard }: InputField): string {
  const least = exclusiveMinimum === undefined ? minimum : exclusiveMinimum
  // JSON Schema gives whole numbers the bounds of what a number can hold.
  const shown = (bound: number | undefined) => bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER
  const range = [
    shown(least) ? (exclusiveMinimum === undefined ? `from ${least}` : `more than ${least}`) : '',
    shown(maximum) ? `up to ${maximum}` : '',
  ]
  const kind = choices ? choices.join(' | ') : [type, ...range].filter(Boolean).join(' ')
  return standard === undefined ? kind : `${kind}; ${JSON.stringify(standard)} when absent`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** @param of what is looked at more closely: the name of an action */
export async function lookAt(verb: string, of: string | undefined, place: CliPlace, json: boolean, say: Say) {
  if (verb === 'pair') {
    const { code } = await call(place, 'POST', '/api/actions/pairing-code', {})
    say(`${code}\n`)
    return 0
  }
  if (verb === 'actions') {
    await tellActions(place, of, say)
    return 0
  }
  const { states } = (await call(place, 'GET', '/api/state')) as unknown as {
    states: { path: string; value: Answer; stale: boolean }[]
  }
  if (json) {
    say(`${JSON.stringify(states, null, 1)}\n`)
    return 0
  }
  const value = (path: string) => states.find(state => state.path === path)?.value ?? {}
  if (verb === 'devices') {
    for (const { path, value: device } of states.filter(state => state.path.startsWith('device/'))) {
      const reason = device.reason ? `: ${device.reason}` : ''
      say(`${path.slice(7).padEnd(12)} ${String(device.condition).padEnd(12)} ${device.driver}${reason}\n`)
    }
    return 0
  }
  say(`${value('observatory').name}: ${value('observatory').sentence}\n`)
  const { framesLeft, freeBytes } = value('storage')
  const room = framesLeft === undefined ? '' : `, ${framesLeft} frames left`
  say(`disk: ${(Number(freeBytes) / 1e9).toFixed(1)} GB free${room}\n`)
  for (const { path, value: one, stale } of states) {
    if (stale) say(`old: ${path} (${JSON.stringify(one).slice(0, 60)})\n`)
  }
  return 0
}
