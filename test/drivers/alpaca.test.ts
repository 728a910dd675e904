// Alpaca beyond its contracts: how servers are found, what they answer wrongly, and that one that fails takes nobody
// with it. The server is ours; where another reading of the reference is possible, no test here can tell.
import { createSocket } from 'node:dgram'
import type { ServerResponse } from 'node:http'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { alpacaDriver } from '../../edge/drivers/box/alpaca.js'
import { alpacaAround } from '../../edge/drivers/found/alpaca-around.js'
import { type AlpacaNetwork, alpacaLink } from '../../edge/drivers/link/alpaca/alpaca-link.js'
import { configSchema, linksLike } from '../../edge/main-config.js'
import { asFault, Fault } from '../../edge/ports/fault.js'
import type { ExposureOrder } from '../../edge/ports/frame.js'
import type { LogLine } from '../../edge/ports/log.js'
import { openDevices } from '../../edge/spine/devices.js'
import { interlocked } from '../../edge/spine/interlock.js'
import { createLog } from '../../edge/spine/log.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import {
  fakeCamera,
  fakeCover,
  fakeDome,
  fakeFocuser,
  fakeRotator,
  fakeSafety,
  fakeSwitch,
  fakeTelescope,
  fakeWeather,
  fakeWheel,
  lightAt,
  plugged,
} from '../support/alpaca-devices.js'
import { instead, opened, says } from '../support/alpaca-open.js'
import { type FakeDevice, imageBytes, startAlpaca } from '../support/alpaca-server.js'
import { bench } from '../support/bench.js'

const never = new AbortController().signal
const clock = systemClock()
const light: ExposureOrder = { exposureSeconds: 0.05, binning: 1, frameType: 'light' }

function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  return new Promise(settle => {
    socket.bind(0, () => {
      const { port } = socket.address()
      socket.close(() => settle(port))
    })
  })
}

/** All types, each behind its own number 0. */
const everything = (modern: boolean): FakeDevice[] => [
  ...[plugged(fakeCamera({ width: 64, height: 48 }), modern), plugged(fakeTelescope(modern), modern)],
  ...[plugged(fakeFocuser(), modern), plugged(fakeWheel(), modern), plugged(fakeRotator(), modern)],
  ...[plugged(fakeDome(true), modern), plugged(fakeCover(), modern), plugged(fakeSwitch(modern), modern)],
  ...[plugged(fakeWeather(), modern), plugged(fakeSafety(), modern)],
]

t.test('devices are found by a word on the network, and again where their server has moved', async t => {
  const discovery = await freeUdpPort()
  const first = await startAlpaca(t, { devices: everything(true), discovery })
  const other = await startAlpaca(t, {
    devices: [plugged(fakeWheel(), true, { uniqueId: 'other' })],
    discovery: undefined,
  })
  const table = bench()
  t.teardown(() => table.close())
  const line = await table.openLink<AlpacaNetwork>(alpacaLink, { discovery_port: discovery })
  const found = await alpacaLink.found!(line, { ...table, random: seededRandom(3) } as never, never)
  t.equal(found.length, 10, 'each once, though the server answers on several addresses')
  t.match(
    found.find(({ name }) => name === 'Pier'),
    { driver: 'alpaca', ports: ['mount'], options: { type: 'telescope', unique_id: 'fake-telescope-pier' } },
  )
  const options = { type: 'filterwheel', unique_id: 'FAKE-filterwheel-filters' }
  const { box, ports } = await table.open(alpacaDriver, options, line)
  await ports.wheel!.select(2, never)
  await box.close()
  await first.close()
  await t.rejects(table.open(alpacaDriver, options, line), { code: 'offline' })
  const wheels = [
    plugged(fakeRotator(), true),
    plugged(fakeWheel(), true, { uniqueId: 'x' }),
    plugged(fakeWheel(), true),
  ]
  const second = await startAlpaca(t, { devices: wheels, discovery })
  t.not(second.port, first.port)
  const again = await table.open(alpacaDriver, options, line)
  await again.ports.wheel!.select(3, never)
  t.ok(second.calls.includes('PUT filterwheel position'), 'at its new address, under its new number')
  await t.rejects(
    table.open(alpacaDriver, { type: 'filterwheel', unique_id: 'other' }, line),
    { code: 'offline', message: /UniqueID other/ },
    'what does not answer on the network is not found on it',
  )
  const named = await table.openLink<AlpacaNetwork>(alpacaLink, {
    host: other.host,
    port: other.port,
    discovery_port: discovery,
  })
  const moved = await table.open(alpacaDriver, options, named)
  t.ok(moved.ports.wheel, 'a device that has left a named server is found as well')
  t.same(second.wrong, [], 'and nothing was asked wrongly')
})

