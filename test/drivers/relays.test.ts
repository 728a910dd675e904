// Relay boards: what goes over their lines, byte by byte, and how the drivers stand their makers' faults.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { hidSocket } from '../../edge/drivers/link/hid-socket.js'
import { loadIoctl } from '../../edge/drivers/link/ioctl.js'
import { serialPath } from '../../edge/drivers/link/serial/serial-place.js'
import { deviceFile, hubAndPort, resetUsb, socketName, usbdevfsReset } from '../../edge/drivers/link/usb-socket.js'
import { dcttechOrder, dcttechRelays, dcttechState } from '../../edge/drivers/relay/dcttech-reports.js'
import { gpioBoard } from '../../edge/drivers/relay/gpio-board.js'
import { openChardevLines } from '../../edge/drivers/relay/gpio-chardev.js'
import * as gpio from '../../edge/drivers/relay/gpio-ioctls.js'
import { chipBase, lineNumber } from '../../edge/drivers/relay/gpio-sysfs.js'
import { openLcusBoard } from '../../edge/drivers/relay/lcus-board.js'
import { lcusOrder, lcusQuery, lcusStatus } from '../../edge/drivers/relay/lcus-bytes.js'
import { openPocsBoard } from '../../edge/drivers/relay/pocs-board.js'
import { pocsOrder, pocsReport } from '../../edge/drivers/relay/pocs-lines.js'
import type { JsonObject } from '../../edge/ports/json.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { gpioKernel, type KernelLine } from '../support/gpio-kernel.js'
import { lcusBoard, pocsBoard } from '../support/relay-boards.js'
import { noSocat, serialLine } from '../support/serial-line.js'

const never = new AbortController().signal
const clock = systemClock()
const awake = setInterval(() => {}, 1_000)
t.teardown(() => clearInterval(awake))
const keep = (...ids: string[]) => Object.fromEntries(ids.map(id => [id, 'keep' as const]))

t.test('LCUS: the orders its maker lists, and statuses torn anywhere', async t => {
  t.same(lcusOrder(1, true), [0xa0, 0x01, 0x01, 0xa2])
  t.same(lcusOrder(1, false), [0xa0, 0x01, 0x00, 0xa1])
  t.same(lcusOrder(4, true), [0xa0, 0x04, 0x01, 0xa5])
  t.same(lcusQuery, [0xff])
  const status = 'CH1: ON \r\nCH2: OFF\r\nCH3: OFF\r\nCH4: ON \r\n'
  t.same(
    [...lcusStatus(status, 4)!],
    [
      [1, true],
      [2, false],
      [3, false],
      [4, true],
    ],
  )
  for (let end = 0; end < status.length - 3; end++) t.notOk(lcusStatus(status.slice(0, end), 4), `${end} bytes`)
  t.notOk(lcusStatus('CH4: OF', 4), 'half a word is no word')
})

t.test('POCS: orders count from 0, and only on and off are ever sent', async t => {
  t.equal(pocsOrder(1, true), '{"relay":0,"power":1}\n')
  t.equal(pocsOrder(5, false), '{"relay":4,"power":0}\n')
  const line = '{"ac_ok":true,"battery_low":false,"relays":[1,0,0,1,1],"readings":[10,0,3,4,5],"name":"power_board"}'
  const report = {
    relays: [true, false, false, true, true],
    counts: [10, 0, 3, 4, 5],
    mainsOk: true,
    batteryLow: false,
  }
  t.same(pocsReport(line), report)
  for (let end = 0; end < line.length; end++) t.notOk(pocsReport(line.slice(0, end)), 'a torn line is none')
  t.notOk(pocsReport(line.replace('power_board', 'camera_board')), 'another board’s line is none')
  t.notOk(pocsReport(line.replace('[1,0,0,1,1]', '[1,0]')))
  t.notOk(pocsReport('null'))
})

