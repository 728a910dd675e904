// How the page asks the box for things: every request has a deadline, every refusal keeps the box's words, and a device
// that is not paired yet is asked for the code once, after which its request is made again.
import { inCaptiveSheet } from './captive-sheet'
import { type Cell, cell } from './cell'

/** What the box answered when it would not, or what to say when it did not answer. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(
    message: string,
    readonly fix: string,
    readonly code: string,
    readonly status: number,
    readonly detail: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
  }
}

export interface Session {
  readonly paired: boolean
  readonly role?: string
  readonly name?: string
  readonly open: boolean
  readonly roles: readonly string[]
}

export const session: Cell<Session | undefined> = cell<Session | undefined>(undefined)

/** Set while somebody waits for the pairing dialog; `answer(true)` repeats what was asked. */
export interface PairingWish {
  readonly words?: string
  answer(paired: boolean): void
}
export const pairingWish: Cell<PairingWish | undefined> = cell<PairingWish | undefined>(undefined)

/** Slews and parks settle only when the mount stands. */
const patienceMs = 180_000

interface Manner {
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

const typeOf = (body: unknown): string => (body instanceof Blob ? 'application/octet-stream' : 'application/json')

async function once<T>(method: string, path: string, body: unknown, manner: Manner): Promise<T> {
  const stop = new AbortController()
  const late = setTimeout(() => stop.abort(), manner.deadlineMs ?? patienceMs)
  const leave = (): void => stop.abort()
  manner.signal?.addEventListener('abort', leave)
  let response: Response
  let words: string
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? undefined : { 'content-type': typeOf(body) },
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      signal: stop.signal,
    })
    words = await response.text()
  } catch (error) {
    if (manner.signal?.aborted) throw error
    throw new Refusal(
      'The box did not answer',
      'Check that it has power and that this device is on its network, then try again',
      'offline',
      0,
    )
  } finally {
    clearTimeout(late)
    manner.signal?.removeEventListener('abort', leave)
  }
  let said: Record<string, unknown>
  try {
    said = words ? (JSON.parse(words) as Record<string, unknown>) : {}
  } catch {
    throw new Refusal(
      `The box answered ${response.status} without words`,
      'See the Log view',
      'broken',
      response.status,
    )
  }
  if (response.ok) return said as T
  const { error, fix, code, ...detail } = said
  throw new Refusal(
    String(error ?? `The box answered ${response.status}`),
    String(fix ?? 'See the Log view'),
    String(code ?? 'broken'),
    response.status,
    detail,
  )
}

/** A GET; anyone may look. */
export function fetched<T>(path: string, manner: Manner = {}): Promise<T> {
  return once<T>('GET', path, undefined, { deadlineMs: 20_000, ...manner })
}

function wantPairing(words?: string): Promise<boolean> {
  return new Promise(resolve => {
    const earlier = pairingWish.get()
    pairingWish.set({
      words,
      answer(paired) {
        earlier?.answer(paired)
        resolve(paired)
      },
    })
  })
}

/** A POST; asks for pairing where the box wants it, and repeats itself then. */
export async function post<T>(path: string, body: unknown, manner: Manner = {}): Promise<T> {
  try {
    return await once<T>('POST', path, body, manner)
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 401) throw error
    void learnSession()
    if (!(await wantPairing())) throw error
    return once<T>('POST', path, body, manner)
  }
}

/** Asks for an action of the table by name; see /api/openapi.json. */
export function ask<T = Record<string, unknown>>(action: string, input: object = {}, manner: Manner = {}): Promise<T> {
  return post<T>(`/api/actions/${action}`, input, manner)
}

export async function learnSession(): Promise<void> {
  try {
    session.set(await fetched<Session>('/api/session'))
  } catch {
    // The banner already says that the box does not answer; asked again when it is back.
  }
}

/** Trades the code of the terminal for the cookie. Throws a Refusal with the box's words. */
export async function pair(code: string, name: string): Promise<void> {
  await once('POST', '/api/pair', { code: code.trim(), name: name.trim() }, { deadlineMs: 10_000 })
  await learnSession()
}

export async function unpair(): Promise<void> {
  await once('POST', '/api/unpair', {}, { deadlineMs: 10_000 })
  await learnSession()
}

/** A name that tells phones apart in "in use by". */
export function thisDevice(): string {
  const agent = navigator.userAgent
  const machine = /iPhone|iPad|Android|Mac|Windows|Linux/.exec(agent)?.[0] ?? 'browser'
  return machine === 'Android' ? 'Android phone' : machine === 'browser' ? 'a browser' : machine
}

/** `?pair=CODE` from a QR code or another address of the box: pairs at once, and leaves no code in the address bar. */
export async function pairFromAddress(): Promise<void> {
  const address = new URL(location.href)
  const code = address.searchParams.get('pair')
  if (!code) return
  // What this window forgets must not use the code up: the set-up view says where to go.
  if (inCaptiveSheet()) return
  address.searchParams.delete('pair')
  history.replaceState(null, '', address)
  try {
    await pair(code, thisDevice())
  } catch (error) {
    await learnSession()
    if (session.get()?.paired) return
    void wantPairing(error instanceof Refusal ? `${error.message}. ${error.fix}.` : String(error))
  }
}
