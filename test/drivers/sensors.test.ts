// The sensor drivers beyond their contract: numbers of data sheets, what a broken device says, and lines that break.
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { i2cLink } from '../../edge/drivers/link/i2c/i2c-link.js'
import { loadIoctl } from '../../edge/drivers/link/ioctl.js'
import { serialPath, serialPort } from '../../edge/drivers/link/serial/serial-place.js'
import { aagDriver } from '../../edge/drivers/sensor/aag.js'
import { aagAmbientCelsius, aagBlocks, aagNumber } from '../../edge/drivers/sensor/aag-blocks.js'
import { ina219Values, ina226Values, ina260Values } from '../../edge/drivers/sensor/chip/ina.js'
import { mlxCelsius } from '../../edge/drivers/sensor/chip/mlx90614.js'
import { skyMagnitudeOf, tslLux } from '../../edge/drivers/sensor/chip/tsl2591.js'
import { gpsdDriver, gpsdFix, gpsdValues } from '../../edge/drivers/sensor/gpsd.js'
import { i2cSensorDriver } from '../../edge/drivers/sensor/i2c-sensor.js'
import { jsonSensorDriver } from '../../edge/drivers/sensor/json-sensor.js'
import { kernelSensorDriver } from '../../edge/drivers/sensor/kernel-sensor.js'
import { mqttSensorDriver } from '../../edge/drivers/sensor/mqtt-sensor.js'
import { picked, pickedFields } from '../../edge/drivers/sensor/picked-fields.js'
import { sqmDriver, sqmValues } from '../../edge/drivers/sensor/sqm.js'
import type { Driver } from '../../edge/ports/driver.js'
import { Fault } from '../../edge/ports/fault.js'
import type { SensorReading } from '../../edge/ports/sensor.js'
import { createLog } from '../../edge/spine/log.js'
import { supervise } from '../../edge/spine/supervisor.js'
import { type Bench, bench, benchTools } from '../support/bench.js'
import { leapingClock } from '../support/leaping-clock.js'
import { hasMosquitto, mosquitto } from '../support/mosquitto.js'
import {
  aSky,
  cloudWatcher,
  cloudWatcherBlock,
  cloudWatcherSays,
  emptyTree,
  fakeBus,
  gpsd,
  jsonServer,
  noGpsd,
  sqmDevice,
  sysfs,
} from '../support/sensor-rigs.js'
import { answeringLine, noSocat } from '../support/serial-line.js'
import { saidOverAndOver } from '../support/topic-speaker.js'

const quick = { every_s: 0.5 }

function table(t: Tap): Bench {
  const one = bench()
  t.teardown(() => one.close())
  return one
}
type Tap = { teardown(run: () => Promise<void> | void): void }

/** Opens it and waits for a reading; the driver's own `lost` is in `bench.lost`. */
async function read(driver: Driver, options: object, line?: unknown): Promise<SensorReading> {
  const one = bench()
  try {
    const station = (await one.open(driver, options, line)).ports.station!
    return station.reading() ?? (await new Promise<SensorReading>(settle => station.onReading(settle)))
  } finally {
    await one.close()
  }
}

const tcpOf = async (line: { readonly tcp: number } | Promise<{ readonly tcp: number }>) =>
  `tcp://127.0.0.1:${(await line).tcp}`