t.test('dcttech: the reports of usbrelay', async t => {
  t.same(dcttechOrder(1, true), [0, 0xff, 1, 0, 0, 0, 0, 0, 0])
  t.same(dcttechOrder(8, false), [0, 0xfd, 8, 0, 0, 0, 0, 0, 0])
  const eight = Uint8Array.of(0x42, 0x4d, 0x47, 0x50, 0x36, 0, 0, 0b0000_0101)
  t.same(dcttechState(eight), { serial: 'BMGP6', relays: 5 })
  t.same(dcttechState(Uint8Array.of(1, ...eight)), { serial: 'BMGP6', relays: 5 }, 'with the number of the report')
  t.notOk(dcttechState(eight.subarray(0, 7)))
  t.equal(dcttechRelays('USBRelay4'), 4)
  t.notOk(dcttechRelays('HIDRelay'), 'another maker’s board under the same shared number is left alone')
  const random = seededRandom(20261129)
  const noise = (length: number) => Uint8Array.from({ length }, () => Math.floor(random.next() * 256))
  for (const whole of [eight, Uint8Array.of(1, ...eight)]) {
    for (let at = 0; at < whole.length; at++) {
      if (at < 8) t.notOk(dcttechState(whole.subarray(0, at)), `${at} bytes are no report`)
      const { serial, relays } = dcttechState(Uint8Array.of(...whole.subarray(0, at), ...noise(16)))!
      if (!/^[\x21-\x7e]{0,5}$/.test(serial) || !(relays >= 0 && relays < 256)) t.fail(`garbage from ${at}: ${serial}`)
    }
  }
})

t.test('a relay that sticks is told, and a board that falls silent too', { skip: noSocat }, async t => {
  const fake = await lcusBoard(t, [false, false])
  const order = { options: { port: fake.port, channels: { a: 1, b: 2 } }, channels: ['a', 'b'], first: keep('a', 'b') }
  const board = await openLcusBoard(order, clock, never)
  t.teardown(() => board.close())
  await board.write('b', true)
  t.same(fake.relays, [false, true])
  fake.relays[0] = true
  t.same((await board.read()).on, { a: true, b: true }, 'a relay switched by hand is seen')
  fake.stuck = true
  await t.rejects(board.write('a', false), { code: 'broken', message: /a did not obey/ })
  fake.silent = true
  await t.rejects(board.read(), { code: 'timeout' })
  await fake.pull()
  await t.rejects(board.write('a', false), { name: 'Fault' }, 'nor does a pulled plug hang anything')
})

t.test('a board that is deaf is not believed to be one that cannot be asked', { skip: noSocat }, async t => {
  const fake = await lcusBoard(t, [false])
  fake.silent = true
  const order = { options: { port: fake.port, channels: { a: 1 } }, channels: ['a'], first: keep('a') }
  await t.rejects(openLcusBoard(order, clock, never), { code: 'timeout', message: /does not answer/ })
  const told = { ...order, options: { ...order.options, read_back: false } }
  const board = await openLcusBoard(told, clock, never)
  t.same((await board.read()).on, {}, 'and one that cannot be asked says nothing before the first order')
  await board.close()
})

t.test(
  'whatever an LCUS board says, at every byte: an order ends, and the next is obeyed',
  { skip: noSocat },
  async t => {
    const random = seededRandom(20261129)
    const bytesOfStatus = 'CH1: ON \r\nCH2: OFF\r\n'.length
    let cutAt = -1
    const relays = [true, false]
    const device = await serialLine(t, say => bytes => {
      for (let start = 0; start + 4 <= bytes.length; start++) {
        if (bytes[start] === 0xa0) relays[bytes[start + 1] - 1] = bytes[start + 2] === 1
      }
      if (!bytes.includes(0xff)) return
      const status = relays.map((on, at) => `CH${at + 1}: ${on ? 'ON ' : 'OFF'}\r\n`).join('')
      if (cutAt < 0) return say(status)
      // Cut off at this byte; then garbage, or silence.
      const garbage = Array.from({ length: cutAt % 2 === 0 ? 40 : 0 }, () => Math.floor(random.next() * 256))
      say(Buffer.concat([Buffer.from(status.slice(0, cutAt)), Buffer.from(garbage)]))
    })
    const options = { port: device.port, channels: { a: 1, b: 2 } }
    const board = await openLcusBoard({ options, channels: ['a', 'b'], first: keep('a', 'b') }, clock, never)
    t.teardown(() => board.close())
    for (let at = 0; at <= bytesOfStatus; at++) {
      cutAt = at
      const said = await board.write('b', true).then(
        () => 'done',
        error => error.code,
      )
      if (!['done', 'timeout', 'broken'].includes(said)) t.fail(`cut at ${at}: ${said}`)
      cutAt = -1
      await board.write('b', false)
      const { on } = await board.read()
      if (!on.a || on.b) t.fail(`after ${at} it says ${JSON.stringify(on)}`)
    }
    t.same(relays, [true, false])
  },
)

