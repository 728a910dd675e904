// AAG CloudWatcher by Lunático: sky temperature, rain, wind, air; asked block by block over its serial line.
import { driver } from '../../ports/driver.js'
import { Fault } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import type { ByteLine } from '../link/serial/byte-line.js'
import { askLine } from '../link/serial/question.js'
import { aagAmbientCelsius, aagBlocks, aagCelsius, aagHumidity, aagNumber, aagVolts } from './aag-blocks.js'
import { lineAddress, openSensorLine } from './sensor-line.js'
import { airField, type Look, polledStation, pollOption, stationOptions } from './station-box.js'

const options = z.strictObject({
  address: lineAddress,
  rain_below: z
    .number()
    .min(0)
    .max(6000)
    .default(2000)
    .describe('It rains when the rain sensor counts less than this (0 wet … 6000 dry); above 1700 it is damp'),
  black_anemometer: z.boolean().default(false).describe('Its anemometer is the black one'),
  ...stationOptions('weather'),
  ...pollOption(20),
})

const baud = 9600
/** The manual allows 2 s; a heater cycle of the rain sensor holds an answer up. */
const answerMs = 3_000
const lookMs = 20_000

export const aagDriver = driver<typeof options>({
  id: 'aag-cloudwatcher',
  summary: 'AAG CloudWatcher of Lunático: cloud, rain, wind, air, over its serial line',
  options,
  ports: () => ['station'],
  async open({ address, rain_below, black_anemometer, kind, every_s }, tools, signal) {
    const line = await openSensorLine(address, baud, tools, signal)
    const ask = (send: string, until: AbortSignal) =>
      askLine(line, { send, of: 'the CloudWatcher', withinMs: answerMs, answer: aagBlocks }, tools.clock, until)
    const firmware = await firmwareOf(line, ask, signal)
    const look = async (until: AbortSignal): Promise<Look> => {
      const sky = aagNumber(await ask('S!', until), '1')
      const rain = aagNumber(await ask('E!', until), 'R')
      const values = await ask('C!', until)
      const raw = { ambient: aagNumber(values, '3'), zener: aagNumber(values, '6') }
      const wind = firmware >= 5 ? aagNumber(await ask('V!', until), 'w') : undefined
      const humid = firmware >= 5.6 ? await ask('h!', until) : undefined
      const warm = firmware >= 5.6 ? await ask('t!', until) : undefined
      return {
        values: {
          skyCelsius: sky === undefined ? undefined : sky / 100,
          raining: rain === undefined ? undefined : rain < rain_below,
          [airField(kind)]: airOf(warm, raw.ambient),
          humidityPercent: humid && humidityOf(humid),
          windMetresPerSecond: wind === undefined ? undefined : windOf(wind, black_anemometer),
          volts: raw.zener ? aagVolts(raw.zener) : undefined,
        },
        failed: sky === undefined ? { skyCelsius: 'it says none' } : undefined,
      }
    }
    const order = { kind, everyMs: every_s * 1000, what: 'the CloudWatcher', lookMs, look }
    return polledStation({ ...order, close: () => line.close() }, tools, signal)
  },
})

/** Asks who it is and how old, before anything is believed. */
async function firmwareOf(
  line: ByteLine,
  ask: (send: string, until: AbortSignal) => Promise<ReadonlyMap<string, string>>,
  signal: AbortSignal,
): Promise<number> {
  try {
    const name = (await ask('A!', signal)).get('N')
    if (!name || !/^(CloudWatcher|PocketCW)$/.test(name)) {
      throw new Fault('broken', `what answers is "${name}", not a CloudWatcher`, 'Check which device is on that port')
    }
    return Number((await ask('B!', signal)).get('V') ?? Number.NaN)
  } catch (error) {
    await line.close()
    throw error
  }
}

/** 100 is the whole-step sensor's word for "broken", 65 535 the fine one's (v1.30). */
function airOf(warm: ReadonlyMap<string, string> | undefined, ntc: number | undefined): number | undefined {
  const fine = warm && aagNumber(warm, 'th')
  const whole = warm && aagNumber(warm, 't')
  if (fine !== undefined) return fine === 65_535 ? Number.NaN : aagCelsius(fine, true)
  if (whole !== undefined) return whole === 100 ? Number.NaN : aagCelsius(whole, false)
  return ntc === undefined ? undefined : aagAmbientCelsius(ntc)
}

function humidityOf(humid: ReadonlyMap<string, string>): number | undefined {
  const fine = aagNumber(humid, 'hh')
  const whole = aagNumber(humid, 'h')
  if (fine !== undefined) return fine === 65_535 ? Number.NaN : aagHumidity(fine, true)
  if (whole !== undefined) return whole === 100 ? Number.NaN : aagHumidity(whole, false)
  return undefined
}

/** km/h as it counts them; the black cup anemometer turns by its own law (v1.20, as in INDI's driver). */
const windOf = (kmh: number, black: boolean): number => (black && kmh !== 0 ? kmh * 0.84 + 3 : kmh) / 3.6