const [zone] = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
  addresses.some(({ address, internal }) => !internal && address.startsWith('fe80:')) ? [name] : [],
)
t.test('by IPv6 as well', { skip: zone ? false : 'no network here has IPv6' }, async t => {
  const discovery = await freeUdpPort()
  const server = await startAlpaca(t, { devices: [plugged(fakeWheel(), true)], discovery, zone })
  const table = bench()
  t.teardown(() => table.close())
  const line = await table.openLink<AlpacaNetwork>(alpacaLink, { discovery_port: discovery })
  const options = { type: 'filterwheel', unique_id: 'fake-filterwheel-filters' }
  const { ports } = await table.open(alpacaDriver, options, line)
  await ports.wheel!.select(2, never)
  t.ok(server.calls.includes('PUT filterwheel position'))
})

t.test('what is plugged in lists them, keeps them through a lost word, and lets them go', async t => {
  const discovery = await freeUdpPort()
  const nameless = plugged(fakeSafety(), true, { uniqueId: '' })
  const server = await startAlpaca(t, { devices: [plugged(fakeCamera(), true), nameless], discovery })
  const log = createLog(clock, () => {})
  const around = alpacaAround({ clock, random: seededRandom(1), log }, discovery)
  t.teardown(() => around.close())
  const things = await around.look(never)
  t.match(things, [
    {
      ...{ kind: 'network', name: 'Sky', drivenBy: 'alpaca', over: { driver: 'alpaca' } },
      entry: { driver: 'alpaca', type: 'camera', unique_id: 'fake-camera-sky' },
    },
    { kind: 'network', name: 'Watch' },
  ])
  t.equal(things[1].entry, undefined, 'without a name that lasts there is no button')
  await server.close()
  for (let look = 0; look < 6; look++)
    t.equal((await around.look(never)).length, 2, 'one or two lost words are not its end')
  for (let look = 0; look < 3; look++) await around.look(never)
  t.same(await around.look(never), [], 'but three are')
})

t.test('the button takes the link that is there', async t => {
  const links = { lan: { driver: 'alpaca' }, fixed: { driver: 'alpaca', host: '10.0.0.7' }, indi: { driver: 'indi' } }
  const settings = configSchema.parse({ links })
  const same = (wanted: object) => linksLike(settings, wanted as never).flatMap(one => (one.same ? [one.name] : []))
  t.same(same({ driver: 'alpaca' }), ['lan'])
  t.same(same({ driver: 'alpaca', host: '10.0.0.8' }), [])
  const open = { links: { lan: { driver: 'alpaca', password: 'secret' } } }
  t.match(
    configSchema.safeParse(open).error?.issues,
    [{ path: ['links', 'lan', 'host'] }],
    'a password goes to no stranger',
  )
})

