// Events in order, each at least once: the durable event table is the queue, a cursor per broker says what it has
// taken, and taken is what the broker has acknowledged.
import type { Clock, Timer } from '../../ports/clock.js'
import { asFault } from '../../ports/fault.js'
import type { Feed, FeedEvent } from '../../ports/feed.js'
import type { Log } from '../../ports/log.js'
import { type Schema, z } from '../../ports/schema.js'
import type { Store } from '../../ports/store.js'
import type { Connection } from './connection.js'
import { keptWriter } from './kept-writer.js'
import type { Topics } from './topics.js'

export interface EventOutletParts {
  readonly feed: Feed
  readonly store: Pick<Store, 'keep' | 'newestCursor'>
  readonly topics: Topics
  readonly clock: Clock
  readonly log: Log
  /** Names the broker that the cursor belongs to. */
  readonly broker: string
  readonly eventsMax: number
  /** Told whenever the number of waiting events has changed. */
  onWaiting(events: number): void
}

export interface EventOutlet {
  begin(connection: Connection): void
  /** Waits a moment for acknowledgements on their way, and writes the cursor. */
  stop(): Promise<void>
}

const cursors: Schema<{ broker: string; cursor: number }[]> = z.array(
  z.strictObject({ broker: z.string(), cursor: z.int().min(0) }),
)
const brokersRemembered = 8
const eventsInFlight = 50
/** A start after a crash repeats at most the events of this time. */
const saveEveryMs = 1_000
/** After the event table could not be read. */
const retryMs = 5_000
/** For the acknowledgements still on their way when the agent stops. */
const partingMs = 1_000

/** A broker that has never been spoken to gets what happens from now on. */
export async function eventOutlet(parts: EventOutletParts): Promise<EventOutlet> {
  const { feed, store, topics, clock, log, broker, eventsMax, onWaiting } = parts
  const kept = await store.keep('mqtt/cursor', cursors, [])
  const writer = keptWriter(kept)
  let newest = await store.newestCursor()
  const known = kept.read().find(entry => entry.broker === broker)
  // An archive put back from a copy may be older than the cursor.
  let cursor = Math.min(known?.cursor ?? newest, newest)
  let connection: Connection | undefined
  let pumping = false
  let stopped = false
  let saveTimer: Timer | undefined
  let retry: Timer | undefined
  let current: Promise<void> = Promise.resolve()

  const save = async () => {
    saveTimer?.cancel()
    saveTimer = undefined
    const others = kept.read().filter(entry => entry.broker !== broker)
    await writer.save([...others, { broker, cursor }].slice(-brokersRemembered))
  }
  const saveSoon = () => {
    saveTimer ??= clock.after(saveEveryMs, () => {
      save().catch(error => log.error('the MQTT cursor could not be written', { error: String(error) }))
    })
  }
  const advance = (to: number) => {
    cursor = to
    onWaiting(Math.max(0, newest - cursor))
    saveSoon()
  }
  const pump = async () => {
    pumping = true
    try {
      while (connection && !connection.ended.aborted && !stopped) {
        if (newest - cursor > eventsMax) {
          log.warn('too many events waited for the MQTT broker; the oldest are left out', {
            left: newest - eventsMax - cursor,
          })
          advance(newest - eventsMax)
        }
        const to = connection
        const newestBefore = newest
        const batch = await feed.eventsAfter(cursor, eventsInFlight)
        if (batch.length > 0) await deliver(to, batch)
        else if (newest === newestBefore) {
          // Nothing after the cursor although the newest lies there: rows were thinned out at the top of the table.
          if (newest > cursor) advance(newest)
          return
        }
      }
    } finally {
      pumping = false
    }
  }
  const deliver = async (to: Connection, batch: readonly FeedEvent[]) => {
    const sent = batch.map(event => to.deliver(topics.event(event.kind), JSON.stringify(eventBody(event)), false))
    // Each is awaited in order below; one that fails early must not be an unhandled rejection meanwhile.
    for (const one of sent) one.catch(() => undefined)
    try {
      for (const [at, one] of sent.entries()) {
        await one
        advance(batch[at].cursor)
      }
    } catch (error) {
      to.cut(asFault(error, 'an event'))
    }
  }
  const kick = () => {
    if (pumping || stopped) return
    current = pump().catch(error => {
      log.error('events could not be published', { error: String(error) })
      retry?.cancel()
      retry = clock.after(retryMs, kick)
    })
  }
  const unhear = feed.listen({
    event(event) {
      newest = Math.max(newest, event.cursor)
      onWaiting(newest - cursor)
      kick()
    },
  })
  if (!known) await save()
  onWaiting(newest - cursor)
  return {
    begin(next) {
      connection = next
      kick()
    },
    async stop() {
      stopped = true
      unhear()
      retry?.cancel()
      const deadline = clock.deadline(partingMs, 'the last events over MQTT')
      // Events without an acknowledgement by then go out again after the next start.
      await deadline.race(current).catch(() => undefined)
      deadline.cancel()
      connection = undefined
      await save()
    },
  }
}

/** `node`, `boot` and `seq` name the event for good; a repeated one has the same. */
function eventBody(event: FeedEvent): Record<string, unknown> {
  const { node, boot, seq, cursor, kind, body } = event
  return { node, boot, seq, cursor, kind, at: new Date(event.atMs).toISOString(), body }
}
