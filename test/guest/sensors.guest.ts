// Sensors on an I²C bus of a real kernel: some driven by the kernel and read from its files, some asked by ourselves.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { lookAround } from '../../edge/drivers/found/look-around.js'
import { type I2cBus, i2cLink } from '../../edge/drivers/link/i2c/i2c-link.js'
import { i2cSensorDriver } from '../../edge/drivers/sensor/i2c-sensor.js'
import { kernelSensorDriver } from '../../edge/drivers/sensor/kernel-sensor.js'
import type { Driver } from '../../edge/ports/driver.js'
import type { SensorReading } from '../../edge/ports/sensor.js'
import { patiently } from '../support/agent-client.js'
import { type Bench, bench } from '../support/bench.js'
import { type Chip, i2cAdapter, registers } from './i2c-adapter.js'
import { plugIn } from './usbip.js'

const withinMs = 20_000
const never = new AbortController().signal
/** As test/guest/group has it. */
const i2cGroup = 995

const low = (word: number) => word & 0xff
const words = (start: number, ...list: number[]) =>
  Object.fromEntries(
    list.flatMap((word, at) => [
      [start + 2 * at, low(word)],
      [start + 2 * at + 1, low(word >> 8)],
    ]),
  )

/** A BME280 with the numbers of the BMP280's data sheet (3.12): 25.08 °C and 1006.53 hPa; humidity by a usual set. */
const bme280 = registers({
  208: 0x60,
  ...words(0x88, 27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000),
  161: 75,
  ...{ 225: 0x6a, 226: 0x01, 227: 0x00, 228: 0x13, 229: 0x29, 230: 0x03, 231: 0x1e },
  // 415148, 519888 and 30281, high byte first: 20, 20 and 16 bits.
  ...{ 247: 0x65, 248: 0x5a, 249: 0xc0, 250: 0x7e, 251: 0xed, 252: 0x00, 253: 0x76, 254: 0x49 },
})

/** 11.91 °C here, −15.19 °C up there; words low byte first. */
const mlx90614: Chip = (() => {
  let at = 0
  const told: Record<number, number> = { 6: 14253, 7: 12898, 37: 0x9fb4, 36: 0xffff }
  return {
    write: data => {
      at = data[0] ?? at
    },
    read: count => Uint8Array.from({ length: count }, (_, step) => (told[at] ?? 0) >> (8 * step)),
  }
})()

/** 12.5 V, and 20 mV over its shunt. */
const ina226 = registers({ 255: 0x2260, 1: 8_000, 2: 10_000 }, true)

const chips = new Map<number, Chip>([
  [0x76, bme280],
  [0x5a, mlx90614],
  [0x40, ina226],
])

async function read(place: Bench, driver: Driver, options: object, link?: unknown): Promise<SensorReading> {
  const station = (await place.open(driver, options, link)).ports.station!
  return station.reading() ?? new Promise<SensorReading>(settle => station.onReading(settle))
}

/** Its numbers in tenths, rounded. */
const tenths = ({ values }: SensorReading) =>
  Object.fromEntries(Object.entries(values).map(([field, value]) => [field, Math.round(Number(value) * 10)]))

t.test('chips that the kernel drives, chips that we ask, and a bus that is pulled out', async t => {
  const place = bench()
  t.teardown(() => place.close())
  const adapter = await plugIn(t, i2cAdapter(chips), 3)
  const number = await patiently(async () => {
    const name = readdirSync('/dev').find(entry => entry.startsWith('i2c-'))
    if (name === undefined || statSync(join('/dev', name)).gid !== i2cGroup) throw new Error(`there is ${name}`)
    return Number(name.slice('i2c-'.length))
  }, withinMs)
  t.equal((statSync(`/dev/i2c-${number}`).mode & 0o777).toString(8), '660', 'the agent’s group may ask it')
  const listed = (await lookAround()(never)).filter(({ kind }) => kind === 'i2c-bus')
  t.match(listed, [{ place: `/dev/i2c-${number}` }])

  const bus = await place.openLink<I2cBus>(i2cLink, { bus: number })
  const found = await i2cLink.found!(bus, { clock: place.clock } as never, never)
  t.match(
    found.map(({ name, options }) => [name, (options as { address: number }).address]),
    [
      ['ina226', 0x40],
      ['mlx90614', 0x5a],
    ],
  )
  t.equal(await bus.present(0x41), false, 'nobody answers for an address without a chip')
  await t.rejects(bus.readWord(0x41, 0), { code: 'offline' })
  t.same(tenths(await read(place, i2cSensorDriver, { chip: 'mlx90614' }, bus)), {
    ambientCelsius: 119,
    skyCelsius: -152,
  })
  t.same(tenths(await read(place, i2cSensorDriver, { chip: 'ina226', shunt_ohms: 0.01 }, bus)), {
    volts: 125,
    amperes: 20,
    watts: 250,
  })

  for (const chip of ['bme280 0x76', 'mlx90614 0x5a']) {
    writeFileSync(`/sys/bus/i2c/devices/i2c-${number}/new_device`, chip)
  }
  const sensors = await patiently(async () => {
    const all = (await lookAround()(never)).filter(({ kind }) => kind === 'sensor')
    if (all.length < 2) {
      const bound = readdirSync('/sys/bus/iio/devices').map(one =>
        readFileSync(`/sys/bus/iio/devices/${one}/name`, 'utf8'),
      )
      throw new Error(`${JSON.stringify(all)}, ${bound}`)
    }
    return all
  }, withinMs)
  t.same(sensors.map(({ name }) => name).sort(), ['bme280', 'mlx90614'])
  const air = tenths(await read(place, kernelSensorDriver, { sensor: 'bme280' }))
  t.match(air, { celsius: 251, pressureHectopascals: 10065 })
  t.ok(air.humidityPercent > 100 && air.humidityPercent < 900, `${air.humidityPercent / 10} %`)
  t.match(tenths(await read(place, kernelSensorDriver, { sensor: 'mlx90614' })), { skyCelsius: -152 })
  await t.rejects(bus.readWord(0x5a, 6), { code: 'busy' }, 'what the kernel drives is not asked beside it')

  chips.delete(0x76)
  await t.rejects(
    read(place, kernelSensorDriver, { sensor: 'bme280' }),
    { name: 'Fault' },
    'a chip whose wire is cut is said',
  )
  await adapter.pullOut()
  await t.rejects(bus.readWord(0x40, 1), { name: 'Fault' }, 'and so is a bus')
})
