// The bytes of an LCUS board: A0, relay from 1, 1 or 0, and the low byte of their sum. FF asks; boards of more than one
// relay answer "CH1: ON" and so on, a line each.

/** @param relay 1… */
export function lcusOrder(relay: number, on: boolean): Uint8Array {
  const level = on ? 1 : 0
  return Uint8Array.of(0xa0, relay, level, (0xa0 + relay + level) & 0xff)
}

export const lcusQuery = Uint8Array.of(0xff)

/**
 * Relays by number, as a status says them. Undefined while the line of `last` has not come whole: the board sends one
 * line after the other and no end.
 */
export function lcusStatus(text: string, last: number): ReadonlyMap<number, boolean> | undefined {
  const relays = new Map<number, boolean>()
  for (const [, relay, word] of text.matchAll(/CH ?(\d+) ?: ?(ON|OFF)(?=\s)/gi)) {
    relays.set(Number(relay), word.toUpperCase() === 'ON')
  }
  return relays.has(last) ? relays : undefined
}
