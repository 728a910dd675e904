// New versions of the box: what runs, what lies in the other slot, and how another is put there.

/** How the two slots stand, as the system found it at this start. */
export interface SlotFacts {
  /** A or B: the one that runs. */
  readonly slot: string
  /** The version in the other one; absent while nobody has put one there. */
  readonly other?: string
  readonly otherState: 'good' | 'bad'
  /** Whether what runs has still to be judged, or else the other slot comes back. */
  readonly onTrial: boolean
}

/** What became of the last update. */
export interface Verdict {
  readonly ok: boolean
  readonly version: string
  /** The version that it came from. */
  readonly from: string
  /** Why it did not stay. */
  readonly reason: string
  readonly atMs: number // Unix ms UTC
}

/** What a bundle says of itself, its signature being sound. */
export interface BundleFacts {
  readonly version: string
  /** Shape of the database that it leaves behind, and the oldest it can take over. */
  readonly data?: number
  readonly minimumData?: number
}

/** A bundle on a stick. */
export interface FoundBundle {
  readonly path: string
  readonly name: string
  readonly bytes: number
}

/** A piece of a bundle that a phone or program sends. */
export interface Piece {
  /** Where it belongs, bytes from the start. */
  readonly from: number
  /** Of the whole bundle. */
  readonly total: number
  readonly bytes: Uint8Array
}

/** What is heard of a bundle while it is fetched. */
export interface HearFetch {
  /** So many bytes are here now. */
  tell(bytes: number, total: number | undefined): void
  /** So many are to come, before the first of them does. Rejects when they have no room. */
  demand(bytes: number): Promise<void>
}

export interface Updates {
  /** `undefined` until the system has found out. */
  slots(): Promise<SlotFacts | undefined>
  verdict(): Promise<Verdict | undefined>
  /** Why this box takes no update at all. */
  refusal(): Promise<string | undefined>
  found(): Promise<FoundBundle[]>
  /**
   * @returns bytes of it that are here now
   * @throws Fault `bad-input`, with `detail.received`, for a piece that does not follow the one before
   */
  receive(piece: Piece): Promise<number>
  /** Path of what was sent, once it is whole. */
  received(): Promise<string | undefined>
  /**
   * Fetches a bundle, going on where it broke off. @returns its path
   * @throws Fault `offline`, `timeout`, `bad-input`, `disk-full`, the signal's reason; then nothing of it stays
   */
  fetch(url: string, hear: HearFetch, signal: AbortSignal): Promise<string>
  /**
   * Copies a bundle of `found` to where it can be judged: nobody else may write to it then. @returns its path
   * @throws Fault of the disk or the stick, the signal's reason
   */
  take(path: string, tell: (bytes: number) => void, signal: AbortSignal): Promise<string>
  /** @throws Fault `bad-input` with the reason when it is not signed for this box, or damaged */
  inspect(path: string, signal: AbortSignal): Promise<BundleFacts>
  /** @throws Fault `broken` with the last words of what put it in, the signal's reason */
  install(path: string, tell: (percent: number, words: string) => void, signal: AbortSignal): Promise<void>
  /** Clears away what was taken or fetched, and what was sent as well. */
  clear(what: 'brought' | 'all'): Promise<void>
  /** Forgotten when the computer restarts, and not when the agent does. */
  pending(): Promise<Pending | undefined>
  rememberPending(pending: Pending): Promise<void>
  /** Devices that were ready before the restart; kept for the version that starts then. */
  before(): Promise<readonly string[]>
  rememberBefore(devices: readonly string[]): Promise<void>
}

/** Put into the other slot and not started yet. */
export interface Pending {
  readonly version: string
  /** Whether the box restarts by itself at an idle moment. */
  readonly byItself: boolean
}

/** What the HTTP face needs for sending a bundle. */
export interface UpdateInlet {
  /** Refuses what cannot be had at all, before its bytes come. */
  demand(total: number): Promise<void>
  receive(piece: Piece): Promise<number>
}
