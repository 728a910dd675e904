// Where the time comes from, and who may set it.
import type { TimeQuality } from '../rules/time-quality.js'

/** How well the time is known now. What needs true time asks the rule in rules/time-and-place.ts with it. */
export interface Timekeeping {
  quality(): TimeQuality
}

/** What the computer says of its clock; what it cannot say is left out. */
export interface SystemTimeReading extends TimeQuality {
  /** IANA name of the time zone, `Europe/Zurich`. */
  readonly zone?: string
  /** Another one after each start of the computer. */
  readonly bootId?: string
  /** Since that start, seconds. */
  readonly uptimeSeconds?: number
}

export interface ClockChange {
  /** The clock goes forward by so much, ms. */
  readonly byMs?: number
  readonly zone?: string
}

/** The computer's own clock. */
export interface SystemTime {
  /** Rejects only with the signal's reason. */
  read(signal: AbortSignal): Promise<SystemTimeReading>
  /** Settles when it is done. Absent where the clock is not ours to set: everywhere but on the box's own image. */
  readonly set?: (change: ClockChange, signal: AbortSignal) => Promise<void>
}
