// What turns the camera about the optical axis.

export interface Rotator {
  /** Position angle of the camera's up as the rotator counts it, degrees 0 to 360, from north through east. */
  angleDeg(): number
  moving(): boolean
  /** Settles when it stands there, which ever way round it went. On the signal it halts and rejects with the reason. */
  moveTo(angleDeg: number, signal: AbortSignal): Promise<void>
  /** Declares that the camera now stands at `angleDeg`; nothing turns. */
  sync?(angleDeg: number, signal: AbortSignal): Promise<void>
  halt?(): Promise<void>
}

/** The same direction as 0 ≤ degrees < 360. */
export function wholeTurn(deg: number): number {
  return ((deg % 360) + 360) % 360
}
