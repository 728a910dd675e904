// Who holds what. Claims are taken once, at the outermost action; beneath, services receive the holder's Lease.

/** One thing wanted. Shared claims live beside each other (exposures on one mount); an exclusive one lives alone. */
export interface Claim {
  readonly name: string
  readonly shared?: boolean
}

export interface Holder {
  /** `phone`, `mqtt`, `cli` …: the token's name. */
  readonly who: string
  readonly action: string
}

export interface Lease {
  readonly claims: readonly Claim[]
  readonly holder: Holder
  /** Fires with the reason (a Fault) when the holder must let go: abort, safety, shutdown. */
  readonly signal: AbortSignal
  release(): void
}

export interface Claims {
  /** Takes all or none. Throws `busy`, naming holder and action. */
  take(claims: readonly Claim[], holder: Holder): Lease
  /** Tells every holder of `name` to let go, and waits. One that has not after 5 s is taken from: see `onSeized`. */
  preempt(name: string, reason: Error, which?: 'exclusive' | 'all'): Promise<void>
  /** Registers what stops the device of `name` over its holder's head. */
  onSeized(name: string, stop: (reason: Error) => Promise<void>): () => void
  holderOf(name: string): Holder | undefined
  /** Names held now, with their holders. */
  held(): { name: string; shared: boolean; holder: Holder }[]
}
