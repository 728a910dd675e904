// What covers the telescope and opens: a roof that rolls off over the mount, or a dome whose shutter opens beside it.

/**
 * `unknown`: no sensor says, so it counts as in nobody's way and as protecting nothing; `stopped`: on its way, by an
 * order; `error`: its sensors contradict each other, or it did not do what it was told.
 */
export type ShutterState = 'open' | 'closed' | 'opening' | 'closing' | 'stopped' | 'error' | 'unknown'

export interface DomeStatus {
  /** As a sensor or the device's own read-back says, never as it was ordered. */
  readonly shutter: ShutterState
  readonly moving: boolean
  /** What is wrong, and what a person can do. */
  readonly trouble?: string
  /** Where the slit looks, degrees from north through east; absent for roofs. */
  readonly azDeg?: number
  /** When the device said so, Unix ms UTC. */
  readonly atMs: number
}

export interface Dome {
  /** A roof passes where the tube stands; in a dome the tube is free whatever the shutter does. */
  readonly kind: 'roof' | 'dome'
  /** The last status heard; asks nothing of the device. */
  status(): DomeStatus
  onStatus(listener: (status: DomeStatus) => void): () => void
  /** Settles when it is open. On the signal it stops and rejects with the reason. */
  open(signal: AbortSignal): Promise<void>
  /** Settles when it is closed; one that is closed stays as it is. On the signal as above. */
  close(signal: AbortSignal): Promise<void>
  /** Stops all motion at once. Never waits behind another order. */
  stop(): Promise<void>
  /** Turns the slit, degrees; absent for roofs. */
  turnTo?(azDeg: number, signal: AbortSignal): Promise<void>
}