t.test(
  'the PANOPTES board: torn lines at the start, one order a round, currents as a mean',
  { skip: noSocat },
  async t => {
    const fake = await pocsBoard(t, [true, true, false, true, true], 400)
    const options = { port: fake.port, channels: { mount: 5, fans: 3 }, amperes_per_count: 0.01 }
    const board = await openPocsBoard(
      { options, channels: ['mount', 'fans'], first: keep('mount', 'fans') },
      clock,
      never,
    )
    t.teardown(() => board.close())
    t.match(await board.read(), { on: { mount: true, fans: false }, facts: { mainsOk: true, batteryLow: false } })
    await board.write('fans', true)
    t.equal(fake.relays[2], true, 'what it says is so')
    const { amperes } = await board.read()
    t.ok(amperes!.fans > 0 && amperes!.fans < 0.5 && amperes!.mount > 0.4, JSON.stringify(amperes))
    await board.write('mount', false)
    t.equal((await board.read()).amperes!.mount, 0)
    fake.stuck = true
    await t.rejects(board.write('mount', true), { code: 'timeout' }, 'an order that no report confirms is not done')
  },
)

t.test('a board that is opened and closed again and again leaves no handle behind', { skip: noSocat }, async t => {
  const fake = await lcusBoard(t, [false, false])
  const order = { options: { port: fake.port, channels: { a: 1, b: 2 } }, channels: ['a', 'b'], first: keep('a', 'b') }
  const handles = () => readdirSync('/proc/self/fd').length
  const once = async () => (await openLcusBoard(order, clock, never)).close()
  await once()
  const before = handles()
  for (let times = 0; times < 20; times++) await once()
  const gone = { ...order, options: { ...order.options, port: '/dev/no-such-port' } }
  for (let times = 0; times < 5; times++) await t.rejects(openLcusBoard(gone, clock, never), { code: 'offline' })
  t.ok(handles() <= before, `${before} before, ${handles()} after`)
})

t.test('a serial port is found by the socket it is plugged into', async t => {
  const sys = t.testdir({
    bus: {
      usb: { devices: { '1-1.2:1.0': { ttyUSB7: {} }, '1-1.3:1.1': { tty: { ttyACM3: {} } }, '1-1.30:1.0': {} } },
    },
  })
  t.equal(await serialPath('usb:1-1.2', sys), '/dev/ttyUSB7')
  t.equal(await serialPath('usb:1-1.3', sys), '/dev/ttyACM3')
  t.equal(await serialPath('/dev/serial/by-id/x', sys), '/dev/serial/by-id/x')
  for (const empty of ['usb:1-1.30', 'usb:1-1', 'usb:2-1']) {
    await t.rejects(serialPath(empty, sys), { code: 'offline', message: /no serial port is plugged/ })
  }
})

t.test('a HID board is found by the socket it is plugged into', async t => {
  const sys = t.testdir({
    devices: {
      '1-1': { '1-1.3': { '1-1.3:1.0': { '0003:16C0:05DF.0007': {} } } },
      uhid: { '0003:16C0:05DF.0008': {} },
    },
    class: {
      hidraw: {
        hidraw0: { device: t.fixture('symlink', '../../../devices/1-1/1-1.3/1-1.3:1.0/0003:16C0:05DF.0007') },
        hidraw1: { device: t.fixture('symlink', '../../../devices/uhid/0003:16C0:05DF.0008') },
      },
    },
  })
  t.equal(await hidSocket('/dev/hidraw0', sys), '1-1.3')
  t.equal(await hidSocket('/dev/hidraw1', sys), undefined, 'one that hangs on no socket has none')
  t.equal(await hidSocket('/dev/hidraw9', sys), undefined)
})

