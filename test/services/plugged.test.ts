// What is plugged in: a Pi's sockets as a folder, things that come and go, and devices made of them by a tap.
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { lookAround } from '../../edge/drivers/found/look-around.js'
import { usbComings } from '../../edge/drivers/found/usb-comings.js'
import { usbThings } from '../../edge/drivers/found/usb-things.data.js'
import { drivers } from '../../edge/drivers/index.js'
import { i2cLink } from '../../edge/drivers/link/i2c/i2c-link.js'
import { configSchema, linksLike } from '../../edge/main-config.js'
import { configuration } from '../../edge/main-settings.js'
import type { LinkTools } from '../../edge/ports/driver.js'
import type { JsonObject } from '../../edge/ports/json.js'
import type { PluggedThing } from '../../edge/ports/plugged.js'
import { pluggedAction, reportPlugged } from '../../edge/services/plugged.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { openHouse, openRecords } from '../support/house.js'
import { leapingClock } from '../support/leaping-clock.js'
import { openNight, pierConfig } from '../support/night.js'
import { aSky, fakeBus, sysfs } from '../support/sensor-rigs.js'

const never = new AbortController().signal
const administrator = { name: 'owner', role: 'administrator', face: 'http' } as const

interface Listed {
  readonly things: readonly (PluggedThing & { readonly usedBy?: string })[]
  readonly count: number
}

/** Where the kernel keeps a Pi's USB sockets. */
const pci = 'devices/platform/axi/1000480000.usb/usb1'

/** The sensors of `sysfs`, beside what USB has: `root` is above sys and dev. */
function sockets(test: Parameters<typeof sysfs>[0]) {
  const sys = sysfs(test)
  const root = path.join(sys.root, 'whole')
  mkdirSync(root)
  symlinkSync(sys.root, path.join(root, 'sys'))
  const link = (from: string, to: string) => {
    mkdirSync(path.dirname(from), { recursive: true })
    symlinkSync(to, from)
  }
  const plug = (place: string, facts: Record<string, string>) => {
    for (const [file, text] of Object.entries(facts)) sys.put(`${pci}/${place}/${file}`, `${text}\n`)
    link(path.join(sys.root, 'bus/usb/devices', place), path.join(sys.root, pci, place))
  }
  const unplug = (place: string) => {
    sys.remove(`bus/usb/devices/${place}`)
    sys.remove(`${pci}/${place}`)
  }
  /** A serial adapter; the kernel's name for it, and what udev makes of it. */
  const adapter = (place: string, tty: string, facts: Record<string, string>, byId: string) => {
    plug(place, { idVendor: '0403', idProduct: '6001', manufacturer: 'FTDI', product: 'FT232R USB UART', ...facts })
    sys.put(`${pci}/${place}/${place}:1.0/${tty}/tty/${tty}/dev`, '188:0\n')
    link(path.join(sys.root, 'class/tty', tty, 'device'), path.join(sys.root, pci, place, `${place}:1.0`, tty))
    sys.remove(`whole/dev/serial/by-id/${byId}`)
    sys.put(`whole/dev/${tty}`, '')
    link(path.join(root, 'dev/serial/by-id', byId), path.join(root, 'dev', tty))
  }
  return { root, sys, plug, unplug, adapter, link }
}

const zwo = { idVendor: '03c3', idProduct: '294a', manufacturer: 'ZWO', product: 'ASI294MC Pro', serial: '0a1b2c3d' }

