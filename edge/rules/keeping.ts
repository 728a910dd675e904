// When the keeper of the outputs writes the safe states: a decision apart from the deed, so that every order of events
// can be gone through.

/**
 * Silence of the agent that is believed to be its end, ms. Beats come every second; a slow board has one left to obey.
 */
export const silenceMs = 4_000

export interface Keeping {
  /**
   * `opening`: no outputs are in our hands yet; `holding`: they are; `orphaned`: the agent went while the board was
   * being opened; `left`: nothing more is done.
   */
  readonly phase: 'opening' | 'holding' | 'orphaned' | 'left'
  /** When the agent was last heard, by a clock that never jumps, ms. */
  readonly heardMs: number
  /** The safe states were written in this silence. */
  readonly safe: boolean
}

export type KeepingEvent =
  /** Any line of the agent's. */
  | { readonly kind: 'heard'; readonly atMs: number }
  /** The board is open and its outputs stand as they were told to. */
  | { readonly kind: 'opened' }
  /** Time passes. */
  | { readonly kind: 'tick'; readonly atMs: number }
  /** The pipe has closed. */
  | { readonly kind: 'gone' }
  /** The agent lets go of the outputs, which stay as they are. */
  | { readonly kind: 'released' }

/** `make-safe` writes the safe states; `leave` ends the process. */
export type KeepingDeed = 'make-safe' | 'leave'

/** The next state, and what is to be done now, in this order. */
export function keeping(state: Keeping, event: KeepingEvent): readonly [Keeping, readonly KeepingDeed[]] {
  const { phase, safe } = state
  if (phase === 'left') return [state, []]
  switch (event.kind) {
    case 'heard':
      return [{ ...state, heardMs: event.atMs, safe: false }, []]
    case 'opened':
      if (phase === 'orphaned') return [{ ...state, phase: 'left', safe: true }, ['make-safe', 'leave']]
      return [{ ...state, phase: 'holding' }, []]
    case 'tick': {
      const silent = event.atMs - state.heardMs >= silenceMs
      return silent && phase === 'holding' && !safe ? [{ ...state, safe: true }, ['make-safe']] : [state, []]
    }
    case 'gone':
      if (phase !== 'holding') return [{ ...state, phase: 'orphaned' }, []]
      return [{ ...state, phase: 'left', safe: true }, safe ? ['leave'] : ['make-safe', 'leave']]
    case 'released':
      return [{ ...state, phase: 'left' }, ['leave']]
  }
}