t.test('a USB socket: the file of what is plugged in, and hub and port as uhubctl wants them', async t => {
  const sys = t.testdir({ bus: { usb: { devices: { '1-1.3': { busnum: '1\n', devnum: '14\n' } } } } })
  t.equal(await deviceFile('1-1.3', sys, '/dev'), '/dev/bus/usb/001/014')
  await t.rejects(deviceFile('1-1.4', sys, '/dev'), { code: 'offline', message: /nothing is plugged into/ })
  await t.rejects(resetUsb('1-1.3', { sys, dev: t.testdirName }), { code: 'offline', message: /cannot be opened/ })
  t.same(hubAndPort('1-1.3'), ['1-1', '3'])
  t.same(hubAndPort('2-4'), ['2', '4'])
  t.same(hubAndPort('1-1.2.4'), ['1-1.2', '4'])
  for (const name of ['1-1.3', '2-4']) t.match(name, socketName)
  for (const name of ['1', '1-1.', 'usb1', '1-1.3; reboot']) t.notMatch(name, socketName)
})

const header = '/usr/include/linux/gpio.h'
t.test('the structures of the kernel’s headers, as the C compiler lays them out', { skip: noHeader() }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'pierside-gpio-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const at = (type: string, member: string) => `offsetof(struct ${type}, ${member})`
  const numbers: Record<string, [string, bigint]> = {
    chipInfo: ['sizeof(struct gpiochip_info)', BigInt(gpio.sizes.chipInfo)],
    lineInfo: ['sizeof(struct gpio_v2_line_info)', BigInt(gpio.sizes.lineInfo)],
    lineRequest: ['sizeof(struct gpio_v2_line_request)', BigInt(gpio.sizes.lineRequest)],
    lineConfig: ['sizeof(struct gpio_v2_line_config)', BigInt(gpio.sizes.lineConfig)],
    lineValues: ['sizeof(struct gpio_v2_line_values)', BigInt(gpio.sizes.lineValues)],
    lineEvent: ['sizeof(struct gpio_v2_line_event)', BigInt(gpio.sizes.lineEvent)],
    attribute: ['sizeof(struct gpio_v2_line_config_attribute)', 24n],
    nameBytes: ['GPIO_MAX_NAME_SIZE', 32n],
    mostLines: ['GPIO_V2_LINES_MAX', 64n],
    mostAttributes: ['GPIO_V2_LINE_NUM_ATTRS_MAX', 10n],
    requestChip: ['GPIO_GET_CHIPINFO_IOCTL', BigInt(gpio.requests.chipInfo)],
    requestInfo: ['GPIO_V2_GET_LINEINFO_IOCTL', BigInt(gpio.requests.lineInfo)],
    requestLine: ['GPIO_V2_GET_LINE_IOCTL', BigInt(gpio.requests.getLine)],
    requestConfig: ['GPIO_V2_LINE_SET_CONFIG_IOCTL', BigInt(gpio.requests.setConfig)],
    requestGet: ['GPIO_V2_LINE_GET_VALUES_IOCTL', BigInt(gpio.requests.getValues)],
    requestSet: ['GPIO_V2_LINE_SET_VALUES_IOCTL', BigInt(gpio.requests.setValues)],
    used: ['GPIO_V2_LINE_FLAG_USED', gpio.flags.used],
    activeLow: ['GPIO_V2_LINE_FLAG_ACTIVE_LOW', gpio.flags.activeLow],
    input: ['GPIO_V2_LINE_FLAG_INPUT', gpio.flags.input],
    output: ['GPIO_V2_LINE_FLAG_OUTPUT', gpio.flags.output],
    pullUp: ['GPIO_V2_LINE_FLAG_BIAS_PULL_UP', gpio.flags.pullUp],
    pullDown: ['GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN', gpio.flags.pullDown],
    noPull: ['GPIO_V2_LINE_FLAG_BIAS_DISABLED', gpio.flags.noPull],
    idFlags: ['GPIO_V2_LINE_ATTR_ID_FLAGS', BigInt(gpio.attributes.flags)],
    rising: ['GPIO_V2_LINE_FLAG_EDGE_RISING', gpio.flags.risingEdge],
    falling: ['GPIO_V2_LINE_FLAG_EDGE_FALLING', gpio.flags.fallingEdge],
    idDebounce: ['GPIO_V2_LINE_ATTR_ID_DEBOUNCE', BigInt(gpio.attributes.debounce)],
    debounceAt: [at('gpio_v2_line_config_attribute', 'attr.debounce_period_us'), BigInt(gpio.offsets.attributeValues)],
    idValues: ['GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES', BigInt(gpio.attributes.outputValues)],
    chipLabel: [at('gpiochip_info', 'label'), BigInt(gpio.offsets.chipLabel)],
    chipLines: [at('gpiochip_info', 'lines'), BigInt(gpio.offsets.chipLines)],
    infoConsumer: [at('gpio_v2_line_info', 'consumer'), 32n],
    infoOffset: [at('gpio_v2_line_info', 'offset'), BigInt(gpio.offsets.infoOffset)],
    infoFlags: [at('gpio_v2_line_info', 'flags'), BigInt(gpio.offsets.infoFlags)],
    requestConsumer: [at('gpio_v2_line_request', 'consumer'), BigInt(gpio.offsets.requestConsumer)],
    requestAtConfig: [at('gpio_v2_line_request', 'config'), BigInt(gpio.offsets.requestConfig)],
    requestLines: [at('gpio_v2_line_request', 'num_lines'), BigInt(gpio.offsets.requestLines)],
    requestFd: [at('gpio_v2_line_request', 'fd'), BigInt(gpio.offsets.requestFd)],
    configFlags: [at('gpio_v2_line_config', 'flags'), BigInt(gpio.offsets.configFlags)],
    configCount: [at('gpio_v2_line_config', 'num_attrs'), BigInt(gpio.offsets.configAttributes)],
    configFirst: [at('gpio_v2_line_config', 'attrs'), BigInt(gpio.offsets.configAttribute)],
    attributeId: [at('gpio_v2_line_config_attribute', 'attr.id'), BigInt(gpio.offsets.attributeId)],
    attributeValues: [at('gpio_v2_line_config_attribute', 'attr.values'), BigInt(gpio.offsets.attributeValues)],
    attributeMask: [at('gpio_v2_line_config_attribute', 'mask'), BigInt(gpio.offsets.attributeMask)],
    bits: [at('gpio_v2_line_values', 'bits'), BigInt(gpio.offsets.valuesBits)],
    mask: [at('gpio_v2_line_values', 'mask'), BigInt(gpio.offsets.valuesMask)],
    usbReset: ['USBDEVFS_RESET', BigInt(usbdevfsReset)],
  }
  const rows = Object.entries(numbers).map(
    ([name, [words]]) => `printf("${name} %llu\\n", (unsigned long long)(${words}));`,
  )
  const headers = ['stdio.h', 'stddef.h', 'sys/ioctl.h', 'linux/gpio.h', 'linux/usbdevice_fs.h'].map(
    name => `#include <${name}>`,
  )
  writeFileSync(join(folder, 'layout.c'), [...headers, 'int main(void) {', ...rows, 'return 0; }'].join('\n'))
  execFileSync('gcc', ['-o', join(folder, 'layout'), join(folder, 'layout.c')])
  const told = execFileSync(join(folder, 'layout'), { encoding: 'utf8' }).trim().split('\n')
  t.same(
    told,
    Object.entries(numbers).map(([name, [, ours]]) => `${name} ${ours}`),
  )
})

