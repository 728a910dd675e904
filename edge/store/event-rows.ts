// What happened, in durable order: the newest events of all boots, each with its cursor.
import { Fault } from '../ports/fault.js'
import type { FeedEvent } from '../ports/feed.js'
import type { JsonObject } from '../ports/json.js'
import type { Database } from './sqlite.js'

export interface EventRows {
  /** The cursor. The same event again (node, boot and seq) gets the cursor it has. */
  append(event: Omit<FeedEvent, 'cursor'>): number
  after(cursor: number, limit: number): FeedEvent[]
  newest(): number
}

const maxAsked = 5000
const maxBodyBytes = 64 * 1024
/** Old events go in batches, so that few appends touch two ends of the table. */
const pruneEvery = 64

interface EventRow {
  readonly cursor: number
  readonly node: string
  readonly boot: number
  readonly seq: number
  readonly kind: string
  readonly at_ms: number
  readonly body: string
}

/**
 * Written with full sync: an event is told to other programs as soon as it is stored, and they go on from its cursor.
 * One lost in a power cut would have its cursor given to another event that they then never ask for.
 * @param bound so many of the newest are kept, up to 63 more between two prunings
 */
export function eventRows(database: Database, bound: number): EventRows {
  const insert = database.prepare(
    `INSERT INTO event (node, boot, seq, kind, at_ms, body) VALUES (:node, :boot, :seq, :kind, :atMs, :body)
     ON CONFLICT (node, boot, seq) DO NOTHING`,
  )
  const known = database.prepare<{ cursor: number }>(
    'SELECT cursor FROM event WHERE node = :node AND boot = :boot AND seq = :seq',
  )
  const prune = database.prepare('DELETE FROM event WHERE cursor <= :cursor')
  const after = database.prepare<EventRow>('SELECT * FROM event WHERE cursor > :cursor ORDER BY cursor LIMIT :limit')
  const newest = database.prepare<{ cursor: number | null }>('SELECT max(cursor) AS cursor FROM event')

  return {
    append({ node, boot, seq, kind, atMs, body }) {
      const text = JSON.stringify(body)
      if (text.length > maxBodyBytes) {
        const what = `the event ${kind} has a body of ${text.length} bytes, more than ${maxBodyBytes}`
        throw new Fault('bad-input', what, 'Put large things into files and their path into the event')
      }
      return database.atomically(() => {
        const { changes, rowId } = insert.run({ node, boot, seq, kind, atMs, body: text })
        if (changes === 0) return known.get({ node, boot, seq })!.cursor
        if (rowId > bound && rowId % pruneEvery === 0) prune.run({ cursor: rowId - bound })
        return rowId
      })
    },
    after: (cursor, limit) =>
      after
        .all({ cursor, limit: Math.max(1, Math.min(maxAsked, Math.floor(limit))) })
        .map(({ at_ms, body, ...rest }) => ({ ...rest, atMs: at_ms, body: JSON.parse(body) as JsonObject })),
    newest: () => newest.get()?.cursor ?? 0,
  }
}