t.test('one list of everything, each with a name that lasts', async t => {
  const { root, sys, plug, adapter, link } = sockets(t)
  plug('1-1', { idVendor: '2109', idProduct: '3431', bDeviceClass: '09', product: 'USB2.0 Hub' })
  plug('1-1.1', zwo)
  plug('1-1.4', { idVendor: 'ffff', idProduct: '0001' })
  adapter('1-1.2', 'ttyUSB0', { serial: 'A10MNT01' }, 'usb-FTDI_FT232R_USB_UART_A10MNT01-if00-port0')
  adapter(
    '1-1.3',
    'ttyUSB1',
    { idVendor: '1a86', idProduct: '7523', product: 'USB2.0-Serial' },
    'usb-1a86_USB2.0-Serial-if00',
  )
  adapter(
    '1-2',
    'ttyUSB2',
    { idVendor: '1a86', idProduct: '7523', product: 'USB2.0-Serial' },
    'usb-1a86_USB2.0-Serial-if00',
  )
  plug('1-3', { idVendor: '046d', idProduct: '0825', product: 'Webcam C270' })
  sys.put(`${pci}/1-3/1-3:1.0/video4linux/video0/name`, 'C270 HD WEBCAM\n')
  sys.put(`${pci}/1-3/1-3:1.0/video4linux/video0/index`, '0\n')
  link(path.join(sys.root, 'class/video4linux/video0'), path.join(sys.root, pci, '1-3/1-3:1.0/video4linux/video0'))
  link(path.join(sys.root, pci, '1-3/1-3:1.0/video4linux/video0/device'), path.join(sys.root, pci, '1-3/1-3:1.0'))
  sys.put('whole/dev/video0', '')
  link(path.join(root, 'dev/v4l/by-id/usb-046d_C270-video-index0'), path.join(root, 'dev/video0'))
  sys.put('class/i2c-dev/i2c-1/name', 'bcm2835 (i2c@7e804000)\n')
  sys.put('devices/platform/axi/1f000d0000.gpio/gpiochip0/dev', '254:0\n')
  link(
    path.join(sys.root, 'bus/gpio/devices/gpiochip0'),
    path.join(sys.root, 'devices/platform/axi/1f000d0000.gpio/gpiochip0'),
  )
  sys.put('class/pwm/pwmchip0/npwm', '4\n')
  sys.put('whole/proc/net/tcp', '  sl  local_address\n   0: 00000000:1DC8 00000000:0000 0A 00000000:00000000 00:0\n')

  const things = await lookAround(root)(never)
  const lasting = (kind: string) => things.filter(one => one.kind === kind).map(one => one.lasting)
  t.same(lasting('usb'), ['usb:1-1.1', 'usb:1-1.4', 'usb:1-3'], 'no hub, and no adapter twice')
  t.same(
    lasting('serial'),
    ['/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10MNT01-if00-port0', 'usb:1-1.3', 'usb:1-2'],
    'twins without a serial number are told by their sockets',
  )
  t.same(lasting('camera'), ['/dev/v4l/by-id/usb-046d_C270-video-index0'])
  t.same(lasting('gpio'), ['1f000d0000.gpio'], 'not the number, which changes with the kernel')
  t.same([...lasting('i2c-bus'), ...lasting('pwm'), ...lasting('server')], ['/dev/i2c-1', 'pwmchip0', '127.0.0.1:7624'])
  t.equal(lasting('sensor').length, 6)
  const camera = things.find(one => one.name === 'ZWO ASI294MC Pro')
  t.match(camera, { drivenBy: /apt install libasi/, entry: undefined }, 'what is missing for it is said')
  sys.put('whole/usr/lib/aarch64-linux-gnu/libASICamera2.so.1', '')
  const again = (await lookAround(root)(never)).find(one => one.name === 'ZWO ASI294MC Pro')
  t.match(again, { drivenBy: 'asi', entry: { driver: 'asi', port: 'usb:1-1.1' } }, 'and with it a tap makes a device')
  t.equal(new Set(things.map(one => one.id)).size, things.length, 'ids are their own')
  t.equal(things.find(one => one.lasting === 'usb:1-1.4')!.drivenBy, undefined, 'what nobody knows is listed too')
})

