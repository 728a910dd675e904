// Listening to what others publish on an MQTT broker: asked of `Tools`, since the faces own that protocol.

export interface TopicOrder {
  /** mqtt://host:port or mqtts://host:port. */
  readonly url: string
  readonly user?: string
  readonly password?: string
  /** Path of a PEM file. */
  readonly ca?: string
  readonly topics: readonly string[]
  /** @param retained the broker kept it from before we listened: how old it is nobody knows */
  onMessage(topic: string, payload: Uint8Array, retained: boolean): void
}

export interface Hearing {
  /** Fires with the Fault that ended it. */
  readonly ended: AbortSignal
  close(): Promise<void>
}

/** Settles when the broker has agreed; rejects with a Fault in words an owner can act on. */
export type HearTopics = (order: TopicOrder, signal: AbortSignal) => Promise<Hearing>
