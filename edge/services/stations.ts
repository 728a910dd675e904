// From what stations say to what may be believed: calibrated, judged, averaged, with what follows from it, in the feed.
import type { Clock } from '../ports/clock.js'
import type { Device, Devices } from '../ports/device.js'
import type { Feed } from '../ports/feed.js'
import { kinds } from '../ports/fields.js'
import type { Json, JsonObject } from '../ports/json.js'
import type { SensorReading, SensorStation } from '../ports/sensor.js'
import {
  believeReading,
  forgettingMean,
  type Plausible,
  plausibleFields,
  type Remembered,
} from '../rules/believe-reading.js'
import { cloudOf, dewPoint, nakedEyeLimit } from '../science/weather-derived.js'
import {
  type FieldSettings,
  type RainSettings,
  type SensorSettings,
  type StationSettings,
  standardStation,
} from './station-settings.js'

export interface StationParts {
  readonly devices: Devices
  readonly feed: Feed
  readonly clock: Clock
  readonly sensors: SensorSettings
  readonly rain: RainSettings
}

/** One field's past: what the judge remembers, and the mean. */
interface Past {
  readonly remembered: Remembered | undefined
  readonly mean: number | undefined
  readonly atMs: number
}

const rainPollMs = 10_000

/** A state `weather/<device>` or `sensor/<device>` for every station; the returned function takes them away. */
export function reportStations(parts: StationParts): () => void {
  const stops = [
    ...parts.devices.having('station').flatMap(device => reportStation(device, parts)),
    ...Object.entries(parts.rain).flatMap(([name, input]) => reportRain(name, input, parts)),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

const nameOf = (kind: string, field: string) => kinds[kind].fields[field]?.name ?? field

const present: JsonObject = { condition: 'ready', reason: undefined }
const absent = (device: Device<unknown>): JsonObject => ({ condition: device.condition, reason: device.fault?.message })

function reportStation(device: Device<SensorStation>, { feed, clock, sensors }: StationParts): (() => void)[] {
  const own = sensors[device.name] ?? standardStation
  const past = new Map<string, Past>()
  let failedBefore: Readonly<Record<string, string>> = {}
  let path: string | undefined
  let deaf: (() => void) | undefined
  const take = (kind: SensorStation['kind'], reading: SensorReading) => {
    const place = `${kind}/${device.name}`
    path = place
    const { values, failed } = judged(reading, past, own, clock.monotonicMs())
    const trouble = Object.entries(failed).map(([field, why]) => `${nameOf(kind, field)}: ${why}`)
    const said = trouble.length > 0 ? { failed, trouble: trouble.join('; ') } : {}
    feed.set(place, { ...present, ...values, ...said }, reading.atMs, own.stale_s * 1000)
    for (const [field, reason] of Object.entries(failed)) {
      if (!(field in failedBefore))
        void feed.event('sensor-failed', { device: device.name, field, name: nameOf(kind, field), reason })
    }
    for (const field of Object.keys(failedBefore)) {
      if (!(field in failed)) void feed.event('sensor-well', { device: device.name, field, name: nameOf(kind, field) })
    }
    failedBefore = failed
  }
  const report = () => {
    deaf?.()
    deaf = undefined
    if (device.condition !== 'ready') {
      if (path) feed.patch(path, absent(device), feed.get(path)?.atMs)
      return
    }
    const station = device.current()
    const last = station.reading()
    if (last) take(station.kind, last)
    deaf = station.onReading(reading => take(station.kind, reading))
  }
  report()
  const drop = () => {
    deaf?.()
    if (path) feed.drop(path)
  }
  return [device.onChange(report), drop]
}

/** @param past of each field; changed by this call  @param nowMs monotonic */
function judged(
  { values, failed: said = {} }: SensorReading,
  past: Map<string, Past>,
  own: StationSettings,
  nowMs: number,
): { readonly values: JsonObject; readonly failed: Readonly<Record<string, string>> } {
  const failed: Record<string, string> = { ...said }
  const good: Record<string, Json | undefined> = {}
  for (const [field, raw] of Object.entries(values)) {
    if (typeof raw !== 'number') {
      good[field] = raw
      continue
    }
    const settings = own.fields[field]
    const value = raw * (settings?.factor ?? 1) + (settings?.offset ?? 0)
    const before = past.get(field)
    const verdict = believeReading(before?.remembered, value, nowMs, plausible(field, settings))
    const passedMs = before ? nowMs - before.atMs : 0
    const averageMs = (settings?.average_s ?? 0) * 1000
    // What is not believed is not averaged in, and the mean starts anew after it.
    const mean = verdict.failed ? undefined : forgettingMean(before?.mean, value, passedMs, averageMs)
    past.set(field, { remembered: verdict.remembered, mean, atMs: nowMs })
    if (verdict.failed) failed[field] = verdict.failed
    else good[field] = Math.round(mean! * 1e5) / 1e5
  }
  return { values: withDerived(good, failed, own), failed }
}

function plausible(field: string, own: FieldSettings | undefined): Plausible {
  const standard = plausibleFields[field] ?? { min: -Infinity, max: Infinity }
  const { min = standard.min, max = standard.max, frozen_s, full_s } = own ?? {}
  const frozenMs = frozen_s === undefined ? standard.frozenMs : frozen_s === 0 ? undefined : frozen_s * 1000
  const full = standard.full && full_s !== undefined ? { ...standard.full, ms: full_s * 1000 } : standard.full
  return { min, max, frozenMs, full: full_s === 0 ? undefined : full }
}

/** What a station does not say itself follows from what it says; nothing follows from what has failed. */
function withDerived(
  good: Record<string, Json | undefined>,
  failed: Readonly<Record<string, string>>,
  own: StationSettings,
): JsonObject {
  const air = number(good.ambientCelsius ?? good.celsius)
  const humidity = number(good.humidityPercent)
  const sky = number(good.skyCelsius)
  const magnitude = number(good.skyMagnitude)
  const airFailed = 'ambientCelsius' in failed || 'celsius' in failed
  const all: Record<string, Json | undefined> = { ...good }
  if (airFailed || 'humidityPercent' in failed) delete all.dewPointCelsius
  else if (air !== undefined && humidity !== undefined) all.dewPointCelsius ??= hundredth(dewPoint(air, humidity))
  if ('skyCelsius' in failed) delete all.cloudPercent
  else if (sky !== undefined && air !== undefined) {
    all.cloudPercent ??= Math.round(cloudOf(sky, air, { clearKelvin: own.clear_k, overcastKelvin: own.overcast_k }))
  }
  if (magnitude !== undefined) all.nakedEyeMagnitude = hundredth(nakedEyeLimit(magnitude))
  return all
}

const number = (value: Json | undefined) => (typeof value === 'number' ? value : undefined)
const hundredth = (value: number) => Math.round(value * 100) / 100

function reportRain(
  name: string,
  { device: box, channel, raining_when }: RainSettings[string],
  { devices, feed, clock }: StationParts,
): (() => void)[] {
  const device = devices.device('switches', box)
  const path = `weather/${name}`
  let deaf: (() => void) | undefined
  const look = () => {
    if (device.condition !== 'ready') {
      // Also of a box that never was there: nobody shall believe that rain would be told.
      const trouble = `Rain: ${box} is not there`
      feed.set(path, { ...absent(device), failed: { raining: `${box} is not there` }, trouble }, feed.get(path)?.atMs)
      return
    }
    const bank = device.current()
    const known = bank.channels.find(({ id }) => id === channel)
    const value = known && bank.value(channel)
    if (value === undefined) {
      const raining = known ? 'the input is not known' : `${box} has no channel "${channel}"`
      feed.set(path, { ...present, failed: { raining }, trouble: `Rain: ${raining}` })
    } else feed.set(path, { ...present, raining: value > (known?.range?.min ?? 0) === (raining_when === 'on') })
  }
  const report = () => {
    deaf?.()
    deaf = device.condition === 'ready' ? device.current().onChange(id => id === channel && look()) : undefined
    look()
  }
  report()
  const poll = clock.every(rainPollMs, look)
  return [device.onChange(report), () => deaf?.(), () => poll.cancel(), () => feed.drop(path)]
}
