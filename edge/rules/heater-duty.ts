// How much a dew heater is to heat: pure, so that every broken sensor can be tried. The glass is to stay some kelvin
// warmer than the dew point; what is not known is never taken for dry.

/** What a heater goes by; a text is the reason why that is not known. */
export interface HeaterReadings {
  readonly dewPointCelsius: number | string
  /** Of the glass itself, or of the air where the glass has no sensor. */
  readonly glassCelsius: number | string
}

export interface HeaterOrder {
  readonly mode: 'auto' | 'manual' | 'off'
  readonly manualPercent: number
  /** The glass is kept that much warmer than the dew point, K. */
  readonly marginKelvin: number
  /** From so much above that the heat begins, and is full where the margin is reached, K; more than 0. */
  readonly bandKelvin: number
  readonly minPercent: number
  readonly maxPercent: number
  /** While a sensor has failed. */
  readonly safePercent: number
}

export interface HeaterDuty {
  /** 0 to 100. */
  readonly percent: number
  /** The glass shall not be colder, °C. */
  readonly targetCelsius?: number
  /** Why it goes by its safe duty. */
  readonly failed?: string
}

export function heaterDuty(order: HeaterOrder, { dewPointCelsius, glassCelsius }: HeaterReadings): HeaterDuty {
  const { mode, manualPercent, marginKelvin, bandKelvin, minPercent, maxPercent, safePercent } = order
  const limited = (percent: number) => Math.min(maxPercent, Math.max(0, percent))
  if (mode === 'off') return { percent: 0 }
  if (mode === 'manual') return { percent: limited(manualPercent) }
  const failed = reasonOf(dewPointCelsius) ?? reasonOf(glassCelsius)
  if (failed !== undefined) return { percent: limited(safePercent), failed }
  const targetCelsius = Number(dewPointCelsius) + marginKelvin
  const wanted = (targetCelsius + bandKelvin - Number(glassCelsius)) / bandKelvin
  const percent = Math.min(1, Math.max(0, wanted)) * maxPercent
  return { percent: limited(Math.max(minPercent, percent)), targetCelsius }
}

const reasonOf = (reading: number | string): string | undefined => {
  if (typeof reading === 'string') return reading
  return Number.isFinite(reading) ? undefined : 'a sensor says no number'
}

/**
 * Whether an on/off output is on at that moment, to be on for `percent` of every period: slow duty cycle.
 * @param passedMs since the first period began
 * @param leastMs shorter pulses and pauses wear a relay out and are not made: they become none or the whole period
 */
export function dutyIsOn(percent: number, passedMs: number, periodMs: number, leastMs: number): boolean {
  const onMs = (percent / 100) * periodMs
  if (onMs < leastMs) return false
  if (periodMs - onMs < leastMs) return true
  return passedMs % periodMs < onMs
}
