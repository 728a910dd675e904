// What moves the focus.

export interface Focuser {
  readonly minSteps: number
  readonly maxSteps: number
  position(): number // steps
  moving(): boolean
  celsius?(): number | undefined
  /** Settles when it stands there. On the signal it halts and rejects with the reason. */
  moveTo(steps: number, signal: AbortSignal): Promise<void>
  halt(): Promise<void>
}
