// Keeps Home Assistant's picture of the box true: announces it on every connection and on Home Assistant's birth, again
// when what there is has changed, and takes away what has been gone for a while.
import type { Actions } from '../../ports/action.js'
import type { Clock, Timer } from '../../ports/clock.js'
import { asFault } from '../../ports/fault.js'
import type { Feed } from '../../ports/feed.js'
import type { Log } from '../../ports/log.js'
import type { Random } from '../../ports/random.js'
import { type Schema, z } from '../../ports/schema.js'
import type { Store } from '../../ports/store.js'
import type { Connection } from './connection.js'
import { type Components, componentsOf, discoveryPayload, type Household } from './home-assistant.js'
import { keptWriter } from './kept-writer.js'
import type { MqttSettings } from './settings.js'
import type { Topics } from './topics.js'

export interface DiscoveryParts {
  readonly feed: Feed
  readonly actions: Actions
  readonly store: Pick<Store, 'keep'>
  readonly topics: Topics
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly settings: MqttSettings
  readonly box: Household['box']
  /** A component absent for so long is taken away from Home Assistant, ms. */
  readonly graceMs: number
  /** Home Assistant has started: it wants the states again too. */
  onBirth(): void
}

export interface Discovery {
  /** Home Assistant's own status topic; absent when it is switched off. */
  readonly birthTopic: string | undefined
  begin(connection: Connection): void
  /** A message at the birth topic. */
  born(payload: Uint8Array): void
  stop(): void
}

const announced: Schema<{ id: string; platform: string }[]> = z.array(
  z.strictObject({ id: z.string(), platform: z.string() }),
)
const knownMax = 2_000
/** Devices come up one by one; one announcement for all of them is enough. */
const gatherMs = 1_500
/** Time for Home Assistant to read a removal before it is forgotten. */
const removalStandsMs = 5_000
/** All boxes of a house hear the same birth: they do not answer in the same moment. */
const birthDelayMs = { least: 500, spread: 2_500 }

export async function discovery(parts: DiscoveryParts): Promise<Discovery> {
  const { feed, actions, store, topics, clock, random, log, settings, box, graceMs, onBirth } = parts
  const { enabled, prefix } = settings.home_assistant
  const topic = `${prefix}/device/${settings.node}/config`
  const kept = await store.keep('mqtt/announced', announced, [])
  const writer = keptWriter(kept)
  /** Component id → platform, as Home Assistant knows them. */
  const known = new Map(kept.read().map(({ id, platform }) => [id, platform]))
  const absentSince = new Map<string, number>()
  let connection: Connection | undefined
  let timer: Timer | undefined
  let birth: Timer | undefined
  let last = ''

  const save = () => {
    writer
      .save([...known].slice(-knownMax).map(([id, platform]) => ({ id, platform })))
      .catch(error => log.error('what Home Assistant knows could not be written', { error: String(error) }))
  }
  const publish = (payload: string) => {
    if (!connection || connection.ended.aborted) return
    connection
      .deliver(topic, payload, true)
      .catch(error => log.debug(`discovery was not taken: ${asFault(error, 'mqtt').message}`))
  }
  /** Ids whose removal is due, and in how many ms the next one is. */
  const overdue = (components: Components) => {
    const nowMs = clock.monotonicMs()
    const due: string[] = []
    let nextMs: number | undefined
    for (const id of known.keys()) {
      if (components[id]) {
        absentSince.delete(id)
        continue
      }
      const since = absentSince.get(id) ?? nowMs
      absentSince.set(id, since)
      if (nowMs - since >= graceMs) due.push(id)
      else nextMs = Math.min(nextMs ?? graceMs, since + graceMs - nowMs)
    }
    return { due, nextMs }
  }
  const announce = (force: boolean) => {
    timer?.cancel()
    timer = undefined
    if (!enabled || !connection || connection.ended.aborted) return
    const house: Household = {
      node: settings.node,
      topics,
      states: feed.states(),
      actions: actions.table,
      bindings: action => actions.bindings(action),
      known: new Set(known.keys()),
      box,
    }
    const components = componentsOf(house)
    const { due, nextMs } = overdue(components)
    const removals: Record<string, { platform: string }> = {}
    for (const id of due) removals[id] = { platform: known.get(id)! }
    const payload = JSON.stringify(discoveryPayload(house, { ...components, ...removals }))
    if (force || payload !== last) publish(payload)
    last = payload
    let news = due.length > 0
    for (const id of due) {
      known.delete(id)
      absentSince.delete(id)
    }
    for (const [id, { platform }] of Object.entries(components)) {
      news ||= known.get(id) !== platform
      known.set(id, platform)
    }
    if (news) save()
    if (due.length > 0) soon(removalStandsMs)
    else if (nextMs !== undefined) soon(Math.max(nextMs, gatherMs))
  }
  let dueMs = 0
  const soon = (ms: number) => {
    const at = clock.monotonicMs() + ms
    if (timer && dueMs <= at) return
    timer?.cancel()
    dueMs = at
    timer = clock.after(ms, () => announce(false))
  }
  const unhear = feed.listen({ state: () => soon(gatherMs) })
  return {
    birthTopic: enabled ? `${prefix}/status` : undefined,
    begin(next) {
      connection = next
      if (enabled) return announce(true)
      if (known.size === 0) return
      // Switched off since: the device is taken away as a whole.
      publish('')
      known.clear()
      save()
    },
    born(payload) {
      if (new TextDecoder().decode(payload) !== 'online') return
      birth?.cancel()
      birth = clock.after(birthDelayMs.least + random.next() * birthDelayMs.spread, () => {
        announce(true)
        onBirth()
      })
    },
    stop() {
      unhear()
      timer?.cancel()
      birth?.cancel()
      connection = undefined
    },
  }
}
