// What a battery's voltage means: a level that has to hold for a while, and is left again only with some distance, so
// that a mount that starts its motors does not end the night.

export type BatteryLevel = 'good' | 'low' | 'critical' | 'unknown'

export interface BatteryLimits {
  readonly warnVolts: number
  readonly criticalVolts: number
  /** So long a voltage has to be below before it counts, ms. */
  readonly holdMs: number
}

export interface BatteryState {
  readonly level: BatteryLevel
  /** The worse level that the voltage has been at since `sinceMs`, without it counting yet. */
  readonly worse?: { readonly level: BatteryLevel; readonly sinceMs: number }
}

/** A level is left for a better one only so far above its limit, V. */
const distanceVolts = 0.3
const rank: Readonly<Record<BatteryLevel, number>> = { good: 0, unknown: 1, low: 2, critical: 3 }

/**
 * @param volts the last reading; undefined or not a number when there is none that may be believed: the battery is then
 * not known, which is said, and ends nothing
 * @param nowMs by a clock that never jumps
 */
export function judgeBattery(
  state: BatteryState,
  volts: number | undefined,
  limits: BatteryLimits,
  nowMs: number,
): BatteryState {
  const seen = levelOf(volts, limits, state.level)
  if (rank[seen] <= rank[state.level]) return { level: seen }
  // What was milder in between begins anew; what is worse still counts from its own beginning.
  const worse = state.worse?.level === seen ? state.worse : { level: seen, sinceMs: nowMs }
  return nowMs - worse.sinceMs >= limits.holdMs ? { level: seen } : { level: state.level, worse }
}

function levelOf(volts: number | undefined, limits: BatteryLimits, before: BatteryLevel): BatteryLevel {
  if (volts === undefined || !Number.isFinite(volts)) return 'unknown'
  const { criticalVolts, warnVolts } = limits
  const margin = (level: BatteryLevel) => (before === level ? distanceVolts : 0)
  if (volts < criticalVolts + margin('critical')) return 'critical'
  if (volts < warnVolts + (before === 'critical' ? distanceVolts : margin('low'))) return 'low'
  return 'good'
}
