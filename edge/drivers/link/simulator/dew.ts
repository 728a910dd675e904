// Dew on the simulated lens: grows while the glass is colder than the dew point, dries when the heater or dry air wins.
import type { Weather } from './weather.js'

export interface Dew {
  /** 0 dry … 1 nothing comes through, at that wall time; must not run backwards by more than its step. */
  at(wallMs: number): number
}

const stepMs = 30_000
/** Steps worked off at once: two days; older history is forgotten. */
const mostSteps = 5760

/** @param heaterPercent  the heater's power now; call `at` before changing it, so that the past keeps its own */
export function dewOn(startMs: number, weatherAt: (wallMs: number) => Weather, heaterPercent: () => number): Dew {
  let dew = 0
  let step = Math.floor(startMs / stepMs)
  return {
    at(wallMs) {
      const goal = Math.floor(wallMs / stepMs)
      if (goal < step || goal - step > mostSteps) step = goal
      for (; step < goal; step++) {
        const weather = weatherAt(step * stepMs)
        // Glass under a clear sky cools by radiation; the heater at full power lifts it by 9 K.
        const glassCelsius =
          weather.ambientCelsius - 2.2 * (1 - weather.cloudCover) + 0.09 * heaterPercent() + (weather.raining ? -1 : 0)
        const below = weather.dewPointCelsius - glassCelsius
        const perHour = below > 0 ? 0.9 * below : 3 * below
        dew = Math.min(1, Math.max(0, dew + (perHour * stepMs) / 3_600_000))
      }
      return dew
    },
  }
}
