// May a measured number be believed? Pure: the same numbers in the same order, the same verdict. A sensor that is
// broken rarely falls silent; it goes on saying something, and heaters and roofs act on it.

/** What a sound sensor may say. */
export interface Plausible {
  readonly min: number
  readonly max: number
  /** Not one digit moved for so long: the sensor has frozen, ms. Absent: it may well stand still. */
  readonly frozenMs?: number
  /** At or above `full` for so long: wet or broken, ms. */
  readonly full?: { readonly at: number; readonly ms: number }
}

/** What has to be remembered of one field between readings. */
export interface Remembered {
  readonly value: number
  /** Since when it has been exactly that, ms. */
  readonly sinceMs: number
  /** Since when it has been full, ms. */
  readonly fullSinceMs?: number
}

export interface Verdict {
  readonly remembered: Remembered | undefined
  /** Why the number may not be believed; absent when it may. */
  readonly failed?: string
}

/**
 * Judges one reading.
 * @param before what the last call remembered  @param value as calibrated  @param atMs a time that never runs back
 */
export function believeReading(
  before: Remembered | undefined,
  value: number,
  atMs: number,
  { min, max, frozenMs, full }: Plausible,
): Verdict {
  if (!Number.isFinite(value)) return { remembered: undefined, failed: 'it says no number' }
  const sinceMs = before?.value === value ? before.sinceMs : atMs
  const fullSinceMs = full && value >= full.at ? (before?.fullSinceMs ?? atMs) : undefined
  const remembered = { value, sinceMs, fullSinceMs }
  const said = Math.round(value * 100) / 100
  if (value < min || value > max) return { remembered, failed: `${said} is outside ${min} to ${max}` }
  if (full && fullSinceMs !== undefined && atMs - fullSinceMs >= full.ms) {
    return { remembered, failed: `it has been at ${full.at} or more for ${hours(atMs - fullSinceMs)}` }
  }
  if (frozenMs !== undefined && atMs - sinceMs >= frozenMs) {
    return { remembered, failed: `it has said ${said} for ${hours(atMs - sinceMs)} without a change` }
  }
  return { remembered }
}

/**
 * The mean that forgets: what came `averageMs` ago counts for a third (1/e).
 * @param mean undefined before the first value
 */
export function forgettingMean(mean: number | undefined, value: number, passedMs: number, averageMs: number): number {
  if (mean === undefined || averageMs <= 0) return value
  return mean + (1 - Math.exp(-Math.max(0, passedMs) / averageMs)) * (value - mean)
}

const hours = (ms: number) =>
  ms >= 5_400_000 ? `${Math.round(ms / 360_000) / 10} h` : `${Math.round(ms / 60_000)} min`

const hourMs = 3_600_000
/** A sensor with enough digits moves its last one within this, under a sky as in a box. */
const still = 2 * hourMs

/**
 * By field: what the instruments of a pier can say. What stands still for hours when all is well (wind, rain, cloud, a
 * supply) is never frozen.
 */
export const plausibleFields: Readonly<Record<string, Plausible>> = {
  ambientCelsius: { min: -60, max: 60, frozenMs: still },
  celsius: { min: -60, max: 125, frozenMs: still },
  // Wet capacitive sensors stick at 100 until they are dried; fog does not last so long without a digit moving.
  humidityPercent: { min: 0.5, max: 104, frozenMs: still, full: { at: 99.5, ms: 3 * hourMs } },
  dewPointCelsius: { min: -90, max: 60 },
  skyCelsius: { min: -100, max: 60, frozenMs: still },
  cloudPercent: { min: 0, max: 100 },
  windMetresPerSecond: { min: 0, max: 90 },
  gustMetresPerSecond: { min: 0, max: 120 },
  pressureHectopascals: { min: 450, max: 1090, frozenMs: 6 * hourMs },
  skyMagnitude: { min: -5, max: 23 },
  lux: { min: 0, max: 200_000 },
  volts: { min: -60, max: 60 },
  amperes: { min: -100, max: 100 },
  watts: { min: -5_000, max: 5_000 },
  latitudeDeg: { min: -90, max: 90 },
  longitudeDeg: { min: -180, max: 180 },
  elevationMetres: { min: -500, max: 9_000 },
  satellites: { min: 0, max: 200 },
}
