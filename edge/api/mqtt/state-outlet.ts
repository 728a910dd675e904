// Feed states as retained topics: the newest value of each path, never a queue. What changes faster than the link takes
// is published at the pace of the link; what has left the feed is taken off the broker.
import type { Clock, Timer } from '../../ports/clock.js'
import type { Feed, State } from '../../ports/feed.js'
import { kinds } from '../../ports/fields.js'
import type { Log } from '../../ports/log.js'
import type { Connection } from './connection.js'
import type { Topics } from './topics.js'

export interface StateOutletParts {
  readonly feed: Feed
  readonly topics: Topics
  readonly clock: Clock
  readonly log: Log
  /** Changes within this time of the last publication go out together, ms. */
  readonly gatherMs: number
  /** How long a topic left over from an earlier run may wait for its device to appear, ms. */
  readonly graceMs: number
}

export interface StateOutlet {
  /** Publishes everything over a new connection, and what changes from then on. */
  begin(connection: Connection): void
  /** Publishes everything once more. */
  again(): void
  /** Filters under which the broker may still hold states of an earlier run. */
  readonly leftoverFilters: readonly string[]
  /** A topic that the broker had kept from before we connected. */
  leftover(topic: string): void
  stop(): void
}

const backlogBytes = 262_144
const largestBytes = 262_144
const statesPerTurn = 200
const leftoversMax = 2_000

export function stateOutlet({ feed, topics, clock, log, gatherMs, graceMs }: StateOutletParts): StateOutlet {
  const changed = new Set<string>()
  const published = new Map<string, string>()
  const leftovers = new Set<string>()
  let connection: Connection | undefined
  let timer: Timer | undefined
  let graceTimer: Timer | undefined
  let pumping = false
  let lastMs = Number.NEGATIVE_INFINITY

  const send = (to: Connection, path: string) => {
    const topic = topics.state(path)
    const state = feed.get(path)
    if (state) {
      const payload = JSON.stringify(stateBody(state))
      if (payload.length > largestBytes) {
        return log.warn(`the state ${path} is too large for MQTT and was left out`, { bytes: payload.length })
      }
      to.publish(topic, payload, true)
      published.set(path, topic)
      leftovers.delete(topic)
    } else if (published.delete(path)) to.publish(topic, '', true)
  }
  const pump = async () => {
    timer = undefined
    pumping = true
    try {
      while (connection && !connection.ended.aborted && changed.size > 0) {
        const to = connection
        let turn = 0
        for (const path of changed) {
          changed.delete(path)
          send(to, path)
          if (++turn >= statesPerTurn || to.backlogBytes > backlogBytes) break
        }
        if (to.backlogBytes > backlogBytes) await to.drained()
        else await clock.sleep(0)
      }
    } finally {
      pumping = false
      lastMs = clock.monotonicMs()
    }
    if (changed.size > 0) schedule()
  }
  const schedule = () => {
    if (timer || pumping || !connection || connection.ended.aborted) return
    timer = clock.after(Math.max(0, lastMs + gatherMs - clock.monotonicMs()), () => {
      pump().catch(error => log.error('states could not be published', { error: String(error) }))
    })
  }
  const unhear = feed.listen({
    state(state, gone) {
      if (gone && !published.has(state.path)) changed.delete(state.path)
      else changed.add(state.path)
      schedule()
    },
  })
  const again = () => {
    for (const path of published.keys()) changed.add(path)
    for (const { path } of feed.states()) changed.add(path)
    schedule()
  }
  return {
    begin(next) {
      connection = next
      again()
    },
    again,
    leftoverFilters: Object.keys(kinds).map(kind => `${topics.base}/${kind}/#`),
    leftover(topic) {
      if (leftovers.size >= leftoversMax) return
      leftovers.add(topic)
      graceTimer ??= clock.after(graceMs, () => {
        graceTimer = undefined
        const living = new Set(published.values())
        for (const old of leftovers) if (!living.has(old)) connection?.publish(old, '', true)
        leftovers.clear()
      })
    },
    stop() {
      unhear()
      timer?.cancel()
      graceTimer?.cancel()
      connection = undefined
      changed.clear()
    },
  }
}

/** The fields of the value, and beside them when it was true and whether it may still be believed. */
function stateBody(state: State): Record<string, unknown> {
  return { ...state.value, at: new Date(state.atMs).toISOString(), stale: state.stale }
}
