// What follows from a station's readings: the dew point, the cloud, how faint a star the eye still sees.

/**
 * Where the air would begin to dew, °C.
 * @param celsius of the air  @param humidityPercent relative humidity over water; taken as 1 below 1
 *
 * Magnus formula with the constants of Sonntag (Z. Meteorol. 70 (1990) 340); within 0.1 K from −45 to 60 °C.
 */
export function dewPoint(celsius: number, humidityPercent: number): number {
  const gamma = Math.log(Math.max(1, humidityPercent) / 100) + (17.62 * celsius) / (243.12 + celsius)
  return (243.12 * gamma) / (17.62 - gamma)
}

/** How much colder than the air a thermopile (8–14 µm) sees the sky, K: overhead, at sea level, in a mild climate. */
export interface CloudScale {
  readonly clearKelvin: number
  readonly overcastKelvin: number
}

/** Cloud in percent, 0 clear … 100 overcast, from the infrared sky temperature and that of the air, both °C. */
export function cloudOf(skyCelsius: number, ambientCelsius: number, scale: CloudScale): number {
  const colder = ambientCelsius - skyCelsius
  const clear = (colder - scale.overcastKelvin) / (scale.clearKelvin - scale.overcastKelvin)
  return 100 * (1 - Math.min(1, Math.max(0, clear)))
}

/**
 * The faintest star the naked eye sees, magnitudes, under a sky of that brightness in mag/arcsec².
 * Schaefer (PASP 102 (1990) 212) in the form Unihedron gives for its meters.
 */
export function nakedEyeLimit(skyMagnitude: number): number {
  return 7.93 - 5 * Math.log10(10 ** (4.316 - skyMagnitude / 5) + 1)
}
