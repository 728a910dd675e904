// The one feed: keeps the latest states, marks the old ones stale, and appends events durably before it tells them.
import type { Clock, Timer } from '../ports/clock.js'
import type { Feed, FeedEvent, FeedListener, State } from '../ports/feed.js'
import { kindOf, kinds } from '../ports/fields.js'
import type { JsonObject } from '../ports/json.js'
import type { Log } from '../ports/log.js'
import type { Store } from '../ports/store.js'

export interface FeedParts {
  readonly node: string
  readonly store: Pick<Store, 'boot' | 'appendEvent' | 'eventsAfter' | 'newestCursor'>
  readonly clock: Clock
  readonly log: Log
}

interface Entry {
  state: State
  staleAfterMs: number | undefined
  watch: Timer | undefined
}

/** Devices may tell a time a little before ours; beyond this nobody knows how old a state is, ms. */
const aheadMs = 5_000

/** Events are told in the order they were asked for, whatever the disk does. */
export function createFeed({ node, store, clock, log }: FeedParts): Feed {
  const entries = new Map<string, Entry>()
  const listeners = new Set<FeedListener>()
  let seq = 0
  let tail: Promise<void> = Promise.resolve()

  const tell = (how: (listener: FeedListener) => void) => {
    for (const listener of [...listeners]) {
      try {
        how(listener)
      } catch (error) {
        log.error('a listener of the feed failed', { error: String(error) })
      }
    }
  }
  /** Milliseconds until a state of that time is old. One of a time to come is of before the clock was set back. */
  const ageLeft = (atMs: number, staleAfterMs = Infinity) => {
    const ageMs = clock.now() - atMs
    return ageMs < -aheadMs && staleAfterMs !== Infinity ? 0 : staleAfterMs - ageMs
  }
  const watchAge = (entry: Entry) => {
    entry.watch?.cancel()
    entry.watch = undefined
    const leftMs = ageLeft(entry.state.atMs, entry.staleAfterMs)
    if (entry.state.stale || leftMs === Infinity) return
    entry.watch = clock.after(leftMs, () => {
      entry.state = { ...entry.state, stale: true }
      tell(listener => listener.state?.(entry.state, false))
    })
  }

  const feed: Feed = {
    node,
    boot: store.boot,
    set(path, value, atMs = clock.now(), staleAfterMs) {
      const kind = kindOf(path)
      const oldMs = staleAfterMs ?? kinds[kind]?.staleAfterMs
      const state: State = { path, kind, value: withoutAbsent(value), atMs, stale: ageLeft(atMs, oldMs) <= 0 }
      const known = entries.get(path)
      const entry: Entry = known ?? { state, staleAfterMs: oldMs, watch: undefined }
      // The same value again is no news, but it is true for longer.
      const news =
        !known || known.state.stale !== state.stale || JSON.stringify(known.state.value) !== JSON.stringify(state.value)
      entry.state = state
      entry.staleAfterMs = oldMs
      entries.set(path, entry)
      watchAge(entry)
      if (news) tell(listener => listener.state?.(state, false))
    },
    patch(path, fields, atMs) {
      const known = entries.get(path)
      feed.set(path, { ...known?.state.value, ...fields }, atMs, known?.staleAfterMs)
    },
    drop(path) {
      const entry = entries.get(path)
      if (!entry) return
      entry.watch?.cancel()
      entries.delete(path)
      tell(listener => listener.state?.(entry.state, true))
    },
    get: path => entries.get(path)?.state,
    states(prefix) {
      const all = [...entries.values()].map(entry => entry.state)
      const wanted = prefix ? all.filter(({ path }) => path === prefix || path.startsWith(`${prefix}/`)) : all
      return wanted.sort((a, b) => (a.path < b.path ? -1 : 1))
    },
    event(kind, body) {
      const event: Omit<FeedEvent, 'cursor'> = {
        node,
        boot: store.boot,
        seq: ++seq,
        kind,
        atMs: clock.now(),
        body: withoutAbsent(body),
      }
      const tellInTurn = async () => {
        try {
          const cursor = await store.appendEvent(event)
          const whole: FeedEvent = { ...event, cursor }
          tell(listener => listener.event?.(whole))
        } catch (error) {
          log.error(`the event ${kind} could not be stored`, { error: String(error) })
        }
      }
      tail = tail.then(tellInTurn)
      return tail
    },
    eventsAfter: (cursor, limit) => store.eventsAfter(cursor, limit),
    newestCursor: () => store.newestCursor(),
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return feed
}

/** JSON has no `undefined`: an absent field is left out, at the top level where states keep theirs. */
function withoutAbsent(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined))
}
