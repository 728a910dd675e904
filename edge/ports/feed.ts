// The one feed: states (the last one wins) and events (only appended). Every face is a projection of it.
import type { JsonObject } from './json.js'

/** The latest known value of a thing, at a path such as `camera/main` or `power/relays/2`. */
export interface State {
  readonly path: string
  /** First part of the path; says which fields the value has (ports/fields.ts). */
  readonly kind: string
  readonly value: JsonObject
  /** When the value was true, Unix ms UTC. */
  readonly atMs: number
  /** Older than its kind allows: it may not be believed any more. */
  readonly stale: boolean
}

/** Something that happened, once. `node`, `boot` and `seq` together are its name. */
export interface FeedEvent {
  readonly node: string
  /** Counts the starts of this node, 1… */
  readonly boot: number
  /** Counts the events of this boot, 1… */
  readonly seq: number
  /** `[a-z0-9-]`: `frame-archived`, `exposure-failed` … */
  readonly kind: string
  readonly atMs: number
  readonly body: JsonObject
  /** Place in the durable order of all boots; rises with every event. */
  readonly cursor: number
}

export interface FeedListener {
  /** A state is new, has changed or went stale; `gone` when its device left. */
  state?(state: State, gone: boolean): void
  event?(event: FeedEvent): void
}

export interface Feed {
  readonly node: string
  readonly boot: number
  /**
   * Replaces the state at `path`. Listeners hear of it in order, before this returns. A listener that throws is logged.
   * @param staleAfterMs how old it may grow; as its kind says when absent
   */
  set(path: string, value: JsonObject, atMs?: number, staleAfterMs?: number): void
  /** Changes some fields of a state and leaves the others; `undefined` removes a field. */
  patch(path: string, fields: JsonObject, atMs?: number): void
  /** Takes a state away: its device is gone. */
  drop(path: string): void
  get(path: string): State | undefined
  /** All states, sorted by path; those under `prefix` only if it is given (`camera` or `camera/main`). */
  states(prefix?: string): State[]
  /**
   * Appends an event: stored first, then told. Settles when it is durable and listeners have heard. Never rejects: what
   * happened has happened, and a mount that stopped has stopped, even if a full disk cannot say so; that is logged.
   */
  event(kind: string, body: JsonObject): Promise<void>
  /** Stored events after `cursor`, oldest first, at most `limit`. */
  eventsAfter(cursor: number, limit: number): Promise<FeedEvent[]>
  /** Cursor of the newest stored event, 0 when there is none: where to go on from after a silence. */
  newestCursor(): Promise<number>
  listen(listener: FeedListener): () => void
}