t.test('a server that asks who we are', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeWheel(), true)], password: 'dark-sky' })
  const lines: LogLine[] = []
  const log = createLog(clock, line => lines.push(line), 'debug')
  const open = async (link: object) => {
    const parts = {
      clock,
      random: seededRandom(1),
      log,
      data: '/nonexistent',
      encodeJpeg: async () => new Uint8Array(),
    }
    const options = alpacaLink.options.parse({ host: server.host, port: server.port, ...link })
    const rack = openDevices(
      [{ name: 'lan', driver: alpacaLink, options }],
      [
        {
          name: 'wheel',
          driver: alpacaDriver,
          link: 'lan',
          options: alpacaDriver.options.parse({ type: 'filterwheel' }),
        },
      ],
      parts,
    )
    const [box] = rack.boxes
    for (let look = 0; look < 100 && box.condition !== 'ready' && !box.fault; look++) await clock.sleep(50)
    const came = { condition: box.condition, fault: box.fault }
    await rack.close()
    return came
  }
  t.match((await open({})).fault, { code: 'forbidden', fix: /user and password/ })
  t.match((await open({ user: 'owner', password: 'wrong-one' })).fault, { code: 'forbidden' })
  t.equal((await open({ user: 'owner', password: 'dark-sky' })).condition, 'ready')
  t.notMatch(JSON.stringify(lines), /dark-sky|wrong-one|ZGFyay|d3Jvbm/, 'no word of it is in the log')
})

t.test('what a device says went wrong becomes what a person can do', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeWheel(), true)] })
  const { ports } = await opened(t, server, 'filterwheel')
  const select = async (body: unknown, status = 200) => {
    server.mishap = instead('filterwheel', 'position', says(body, status))
    const words = await ports.wheel!.select(1, never).then(
      () => 'fine',
      error => asFault(error, 'wheel'),
    )
    server.mishap = undefined
    return words
  }
  const error = (number: number, words = 'oh') => ({ ErrorNumber: number, ErrorMessage: words })
  t.match(await select(error(0x400)), { code: 'unsupported', message: /oh/ })
  t.match(await select(error(0x401)), { code: 'bad-input' })
  t.match(await select(error(0x408)), { code: 'limit', fix: /Unpark/ })
  t.match(await select(error(0x409)), { code: 'limit' })
  t.match(await select(error(0x40b)), { code: 'broken' })
  t.match(await select(error(0x40e)), { code: 'aborted' })
  t.match(await select(error(0x502, 'motor\n stalled')), { code: 'broken', message: /motor stalled/ })
  t.match(await select(error(0x401, 'below the horizon')), { code: 'limit' })
  t.match(await select(error(-2147220480)), { code: 'unsupported' }, 'as Windows counts')
  t.match(await select('<html><h1>No&nbsp;way</h1><script>x</script>', 500), {
    code: 'broken',
    message: /HTTP 500, No/,
  })
  t.match(await select('Position is missing', 400), { code: 'bad-input', message: /Position is missing/ })
  t.match(await select('{"ErrorNumber": "many"}'), { code: 'broken' })
  t.match(await select('[]'), { code: 'broken' })
  t.match(await select({ ClientTransactionID: 123_456, ErrorNumber: 0 }), {
    code: 'broken',
    message: /another question/,
  })
  await ports.wheel!.select(1, never)
  t.equal(ports.wheel!.position(), 1, 'and then it goes on')
})

t.test('a device that is not connected any more is opened anew', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeRotator(), true)] })
  const { table, ports } = await opened(t, server, 'rotator')
  server.device('rotator').connected = false
  await t.rejects(ports.rotator!.moveTo(10, never), { code: 'offline', message: /not connected/ })
  t.match(table.lost, [{ code: 'offline' }], 'and said so once')
  await t.rejects(ports.rotator!.moveTo(10, never), { code: 'offline' })
  t.equal(table.lost.length, 1)
})

t.test('a DeviceState that lies or lacks is asked for piece by piece', async t => {
  for (const state of [
    { Value: [], ErrorNumber: 0 },
    { Value: [{ Name: 'POSITION', Value: '7' }, { Name: 'Temperature' }, 3, null], ErrorNumber: 0 },
    { Value: { Position: 3 }, ErrorNumber: 0 },
    { Value: [{ Name: 'IsMoving', Value: true }], ErrorNumber: 0 },
    { ErrorNumber: 0x400, ErrorMessage: 'no such thing' },
    { ErrorNumber: 0x500, ErrorMessage: 'oops' },
  ]) {
    const server = await startAlpaca(t, { devices: [plugged(fakeFocuser(), true)] })
    server.mishap = instead('focuser', 'devicestate', says(state))
    const { table, ports } = await opened(t, server, 'focuser')
    const { focuser } = ports
    const told = { at: focuser!.position(), moving: focuser!.moving(), celsius: focuser!.celsius!() }
    t.same(told, { at: 20_000, moving: false, celsius: 7.5 }, JSON.stringify(state))
    await focuser!.moveTo(20_100, never)
    t.equal(focuser!.position(), 20_100)
    t.same(table.lost, [])
  }
})

