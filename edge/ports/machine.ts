// The computer itself.
import type { JsonObject } from './json.js'

export interface Machine {
  /** Settles when everything written is on the disk. */
  sync(): Promise<void>
  /** Tells the system to shut down; the agent is then stopped like any service. */
  shutDown(): Promise<void>
  /** The same, and it starts again. */
  restart(): Promise<void>
}

/**
 * Has root do one of the deeds that Pierside's own image knows (`pierside-do-<deed>.service`), and settles when it is
 * done.
 * @param order what it needs to know; root takes it for a stranger's word
 * @throws Fault `broken` with the deed's own last words, the signal's reason
 */
export type ImageDeed = (deed: string, order: JsonObject, signal: AbortSignal) => Promise<void>
