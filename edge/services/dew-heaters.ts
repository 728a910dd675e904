// Dew heaters: each goes by its dew point and margin, by hand, or, while a sensor has failed, by its safe duty.
import { type Action, action } from '../ports/action.js'
import type { Clock } from '../ports/clock.js'
import type { Devices } from '../ports/device.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed, State } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import { z } from '../ports/schema.js'
import type { Kept, Store } from '../ports/store.js'
import type { SwitchBank } from '../ports/switch.js'
import { dutyIsOn, type HeaterDuty, heaterDuty } from '../rules/heater-duty.js'
import { deviceName } from './camera-actions.js'
import { type HeaterSettings, heaterModes } from './heater-settings.js'

export interface HeaterParts {
  readonly devices: Devices
  readonly feed: Feed
  readonly store: Pick<Store, 'keep'>
  readonly clock: Clock
  readonly log: Log
  readonly heaters: Readonly<Record<string, HeaterSettings>>
}

export interface DewHeaters {
  readonly actions: Action[]
  /** All off, until somebody sets one or the station is switched on: the night has ended, or the battery. */
  rest(): void
  wake(): void
  /** Off with the heat, and no more of it. */
  stop(): Promise<void>
}

const wish = z.object({ mode: z.enum(heaterModes), percent: z.number() })
const wishes = z.record(z.string(), wish)
type Wish = z.output<typeof wish>

/** Outputs are looked at so often: the grain of a slow duty cycle. */
const tickMs = 1_000
const writeMs = 5_000
/** Stations take so long to say their first word; until then their silence is no news. */
const settleMs = 30_000

export function dewHeaters(parts: HeaterParts): DewHeaters {
  const { heaters, store, clock, log } = parts
  const kept: Promise<Kept<Record<string, Wish>>> = store.keep('dew-heaters/wishes', wishes, {})
  const wished = new Map<string, Wish>()
  const resting = new Set<string>()
  const all = Object.entries(heaters).map(([name, settings]) => {
    const asWritten = { mode: settings.mode, percent: settings.manual_percent }
    const wanted = () => ({ ...(wished.get(name) ?? asWritten), rests: resting.has(name) })
    return oneHeater(name, settings, wanted, parts)
  })
  const begun = kept
    .then(({ read }) => {
      for (const [name, one] of Object.entries(read())) if (heaters[name]) wished.set(name, one)
    })
    .catch(error => log.warn(`how the heaters were set is not known: ${asFault(error, 'store').message}`))
    .then(() => {
      for (const heater of all) heater.tick()
    })
  const ticking = clock.every(tickMs, () => {
    for (const heater of all) heater.tick()
  })

  const set = action({
    name: 'heater-set',
    summary: 'Sets a dew heater: by the dew point, to a power by hand, or off',
    input: z.strictObject({
      heater: deviceName.describe('Dew heater'),
      mode: z.enum(heaterModes).optional().describe('auto, manual or off; manual when only a power is given'),
      percent: z.number().min(0).max(100).optional().describe('Power in manual mode, %'),
    }),
    output: wish,
    role: 'observer',
    on: 'heater/{heater}',
    claims: ({ heater }) => [{ name: `heater/${heater}` }],
    settles: { kind: 'deed', deadlineMs: 10_000 },
    harmlessWhenLate: true,
    entity: { platform: 'select', field: 'mode', shows: 'mode', icon: 'mdi:heating-coil' },
    check({ heater, mode, percent }) {
      if (!Object.hasOwn(heaters, heater)) {
        const known = Object.keys(heaters).join(', ') || 'none'
        throw new Fault('not-found', `no dew heater is called "${heater}"`, `Use one of: ${known}`)
      }
      if (mode === undefined && percent === undefined) {
        throw new Fault('bad-input', 'give mode or percent', 'Send at least one of the two')
      }
    },
    async run({ input: { heater, mode, percent } }) {
      await begun
      const { mode: standard, manual_percent } = heaters[heater]
      const before = wished.get(heater) ?? { mode: standard, percent: manual_percent }
      const next = { mode: mode ?? 'manual', percent: percent ?? before.percent }
      wished.set(heater, next)
      resting.delete(heater)
      await (await kept).write(Object.fromEntries(wished))
      for (const one of all) one.tick()
      return next
    },
  })

  return {
    actions: all.length > 0 ? [set] : [],
    rest() {
      for (const name of Object.keys(heaters)) resting.add(name)
      for (const heater of all) heater.tick()
    },
    wake: () => resting.clear(),
    async stop() {
      ticking.cancel()
      await begun
      await Promise.all(all.map(heater => heater.stop()))
    },
  }
}

type Wanted = Wish & { readonly rests: boolean }