t.test('the safety monitor is asked by name, and one that cannot say is not safe', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeSafety(false), true)] })
  const lie = { Value: [{ Name: 'IsSafe', Value: true }], ErrorNumber: 0 }
  server.mishap = instead('safetymonitor', 'devicestate', says(lie))
  const { ports } = await opened(t, server, 'safetymonitor')
  t.match(ports.safety!.verdict(), { safe: false, words: /Watch of the tests/ })
  const unsure = await startAlpaca(t, { devices: [plugged(fakeSafety(true), false)] })
  unsure.mishap = instead('safetymonitor', 'issafe', says({ ErrorNumber: 0x402, ErrorMessage: 'not yet' }))
  t.match((await opened(t, unsure, 'safetymonitor')).ports.safety!.verdict(), { safe: false })
})

t.test('old numbers of a weather station are as old as it says', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeWeather(), true)] })
  const { ports } = await opened(t, server, 'observingconditions')
  const { values, atMs } = ports.station!.reading()!
  t.match(values, {
    ambientCelsius: 6.5,
    humidityPercent: 71,
    skyMagnitude: 21.2,
    raining: false,
    windMetresPerSecond: 2.5,
  })
  t.notOk('gustMetresPerSecond' in values, 'what it does not measure is absent')
  t.ok(clock.now() - atMs >= 4_000 && clock.now() - atMs < 20_000, `it is ${clock.now() - atMs} ms old`)
})

t.test('frames say where their light fell, through region, binning and mosaic', async t => {
  const server = await startAlpaca(t, {
    devices: [plugged(fakeCamera({ width: 64, height: 48, bayer: [1, 1] }), true)],
  })
  const { table, ports } = await opened(t, server, 'camera')
  const { camera } = ports
  t.equal(camera!.sensor.bayer, 'bggr')
  const region = { x: 11, y: 20, width: 20, height: 10 }
  const frame = await camera!.expose({ ...light, region, gain: 7, offset: 3, readout: 'Fast' }, table.pool.lend, never)
  t.match(frame, {
    width: 20,
    height: 10,
    region,
    bayer: 'gbrg',
    gain: 7,
    offset: 3,
    electronsPerAdu: 0.8,
    readout: 'Fast',
    topDown: true,
  })
  t.equal(frame.samples[3 * 20 + 5], lightAt(16, 23, 0) % 32_000)
  frame.memory.release()
  const dark = await camera!.expose({ ...light, binning: 2, frameType: 'dark' }, table.pool.lend, never)
  t.match(dark, { width: 32, height: 24, bayer: undefined })
  t.equal(dark.samples[2 * 32 + 3], lightAt(6, 4, 0) % 32_000)
  dark.memory.release()
  t.same(server.wrong, [])
})

t.test('a camera that can neither abort nor stop is waited for', async t => {
  const server = await startAlpaca(t, {
    devices: [plugged(fakeCamera({ width: 64, height: 48, ends: 'neither' }), true)],
  })
  const { table, ports } = await opened(t, server, 'camera')
  const reason = new Fault('aborted', 'enough of this', 'Start again')
  const control = new AbortController()
  const refused = t.rejects(
    ports.camera!.expose({ ...light, exposureSeconds: 1.5 }, table.pool.lend, control.signal),
    reason,
  )
  await clock.sleep(300)
  control.abort(reason)
  await refused
  const next = await ports.camera!.expose({ ...light, exposureSeconds: 0.1 }, table.pool.lend, never)
  t.equal(next.exposureSeconds, 0.1, 'and its frame is not taken for the next one')
  next.memory.release()
  t.same(table.lost, [])
})