function noHeader() {
  return existsSync(header) && existsSync('/usr/bin/gcc')
    ? false
    : 'no C compiler with the kernel’s headers is installed'
}

t.test('a request for lines of two kinds', async t => {
  const out = gpio.flags.output
  const request = gpio.lineRequest('pierside', [
    { line: 17, flags: out | gpio.flags.activeLow, on: true },
    { line: 27, flags: out, on: false },
    { line: 22, flags: out | gpio.flags.activeLow, on: true },
  ])
  t.same(
    [0, 4, 8].map(at => request.readUInt32LE(at)),
    [17, 27, 22],
  )
  const config = request.subarray(gpio.offsets.requestConfig)
  t.equal(config.readBigUInt64LE(0), out | gpio.flags.activeLow, 'what is said of the first holds for all')
  t.equal(config.readUInt32LE(8), 2, 'but for two attributes')
  t.same([config.readUInt32LE(32), config.readBigUInt64LE(40), config.readBigUInt64LE(48)], [1, out, 0b010n])
  t.same([config.readUInt32LE(56), config.readBigUInt64LE(64), config.readBigUInt64LE(72)], [2, 0b101n, 0b111n])
  t.throws(
    () =>
      gpio.lineRequest(
        'x',
        Array.from({ length: 65 }, () => ({ line: 0, flags: out, on: false })),
      ),
    RangeError,
  )
})

