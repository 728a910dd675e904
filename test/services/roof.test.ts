// The roof in a whole night: by hand only, only over a parked mount, and the mount only under an open roof.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { simulatorDriver } from '../../edge/drivers/box/simulator.js'
import { simulatorLink } from '../../edge/drivers/link/simulator/simulator-link.js'
import type { Device } from '../../edge/ports/device.js'
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
  // Whoever gets at a roof's port could move it: the actions do, and the reports read it.
  const reach = readdirSync('edge/services').filter(file =>
    /(device|having|each)\((parts, )?'dome'/.test(readFileSync(`edge/services/${file}`, 'utf8')),
  )
  t.same(reach, ['accessory-actions.ts', 'dome-actions.ts', 'reports.ts'])
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
