// The weather over the simulated observatory: slow noise from the seed by the hour, and whatever was provoked on top.
import { hashUnit, lineNoise } from '../../../science/seeded-noise.js'
import { dewPoint } from '../../../science/weather-derived.js'

export interface Weather {
  readonly ambientCelsius: number
  readonly humidityPercent: number
  readonly dewPointCelsius: number
  /** Infrared sky temperature as a cloud sensor shows it. */
  readonly skyCelsius: number
  /** 0 clear … 1 overcast. */
  readonly cloudCover: number
  readonly windMetresPerSecond: number
  readonly raining: boolean
  readonly pressureHectopascals: number
}

export interface Climate {
  readonly seed: number
  /** Middle of the daily curve. */
  readonly meanCelsius: number
  /** 0 never a cloud … 1 mostly overcast. */
  readonly cloudiness: number
  /** Mean relative humidity of the night. */
  readonly meanHumidityPercent: number
}

/** What is provoked: fields that are there replace what the seed would have given. */
export type Provoked = Partial<
  Pick<Weather, 'cloudCover' | 'raining' | 'windMetresPerSecond' | 'humidityPercent' | 'ambientCelsius'>
>

const hourMs = 3_600_000

/** @param atMs Unix ms UTC  @param longitudeDeg east positive; sets when the afternoon is warm */
export function weatherAt(climate: Climate, longitudeDeg: number, atMs: number, provoked: Provoked): Weather {
  const { seed } = climate
  const hours = atMs / hourMs
  const localHours = hours + longitudeDeg / 15
  const ambientCelsius =
    provoked.ambientCelsius ??
    climate.meanCelsius +
      4 * Math.cos(((localHours - 15) / 24) * 2 * Math.PI) +
      3 * (lineNoise(seed + 1, hours / 6) - 0.5)
  const front = 0.7 * lineNoise(seed + 2, hours / 2.5) + 0.3 * lineNoise(seed + 3, hours * 2)
  // Below the threshold the sky is clear: a cloudiness of 0.15 leaves most of the night without a cloud.
  const threshold = 1 - climate.cloudiness
  const cloudCover =
    provoked.cloudCover ??
    (provoked.raining ? 1 : Math.min(1, Math.max(0, ((front - threshold) / Math.max(0.05, climate.cloudiness)) * 1.8)))
  const raining = provoked.raining ?? (cloudCover > 0.97 && lineNoise(seed + 4, hours * 1.5) > 0.6)
  const humidityPercent =
    provoked.humidityPercent ??
    (raining
      ? 97
      : clamp(
          climate.meanHumidityPercent +
            30 * (lineNoise(seed + 5, hours / 3) - 0.5) -
            1.6 * (ambientCelsius - climate.meanCelsius),
          15,
          98,
        ))
  const windMetresPerSecond =
    provoked.windMetresPerSecond ?? 7 * lineNoise(seed + 6, hours / 2) ** 2 + 1.2 * lineNoise(seed + 7, hours * 120)
  return {
    ambientCelsius,
    humidityPercent,
    dewPointCelsius: dewPoint(ambientCelsius, humidityPercent),
    // A clear sky is some 25 K colder than the air, cloud hides it (thermopile sensors, 8–14 µm).
    skyCelsius: ambientCelsius - 25 * (1 - cloudCover) + 2 * (hashUnit(seed, Math.floor(atMs / 10_000)) - 0.5),
    cloudCover,
    windMetresPerSecond,
    raining,
    pressureHectopascals: 1013 + 16 * (lineNoise(seed + 8, hours / 20) - 0.5),
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
