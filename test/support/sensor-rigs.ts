// Sensors to be opened with nothing plugged in: a folder in place of the kernel's sysfs, chips on a bus of arithmetic,
// devices at the other end of a serial line, a real broker, a real gpsd fed with a made-up sky.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createWire } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { I2cBus } from '../../edge/drivers/link/i2c/i2c-link.js'
import { Fault } from '../../edge/ports/fault.js'
import { freePort, listens } from './free-port.js'
import { answeringLine } from './serial-line.js'

interface Test {
  teardown(run: () => Promise<void> | void): void
}

export interface Tree {
  readonly root: string
  /** Writes a file beneath the root; folders are made. */
  put(file: string, text: string): void
  remove(file: string): void
}

/** An empty folder that stands in for `/sys`. */
export function emptyTree(test: Test): Tree {
  const root = mkdtempSync(path.join(tmpdir(), 'pierside-sys-'))
  test.teardown(() => rmSync(root, { recursive: true, force: true }))
  return {
    root,
    put(file, text) {
      const whole = path.join(root, file)
      mkdirSync(path.dirname(whole), { recursive: true })
      writeFileSync(whole, text)
    },
    remove: file => rmSync(path.join(root, file), { recursive: true, force: true }),
  }
}

/**
 * The sysfs of a Pi with two BME280, an MLX90614, an SHT3x, an INA226 and a DS18B20, numbers and places as the kernel
 * has them (6.6).
 */
export function sysfs(test: Test): Tree {
  const tree = emptyTree(test)
  const link = (from: string, to: string) => {
    mkdirSync(path.dirname(path.join(tree.root, from)), { recursive: true })
    symlinkSync(path.join(tree.root, to), path.join(tree.root, from))
  }
  const i2c = 'devices/platform/soc/fe804000.i2c/i2c-1'
  for (const [n, at] of [
    [0, '1-0076'],
    [1, '1-0077'],
  ] as const) {
    const folder = `${i2c}/${at}/iio:device${n}`
    tree.put(`${folder}/name`, 'bme280\n')
    tree.put(`${folder}/in_temp_input`, `${12_340 + n}\n`)
    tree.put(`${folder}/in_humidityrelative_input`, '61234\n')
    tree.put(`${folder}/in_pressure_input`, '88.123406250\n')
    tree.put(`${folder}/in_temp_oversampling_ratio`, '2\n')
    link(`bus/iio/devices/iio:device${n}`, folder)
  }
  const mlx = `${i2c}/1-005a/iio:device2`
  tree.put(`${mlx}/name`, 'mlx90614\n')
  tree.put(`${mlx}/in_temp_ambient_raw`, '14253\n')
  tree.put(`${mlx}/in_temp_object_raw`, '12900\n')
  tree.put(`${mlx}/in_temp_offset`, '-13657.500000\n')
  tree.put(`${mlx}/in_temp_scale`, '20\n')
  link('bus/iio/devices/iio:device2', mlx)
  const sht = `${i2c}/1-0044/hwmon/hwmon3`
  tree.put(`${sht}/name`, 'sht3x\n')
  tree.put(`${sht}/temp1_input`, '8765\n')
  tree.put(`${sht}/humidity1_input`, '91200\n')
  link('class/hwmon/hwmon3', sht)
  const ina = `${i2c}/1-0040/hwmon/hwmon4`
  tree.put(`${ina}/name`, 'ina226\n')
  tree.put(`${ina}/in0_input`, '12\n')
  tree.put(`${ina}/in1_input`, '12875\n')
  tree.put(`${ina}/curr1_input`, '2410\n')
  tree.put(`${ina}/power1_input`, '31025000\n')
  link('class/hwmon/hwmon4', ina)
  tree.put('devices/virtual/thermal/thermal_zone0/hwmon0/name', 'cpu_thermal\n')
  tree.put('devices/virtual/thermal/thermal_zone0/hwmon0/temp1_input', '48900\n')
  link('class/hwmon/hwmon0', 'devices/virtual/thermal/thermal_zone0/hwmon0')
  const wire = 'devices/w1_bus_master1/28-0316a2795b8d'
  tree.put(`${wire}/temperature`, '-1187\n')
  link('bus/w1/devices/28-0316a2795b8d', wire)
  tree.put('devices/w1_bus_master1/w1_master_name', 'w1_bus_master1\n')
  link('bus/w1/devices/w1_bus_master1', 'devices/w1_bus_master1')
  return tree
}

