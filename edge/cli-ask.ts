// Verbs of the command line that ask the running agent over its own HTTP face.
import { join } from 'node:path'
import { Fault } from './ports/fault.js'
import { runningAgent } from './spine/one-agent.js'
import { readIfThere } from './spine/whole-file.js'

export interface CliPlace {
  readonly config: string
  readonly data: string
  readonly port: number | undefined
}

type Say = (text: string) => void
type Answer = Record<string, unknown>

async function call(place: CliPlace, method: string, path: string, body?: unknown): Promise<Answer> {
  const running = await runningAgent(place.data)
  const port = place.port ?? running?.port
  if (!port) {
    throw new Fault('offline', `no agent runs on ${place.data}`, 'Start it with `pierside run`, or set PIERSIDE_DATA')
  }
  const token = (await readIfThere(join(place.data, 'cli.token')))?.trim()
  const headers: Record<string, string> = { 'Content-Type': 'application/json' }
  if (token) headers.Authorization = `Bearer ${token}`
  let response: Response
  try {
    response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (error) {
    throw new Fault('offline', `the agent does not answer on port ${port}`, 'See whether it runs', { cause: error })
  }
  const answer = (await response.json()) as Answer
  if (response.ok) return answer
  throw new Fault('bad-input', String(answer.error), String(answer.fix ?? ''))
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
  say(`${JSON.stringify(await call(place, 'POST', `/api/actions/${name}${how.wait ? '?wait=1' : ''}`, input))}\n`)
  return 0
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export async function lookAt(verb: string, place: CliPlace, json: boolean, say: Say): Promise<number> {
  if (verb === 'pair') {
    const { code } = await call(place, 'POST', '/api/actions/pairing-code', {})
    say(`${code}\n`)
    return 0
  }
  if (verb === 'actions') {
    const { paths } = (await call(place, 'GET', '/api/openapi.json')) as {
      paths: Record<string, { post?: { summary: string } }>
    }
    for (const [path, { post }] of Object.entries(paths)) {
      if (path.startsWith('/api/actions/')) say(`${path.slice('/api/actions/'.length).padEnd(20)} ${post?.summary}\n`)
    }
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
