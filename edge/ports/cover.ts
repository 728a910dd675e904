// What lies over the tube's mouth: a cover that opens, a panel that glows for flats, or both in one (ASCOM's
// CoverCalibrator).

export interface CoverCalibrator {
  readonly cover?: Cover
  readonly panel?: LightPanel
}

export type CoverState = 'open' | 'closed' | 'moving' | 'unknown'

export interface Cover {
  state(): CoverState
  /** Settles when it is open. Rejects with the signal's reason; one that cannot halt then goes on by itself. */
  open(signal: AbortSignal): Promise<void>
  close(signal: AbortSignal): Promise<void>
  halt?(): Promise<void>
}

export interface LightPanel {
  readonly maxBrightness: number
  /** 0 is dark; in steps of the panel's own, up to `maxBrightness`. */
  brightness(): number
  /** Settles when the panel says that it glows so. */
  glow(brightness: number, signal: AbortSignal): Promise<void>
}