t.test('gains by name are called by their numbers', async t => {
  const server = await startAlpaca(t, {
    devices: [plugged(fakeCamera({ width: 64, height: 48, gains: ['ISO 100', 'ISO 400', 'ISO 1600'] }), true)],
  })
  const { table, ports } = await opened(t, server, 'camera')
  t.match([ports.camera!.gain!.min, ports.camera!.gain!.max, ports.camera!.gain!.read()], [100, 1600, 400])
  await t.rejects(ports.camera!.expose({ ...light, gain: 800 }, table.pool.lend, never), {
    code: 'bad-input',
    fix: /100, 400, 1600/,
  } as { code: string })
  const frame = await ports.camera!.expose({ ...light, gain: 1600 }, table.pool.lend, never)
  t.equal(frame.gain, 1600)
  frame.memory.release()
})

t.test('an image that goes wrong is a fault with its memory back, and the next one comes', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeCamera({ width: 64, height: 48 }), true)] })
  const { table, ports } = await opened(t, server, 'camera')
  const whole = imageBytes({ imageType: 2, sentType: 8, dims: [64, 48], at: lightAt }, 0)
  const head = { 'content-type': 'application/imagebytes' }
  const hangUp = (after: number) => (response: ServerResponse) => {
    response.writeHead(200, { ...head, 'content-length': whole.length })
    response.write(whole.subarray(0, after), () => response.destroy())
  }
  const wrong: [string, string, (response: ServerResponse) => void, object][] = [
    ...[0, 1, 43, 44, 45, 3000, whole.length - 1].map((after): (typeof wrong)[number] => [
      ...([`hung up after ${after} bytes`, 'imagearray', hangUp(after), { code: 'offline' }] as const),
    ]),
    ['a short one', 'imagearray', r => r.writeHead(200, head).end(whole.subarray(0, 500)), { code: 'broken' }],
    ['a long one', 'imagearray', r => r.writeHead(200, head).end(Buffer.alloc(1 << 20, whole)), { code: 'broken' }],
    ['HTML', 'imagearray', r => r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'), { code: 'broken' }],
    ['nothing of a kind', 'imagearray', r => r.writeHead(200).end('x'), { code: 'broken' }],
    ['a failure', 'imagearray', says('out of memory', 500), { code: 'broken', message: /out of memory/ }],
    ['an error', 'imagearray', says({ ErrorNumber: 0x500, ErrorMessage: 'USB' }), { code: 'broken', message: /USB/ }],
    ['an error at the start', 'startexposure', says({ ErrorNumber: 0x500, ErrorMessage: 'shut' }), { message: /shut/ }],
    ['an error state', 'camerastate', says({ Value: 5, ErrorNumber: 0 }), { code: 'broken', message: /failed/ }],
    ['a state that is none', 'camerastate', says({ Value: 'idle', ErrorNumber: 0 }), { code: 'broken' }],
    ['no image at all', 'imageready', says({ Value: false, ErrorNumber: 0 }), { code: 'broken', message: /no image/ }],
    ['a size it refuses', 'numx', says({ ErrorNumber: 0x401, ErrorMessage: 'too wide' }), { code: 'bad-input' }],
  ]
  for (const [what, member, how, match] of wrong) {
    server.mishap = instead('camera', member, how)
    await t.rejects(ports.camera!.expose(light, table.pool.lend, never), match as { code: string }, what)
    server.mishap = undefined
    t.equal(table.pool.lentBytes(), 0, `${what}: memory is back`)
    const frame = await ports.camera!.expose(light, table.pool.lend, never)
    t.equal(frame.samples.length, 64 * 48, `${what}: and the next one comes`)
    frame.memory.release()
  }
  t.same(table.lost, [], 'the camera was never given up')
})

