// What the box says, as it says it: one EventSource for the whole page, turned into cells that views listen to.
import type { FeedEvent, State } from '../edge/ports/feed'
import type { LogLine } from '../edge/ports/log'
import { type Cell, cell, useCell } from './cell'

export interface PictureTag {
  readonly name: string
  readonly version: number
  readonly atMs: number
  readonly of?: string
}

interface Hello {
  readonly node: string
  readonly boot: number
  readonly nowMs: number
  readonly cursor?: number
  readonly states: readonly State[]
}

/** Whether the box answers. `sinceMs` is this device's time: of the last word heard, while it is gone. */
export interface Presence {
  readonly phase: 'calling' | 'here' | 'gone'
  readonly sinceMs: number
}

/** Two ticks missed. With the half second between looks this is said within 5 s. */
const goneAfterMs = 4000
const callAgainMs = 3000
/** A hidden tab lets go of its connection, so that a sixth tab still gets one of the six a browser allows a box. */
const hiddenAfterMs = 60_000
const logLinesKept = 500
const eventsKept = 60

export const presence: Cell<Presence> = cell<Presence>({ phase: 'calling', sinceMs: Date.now() })
export const logLines: Cell<readonly LogLine[]> = cell<readonly LogLine[]>([])
export const happened: Cell<readonly FeedEvent[]> = cell<readonly FeedEvent[]>([])
export const boot: Cell<number> = cell(0)

const states = new Map<string, Cell<State | undefined>>()
const kinds = new Map<string, Cell<readonly State[]>>()
const pictures = new Map<string, Cell<PictureTag | undefined>>()
const eventListeners = new Set<(event: FeedEvent) => void>()

function made<T>(map: Map<string, Cell<T>>, key: string, first: T): Cell<T> {
  let found = map.get(key)
  if (!found) map.set(key, (found = cell(first)))
  return found
}

/** As `useAt`, for what is no view. */
export const stateAt = (path: string): Cell<State | undefined> => made(states, path, undefined)

/** The state at a path, retyped by the caller from `states.ts`; `undefined` while the box has none. */
export function useAt<T>(path: string | undefined): (Omit<State, 'value'> & { value: T }) | undefined {
  const state = useCell(stateAt(path ?? ''))
  return state as (Omit<State, 'value'> & { value: T }) | undefined
}

/** Every state of a kind, by path. */
export function useKind<T>(kind: string): readonly (Omit<State, 'value'> & { value: T })[] {
  return useCell(made(kinds, kind, [])) as readonly (Omit<State, 'value'> & { value: T })[]
}

export function usePictureTag(name: string): PictureTag | undefined {
  return useCell(made(pictures, name, undefined))
}

export function onEvent(heard: (event: FeedEvent) => void): () => void {
  eventListeners.add(heard)
  return () => eventListeners.delete(heard)
}

/**
 * The last events before the page came, as far back as `count`, oldest first: from a stream of their own, which is
 * closed as soon as it has caught up. Empty when the box does not answer.
 */
export function eventsBefore(count: number, signal: AbortSignal): Promise<readonly FeedEvent[]> {
  return new Promise(settle => {
    const found: FeedEvent[] = []
    if (cursor === undefined || signal.aborted) return settle(found)
    const last = cursor
    const past = new EventSource(`/api/events?after=${Math.max(0, last - count)}`)
    const end = (): void => {
      past.close()
      settle(found)
    }
    signal.addEventListener('abort', end)
    past.onerror = end
    // The past comes before the first tick.
    past.addEventListener('tick', end)
    past.addEventListener('event', message => {
      const event = JSON.parse((message as MessageEvent<string>).data) as FeedEvent
      found.push(event)
      if (event.cursor >= last) end()
    })
  })
}

let aheadMs = 0
/** The box's time as far as this page knows it: phones at a pier are often minutes off. */
export const boxNow = (): number => Date.now() + aheadMs

function put(state: State | { path: string; kind: string }, gone: boolean): void {
  const next = gone ? undefined : (state as State)
  made(states, state.path, undefined).set(next)
  const of = made<readonly State[]>(kinds, state.kind, [])
  const others = of.get().filter(other => other.path !== state.path)
  of.set(next ? [...others, next].sort((a, b) => (a.path < b.path ? -1 : 1)) : others)
}

let source: EventSource | undefined
let cursor: number | undefined
let heardAtMs = performance.now()
let calledAtMs = 0

function heard(): void {
  heardAtMs = performance.now()
  if (presence.get().phase !== 'here') presence.set({ phase: 'here', sinceMs: Date.now() })
}

function hello(said: Hello): void {
  const known = new Set(said.states.map(state => state.path))
  for (const [path, of] of states) {
    const old = of.get()
    if (old && !known.has(path)) put(old, true)
  }
  for (const state of said.states) put(state, false)
  if (said.boot !== boot.get()) {
    for (const tag of pictures.values()) tag.set(undefined)
    boot.set(said.boot)
  }
  logLines.set([])
  if (said.cursor !== undefined) cursor = Math.max(cursor ?? 0, said.cursor)
  aheadMs = said.nowMs - Date.now()
}

function call(): void {
  calledAtMs = performance.now()
  source?.close()
  const mine = (source = new EventSource(cursor === undefined ? '/api/events' : `/api/events?after=${cursor}`))
  const on = <T>(kind: string, take: (said: T) => void): void =>
    mine.addEventListener(kind, message => {
      if (mine !== source) return
      take(JSON.parse((message as MessageEvent<string>).data) as T)
      heard()
    })
  on<Hello>('hello', hello)
  on<State>('state', state => put(state, false))
  on<{ path: string }>('gone', ({ path }) => put({ path, kind: path.split('/')[0] }, true))
  on<PictureTag>('picture', tag => made(pictures, tag.name, undefined).set(tag))
  on<LogLine>('log', line => logLines.set([...logLines.get().slice(1 - logLinesKept), line]))
  on<{ nowMs: number }>('tick', ({ nowMs }) => {
    aheadMs = nowMs - Date.now()
  })
  on<FeedEvent>('event', event => {
    cursor = Math.max(cursor ?? 0, event.cursor)
    happened.set([event, ...happened.get()].slice(0, eventsKept))
    for (const listener of eventListeners) listener(event)
  })
}

function look(): void {
  if (!source) return
  const now = performance.now()
  const silentMs = now - heardAtMs
  if (silentMs > goneAfterMs && presence.get().phase !== 'gone')
    presence.set({ phase: 'gone', sinceMs: Date.now() - silentMs })
  // EventSource calls again by itself after an error, but not over a line that died without one.
  if (silentMs > goneAfterMs && now - calledAtMs > callAgainMs) call()
}

/** Called once, by main. */
export function listenToBox(): void {
  call()
  setInterval(look, 500)
  let letGo: ReturnType<typeof setTimeout> | undefined
  document.addEventListener('visibilitychange', () => {
    clearTimeout(letGo)
    if (document.hidden) {
      letGo = setTimeout(() => {
        source?.close()
        source = undefined
      }, hiddenAfterMs)
    } else if (!source || performance.now() - heardAtMs > goneAfterMs) {
      // The phone slept, not the box: it gets the time of one call before anybody says that it is gone.
      heardAtMs = performance.now()
      call()
    }
  })
}