const pin = (name: string, more: Partial<KernelLine> = {}): KernelLine => ({
  ...{ name, output: false, high: false, driven: [] },
  ...more,
})

t.test('GPIO lines by the character device: found by label and name, taken over without a flicker', async t => {
  const header = ['ID_SDA', 'GPIO17', 'GPIO27', 'GPIO22', 'GPIO5'].map(name => pin(name, { high: true }))
  // As the agent before left it: a relay that is pulled, by a board that pulls when low.
  Object.assign(header[1], { output: true, high: false })
  const kernel = gpioKernel(t.testdir({}), { 'pinctrl-other': [pin('GPIO17')], 'pinctrl-rp1': header })
  const line = (id: string, name: string | number, first: boolean | undefined) =>
    ({ id, line: name, activeLow: true, pull: 'as-is', first }) as const
  const wanted = [
    line('mount', 'GPIO17', undefined),
    { ...line('lamp', 'GPIO27', true), activeLow: false, pull: 'down' } as const,
    line('camera', 3, false),
  ]
  const lines = await openChardevLines(['pinctrl-bcm2711', 'pinctrl-rp1'], wanted, kernel)
  t.same(await lines!.read(), [true, true, false], 'kept, on, off')
  t.same(
    header.map(({ driven }) => driven),
    [[], [false], [true], [true], []],
    'each pin is driven once, to the level it is to have',
  )
  await lines!.write(0, false)
  await lines!.write(2, true)
  t.same(await lines!.read(), [false, true, true])
  t.same([header[1].high, header[2].high, header[3].high], [true, true, false])
  t.same(header[4].driven.concat(header[0].driven), [], 'and no other pin')
  const again = openChardevLines(['pinctrl-rp1'], [wanted[0]], kernel)
  await t.rejects(again, { code: 'busy', message: /GPIO17 cannot be had: EBUSY/ })
  await t.rejects(openChardevLines(['pinctrl-rp1'], [line('x', 'GPIO99', undefined)], kernel), {
    code: 'bad-input',
    message: /chip pinctrl-rp1 has no line GPIO99/,
  })
  t.equal(await openChardevLines(['pinctrl-absent'], wanted, kernel), undefined)
  t.equal(
    await openChardevLines(['pinctrl-rp1'], wanted, { dev: t.testdir({}) }),
    undefined,
    'nor is there without chips',
  )
  await lines!.close()
})

const contact = (line: string, more = {}) => ({ line, active_low: true, pull: 'up', debounce_ms: 20, ...more })
const boardOf = (inputs: object, channels: object = {}) => ({
  options: { chip: 'pinctrl-rp1', back_end: 'chardev', inputs, channels } as JsonObject,
  channels: Object.keys(channels),
  first: keep(...Object.keys(channels)),
})

t.test('contacts on GPIO lines: pulled, debounced by the kernel, told by their edges', async t => {
  const lines = ['GPIO5', 'GPIO6', 'GPIO17'].map(name => pin(name, { high: true }))
  const kernel = gpioKernel(t.testdir({}), { 'pinctrl-rp1': lines })
  const order = boardOf(
    {
      rain: contact('GPIO5'),
      parked: contact('GPIO6', { active_low: false, pull: 'none', debounce_ms: 0 }),
    },
    { motor: { line: 'GPIO17', active_low: true, pull: 'as-is' } },
  )
  const handles = () => readdirSync('/proc/self/fd').length
  const before = handles()
  const board = await gpioBoard(order, clock, kernel)
  let open = true
  const close = async () => {
    if (open) await board.close()
    open = false
  }
  // Whatever goes wrong, the wait for edges must not outlive the test.
  t.teardown(close)
  const { flags: bits } = gpio
  t.equal(lines[0].flags, bits.input | bits.activeLow | bits.pullUp | bits.risingEdge | bits.fallingEdge)
  t.same([lines[0].debounceMicros, lines[1].debounceMicros], [20_000, 0])
  t.same((await board.read()).on, { motor: false, rain: false, parked: true })
  let edges = 0
  const heard = new Promise<void>(settle =>
    board.onChange?.(() => {
      edges++
      settle()
    }),
  )
  kernel.move(lines[0], false)
  await clock.deadline(60_000, 'an edge').race(heard)
  t.same((await board.read()).on, { motor: false, rain: true, parked: true })
  await board.write('motor', true)
  t.same((await board.read()).on, { motor: true, rain: true, parked: true }, 'outputs beside them are theirs no less')
  t.same(lines[0].driven.concat(lines[1].driven), [], 'a contact is never driven')
  // More edges than the kernel would keep: only the levels count.
  for (let times = 0; times < 500; times++) kernel.move(lines[0], times % 2 === 1)
  await clock.sleep(50)
  t.equal((await board.read()).on.rain, false)
  t.ok(edges >= 1)
  await close()
  t.equal(handles(), before, 'its descriptors are given back')
})