async function until(true_: () => boolean, withinMs = 10_000): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!true_()) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms`)
    await new Promise(settle => setTimeout(settle, 20))
  }
}

const near = (t: Tap & { ok(yes: boolean, words: string): unknown }, value: unknown, wanted: number, within: number) =>
  t.ok(Math.abs(Number(value) - wanted) <= within, `${value} is ${wanted} within ${within}`)

t.test('chips say what their data sheets say', async t => {
  near(t, mlxCelsius(0x3af7), 28.75, 0.005)
  near(t, mlxCelsius(0x2de4), -38.19, 0.005)
  t.equal(mlxCelsius(0x8000 | 0x3af7), undefined, 'bit 15 is an error flag')
  t.same(ina219Values(0x5d98, 0x07d0, 0.002), { volts: 11.98, amperes: 10 }, 'SBOS448G, 8.5: 12 V, 10 A over 2 mΩ')
  const { volts, amperes } = ina226Values(0x2570, 0x1f40, 0.002)
  near(t, volts, 11.98, 1e-9)
  near(t, amperes, 10, 1e-9)
  near(t, ina226Values(0x2570, 0xfff0, 0.002).amperes, -0.02, 1e-9)
  t.same(ina260Values(0x2580, 0xfff8), { volts: 12, amperes: -0.01 })
  near(t, tslLux(1000, 200, 1, 100), ((1000 - 200) * 0.8 * 408) / 100, 1e-9)
  t.equal(tslLux(0, 0, 9200, 600), 0, 'no light is no division by none')
  near(t, skyMagnitudeOf(Math.PI * 1.08e-4), 22.5, 1e-9)
  t.equal(skyMagnitudeOf(0), undefined)
})

t.test('chips on the bus', async t => {
  const cloud = await read(i2cSensorDriver, { chip: 'mlx90614' }, fakeBus(aSky()))
  near(t, cloud.values.ambientCelsius, 11.91, 0.01)
  near(t, cloud.values.skyCelsius, -15.15, 0.01)
  const sky = await read(i2cSensorDriver, { chip: 'tsl2591' }, fakeBus(aSky()))
  near(t, sky.values.lux, ((1200 - 300) * 0.75 * 408) / (9200 * 600), 1e-6)
  const power = await read(i2cSensorDriver, { chip: 'ina226', shunt_ohms: 0.002 }, fakeBus(aSky()))
  near(t, power.values.watts, 119.8, 1e-6)

  const flagged = aSky()
  flagged.get(0x5a)!.set(0x07, 0x8000)
  const broken = await read(i2cSensorDriver, { chip: 'mlx90614' }, fakeBus(flagged))
  t.match(broken.failed, { skyCelsius: /error/ })
  t.equal(broken.values.skyCelsius, undefined)
  const blinded = aSky()
  blinded.get(0x29)!.set(0xb4, 0xffff)
  t.match((await read(i2cSensorDriver, { chip: 'tsl2591' }, fakeBus(blinded))).failed, { lux: /blinded/ })

  const other = aSky()
  other.get(0x29)!.set(0xb2, 0x44)
  await t.rejects(read(i2cSensorDriver, { chip: 'tsl2591' }, fakeBus(other)), { code: 'broken' })
  await t.rejects(read(i2cSensorDriver, { chip: 'ina260' }, fakeBus(aSky())), { code: 'broken' })
  await t.rejects(read(i2cSensorDriver, { chip: 'mlx90614', address: 0x5d }, fakeBus(aSky())), { code: 'offline' })

  const one = table(t)
  const chips = aSky()
  const { ports } = await one.open(i2cSensorDriver, { chip: 'mlx90614', ...quick }, fakeBus(chips))
  chips.delete(0x5a)
  await until(() => one.lost.length > 0)
  t.equal(one.lost[0].code, 'offline', 'three looks without an answer, and the ladder takes over')
  t.ok(ports.station!.reading(), 'what it said last stays, with its time')
})

t.test('ioctl reaches the kernel', async t => {
  const ioctl = loadIoctl()
  const fd = openSync('/dev/ptmx', 'r+')
  t.teardown(() => closeSync(fd))
  const number = new Uint8Array(4).fill(0xff)
  t.equal(await ioctl(fd, 0x80045430, number), 0, 'TIOCGPTN: which terminal is it?')
  t.ok(new DataView(number.buffer).getUint32(0, true) < 100_000, 'the kernel wrote its number')
  const unlock = new Uint8Array(4)
  t.equal(await ioctl(fd, 0x40045431, unlock), 0, 'TIOCSPTLCK')
  await t.rejects(ioctl(fd, 0x0703, 0x5a), { code: 'ENOTTY' }, 'a terminal is no I²C bus')
  await t.rejects(table(t).openLink(i2cLink, { bus: 99 }), { code: 'offline' }, 'a bus that is not there is said')
})

t.test('what the kernel drives', async t => {
  const { root, put, remove } = sysfs(t)
  const kernel = (sensor: string, more: object = {}) => read(kernelSensorDriver, { sensor, root, ...more })
  t.same((await kernel('bme280', { at: '1-0077' })).values, {
    celsius: 12.341,
    humidityPercent: 61.234,
    pressureHectopascals: 881.234063,
  })
  t.same((await kernel('mlx90614', { kind: 'weather' })).values, { ambientCelsius: 11.91, skyCelsius: -15.15 })
  t.same((await kernel('sht3x', { kind: 'weather' })).values, { ambientCelsius: 8.765, humidityPercent: 91.2 })
  t.same((await kernel('ina226')).values, { volts: 12.875, amperes: 2.41, watts: 31.025 })
  t.same((await kernel('28-0316a2795b8d')).values, { celsius: -1.187 })
  await t.rejects(kernel('bme280'), { code: 'bad-input', fix: /1-0076, 1-0077/ }, 'twins are told by their place')
  await t.rejects(kernel('bme688'), { code: 'offline', message: /it has: bme280 at 1-0076/ })
  await t.rejects(kernel('cpu_thermal'), { code: 'offline' }, 'the heat of the processor is no weather')

  const wire = 'devices/w1_bus_master1/28-0316a2795b8d/temperature'
  put(wire, '85000\n')
  t.match((await kernel('28-0316a2795b8d')).failed, { celsius: /lost power/ })
  put(wire, '\n')
  t.ok(Number.isNaN((await kernel('28-0316a2795b8d')).values.celsius), 'nothing is no number, and never 0')

  const one = table(t)
  put(wire, '4500\n')
  await one.open(kernelSensorDriver, { sensor: '28-0316a2795b8d', root, ...quick })
  remove('bus/w1/devices/28-0316a2795b8d')
  await until(() => one.lost.length > 0)
  t.equal(one.lost[0].code, 'offline', 'a sensor that is pulled off is lost')
  await t.rejects(read(kernelSensorDriver, { sensor: 'bme280', root: `${root}/none` }), { code: 'offline' })
})

t.test('a sensor on which the kernel hangs takes one thread, and no other file access with it', async t => {
  const { root, remove } = sysfs(t)
  const hung = 'devices/platform/soc/fe804000.i2c/i2c-1/1-0076/iio:device0/in_temp_input'
  remove(hung)
  // Whoever opens it for reading waits until somebody writes.
  execFileSync('mkfifo', [`${root}/${hung}`])
  const clock = leapingClock(() => 0, 10)
  const options = kernelSensorDriver.options.parse({ sensor: 'bme280', at: '1-0076', root })
  const top = supervise({
    ...{ name: 'hung', clock, log: createLog(clock, () => {}) },
    async open(lost, signal) {
      const tools = { ...benchTools(clock, lost), link: () => undefined as never }
      return { value: 0, close: (await kernelSensorDriver.open(options, tools, signal)).close }
    },
  })
  await clock.leap(60_000)
  t.match(top.fault, { code: 'timeout', message: /has not answered for/ })
  const others = Promise.all(Array.from({ length: 8 }, () => readFile(`${root}/class/hwmon/hwmon3/name`, 'utf8')))
  const late = new Promise(settle => setTimeout(() => settle('late'), 5_000))
  t.same(await Promise.race([others, late]), Array(8).fill('sht3x\n'), 'eight other files are read meanwhile')
  closeSync(openSync(`${root}/${hung}`, constants.O_WRONLY | constants.O_NONBLOCK))
  remove(hung)
  for (let tries = 0; tries < 100 && top.condition !== 'ready'; tries++) await clock.leap(500)
  t.equal(top.condition, 'ready', 'and it is back as soon as the kernel answers')
  await top.close()
})

t.test('a sky quality meter', { skip: noSocat }, async t => {
  t.same(sqmValues('r, 06.70m,0000022921Hz,0000000020c,0000000.000s, 039.4C\r\n'), { skyMagnitude: 6.7, celsius: 39.4 })
  t.same(sqmValues('r,-09.42m,0000005915Hz,0000000000c,0000000.000s, 027.0C\r\n').skyMagnitude, -9.42)
  t.throws(() => sqmValues('i,00000002,00000003\r\n'), { code: 'broken' })
  const device = await sqmDevice(t)
  t.same((await read(sqmDriver, { address: await tcpOf(device) })).values, { skyMagnitude: 20.31, celsius: 12.4 })
  t.same((await read(sqmDriver, { address: device.port, kind: 'weather' })).values, { skyMagnitude: 20.31 })
  const day = await sqmDevice(t, '00.00')
  t.match((await read(sqmDriver, { address: day.port })).failed, { skyMagnitude: /bright/ })

  const garbage = await answeringLine(t, () => '\u0000\u00ff?!\r\n')
  await t.rejects(read(sqmDriver, { address: garbage.port }), { code: 'broken' })
  const endless = await answeringLine(t, () => 'x'.repeat(10_000))
  await t.rejects(read(sqmDriver, { address: endless.port }), { code: 'broken' }, 'what never ends is not kept')
  await t.rejects(read(sqmDriver, { address: '/dev/serial/by-id/usb-nobody' }), { code: 'offline' })
  await t.rejects(read(sqmDriver, { address: 'tcp://127.0.0.1:1' }), { code: 'offline' })

  const one = table(t)
  await one.open(sqmDriver, { address: device.port, ...quick })
  const again = read(sqmDriver, { address: device.port })
  await t.rejects(again, { code: 'busy' }, 'two programs on one line would hear half of it each')
  await device.pull()
  await until(() => one.lost.length > 0)
  t.equal(one.lost[0].code, 'offline', 'pulled off, it is lost at once')
})

t.test('a port by the socket it is plugged into', async t => {
  const tree = emptyTree(t)
  tree.put('bus/usb/devices/1-1.3:1.0/ttyUSB2/uevent', '')
  tree.put('bus/usb/devices/1-1.4:1.0/tty/ttyACM0/uevent', '')
  t.equal(await serialPath('usb:1-1.3', tree.root), '/dev/ttyUSB2')
  t.equal(await serialPath('usb:1-1.4', tree.root), '/dev/ttyACM0')
  t.equal(await serialPath('/dev/ttyS0', tree.root), '/dev/ttyS0')
  await t.rejects(serialPath('usb:1-1.9', tree.root), { code: 'offline' })
  t.ok(serialPort.safeParse('usb:1-1.3').success && !serialPort.safeParse('COM3').success)
})

t.test('an answer that breaks off, or is wrong, at every byte', async t => {
  const sqm = 'r, 20.31m,0000000022Hz,0000021100c,0000000.045s, 012.4C\r\n'
  const aag = cloudWatcherBlock('1', -1234)
  const judged = (answer: string, read: (heard: string) => unknown): string => {
    try {
      const said = read(answer)
      if (said === undefined) return 'not whole'
      const numbers = said instanceof Map ? [aagNumber(said, '1')] : Object.values(said as object)
      return numbers.every(one => one === undefined || Number.isFinite(one)) ? 'finite' : 'absurd'
    } catch (error) {
      return error instanceof Fault ? 'fault' : `thrown: ${error}`
    }
  }
  const tally = new Map<string, number>()
  for (const [whole, read] of [
    [sqm, sqmValues],
    [aag, aagBlocks],
  ] as const) {
    for (let at = 0; at < whole.length; at++) {
      const answers = [whole.slice(0, at), whole.slice(at), whole.slice(0, at) + whole]
      for (const byte of ['\0', '\xff', '9', '-', '.', '!', '\n']) {
        answers.push(whole.slice(0, at) + byte + whole.slice(at + 1), whole.slice(0, at) + byte + whole.slice(at))
      }
      for (const answer of answers) {
        const verdict = judged(answer, read)
        tally.set(verdict, (tally.get(verdict) ?? 0) + 1)
        if (!/^(fault|not whole|finite)$/.test(verdict)) t.fail(`${JSON.stringify(answer)} is ${verdict}`)
      }
    }
  }
  t.ok([...tally.keys()].length === 3, `numbers, faults or patience, and nothing else: ${JSON.stringify([...tally])}`)
})

t.test('a silent meter is given up, and closes nonetheless', { skip: noSocat }, async t => {
  const silent = await answeringLine(t, () => undefined)
  const one = table(t)
  await t.rejects(one.open(sqmDriver, { address: silent.port }), { code: 'timeout' })
})

t.test('a CloudWatcher', { skip: noSocat }, async t => {
  const { values } = await read(aagDriver, { address: (await cloudWatcher(t)).port })
  near(t, values.skyCelsius, -12.34, 1e-9)
  near(t, values.ambientCelsius, (21_000 * 175.72) / 65_536 - 46.85, 1e-9)
  near(t, values.humidityPercent, 56.5, 1e-9)
  near(t, values.windMetresPerSecond, 5, 1e-9)
  near(t, values.volts, (1023 * 3) / 850, 1e-9)
  t.equal(values.raining, false)
  near(t, aagAmbientCelsius(512), 25.2, 0.1)

  const wet = cloudWatcherSays().set('E!', cloudWatcherBlock('R', 900))
  t.equal((await read(aagDriver, { address: await tcpOf(cloudWatcher(t, wet)) })).values.raining, true)
  const dead = cloudWatcherSays().set('h!', cloudWatcherBlock('hh', 65_535))
  const broken = await read(aagDriver, { address: await tcpOf(cloudWatcher(t, dead)) })
  t.ok(Number.isNaN(broken.values.humidityPercent), 'its word for a dead sensor is no number')
  const old = cloudWatcherSays().set('B!', cloudWatcherBlock('V', '3.20'))
  const before = (await read(aagDriver, { address: await tcpOf(cloudWatcher(t, old)) })).values
  t.equal(before.humidityPercent, undefined, 'an old one is not asked what it does not know')
  near(t, before.ambientCelsius, aagAmbientCelsius(400), 1e-9)
  const stranger = cloudWatcherSays().set('A!', cloudWatcherBlock('N', 'Roof'))
  await t.rejects(read(aagDriver, { address: await tcpOf(cloudWatcher(t, stranger)) }), { code: 'broken' })

  t.equal(aagBlocks('!1         -1234'), undefined, 'an answer without its handshake is not whole')
  t.throws(() => aagBlocks(cloudWatcherBlock('1', -123).replace('!', '?')), { code: 'broken' })
})

t.test('a GPS receiver, through a real gpsd', { skip: noSocat || noGpsd }, async t => {
  const { port } = await gpsd(t)
  const one = table(t)
  const { ports } = await one.open(gpsdDriver, { port })
  await until(() => ports.station!.reading()?.values.latitudeDeg !== undefined, 20_000)
  const { values } = ports.station!.reading()!
  near(t, values.latitudeDeg, 46.5, 1e-4)
  near(t, values.longitudeDeg, 8, 1e-4)
  near(t, ports.gps!.fix()!.longitudeDeg, 8, 1e-4)
  t.equal(gpsdFix({ mode: 1, lat: 1, lon: 2 }, 5), undefined)
  t.same(gpsdFix({ mode: 2, lat: 1, lon: 2, altMSL: 3, time: '2026-11-29T20:00:00.000Z' }, 5), {
    ...{ latitudeDeg: 1, longitudeDeg: 2, utcMs: Date.UTC(2026, 10, 29, 20), atMs: 5 },
  })
  t.same(gpsdValues({ mode: 1, lat: 1, lon: 2, altMSL: 3 }, { uSat: 2 }), { satellites: 2 }, 'no fix, no place')
  t.same(gpsdValues({ mode: 2, lat: 1, lon: 2, altMSL: 3 }, undefined), { latitudeDeg: 1, longitudeDeg: 2 })
  t.same(gpsdValues({ mode: 3, lat: 1, lon: 2, altMSL: 3 }, { satellites: [{ used: true }, { used: false }] }), {
    ...{ latitudeDeg: 1, longitudeDeg: 2, elevationMetres: 3, satellites: 1 },
  })
  const stranger = await answeringLine(t, () => 'SSH-2.0-OpenSSH\r\n')
  const two = table(t)
  await two.open(gpsdDriver, { port: stranger.tcp })
  await until(() => two.lost.length > 0)
  t.equal(two.lost[0].code, 'broken')
})

t.test('any JSON', async t => {
  let document: unknown = { list: [{ t: '71.6' }], state: 'wet', nested: { deep: 5 } }
  const url = await jsonServer(t, () => document)
  const fields = {
    ambientCelsius: { path: 'list.0.t', factor: 5 / 9, offset: -160 / 9 },
    raining: { path: 'state', is: 'wet' },
  }
  const { values } = await read(jsonSensorDriver, { url, fields })
  near(t, values.ambientCelsius, 22, 1e-9)
  t.equal(values.raining, true)
  document = { list: [], state: 'dry' }
  const poor = await read(jsonSensorDriver, { url, fields })
  t.match(poor, { failed: { ambientCelsius: /no list.0.t/ }, values: { raining: false } })
  document = { list: [{ t: 'n/a' }], state: null }
  t.match((await read(jsonSensorDriver, { url, fields })).failed, {
    ambientCelsius: /no number/,
    raining: /no state/,
  })
  await t.rejects(read(jsonSensorDriver, { url: 'http://127.0.0.1:1/', fields }), { code: 'offline' })
  await t.rejects(read(jsonSensorDriver, { url, fields: {} }), { code: 'bad-input' })
  const other = { url, fields: { celsius: { path: 'state' } } }
  await t.rejects(
    read(jsonSensorDriver, other),
    { code: 'bad-input' },
    'the air of a weather station is ambientCelsius',
  )
  document = 'x'.repeat(2_000_000)
  await t.rejects(read(jsonSensorDriver, { url, fields }), { code: 'limit' })
  t.same(picked('3.5', pickedFields.parse({ celsius: {} })).values, { celsius: 3.5 }, 'a bare number will do')
  t.same(picked('ON', pickedFields.parse({ raining: {} })).values, { raining: true })
  t.throws(() => pickedFields.parse({ temperature: {} }))
})

t.test('any MQTT topic, on a real broker', { skip: !hasMosquitto && 'mosquitto is not installed' }, async t => {
  const broker = await mosquitto({ user: 'pier', password: 'secret' })
  t.teardown(() => broker.remove())
  const options = { broker: broker.url, topic: 'garden/air', fields: { celsius: { path: 't' } } }
  await t.rejects(table(t).open(mqttSensorDriver, options), { name: 'Fault' }, 'without its password it is refused')
  const one = table(t)
  const { ports } = await one.open(mqttSensorDriver, { ...options, user: 'pier', password: 'secret' })
  saidOverAndOver(t, broker.port, 'garden/air', '{"t": 3.25}', { user: 'pier', password: 'secret' })
  await until(() => ports.station!.reading() !== undefined)
  t.same(ports.station!.reading()!.values, { celsius: 3.25 })
  await broker.stop()
  await until(() => one.lost.length > 0)
  t.equal(one.lost[0].code, 'offline', 'with the broker the sensor is lost')
})