function oneHeater(name: string, settings: HeaterSettings, wanted: () => Wanted, parts: HeaterParts) {
  const { feed, clock, log } = parts
  const { device: box, channel, period_s, least_s } = settings
  const device = parts.devices.device('switches', box)
  const path = `heater/${name}`
  const beganMs = clock.monotonicMs()
  const closing = new AbortController()
  let writing: Promise<void> | undefined
  let outputTrouble: string | undefined
  let told = false

  const write = async (bank: SwitchBank, value: number) => {
    const limit = clock.deadline(writeMs, `dew heater ${name}`, closing.signal)
    try {
      await limit.race(bank.set(channel, value, limit.signal))
      if (outputTrouble) log.info(`dew heater ${name} is switched again`)
      outputTrouble = undefined
    } catch (error) {
      if (closing.signal.aborted) return
      const { message } = asFault(error, `dew heater ${name}`)
      if (message !== outputTrouble) log.warn(`dew heater ${name} cannot be switched: ${message}`)
      outputTrouble = message
    } finally {
      limit.cancel()
    }
  }
  /** Brings the output to where it should be; what is under way is left to end. */
  const drive = (percent: number) => {
    if (writing || device.condition !== 'ready') return
    const bank = device.current()
    const known = bank.channels.find(({ id }) => id === channel)
    if (!known) {
      outputTrouble = `${box} has no channel "${channel}"`
      return
    }
    const value = known.range
      ? leveled(percent, known.range)
      : Number(dutyIsOn(percent, clock.monotonicMs() - beganMs, period_s * 1000, least_s * 1000))
    if (bank.value(channel) === value && !outputTrouble) return
    writing = write(bank, value).finally(() => {
      writing = undefined
    })
  }
  const tell = (duty: HeaterDuty, { mode, percent, rests }: Wanted, readings: Readings) => {
    const number = (value: number | string) => (typeof value === 'number' ? value : undefined)
    const away =
      device.condition === 'ready' ? outputTrouble : (device.fault?.message ?? `${box} is ${device.condition}`)
    feed.set(path, {
      channel: `${settings.device}/${settings.channel}`,
      mode,
      manualPercent: percent,
      rests: rests || undefined,
      percent: away === undefined ? Math.round(duty.percent) : undefined,
      dewPointCelsius: number(readings.dewPointCelsius),
      glassCelsius: number(readings.glassCelsius),
      targetCelsius: duty.targetCelsius === undefined ? undefined : Math.round(duty.targetCelsius * 100) / 100,
      failed: duty.failed,
      outputTrouble: away,
    })
    const settled = clock.monotonicMs() - beganMs >= settleMs
    if (duty.failed !== undefined && !told && settled) {
      void feed.event('heater-safe', { heater: name, percent: duty.percent, reason: duty.failed })
      told = true
    }
    if (duty.failed === undefined && told) {
      void feed.event('heater-well', { heater: name })
      told = false
    }
  }
  return {
    tick() {
      if (closing.signal.aborted) return
      const wish = wanted()
      const readings = readingsOf(feed, settings)
      const mode = wish.rests ? 'off' : wish.mode
      const duty = heaterDuty({ ...orderOf(settings), mode, manualPercent: wish.percent }, readings)
      drive(duty.percent)
      tell(duty, wish, readings)
    },
    async stop() {
      closing.abort()
      await writing
      if (device.condition === 'ready') await coldAtTheEnd(device.current(), channel, name, parts)
      feed.drop(path)
    },
  }
}

/** Nobody watches the heat any more. */
async function coldAtTheEnd(bank: SwitchBank, channel: string, name: string, { clock, log }: HeaterParts) {
  const known = bank.channels.find(({ id }) => id === channel)
  const off = known?.range?.min ?? 0
  if (!known || bank.value(channel) === off) return
  const limit = clock.deadline(writeMs, `dew heater ${name}`)
  try {
    await limit.race(bank.set(channel, off, limit.signal))
  } catch (error) {
    log.error(`dew heater ${name} may still be hot: ${asFault(error, name).message}`)
  } finally {
    limit.cancel()
  }
}

const orderOf = (settings: HeaterSettings) => ({
  marginKelvin: settings.margin_k,
  bandKelvin: settings.band_k,
  minPercent: settings.min_percent,
  maxPercent: settings.max_percent,
  safePercent: settings.safe_percent,
})

/** Percent on the channel's own scale, on a step of it. */
function leveled(percent: number, { min, max, step }: NonNullable<SwitchBank['channels'][number]['range']>): number {
  const steps = Math.round(((percent / 100) * (max - min)) / step)
  return Math.min(max, min + steps * step)
}

interface Readings {
  readonly dewPointCelsius: number | string
  readonly glassCelsius: number | string
}

function readingsOf(feed: Feed, { air, glass }: HeaterSettings): Readings {
  const stations = (name: string) => feed.get(`weather/${name}`) ?? feed.get(`sensor/${name}`)
  return {
    dewPointCelsius: readingOf(air, stations(air), ['dewPointCelsius'], 'dew point'),
    glassCelsius: readingOf(glass ?? air, stations(glass ?? air), ['celsius', 'ambientCelsius'], 'temperature'),
  }
}

/** The number, or why there is none that may be believed. */
function readingOf(name: string, state: State | undefined, fields: readonly string[], what: string): number | string {
  if (!state) return `${name} has said nothing yet`
  const { value } = state
  if (value.condition !== 'ready') return `${name} is not there: ${value.reason ?? value.condition}`
  if (state.stale) return `${name} has been silent for too long`
  for (const field of fields) if (typeof value[field] === 'number') return value[field]
  return `${name} gives no ${what}${value.trouble === undefined ? '' : `: ${value.trouble}`}`
}
