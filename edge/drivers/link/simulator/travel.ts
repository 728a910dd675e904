// Something simulated that travels at its speed from where it is to where it is sent: roof, cover, rotator.
export interface Travel {
  /** Where it is, in its own unit. */
  position(): number
  /** +1 or −1 on its way, 0 at rest. */
  heading(): number
  /** Sets off; gives the ms it will take. */
  setOff(to: number): number
  halt(): void
  /** Fires when the way it is on, or was on last, is cut short. */
  halted(): AbortSignal
  /** Stands at `at` from now on, without having travelled. */
  place(at: number): void
}

export function travel(at: number, perSecond: number, monotonicMs: () => number): Travel {
  let move = { from: at, to: at, startMs: 0, endMs: 0 }
  let way = new AbortController()
  const position = () => {
    const ms = monotonicMs()
    if (ms >= move.endMs) return move.to
    return move.from + ((move.to - move.from) * (ms - move.startMs)) / (move.endMs - move.startMs)
  }
  const place = (there: number) => {
    move = { from: there, to: there, startMs: 0, endMs: 0 }
  }
  return {
    position,
    heading: () => (monotonicMs() < move.endMs ? Math.sign(move.to - move.from) : 0),
    setOff(to) {
      const from = position()
      const startMs = monotonicMs()
      way = new AbortController()
      move = { from, to, startMs, endMs: startMs + (Math.abs(to - from) / perSecond) * 1000 }
      return move.endMs - startMs
    },
    halt() {
      place(position())
      way.abort()
    },
    halted: () => way.signal,
    place,
  }
}