t.test('a server of the old days that refuses what it does not know is asked for JSON', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeCamera({ width: 64, height: 48 }), false)], odd: true })
  server.mishap = (asked, response) => {
    const accepts = asked.request.headers.accept ?? ''
    if (asked.member !== 'imagearray' || accepts.includes('json')) return false
    response.writeHead(406).end('Not acceptable')
    return true
  }
  const { table, ports } = await opened(t, server, 'camera')
  const frame = await ports.camera!.expose(light, table.pool.lend, never)
  t.match(frame, { width: 64, height: 48, type: 'u16' })
  frame.memory.release()
})

t.test('a roof over Alpaca moves only over a mount that is sensed parked', async t => {
  const devices = [plugged(fakeDome(false), true), plugged(fakeTelescope(true), true)]
  const server = await startAlpaca(t, { devices })
  const log = createLog(clock, () => {})
  const options = alpacaLink.options.parse({ host: server.host, port: server.port })
  const box = (name: string, type: string) => ({
    ...{ name, driver: alpacaDriver, link: 'lan', options: alpacaDriver.options.parse({ type }) },
  })
  const rack = openDevices(
    [{ name: 'lan', driver: alpacaLink, options }],
    [box('roof', 'dome'), box('mount', 'telescope')],
    { clock, random: seededRandom(1), log, data: '/nonexistent', encodeJpeg: async () => new Uint8Array() },
  )
  t.teardown(() => rack.close())
  const guarded = interlocked(rack, {
    clock,
    log,
    limits: () => ({}) as never,
    feeds: () => [],
    driver: () => undefined,
  })
  for (let look = 0; look < 200 && rack.boxes.some(one => one.condition !== 'ready'); look++) await clock.sleep(50)
  const roof = guarded.device('dome', 'roof').current()
  await roof.open(never)
  t.equal(roof.status().shutter, 'open')
  // Another program unparks it: nobody here has been told.
  await server.device('telescope').put['unpark'][1](new Map())
  const before = server.calls.length
  await t.rejects(roof.close(never), { code: 'unsafe' }, 'asked at that moment')
  t.notOk(server.calls.slice(before).includes('PUT dome closeshutter'), 'nothing was ordered')
})

t.test('one that says it is of Platform 7 and is not is opened as it is', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeFocuser(), false, { version: 4 })] })
  const { ports } = await opened(t, server, 'focuser')
  await ports.focuser!.moveTo(20_100, never)
  t.equal(ports.focuser!.position(), 20_100)
  t.ok(server.calls.includes('PUT focuser connected'))
})

t.test('a password goes to its own server, and to no other that says it has the device', async t => {
  const discovery = await freeUdpPort()
  const own = await startAlpaca(t, { devices: [plugged(fakeRotator(), true)], password: 'dark-sky' })
  const other = await startAlpaca(t, { devices: [plugged(fakeWheel(), true)], discovery })
  const table = bench()
  t.teardown(() => table.close())
  const link = { host: own.host, port: own.port, user: 'owner', password: 'dark-sky', discovery_port: discovery }
  const line = await table.openLink<AlpacaNetwork>(alpacaLink, link)
  const wheel = { type: 'filterwheel', unique_id: 'fake-filterwheel-filters' }
  await t.rejects(table.open(alpacaDriver, wheel, line), { code: 'offline', message: /has the filterwheel/ })
  t.same(other.calls, [], 'nobody else was asked')
})

t.test('devices of one name are told apart', async t => {
  const twins = [plugged(fakeWheel(), true), plugged(fakeWheel(), true, { uniqueId: 'second' })]
  const server = await startAlpaca(t, { devices: [...twins, plugged(fakeRotator(), true)] })
  const table = bench()
  t.teardown(() => table.close())
  const line = await table.openLink<AlpacaNetwork>(alpacaLink, { host: server.host, port: server.port })
  const found = await alpacaLink.found!(line, table as never, never)
  t.equal(new Set(found.map(({ name }) => name)).size, 3)
  t.match(found[2], { name: 'Turner' }, 'and others keep theirs')
})

