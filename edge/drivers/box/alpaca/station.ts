// What an ObservingConditions device measures, and what a SafetyMonitor makes of the sky.
import type { SafetyMonitor, SafetyVerdict } from '../../../ports/safety-monitor.js'
import type { SensorReading, SensorStation } from '../../../ports/sensor.js'
import { listeners } from '../../listeners.js'
import { type AlpacaSession, maybe } from './session.js'
import { type DeviceState, keepState, type Member } from './state.js'

const stationMs = 10_000
const safetyMs = 2_000

/** IObservingConditions, in its units, which are ours. */
const fields: Readonly<Record<string, string>> = {
  Temperature: 'ambientCelsius',
  Humidity: 'humidityPercent',
  DewPoint: 'dewPointCelsius',
  SkyTemperature: 'skyCelsius',
  CloudCover: 'cloudPercent',
  WindSpeed: 'windMetresPerSecond',
  WindGust: 'gustMetresPerSecond',
  Pressure: 'pressureHectopascals',
  SkyQuality: 'skyMagnitude',
  SkyBrightness: 'lux',
}
/** Millimetres an hour. */
const rain = 'RainRate'

export async function openAlpacaStation(session: AlpacaSession, signal: AbortSignal): Promise<SensorStation> {
  const members = Object.fromEntries([...Object.keys(fields), rain].map((name): [string, Member] => [name, number]))
  const heard = listeners<SensorReading>()
  const state = await keepState(session, { ...members, ...age }, stationMs, signal)
  let last = readingOf(state)
  state.onHeard(() => {
    const next = readingOf(state)
    if (!next) return
    last = next
    heard.tell(next)
  })
  return { kind: 'weather', reading: () => last, onReading: heard.add }
}

const number: Member = { type: 'number' }
/** Seconds since any of its sensors was read last; the empty name means the newest (TimeSinceLastUpdate). */
const age: Readonly<Record<string, Member>> = {
  TimeSinceLastUpdate: { type: 'number', params: { SensorName: '' } },
}

/** Undefined while it measures nothing. A device that repeats old numbers tells how old they are. */
function readingOf(state: DeviceState): SensorReading | undefined {
  const values: Record<string, number | boolean> = {}
  for (const [name, field] of Object.entries(fields)) {
    const value = state.number(name)
    if (value !== undefined) values[field] = value
  }
  const falling = state.number(rain)
  if (falling !== undefined) values['raining'] = falling > 0
  if (Object.keys(values).length === 0) return undefined
  const oldSeconds = Math.max(0, state.number('TimeSinceLastUpdate') ?? 0)
  return { values, atMs: state.atMs() - oldSeconds * 1000 }
}

export async function openAlpacaSafety(session: AlpacaSession, signal: AbortSignal): Promise<SafetyMonitor> {
  const state = await keepState(session, { IsSafe: { type: 'flag', alone: true } }, safetyMs, signal)
  const why = await maybe(session.text('description', {}, signal))
  const heard = listeners<SafetyVerdict>()
  const judged = (): SafetyVerdict => {
    // One that cannot say is not safe.
    const safe = state.flag('IsSafe') === true
    return { safe, ...(!safe && why && { words: `${why} says that it is not safe` }), atMs: state.atMs() }
  }
  let last = judged()
  state.onHeard(() => {
    last = judged()
    heard.tell(last)
  })
  return { verdict: () => last, onVerdict: heard.add }
}
