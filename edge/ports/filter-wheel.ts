// What turns filters into the light.
import { Fault } from './fault.js'

export interface FilterWheel {
  /** Slot 0 first. */
  readonly names: readonly string[]
  /** Slot in the light, or undefined while it turns. */
  position(): number | undefined
  /** Settles when the slot is in the light. */
  select(slot: number, signal: AbortSignal): Promise<void>
}

/** The slot of a filter, however its name is capitalised. Throws `bad-input` with the names there are. */
export function slotOf({ names }: FilterWheel, filter: string): number {
  const slot = names.findIndex(name => name.toLowerCase() === filter.toLowerCase())
  if (slot >= 0) return slot
  throw new Fault('bad-input', `the wheel has no filter "${filter}"`, `Use one of: ${names.join(', ')}`)
}
