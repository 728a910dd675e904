// The roof in a whole night: by hand only, only over a parked mount, and the mount only under an open roof.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { simulatorDriver } from '../../edge/drivers/box/simulator.js'
import { simulatorLink } from '../../edge/drivers/link/simulator/simulator-link.js'
import { channelPolicy, configSchema, type Settings } from '../../edge/main-config.js'
import type { Device } from '../../edge/ports/device.js'
import { parseConfig } from '../../edge/spine/config.js'
import { createLog } from '../../edge/spine/log.js'
import { guardDome, underRoof } from '../../edge/spine/roof-interlock.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { bench } from '../support/bench.js'
import { openNight, pierConfig } from '../support/night.js'

const part = (name: string) => ({ driver: 'simulator', link: 'sky', part: name })
const roofed = (sky: object = {}) =>
  pierConfig({
    sky,
    devices: {
      roof: part('roof'),
      turner: part('rotator'),
      lid: part('cover'),
      fix: part('gps'),
      guard: part('safety'),
    },
    more: { use: { camera: 'main', mount: 'mount', dome: 'roof', rotator: 'turner', cover: 'lid' } },
  })

t.test('a roof moves over a parked mount alone', async t => {
  const { ask, state, until } = await openNight(t, roofed())
  t.match(state('dome/roof'), { shutter: 'open', build: 'roof', turns: false })
  await t.rejects(ask('dome-close'), { code: 'unsafe', message: /mount is not parked/ })
  await ask('mount-park')
  await ask('dome-close')
  await until('dome/roof', ({ shutter }) => shutter === 'closed', 5_000)
  for (const deed of ['mount-unpark', 'mount-slew']) {
    await t.rejects(ask(deed, deed === 'mount-slew' ? { altDeg: 60, azDeg: 180 } : {}), { code: 'unsafe' }, deed)
  }
  t.match(state('mount/mount'), { parked: true })
  await ask('dome-open')
  await ask('mount-unpark')
  await t.rejects(ask('dome-turn', { azDeg: 10 }), { code: 'unsupported' })
})

