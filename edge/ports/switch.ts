// Things that are on or off, or somewhere between: relays, heaters, lamps.

export interface SwitchChannel {
  /** `[a-z0-9_-]`, part of the path. */
  readonly id: string
  readonly name: string
  /** A contact that is only read: `set` rejects with `unsupported`. */
  readonly input?: true
  /** Absent: on/off only. */
  readonly range?: { readonly min: number; readonly max: number; readonly step: number; readonly unit: string }
}

export interface SwitchBank {
  readonly channels: readonly SwitchChannel[]
  /** As read back from the device: 0 or 1, or a value in range; undefined while unknown. */
  value(id: string): number | undefined
  /** Current through a channel, A, where the box measures it; changes without `onChange`. */
  amperes?(id: string): number | undefined
  /** Writes and reads back; rejects with `broken` when the read-back differs. */
  set(id: string, value: number, signal: AbortSignal): Promise<void>
  onChange(listener: (id: string) => void): () => void
}
