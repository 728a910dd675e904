// The computer itself.

export interface Machine {
  /** Settles when everything written is on the disk. */
  sync(): Promise<void>
  /** Tells the system to shut down; the agent is then stopped like any service. */
  shutDown(): Promise<void>
}