t.test('an order that the camera does not take is no failure of the camera', async t => {
  const server = await startAlpaca(t, { devices: [plugged(fakeCamera({ width: 64, height: 48 }), true)] })
  const { table, ports } = await opened(t, server, 'camera')
  const phases: string[] = []
  ports.camera!.onPhase!(phase => phases.push(phase))
  const expose = (order: ExposureOrder) => ports.camera!.expose(order, table.pool.lend, never)
  await t.rejects(expose({ ...light, binning: 99 }), { code: 'bad-input' })
  server.mishap = instead('camera', 'numx', says({ ErrorNumber: 0x401, ErrorMessage: 'too wide' }))
  await t.rejects(expose(light), { code: 'bad-input' })
  t.notOk(phases.includes('error'), phases.join())
  server.mishap = instead('camera', 'startexposure', says({ ErrorNumber: 0x500, ErrorMessage: 'shut' }))
  await t.rejects(expose(light), { code: 'broken' })
  t.equal(phases.at(-1), 'error', 'and a failure is one')
})

t.test('an opening that is given up ends with its reason, whatever was being asked', async t => {
  const devices = [plugged(fakeCamera(), true), plugged(fakeTelescope(true), true), plugged(fakeWheel(), true)]
  const server = await startAlpaca(t, { devices })
  const table = bench()
  t.teardown(() => table.close())
  const line = await table.openLink<AlpacaNetwork>(alpacaLink, { host: server.host, port: server.port })
  const tools = { ...table, link: () => line, log: createLog(clock, () => {}), lost: () => {} } as never
  for (const [type, member] of [
    ['camera', 'sensortype'],
    ['telescope', 'equatorialsystem'],
    ['filterwheel', 'names'],
  ]) {
    const control = new AbortController()
    const reason = new Fault('aborted', 'enough of this', 'Start again')
    server.mishap = asked => {
      if (asked.member !== member) return false
      control.abort(reason)
      return true
    }
    const options = alpacaDriver.options.parse({ type })
    await t.rejects(alpacaDriver.open(options, tools, control.signal), reason, `${type}, asked for its ${member}`)
  }
})

t.test('switches: no name takes the place of another, and contacts that are only read are inputs', async t => {
  const bank = plugged(fakeSwitch(true), true)
  const names = ['Channel 3', 'Lamp', 'Lamp', 'Roof open']
  bank.get['getswitchname'] = params => names[Number(params.get('id'))]
  bank.get['canwrite'] = params => params.get('id') !== '3'
  const server = await startAlpaca(t, { devices: [bank] })
  const { ports } = await opened(t, server, 'switch')
  const { channels } = ports.switches!
  t.same(
    channels.map(({ id, input }) => [id, input ?? false]),
    [
      ['channel-3', false],
      ['lamp', false],
      ['channel-4', false],
      ['roof-open', true],
    ],
  )
  t.equal(ports.switches!.value('roof-open'), 1)
  await t.rejects(ports.switches!.set('roof-open', 0, never), { code: 'unsupported' })
})

t.test('an OFF does not overtake the ON that a slow server is still at', async t => {
  const bank = plugged(fakeSwitch(true), true)
  const [params, write] = bank.put['setswitchvalue']
  const done: string[] = []
  bank.put['setswitchvalue'] = [
    params,
    async given => {
      const value = String(given.get('value') ?? given.get('Value'))
      if (value === '1') await clock.sleep(400)
      await write(given)
      done.push(value)
    },
  ]
  const server = await startAlpaca(t, { devices: [bank] })
  const { ports } = await opened(t, server, 'switch')
  const { id } = ports.switches!.channels.find(({ range }) => range === undefined)!
  const control = new AbortController()
  const on = t.rejects(ports.switches!.set(id, 1, control.signal), { code: 'aborted' })
  await clock.sleep(50)
  control.abort(new Fault('aborted', 'enough', 'Nothing to do'))
  await on
  await ports.switches!.set(id, 0, never)
  t.same(done, ['1', '0'])
  t.equal(ports.switches!.value(id), 0)
})
