// What turns filters into the light.

export interface FilterWheel {
  /** Slot 0 first. */
  readonly names: readonly string[]
  /** Slot in the light, or undefined while it turns. */
  position(): number | undefined
  /** Settles when the slot is in the light. */
  select(slot: number, signal: AbortSignal): Promise<void>
}
