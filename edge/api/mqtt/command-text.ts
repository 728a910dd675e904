// What a command's payload says, before anybody acts on it: a JSON envelope with id and times, or a bare word from
// Home Assistant. Pure; refuses with Faults whose words go back to the sender.
import type { Action } from '../../ports/action.js'
import { Fault } from '../../ports/fault.js'

export interface Envelope {
  readonly id: string
  /** Unix ms UTC. */
  readonly expiresMs: number
}

export interface CommandText {
  /** Absent for payloads without id and times: they serve only actions that are harmless when late. */
  readonly envelope?: Envelope
  /** Input fields of a JSON payload. */
  readonly fields?: Readonly<Record<string, unknown>>
  /** A bare payload: ON, PRESS, a number. */
  readonly word?: string
}

const largestCommandBytes = 65_536
const longestWord = 256
/** Ids become topics, and are remembered until they expire. */
const idForm = /^[A-Za-z0-9_-]{1,64}$/
/** Clocks of the sender and of the box may differ by so much. */
const skewMs = 60_000
const longestLifeMs = 3_600_000

const wanted = 'Send JSON such as {"id":"a1","issued":"2026-03-21T21:00:00Z","expires":"2026-03-21T21:00:30Z", …input}'

/** The id of a payload that may be anything, so that even a refused command is answered at its own topic. */
export function idOf(payload: Uint8Array): string | undefined {
  if (payload.length > largestCommandBytes) return undefined
  const id = /"id"\s*:\s*"([A-Za-z0-9_-]{1,64})"/.exec(new TextDecoder().decode(payload))
  return id?.[1]
}

/** @param nowMs wall clock of the box, Unix ms UTC */
export function readCommand(payload: Uint8Array, nowMs: number): CommandText {
  const text = decode(payload).trim()
  if (text === '') throw refused('the payload is empty')
  if (!text.startsWith('{')) {
    if (text.length > longestWord) throw refused(`a bare payload has at most ${longestWord} characters`)
    return { word: text }
  }
  const { id, issued, expires, ...fields } = parseObject(text)
  if (id === undefined && issued === undefined && expires === undefined) return { fields }
  if (typeof id !== 'string' || !idForm.test(id))
    throw refused('id must be 1 to 64 characters of A–Z, a–z, 0–9, _ and -')
  const issuedMs = timeOf(issued, 'issued')
  const expiresMs = timeOf(expires, 'expires')
  checkTimes(issuedMs, expiresMs, nowMs)
  return { envelope: { id, expiresMs }, fields }
}

/** The input field that a bare payload fills. */
export function bareInput(action: Action, word: string): Record<string, unknown> {
  const { entity } = action
  const field = entity?.field
  if (!entity || entity.platform === 'button' || field === undefined) {
    if (word === 'PRESS') return {}
    throw refused(`${action.name} understands PRESS, or JSON`)
  }
  switch (entity.platform) {
    case 'switch':
      if (word === 'ON' || word === 'OFF') return { [field]: word === 'ON' }
      throw refused(`${action.name} understands ON and OFF, or JSON`)
    case 'number': {
      const value = Number(word)
      if (/^[-+.\deE]+$/.test(word) && Number.isFinite(value)) return { [field]: value }
      throw refused(`${action.name} understands a number, or JSON`)
    }
    case 'select':
      return { [field]: word }
  }
}

function decode(payload: Uint8Array): string {
  if (payload.length > largestCommandBytes) {
    throw new Fault(
      'limit',
      `the payload has ${payload.length} bytes; commands have at most ${largestCommandBytes}`,
      'Send a smaller one',
    )
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload)
  } catch (cause) {
    throw refused('the payload is not UTF-8 text', cause)
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (cause) {
    throw refused(`the payload is not JSON: ${(cause as Error).message}`, cause)
  }
}

/** ISO 8601 with a zone, or Unix milliseconds. */
function timeOf(value: unknown, name: string): number {
  const ms =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/.test(value)
        ? Date.parse(value)
        : Number.NaN
  // Before September 2001 in milliseconds, but any time of ours in seconds.
  if (!Number.isFinite(ms) || ms < 1e12) {
    throw refused(`${name} must be a time with a zone (2026-03-21T21:00:00Z) or Unix milliseconds`)
  }
  return ms
}

function checkTimes(issuedMs: number, expiresMs: number, nowMs: number): void {
  const clock = `the box's clock says ${new Date(nowMs).toISOString()}`
  const setClock = 'Set the clock of the sender, or of the box'
  if (issuedMs > nowMs + skewMs) {
    throw new Fault(
      'bad-input',
      `the command was issued ${seconds(issuedMs - nowMs)} in the future; ${clock}`,
      setClock,
    )
  }
  if (expiresMs <= issuedMs) throw refused('expires must be later than issued')
  if (expiresMs <= nowMs) {
    throw new Fault('timeout', `the command expired ${seconds(nowMs - expiresMs)} ago; ${clock}`, 'Send it again')
  }
  if (expiresMs > nowMs + longestLifeMs) {
    throw new Fault(
      'bad-input',
      `the command expires in ${seconds(expiresMs - nowMs)}; ${clock}`,
      `Let it expire within ${longestLifeMs / 60_000} min; if it does, ${setClock.toLowerCase()}`,
    )
  }
}

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`
const refused = (words: string, cause?: unknown) => new Fault('bad-input', words, wanted, { cause })