t.test('cameras on USB and on the ribbon, each by what lasts, as what one wants', async t => {
  const { root, sys, plug, link } = sockets(t)
  const usb = (place: string, node: string, serial: string | undefined) => {
    plug(place, { idVendor: '32e4', idProduct: '9230', product: 'HD USB Camera', ...(serial && { serial }) })
    const at = `${pci}/${place}/${place}:1.0/video4linux/${node}`
    sys.put(`${at}/name`, `HD USB Camera ${node}\n`)
    sys.put(`${at}/index`, '0\n')
    link(path.join(sys.root, 'class/video4linux', node), path.join(sys.root, at))
    link(path.join(sys.root, at, 'device'), path.join(sys.root, pci, place, `${place}:1.0`))
    sys.put(`whole/dev/${node}`, '')
    link(path.join(root, `dev/v4l/by-path/platform-xhci-usb-0:${place}:1.0-video-index0`), path.join(root, 'dev', node))
  }
  usb('1-1', 'video0', undefined)
  usb('1-2', 'video2', undefined)
  usb('1-3', 'video4', '20260101')
  link(path.join(root, 'dev/v4l/by-id/usb-HD_USB_Camera-video-index0'), path.join(root, 'dev/video2'))
  link(path.join(root, 'dev/v4l/by-id/usb-HD_USB_Camera_20260101-video-index0'), path.join(root, 'dev/video4'))
  const part = (node: string, name: string, bus: string, tree: string, inside: string) => {
    sys.put(`firmware/devicetree/base/${tree}/${inside}`, '')
    sys.put(`devices/platform/i2c/${bus}/name`, name)
    link(
      path.join(sys.root, 'devices/platform/i2c', bus, 'of_node'),
      path.join(sys.root, 'firmware/devicetree/base', tree),
    )
    sys.put(`class/video4linux/${node}/name`, `${name} ${bus}\n`)
    link(path.join(sys.root, 'class/video4linux', node, 'device'), path.join(sys.root, 'devices/platform/i2c', bus))
  }
  part('v4l-subdev0', 'imx708', '10-001a', 'axi/pcie@120000/rp1/i2c@88000/imx708@1a', 'port/endpoint/name')
  part('v4l-subdev1', 'dw9807', '10-000c', 'axi/pcie@120000/rp1/i2c@88000/dw9817@c', 'compatible')

  const cameras = (await lookAround(root)(never)).filter(({ kind }) => kind === 'camera')
  const sensor = '/base/axi/pcie@120000/rp1/i2c@88000/imx708@1a'
  t.same(
    cameras.map(({ name, lasting }) => [name, lasting]),
    [
      ['HD USB Camera video0', '/dev/v4l/by-path/platform-xhci-usb-0:1-1:1.0-video-index0'],
      ['HD USB Camera video2', '/dev/v4l/by-path/platform-xhci-usb-0:1-2:1.0-video-index0'],
      ['HD USB Camera video4', '/dev/v4l/by-id/usb-HD_USB_Camera_20260101-video-index0'],
      ['imx708 (CSI)', sensor],
    ],
    'twins by their sockets, and the lens is no camera',
  )
  for (const { entry, ways } of cameras) {
    for (const { driver, ...options } of [entry!, ...ways!.map(way => way.entry)]) {
      const kind = drivers.find(({ id }) => id === driver)!
      t.ok(kind.options.safeParse(options).success, `${driver} takes ${JSON.stringify(options)}`)
    }
  }

  const { feed, actions, folder } = await openHouse(t)
  const held = await configuration(path.join(folder, 'pierside.yaml'), configSchema, 'devices: {}\n')
  actions.offer([
    pluggedAction({ feed, merge: held.merge, taken: () => Object.keys(held.settings().devices), links: () => [] }),
  ])
  feed.set('plugged', { things: cameras as never, count: cameras.length })
  const add = (input: object) => actions.ask('plugged-add', input, administrator).then(answer => answer.output)
  const { id } = cameras[3]
  await add({ id, as: 'camera for frames', name: 'main' })
  await add({ id: cameras[2].id, name: 'pier' })
  t.match(held.settings().devices, {
    main: { driver: 'csi', camera: sensor, as: 'camera' },
    pier: { driver: 'ffmpeg', source: 'v4l2', device: cameras[2].lasting },
  })
  await t.rejects(add({ id, as: 'mount' }), { code: 'bad-input', fix: /pier camera, camera for frames/ })
})

t.test('a real listener on the real list of the kernel', async t => {
  const server = createServer()
  const free = await new Promise<boolean>(settle => {
    server.once('error', () => settle(false)).listen(7624, '127.0.0.1', () => settle(true))
  })
  if (free) t.teardown(() => server.close())
  const things = await lookAround()(never)
  t.ok(
    things.some(one => one.kind === 'server'),
    'ours, or that of somebody else on this machine',
  )
})