/** What a Pi 5 with an eMMC tells of itself, `/` as a folder. */
export function piTree(test: Test): Tree {
  const tree = emptyTree(test)
  tree.put('proc/device-tree/model', 'Raspberry Pi 5 Model B Rev 1.0\0')
  tree.put('proc/meminfo', 'MemTotal:        4034424 kB\nMemFree:          200000 kB\nMemAvailable:    3034424 kB\n')
  tree.put('proc/loadavg', '0.52 0.58 0.59 1/467 12345\n')
  tree.put('proc/uptime', '93784.51 180000.00\n')
  tree.put('sys/devices/platform/soc/soc:firmware/get_throttled', '0\n')
  tree.put('sys/class/thermal/thermal_zone0/type', 'cpu-thermal\n')
  tree.put('sys/class/thermal/thermal_zone0/temp', '52350\n')
  tree.put('sys/class/hwmon/hwmon1/name', 'rpi_volt\n')
  tree.put('sys/class/hwmon/hwmon1/in0_lcrit_alarm', '0\n')
  tree.put('sys/fs/ext4/mmcblk0p2/errors_count', '0\n')
  tree.put('sys/block/mmcblk0/device/life_time', '0x02 0x01\n')
  return tree
}

/** A PWM chip with two outputs that are exported already. */
export function pwmTree(test: Test): Tree {
  const tree = emptyTree(test)
  tree.put('class/pwm/pwmchip0/export', '')
  for (const output of ['pwm0', 'pwm1']) {
    for (const file of ['period', 'duty_cycle', 'enable']) tree.put(`class/pwm/pwmchip0/${output}/${file}`, '0')
    tree.put(`class/pwm/pwmchip0/${output}/polarity`, 'normal')
  }
  return tree
}

/** Chips by address; each has registers by number, as words with the low byte first. */
export type FakeChips = Map<number, Map<number, number>>

/** A bus on which those chips answer and nobody else. */
export function fakeBus(chips: FakeChips): I2cBus {
  const registers = (address: number) => {
    const found = chips.get(address)
    if (found) return found
    throw new Fault('offline', `the chip at 0x${address.toString(16)} does not answer`, 'Check its wires')
  }
  const write = async (address: number, register: number, value: number) => {
    registers(address).set(register, value)
  }
  return {
    readByte: async (address, register) => (registers(address).get(register) ?? 0) & 0xff,
    readWord: async (address, register) => registers(address).get(register) ?? 0,
    writeByte: write,
    writeWord: write,
    present: async address => chips.has(address),
  }
}

export const aSky = (): FakeChips =>
  new Map([
    [
      0x5a,
      new Map([
        [0x06, 14_253],
        [0x07, 12_900],
      ]),
    ],
    [
      0x29,
      new Map([
        [0xb2, 0x50],
        [0xb3, 0x01],
        [0xb4, 1200],
        [0xb6, 300],
      ]),
    ],
    // 11.98 V over 2 mΩ and 20 mV: the example of the INA226's data sheet, bytes swapped.
    [
      0x40,
      new Map([
        [0xff, 0x6022],
        [0x01, 0x401f],
        [0x02, 0x7025],
      ]),
    ],
  ])

/** An SQM-LU as its manual has it. */
export const sqmDevice = (test: Test, magnitude = '20.31') =>
  answeringLine(test, asked =>
    asked === 'rx' ? `r, ${magnitude}m,0000000022Hz,0000021100c,0000000.045s, 012.4C\r\n` : undefined,
  )

