// What INDI weather stations and sky quality meters measure, and what a weather driver makes of it.
import type { JsonObject } from '../../../ports/json.js'
import type { SafetyMonitor, SafetyVerdict } from '../../../ports/safety-monitor.js'
import type { SensorReading, SensorStation } from '../../../ports/sensor.js'
import type { IndiItem, IndiProperty } from '../../link/indi/property.js'
import type { IndiSession } from './session.js'

const weather = 'WEATHER_PARAMETERS'
const quality = 'SKY_QUALITY'
const status = 'WEATHER_STATUS'
/** Meters tell only what has changed; asked, they tell again. */
const askMs = 10_000

/** INDI's usual names, by field of ours; the driver's label says the unit. */
const weatherFields: Readonly<Record<string, string>> = {
  WEATHER_TEMPERATURE: 'ambientCelsius',
  WEATHER_HUMIDITY: 'humidityPercent',
  WEATHER_DEWPOINT: 'dewPointCelsius',
  WEATHER_DEW_POINT: 'dewPointCelsius',
  WEATHER_SKY_TEMPERATURE: 'skyCelsius',
  WEATHER_CLOUDS: 'cloudPercent',
  WEATHER_CLOUD_COVER: 'cloudPercent',
  WEATHER_WIND_SPEED: 'windMetresPerSecond',
  WEATHER_PRESSURE: 'pressureHectopascals',
  WEATHER_BAROMETER: 'pressureHectopascals',
}
const qualityFields: Readonly<Record<string, string>> = { SKY_BRIGHTNESS: 'skyMagnitude', SKY_TEMPERATURE: 'celsius' }

export function openIndiStation(session: IndiSession): { station: SensorStation; close(): Promise<void> } {
  const { clock, client, name } = session
  const listeners = new Set<(reading: SensorReading) => void>()
  const isWeather = session.property(weather) !== undefined
  const source = isWeather ? weather : quality
  let last: SensorReading | undefined
  const take = (property: IndiProperty | undefined) => {
    // A driver that could not reach its instrument says Alert; Idle is what it defines before the first reading.
    if (property?.name !== source || property.state === 'Alert') return
    const values = valuesOf(property, isWeather ? weatherFields : qualityFields)
    if (Object.keys(values).length === 0) return
    last = { values, atMs: clock.now() }
    for (const listener of [...listeners]) listener(last)
  }
  const stopWatching = session.watch(change => {
    if (change.kind === 'set' || (change.kind === 'defined' && !isWeather)) take(change.property)
  })
  if (session.property(source)?.state === 'Ok') take(session.property(source))
  if (session.property('WEATHER_REFRESH')) session.order('WEATHER_REFRESH', { REFRESH: true })
  const asking = isWeather ? undefined : clock.every(askMs, () => client.ask(name, quality))
  const close = async () => {
    asking?.cancel()
    stopWatching()
  }
  session.gone.addEventListener('abort', () => asking?.cancel(), { once: true })
  return {
    station: {
      kind: isWeather ? 'weather' : 'sensor',
      reading: () => last,
      onReading(listener) {
        const own = (reading: SensorReading) => listener(reading)
        listeners.add(own)
        return () => void listeners.delete(own)
      },
    },
    close,
  }
}

function valuesOf(property: IndiProperty, fields: Readonly<Record<string, string>>): JsonObject {
  const values: Record<string, number | boolean> = {}
  for (const item of property.items.values()) {
    const { value } = item
    if (typeof value !== 'number' || !Number.isFinite(value)) continue
    const field = fields[item.name]
    if (field) values[field] = inOurUnit(item, value)
    // Rain of the last hour: what is falling now is in it.
    else if (/^WEATHER_RAIN/.test(item.name)) values['raining'] = value > 0 || values['raining'] === true
  }
  return values
}

/** Wind comes in whatever the label says; INDI's own drivers write kph. */
function inOurUnit({ name, label }: IndiItem, value: number): number {
  if (name !== 'WEATHER_WIND_SPEED') return value
  if (/m\/s|mps/i.test(label)) return value
  return Math.round((/mph/i.test(label) ? value * 0.44704 : value / 3.6) * 1000) / 1000
}

/** Whether the driver finds the weather safe, by the limits that its owner gave it. */
export function openIndiSafety(session: IndiSession): { safety: SafetyMonitor; close(): Promise<void> } {
  const listeners = new Set<(verdict: SafetyVerdict) => void>()
  let last: SafetyVerdict | undefined
  const look = (heard: IndiProperty | undefined) => {
    const found = session.property(status)
    const parameters = session.property(weather)
    // Idle: no parameter is watched, or none was read yet. Neither is safe, and neither is a station out of reach.
    if (!found || found.state === 'Idle' || parameters?.state !== 'Ok' || !heard) return
    const off = [...found.items.values()].filter(({ value }) => value === 'Alert' || value === 'Busy')
    const words = off.map(({ label, value }) => `${label}: ${value === 'Alert' ? 'danger' : 'near its limit'}`)
    last = {
      safe: found.state !== 'Alert',
      ...(words.length > 0 ? { words: words.join('; ') } : {}),
      atMs: session.clock.now(),
    }
    for (const listener of [...listeners]) listener(last)
  }
  const stopWatching = session.watch(change => {
    if (change.kind === 'set' && (change.property.name === status || change.property.name === weather)) {
      look(change.property)
    }
  })
  if (session.property('WEATHER_REFRESH')) session.order('WEATHER_REFRESH', { REFRESH: true })
  return {
    safety: {
      verdict: () => last,
      onVerdict(listener) {
        const own = (verdict: SafetyVerdict) => listener(verdict)
        listeners.add(own)
        return () => void listeners.delete(own)
      },
    },
    close: async () => stopWatching(),
  }
}