t.test('things come and go', async t => {
  const { root, plug, unplug } = sockets(t)
  const sensor = { driver: 'kernel-sensor', sensor: 'sht3x', root: path.join(root, 'sys') }
  const night = await openNight(t, pierConfig({ devices: { garden: sensor } }), { boxRoot: root })
  const list = () => night.state<Listed>('plugged')
  await night.clock.advance(1_000)
  t.equal(list().count, 6)
  t.equal(list().things.find(one => one.name === 'sht3x')!.usedBy, 'garden')
  t.same(night.told('plugged-in'), [], 'what was there at the start did not come')
  plug('1-1.1', zwo)
  await night.clock.advance(11_000)
  t.match(night.told('plugged-in'), [{ name: 'ZWO ASI294MC Pro', place: 'usb 1-1.1' }])
  unplug('1-1.1')
  await night.clock.advance(11_000)
  t.match(night.told('unplugged'), [{ name: 'ZWO ASI294MC Pro' }])
  t.equal(list().count, 6)
})

t.test('what comes and goes is heard of between two looks, and twins are told apart', async t => {
  const { root, sys, plug, unplug } = sockets(t)
  const bus = 'whole/dev/bus/usb/001'
  sys.put(`${bus}/001`, '')
  const clock = leapingClock(() => 0)
  const { feed, log, close } = await openRecords(clock)
  t.teardown(close)
  const events: string[] = []
  feed.listen({ event: ({ kind }) => events.push(kind) })
  const said = (kind: string) => events.filter(one => one === kind)
  const timers = clock.timers
  let came = 0
  const stop = reportPlugged({
    ...{ look: lookAround(root), feed, clock, log, devices: {} },
    watch: changed => usbComings(root, { clock, log }, changed),
    onCame: () => void came++,
  })
  const other = { ...zwo, idVendor: 'a0a0', product: 'Poseidon-C' }
  const relay = { idVendor: '16c0', idProduct: '05df', product: 'USBRelay2', serial: 'A1' }
  /** Before the next look by the clock, which is 10 s away. */
  const heard = async (kind: string, count: number) => {
    for (let tries = 0; tries < 15 && said(kind).length < count; tries++) {
      await clock.leap(500)
      await new Promise(settle => setTimeout(settle, 50))
    }
    t.equal(said(kind).length, count, `${kind}: ${count}`)
  }
  await clock.leap(500)
  plug('1-1.1', relay)
  plug('1-1.2', relay)
  plug('1-1.3', other)
  sys.put(`${bus}/002`, '')
  await heard('plugged-in', 3)
  t.equal(came, 1, 'who waits for one of them is tried once')
  const lasting = (name: RegExp) => {
    const { things } = feed.get('plugged')!.value as unknown as Listed
    return things.filter(one => name.test(one.name)).map(one => one.lasting)
  }
  t.same(lasting(/Poseidon/), ['a0a0:294a:0a1b2c3d'])
  t.same(
    lasting(/USBRelay/),
    ['usb:1-1.1', 'usb:1-1.2'],
    'relay boards share their serial number: they go by their sockets',
  )
  await clock.leap(10_000 - (clock.monotonicMs() % 10_000))
  unplug('1-1.2')
  sys.remove(`${bus}/002`)
  await heard('unplugged', 1)
  sys.put('whole/dev/bus/usb/002/001', '')
  await clock.leap(10_000 - (clock.monotonicMs() % 10_000))
  plug('2-1', other)
  sys.put('whole/dev/bus/usb/002/002', '')
  await heard('plugged-in', 4)
  t.same(lasting(/Poseidon/), ['usb:1-1.3', 'usb:2-1'], 'two of one serial number go by their sockets')
  stop()
  t.equal(clock.timers, timers)
})

t.test('what waits for its device opens as soon as something comes', async t => {
  const { root, sys, plug } = sockets(t)
  const pwm = { driver: 'kernel-pwm', channels: [{ id: 'lens', output: 0 }], root: path.join(root, 'sys') }
  const night = await openNight(t, pierConfig({ devices: { heat: pwm } }), { boxRoot: root })
  await night.clock.advance(20_000)
  t.equal(night.state<{ condition: string }>('device/heat').condition, 'unavailable')
  for (const file of ['period', 'duty_cycle', 'enable', 'polarity']) sys.put(`class/pwm/pwmchip0/pwm0/${file}`, '0')
  plug('1-1.1', zwo)
  await night.clock.advance(11_000)
  t.equal(night.state<{ condition: string }>('device/heat').condition, 'ready')
})