t.test('nothing but a hand moves it', async t => {
  const { ask } = await openNight(t, roofed({ start_parked: true }))
  for (const face of ['mqtt', 'inside'] as const) {
    for (const deed of ['dome-close', 'dome-open', 'dome-turn']) {
      const input = deed === 'dome-turn' ? { azDeg: 1 } : {}
      const who = { name: 'automation', role: 'administrator', face } as const
      await t.rejects(ask(deed, input, who), { code: 'unsafe', message: /by hand only/ }, `${deed} over ${face}`)
    }
  }
  await ask('dome-close')
  // Whoever gets at a roof's port could move it: the actions do, the reports read it, and off waits for it.
  const reach = readdirSync('edge/services').filter(file =>
    /(device|having|each)\((parts, )?'dome'/.test(readFileSync(`edge/services/${file}`, 'utf8')),
  )
  t.same(reach, ['accessory-actions.ts', 'box-orders.ts', 'dome-actions.ts', 'reports.ts'])
})

t.test('a silent or absent mount is not a parked one', async t => {
  const mishaps = [
    { at_s: 5, for_s: 60, kind: 'silent', part: 'mount' },
    { at_s: 120, kind: 'unplugged', part: 'mount' },
  ]
  const { ask, clock } = await openNight(t, roofed({ start_parked: true, mishaps }))
  await clock.advance(8_000)
  await t.rejects(ask('dome-close'), { code: 'timeout' })
  await clock.advance(125_000)
  await t.rejects(ask('dome-close'), { code: 'unsafe', message: /not there/ })
})

t.test('a mount that leaves its park under a moving roof stops it', async t => {
  const clock = simulatedClock(Date.UTC(2026, 10, 20, 21))
  const table = bench(clock)
  t.teardown(() => table.close())
  const sky = await table.openLink(simulatorLink, { start_parked: true })
  const { ports: over } = await table.open(simulatorDriver, { part: 'roof' }, sky)
  const { ports: under } = await table.open(simulatorDriver, { part: 'mount' }, sky)
  const device = <T>(name: string, port: T): Device<T> => ({
    ...{ name, condition: 'ready', fault: undefined, current: () => port },
    ...{ distrust: () => {}, onChange: () => () => {} },
  })
  const log = createLog(clock, () => {})
  const mounts = () => [device('mount', under.mount!)]
  const parts = { clock, log, mounts, domes: () => [device('roof', over.dome!)] }
  const roof = guardDome(over.dome!, parts)
  const never = new AbortController().signal
  const closing = t.rejects(roof.close(never), { code: 'unsafe', message: /was stopped: mount mount is not parked/ })
  await clock.advance(6_000)
  t.match(roof.status(), { moving: true, shutter: 'closing' })
  const guarded = underRoof(under.mount!, parts)
  await t.rejects(guarded.unpark!(never), { code: 'unsafe', message: /roof is moving/ })
  await t.rejects(guarded.park!(never), { code: 'unsafe' }, 'nor does it park while the roof passes')
  // A hand controller does not ask us.
  await clock.until(under.mount!.unpark!(never), 10_000)
  await clock.until(closing, 10_000)
  t.match(roof.status(), { moving: false, shutter: 'unknown' })
})

t.test('a mount that goes while the roof moves stops it, whatever it says as it goes', async t => {
  const mishaps = [{ at_s: 12, kind: 'unplugged', part: 'mount' }]
  const { actions, clock, state } = await openNight(t, roofed({ start_parked: true, mishaps }))
  await clock.advance(6_000)
  const who = { name: 'anna', role: 'observer', face: 'http' } as const
  const closing = t.rejects(actions.ask('dome-close', {}, who), { code: 'unsafe', message: /not there any more/ })
  await clock.advance(3_000)
  t.match(state('dome/roof'), { moving: true })
  await clock.until(closing, 10_000)
  await clock.advance(2_000)
  t.match(state('dome/roof'), { moving: false, shutter: 'unknown' })
})

t.test('STOP stops a roof too', async t => {
  const { ask, clock, state, actions } = await openNight(t, roofed({ start_parked: true }))
  const who = { name: 'anna', role: 'observer', face: 'http' } as const
  const closing = t.rejects(actions.ask('dome-close', {}, who), { code: 'aborted' })
  await clock.advance(6_000)
  t.match(state('dome/roof'), { moving: true })
  t.match(await ask('stop-all'), { stopped: ['mount', 'focuser', 'turner', 'lid', 'roof'] })
  await clock.until(closing, 5_000)
  t.match(state('mount/mount'), { parked: true })
})

const wired = (more: object = {}, sky: object = {}, rest: object = {}) =>
  pierConfig({
    sky: { start_parked: true, ...sky },
    devices: {
      wires: part('roof-relays'),
      roof: {
        ...{ driver: 'relay-roof', enabled: true, travel_s: 40, power_relay: 'wires/motor' },
        ...{ open_relay: 'wires/open', close_relay: 'wires/close' },
        ...{ open_switch: 'wires/opened', closed_switch: 'wires/closed', park_switch: 'wires/mount-parked' },
        ...more,
      },
    },
    more: { use: { camera: 'main', mount: 'mount', dome: 'roof' }, ...rest },
  })

t.test('a roof of relays keeps the same rules, and nobody else switches its relays on', async t => {
  const { ask, state, clock, until, actions } = await openNight(t, wired())
  await until('dome/roof', ({ shutter }) => shutter === 'open', 20_000)
  t.match(state('input/wires/mount-parked'), { on: true, name: 'Mount parked' })
  t.notOk(state('power/wires/mount-parked'), 'what is only read is nobody’s to switch')
  for (const channel of ['open', 'close', 'motor']) {
    const on = ask('power-set', { device: 'wires', channel, on: true })
    await t.rejects(on, { code: 'unsafe', message: /moves roof/ })
    await ask('power-set', { device: 'wires', channel, on: false })
  }
  await t.rejects(ask('power-set', { device: 'wires', channel: 'closed', on: true }), { code: 'unsupported' })
  await ask('mount-unpark')
  await t.rejects(ask('dome-close'), { code: 'unsafe', message: /not parked/ })
  await ask('mount-park')
  await ask('dome-close')
  await until('dome/roof', ({ shutter }) => shutter === 'closed', 5_000)
  await t.rejects(ask('mount-unpark'), { code: 'unsafe', message: /roof is not open/ })
  const who = { name: 'anna', role: 'observer', face: 'http' } as const
  const opening = t.rejects(actions.ask('dome-open', {}, who), { code: 'aborted' })
  await clock.advance(10_000)
  t.match(state('dome/roof'), { moving: true, shutter: 'opening' })
  t.match(state('power/wires/open'), { on: true })
  t.match(await ask('stop-all'), { stopped: ['mount', 'focuser', 'roof'] })
  await clock.until(opening, 5_000)
  await clock.advance(3_000)
  t.match(state('dome/roof'), { moving: false, shutter: 'stopped' })
  for (const channel of ['open', 'close', 'motor']) t.match(state(`power/wires/${channel}`), { on: false })
})

t.test('the station made safe, or its relays gone, stop a roof on its way', async t => {
  const mishaps = [{ at_s: 60, for_s: 30, kind: 'unplugged', part: 'roof-relays' }]
  const { ask, state, clock, until, actions } = await openNight(t, wired({}, { mishaps }))
  await until('dome/roof', ({ shutter }) => shutter === 'open', 20_000)
  const who = { name: 'anna', role: 'observer', face: 'http' } as const
  const closing = t.rejects(actions.ask('dome-close', {}, who), { code: 'broken', message: /its relay went off/ })
  await clock.advance(8_000)
  await ask('power-safe')
  await clock.until(closing, 5_000)
  await clock.advance(3_000)
  t.match(state('dome/roof'), { moving: false, shutter: 'error', trouble: /went off/ })
  await clock.advance(34_000)
  const gone = t.rejects(actions.ask('dome-close', {}, who), { name: 'Fault' })
  await clock.advance(18_000)
  await clock.until(gone, 30_000)
  t.match(state('dome/roof'), { condition: /retrying|unavailable/ })
  await t.rejects(ask('mount-unpark'), { code: 'unsafe', message: /not there/ })
  // Relays that could not be reached went on to the end; with them it comes back, and switches them off first.
  const back = await until('dome/roof', ({ condition }) => condition === 'ready', 60_000)
  t.match(back, { moving: false, shutter: 'closed' })
  for (const channel of ['open', 'close', 'motor']) t.match(state(`power/wires/${channel}`), { on: false })
})

t.test('what a configuration says of a roof that cannot be', async t => {
  const complaint = (yaml: string): string => {
    try {
      parseConfig(yaml, configSchema, new Map())
      return 'none'
    } catch (error) {
      return (error as Error).message
    }
  }
  t.equal(complaint(wired()), 'none')
  t.match(complaint(wired({ open_switch: 'nothing/opened' })), /no device "nothing"/)
  t.match(complaint(wired({ open_switch: 'mount/opened' })), /"mount" has no channels to switch/)
  t.match(complaint(wired({ close_relay: 'wires/open' })), /wires\/open is named twice/)
  t.match(complaint(wired({ open_switch: 'wires/open' })), /relay and a switch/)
  const power = (channel: object, more: object = {}) =>
    wired({}, {}, { power: { channels: { 'wires/open': channel }, ...more } })
  for (const wrong of [{ loss: 'on' }, { loss: 'keep' }, { start: 'on' }, { feeds: ['main'] }]) {
    t.match(complaint(power(wrong)), /it moves roof/, JSON.stringify(wrong))
  }
  t.equal(complaint(power({ name: 'Roof opens', start: 'keep' })), 'none')
  t.match(complaint(power({}, { up: ['wires/motor'] })), /it moves roof/)
  const heater = { heaters: { lens: { device: 'wires', channel: 'motor', air: 'weather' } } }
  t.match(complaint(wired({}, {}, heater)), /it moves roof/)
  const settings = parseConfig(power({ start: 'keep' }), configSchema, new Map()).settings as Settings
  const policy = channelPolicy(settings, 'wires', 'open')
  t.match(policy, { start: 'off', stop: 'off', unsafe: 'off', loss: 'off', watched: true })
})

t.test('rotator, cover, panel, GPS and safety are told and asked', async t => {
  const mishaps = [{ at_s: 300, for_s: 300, kind: 'weather', rain: true }]
  const { ask, state, clock, read, told } = await openNight(t, roofed({ mishaps }))
  t.same(await ask('rotator-move', { angleDeg: 30 }), { angleDeg: 30 })
  t.same(await ask('rotator-move', { by: -45 }), { angleDeg: 345 })
  await t.rejects(ask('rotator-move', {}), { code: 'bad-input' })
  t.same(await ask('rotator-sync', { angleDeg: 15 }), { angleDeg: 15 })
  await ask('cover-close')
  t.same(await ask('panel-set', { brightness: 40 }), { brightness: 40 })
  await t.rejects(ask('panel-set', { brightness: 101 }), { code: 'bad-input' })
  await clock.advance(2_000)
  t.match(state('cover/lid'), { cover: 'closed', brightness: 40, maxBrightness: 100 })
  t.match(state('rotator/turner'), { angleDeg: 15, moving: false })
  t.match(state('gps/fix'), { latitudeDeg: 46.5, longitudeDeg: 8 })
  await ask('camera-expose', { seconds: 1 })
  const lit = read(told('frame-archived')[0].path)
  t.equal(lit.card('ROTATANG'), 15, 'files say how the camera stood')
  await ask('panel-set', { brightness: 0 })
  await ask('camera-expose', { seconds: 1 })
  const dark = read(told('frame-archived')[1].path)
  const mean = ({ samples }: { samples: ArrayLike<number> }) => Array.from(samples).reduce((a, b) => a + b, 0)
  t.ok(mean(lit as never) > 2 * mean(dark as never), 'a lit panel under the cover is seen, and a dark one is dark')
  t.match(state('safety/guard'), { safe: true })
  await clock.advance(310_000)
  t.match(state('safety/guard'), { safe: false, words: 'rain' })
})