t.test('a chip without interrupts has contacts all the same, and a line in use is said', async t => {
  const lines = ['GPIO5', 'GPIO6'].map(name => pin(name, { high: true }))
  lines[1].taken = true
  const kernel = gpioKernel(t.testdir({}), { 'pinctrl-rp1': lines }, false)
  const board = await gpioBoard(boardOf({ rain: contact('GPIO5') }), clock, kernel)
  t.equal(lines[0].flags, gpio.flags.input | gpio.flags.activeLow | gpio.flags.pullUp)
  kernel.move(lines[0], false)
  t.same((await board.read()).on, { rain: true })
  await board.close()
  const busy = gpioBoard(boardOf({ park: contact('GPIO6') }), clock, kernel)
  await t.rejects(busy, { code: 'busy', message: /GPIO6 cannot be had/ })
  const twins = gpioBoard(boardOf({ rain: contact('GPIO5'), snow: contact('GPIO5') }), clock, kernel)
  await t.rejects(twins, { code: 'bad-input', message: /"rain" and "snow" are both on line GPIO5/ })
  const sysfs = boardOf({ rain: contact('GPIO5') })
  await t.rejects(gpioBoard({ ...sysfs, options: { ...sysfs.options, back_end: 'sysfs' } }, clock), {
    code: 'unsupported',
    message: /no line is pulled up/,
  })
})

t.test('ioctl writes into the memory it is given, and answers with the system’s own name of what is wrong', async t => {
  const ioctl = loadIoctl()
  await t.rejects(ioctl(-1, gpio.requests.chipInfo, Buffer.alloc(68)), { code: 'EBADF' })
  const file = await open('/dev/ptmx', 'r+')
  t.teardown(() => file.close())
  // TIOCGPTN of <asm-generic/ioctls.h>: which pseudo terminal this is.
  const memory = Buffer.alloc(12, 0xee)
  await ioctl(file.fd, 0x80045430, memory.subarray(4, 8))
  t.ok(existsSync(`/dev/pts/${memory.readUInt32LE(4)}`), 'the number of one that is there')
  t.same([memory.readUInt32LE(0), memory.readUInt32LE(8)], [0xeeeeeeee, 0xeeeeeeee], 'and nothing beside it')
  await t.rejects(ioctl(file.fd, gpio.requests.chipInfo, Buffer.alloc(68)), { code: 'ENOTTY' })
})

t.test('by sysfs a line is the chip’s base and its number, whatever the kernel made of it', async t => {
  const sys = t.testdir({
    gpiochip512: { label: 'pinctrl-bcm2711\n', base: '512\n' },
    gpiochip571: { label: 'pinctrl-rp1\n', base: '571\n' },
    export: '',
  })
  t.equal(chipBase(['pinctrl-rp1'], sys), 571)
  t.equal(chipBase(['nothing', 'pinctrl-bcm2711'], sys), 512)
  t.equal(chipBase(['pinctrl-bcm2835'], sys), undefined)
  t.equal(chipBase(['pinctrl-rp1'], join(sys, 'absent')), undefined)
  t.equal(lineNumber({ id: 'a', line: 'GPIO17' }), 17)
  t.equal(lineNumber({ id: 'a', line: 4 }), 4)
  t.throws(() => lineNumber({ id: 'a', line: 'ID_SDA' }), { code: 'bad-input' })
})