const block = (name: string, value: string | number) => `!${name.padEnd(2)}${String(value).padStart(12)}`
const handshake = `!\x11${' '.repeat(12)}0`

/** A whole answer of one block. */
export const cloudWatcherBlock = (name: string, value: string | number) => block(name, value) + handshake

/** A CloudWatcher of firmware 5.89: what it says by command. */
export const cloudWatcherSays = (): Map<string, string> =>
  new Map([
    ['A!', `!N CloudWatcher${handshake}`],
    ['B!', block('V', '5.89') + handshake],
    ['S!', block('1', -1234) + handshake],
    ['E!', block('R', 2876) + handshake],
    ['C!', block('6', 850) + block('3', 400) + block('4', 1010) + block('5', 512) + handshake],
    ['V!', block('w', 18) + handshake],
    ['h!', block('hh', 32_768) + handshake],
    ['t!', block('th', 21_000) + handshake],
  ])

export const cloudWatcher = (test: Test, says = cloudWatcherSays()) => answeringLine(test, asked => says.get(asked))

/** A web address that answers that document, whatever it is at the time. */
export async function jsonServer(test: Test, document: () => unknown): Promise<string> {
  const server = createServer((_request, answer) => {
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify(document()))
  })
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  test.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return `http://127.0.0.1:${port}/`
}

/** What speaks like gpsd and says one report again and again, many times a second. @returns its port */
export async function gpsdSaying(test: Test, report: () => object): Promise<number> {
  const server = createWire(wire => {
    const say = () => wire.write(`${JSON.stringify({ class: 'TPV', ...report() })}\r\n`)
    const saying = setInterval(say, 20)
    say()
    wire.on('close', () => clearInterval(saying)).on('error', () => clearInterval(saying))
  })
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  test.teardown(() => void server.close())
  return (server.address() as { port: number }).port
}

export const noGpsd: string | false = existsSync('/usr/sbin/gpsd') ? false : 'gpsd is not installed'

/** Checksum as NMEA 0183 wants it. */
const nmea = (body: string) => {
  let sum = 0
  for (const letter of body) sum ^= letter.charCodeAt(0)
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`
}

/** A receiver at 46°30′ N 8°00′ E, 1200 m, with three of five satellites in use; a fix each second. */
function receiverSays(): string {
  const [day, clock] = new Date().toISOString().split('T')
  const time = clock.slice(0, 8).replaceAll(':', '')
  const date = day.slice(2).split('-').reverse().join('')
  return [
    `GPGGA,${time}.00,4630.0000,N,00800.0000,E,1,03,1.2,1200.0,M,49.0,M,,`,
    'GPGSA,A,3,04,09,16,,,,,,,,,,2.1,1.2,1.8',
    'GPGSV,2,1,05,04,40,083,46,09,17,308,41,16,07,344,39,20,22,228,45',
    'GPGSV,2,2,05,29,10,100,20',
    `GPRMC,${time}.00,A,4630.0000,N,00800.0000,E,0.0,0.0,${date},,,A`,
  ]
    .map(nmea)
    .join('')
}

/** A real gpsd with a receiver on a pseudo terminal. */
export async function gpsd(test: Test): Promise<{ readonly port: number }> {
  const receiver = await answeringLine(test, () => undefined)
  const speak = setInterval(() => receiver.say(receiverSays()), 1_000)
  const port = await freePort()
  const child: ChildProcess = spawn('gpsd', ['-N', '-n', '-b', '-S', String(port), receiver.port], { stdio: 'ignore' })
  const gone = new Promise<void>(settle => child.once('exit', () => settle()))
  test.teardown(async () => {
    clearInterval(speak)
    child.kill('SIGKILL')
    await gone
  })
  for (let tries = 0; tries < 200 && !(await listens(port)); tries++) await sleep(20)
  return { port }
}
