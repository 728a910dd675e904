// Warming a cooled sensor slowly: glass and seals stand a few degrees a minute, and a sudden end of cooling does not
// keep to that.

export interface Warming {
  /** What the cooler is told now, °C. */
  readonly targetCelsius: number
  /** Steps taken. */
  readonly steps: number
}

export interface WarmingLimits {
  /** Where cooling may end, °C: about the air. */
  readonly goalCelsius: number
  /** °C per minute. */
  readonly rate: number
  /** Between two steps, ms. */
  readonly stepMs: number
}

/** The target does not run further ahead of a sensor that follows slowly, °C. */
const leadCelsius = 5
/** A sensor that does not follow at all is given up after so many times the steps it should take. */
const patience = 4

/** Begins where the sensor is. */
export const beginWarming = (sensorCelsius: number): Warming => ({ targetCelsius: sensorCelsius, steps: 0 })

/** The next target; `warm` when cooling may end, `stuck` when the sensor has not followed. */
export function warm(state: Warming, sensorCelsius: number, limits: WarmingLimits): Warming | 'warm' | 'stuck' {
  const { goalCelsius, rate, stepMs } = limits
  if (sensorCelsius >= goalCelsius - 1) return 'warm'
  const step = (rate * stepMs) / 60_000
  // At least from 60 °C below.
  if (state.steps > (patience * 60) / step) return 'stuck'
  const lead = Number.isFinite(sensorCelsius) ? sensorCelsius + leadCelsius : Number.POSITIVE_INFINITY
  const targetCelsius = Math.min(goalCelsius, Math.max(state.targetCelsius, Math.min(state.targetCelsius + step, lead)))
  return { targetCelsius, steps: state.steps + 1 }
}