t.test('a tap makes a device of it', async t => {
  const { feed, actions, folder } = await openHouse(t)
  const file = path.join(folder, 'pierside.yaml')
  const held = await configuration(file, configSchema, '# mine\ndevices: {}\n')
  const taken = () => Object.keys(held.settings().devices)
  const links = (wanted: JsonObject) => linksLike(held.settings(), wanted)
  actions.offer([pluggedAction({ feed, merge: held.merge, taken, links })])
  const entry = { driver: 'kernel-sensor', sensor: 'bme280', at: '1-0076' }
  const thing = { id: 'sensor/1-0076', kind: 'sensor', name: 'bme280', place: '1-0076', lasting: 'bme280', entry }
  const camera = { id: 'usb/1-1', kind: 'usb', name: 'ZWO', place: 'usb 1-1', lasting: 'usb:1-1', drivenBy: 'INDI' }
  feed.set('plugged', { things: [thing, camera, { ...thing, id: 'used', usedBy: 'main' }], count: 3 })
  const add = (input: object) => actions.ask('plugged-add', input, administrator).then(answer => answer.output)
  t.same(await add({ id: 'sensor/1-0076' }), { name: 'bme280' })
  t.match(readFileSync(file, 'utf8'), /# mine[\s\S]*bme280:[\s\S]*kernel-sensor/, 'in the file, and its comments stay')
  t.same(await add({ id: 'sensor/1-0076' }), { name: 'bme280-2' })
  t.same(await add({ id: 'sensor/1-0076', name: 'garden' }), { name: 'garden' })
  await t.rejects(add({ id: 'sensor/1-0076', name: 'garden' }), { code: 'bad-input' })
  const wheel = { id: 'alpaca/w', kind: 'network', name: 'Wheel', place: 'filterwheel 0 at 10.0.0.7:11111' }
  const unique = { type: 'filterwheel', unique_id: 'w' }
  const far = { ...wheel, lasting: 'filterwheel/w', over: { driver: 'alpaca' }, entry: { driver: 'alpaca', ...unique } }
  feed.set('plugged', { things: [thing, camera, { ...thing, id: 'used', usedBy: 'main' }, far], count: 4 })
  await add({ id: 'alpaca/w' })
  await add({ id: 'alpaca/w', name: 'second' })
  t.match(Object.keys(held.settings().links), ['alpaca'], 'the link it goes over is made once')
  t.match(held.settings().devices, { wheel: { link: 'alpaca', ...unique }, second: { link: 'alpaca' } })
  await t.rejects(add({ id: 'usb/1-1' }), { code: 'unsupported', fix: /INDI/ })
  await t.rejects(add({ id: 'used' }), { code: 'busy' })
  await t.rejects(add({ id: 'nothing' }), { code: 'not-found' })
  const observer = { ...administrator, role: 'observer' } as const
  await t.rejects(actions.ask('plugged-add', { id: 'used' }, observer), { code: 'forbidden' })
})

t.test('a look along the I²C bus', async t => {
  const tools = { clock: systemClock() } as LinkTools
  const look = (chips: Parameters<typeof fakeBus>[0]) => i2cLink.found!(fakeBus(chips), tools, never)
  t.same(
    (await look(aSky())).map(({ options }) => options),
    [
      { chip: 'tsl2591', address: 0x29 },
      { chip: 'ina226', address: 0x40 },
      { chip: 'mlx90614', address: 0x5a },
    ],
  )
  const strangers = aSky()
  strangers.get(0x29)!.set(0xb2, 0x12)
  strangers.get(0x40)!.set(0xff, 0x0000)
  t.same(
    (await look(strangers)).map(({ options }) => options.chip),
    ['ina219', 'mlx90614'],
    'one without an identity is what is left; a stranger at the address of another is not taken for it',
  )
  t.same(await look(new Map()), [])
})

t.test('udev gives the agent the right to what the list knows', async t => {
  const rules = readdirSync('udev')
    .map(name => readFileSync(path.join('udev', name), 'utf8'))
    .join('\n')
  for (const { vendor, what, drivenBy } of usbThings.filter(one => !one.serial)) {
    t.match(rules, new RegExp(`idVendor}=="[^"]*\\b${vendor}\\b`), `${what}, driven by ${drivenBy}`)
  }
})
