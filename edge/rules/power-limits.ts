// Whether the power of something may be cut: not under a mount that moves, unless it was told to stop and does not.

/** So long a mount that was told to stop may still move before its power may be cut, ms. */
const stopGraceMs = 5_000

/** A mount that hangs on a channel. */
export interface FedMount {
  readonly name: string
  /** It is there and answers. */
  readonly ready: boolean
  readonly slewing: boolean
  /** How long ago it was last told to stop, ms; undefined: not since it last stood still. */
  readonly toldToStopMs: number | undefined
}

/** The mount because of which the power must stay on; undefined when it may be cut. */
export function mountInTheWay(mounts: readonly FedMount[]): FedMount | undefined {
  // One that says nothing may run away as well: cutting its power is then what is left.
  return mounts.find(
    ({ ready, slewing, toldToStopMs }) =>
      ready && slewing && !(toldToStopMs !== undefined && toldToStopMs >= stopGraceMs),
  )
}
