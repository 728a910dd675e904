// The pier as a whole: focusing, power, filters and cooling by hand, everything stopped at once, and a whole night with
// its faults, twice the same.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import { eveningMs } from '../support/house.js'
import { type OpenNight, openNight, pierConfig } from '../support/night.js'

interface FocusState {
  readonly running: boolean
  readonly frames: number
  readonly hfdPx?: number
  readonly bestHfdPx?: number
  readonly peakAdu?: number
  readonly stars: number
  readonly series: readonly { readonly atMs: number; readonly hfdPx?: number }[]
  readonly pictureVersion: number
}

const focusOf = ({ state }: OpenNight) => state<FocusState>('focus/main')
const calm = await openNight(t, pierConfig({ sky: { start_off_steps: 120 } }))

t.test('the focus loop shows how large the stars are, and keeps nothing', async t => {
  const { ask, start, clock, files, store, told, pictures, state, pixels, settings } = calm
  const loop = await start('focus-start', { exposureSeconds: 2 })
  await clock.advance(12_000)
  const seen = focusOf(calm)
  t.match(seen, { running: true, frames: 5, widthPx: 400, heightPx: 300, saturated: Boolean })
  t.ok(seen.stars > 3 && seen.hfdPx! > 4 && seen.peakAdu! > 50, `${seen.stars} stars of ${seen.hfdPx?.toFixed(1)} px`)
  t.equal(seen.series.length, 5)
  t.same(
    seen.series.slice(1).map(({ atMs }, i) => atMs - seen.series[i].atMs),
    [2_200, 2_200, 2_200, 2_200],
  )
  t.equal(pictures.latest('focus')?.version, seen.pictureVersion)
  t.match(pictures.latest('focus'), { type: 'image/jpeg', width: 400 })
  t.match(state('observatory'), { sentence: /^Focusing/ })
  t.same([files(), await store.exposures({ limit: 9 }), told('frame-archived')], [[], [], []], 'nothing is kept')
  t.equal(pictures.latest('frame'), undefined)

  await t.rejects(ask('camera-expose', { seconds: 1 }), { code: 'busy', message: /focus-start.*anna/ })
  await t.rejects(ask('focus-start', { camera: 'guide' }), { code: 'busy', message: /focus/ }, 'one loop at a time')
  await t.rejects(ask('focus-start', { camera: 'guide' }), { code: 'busy', message: /focus/ }, 'there is one loop')
  await t.resolves(ask('mount-nudge', { direction: 'north', arcmin: 1 }), 'a star may be brought to the middle')
  await t.resolves(ask('mount-slew', { altDeg: 60, azDeg: 120 }))
  await t.resolves(ask('wheel-select', { filter: 'R' }))
  await ask('wheel-select', { filter: 'L' })
  t.equal(focusOf(calm).running, true, 'and it goes on meanwhile')

  const stoppedMs = clock.now()
  t.same(await ask('focus-stop'), { stopped: true })
  t.ok(clock.now() - stoppedMs < 1_000, 'it stops in the middle of an exposure')
  await t.resolves(ask('camera-expose', { seconds: 0.5 }), 'and the camera is free at once')
  t.match(loop.state(), { status: 'done' })
  t.match(focusOf(calm), { running: false, error: undefined })
  t.same(await ask('focus-stop'), { stopped: false })
  await ask('frame-remove', { id: told('frame-archived')[0].id })
  const all = await pixels.lend(settings.memory.frames_mb * 2 ** 20, new AbortController().signal)
  all.release()
  t.pass('every frame has given its memory back')
})

t.test('towards the focus the stars become smaller, and the best is remembered', async t => {
  const { ask, start, clock } = calm
  await start('focus-start', { exposureSeconds: 2 })
  const sizes: number[] = []
  for (let step = 0; step < 8; step++) {
    if (step > 0) await ask('focuser-move', { by: -30 })
    const { frames } = focusOf(calm) ?? { frames: 0 }
    await calm.until<FocusState>('focus/main', focus => focus.frames >= frames + 2, 20_000)
    sizes.push(focusOf(calm).hfdPx!)
  }
  const best = Math.min(...sizes)
  const at = sizes.indexOf(best)
  const words = sizes.map(size => size.toFixed(1)).join(' ')
  t.ok(at >= 3 && at < 6, `sizes: ${words}`)
  t.ok(
    sizes.slice(1, at).every((size, i) => size < sizes[i] + 0.2),
    'smaller and smaller before it',
  )
  t.ok(sizes[7] > best && sizes[0] > 1.8 * best, 'and larger behind it')
  t.ok(focusOf(calm).bestHfdPx! <= best, 'the best so far stands beside')

  await ask('focus-region', { region: { x: 0, y: 0, width: 60, height: 50 } })
  await clock.advance(5_000)
  t.match(focusOf(calm), { region: { width: 60 } })
  t.ok(focusOf(calm).stars < 3, 'only a part is looked at')
  t.ok(focusOf(calm).series.length <= 3, 'and the graph begins anew')
  await t.rejects(ask('focus-region', { region: { x: 396, y: 10, width: 50, height: 50 } }), { code: 'bad-input' })
  await ask('focus-region', {})
  await ask('focuser-move', { by: 90 })
  await clock.advance(8_000)
  t.match(focusOf(calm), { running: true, region: undefined })
  t.ok(focusOf(calm).stars >= 3, 'all of it again')
  await ask('camera-abort')
  t.match(focusOf(calm), { running: false })
  await t.rejects(ask('focus-region', {}), { code: 'not-found' })
})

t.test('the focuser goes where it is sent, says where it is, and halts', async t => {
  const { ask, clock, state } = calm
  t.same(await ask('focuser-move', { position: 12_000 }), { position: 12_000 })
  t.same(await ask('focuser-move', { by: 250 }), { position: 12_250 })
  await clock.advance(2_000)
  t.match(state('focuser/focuser'), { position: 12_250, moving: false, minSteps: 0, maxSteps: 25_000, celsius: Number })
  for (const wrong of [
    {},
    { position: 1, by: 1 },
    { position: -1 },
    { position: 25_001 },
    { by: 20_000 },
    { by: 0.5 },
  ]) {
    await t.rejects(ask('focuser-move', wrong), { code: 'bad-input' }, JSON.stringify(wrong))
  }
  const move = t.rejects(ask('focuser-move', { position: 20_000 }), { code: 'aborted' })
  await clock.advance(3_000)
  t.match(state('focuser/focuser'), { moving: true })
  await t.rejects(ask('focuser-move', { by: 1 }), { code: 'busy', message: /focuser-move/ })
  await ask('focuser-halt')
  await move
  await clock.advance(2_000)
  const { position } = state<{ position: number }>('focuser/focuser')
  t.ok(position > 13_000 && position < 14_500, `halted on its way at ${position}`)
  t.match(state('focuser/focuser'), { moving: false })
})

t.test('filters are turned into the light by name', async t => {
  const { ask, clock, state } = calm
  await ask('wheel-select', { filter: 'oiii' })
  await clock.advance(2_000)
  t.match(state('wheel/wheel'), { filter: 'OIII', slot: 5, names: ['L', 'R', 'G', 'B', 'Ha', 'OIII', 'SII'] })
  await t.rejects(ask('wheel-select', { filter: 'none' }), { code: 'bad-input', fix: /OIII/ })
  await ask('wheel-select', { filter: 'L' })
})

t.test('outlets are switched, levels set, and what is read back is shown', async t => {
  const { ask, state, until, actions } = calm
  const set = (channel: string, input: object) => ask('power-set', { device: 'relays', channel, ...input })
  t.same(await set('flat-panel', { on: true }), { value: 1 })
  t.match(state('power/relays/flat-panel'), { on: true, value: 1, name: 'Flat panel' })
  await set('flat-panel', { on: false })
  t.match(state('power/relays/flat-panel'), { on: false, value: 0 })
  t.same(await set('dew-heater', { value: 40 }), { value: 40 })
  t.match(state('power/relays/dew-heater'), { on: true, value: 40, max: 100, unit: '%' })
  t.same(await set('dew-heater', { on: false }), { value: 0 })
  await t.rejects(set('dew-heater', { value: 101 }), { code: 'bad-input', message: /0 to 100/ })
  await t.rejects(set('dew-heater', {}), { code: 'bad-input' })
  await t.rejects(set('lamp', { on: true }), { code: 'not-found', fix: /flat-panel/ })
  await t.rejects(ask('power-set', { device: 'other', channel: 'fan', on: true }), { code: 'not-found' })
  t.equal(actions.bindings(actions.find('power-set')).length, 5, 'each outlet is an action of its own')

  await set('camera', { on: false })
  t.match(state('camera/main'), { condition: /retrying|opening/, reason: /no power/ })
  await t.rejects(ask('camera-expose', { seconds: 1 }), { code: 'offline', fix: /outlet "camera"/ })
  await set('camera', { on: true })
  await until('device/main', ({ condition }) => condition === 'ready', 15_000)
  await t.resolves(ask('camera-expose', { seconds: 1 }), 'with power it comes back by itself')
})

t.test('the sensor is cooled, and the file says how cold it was', async t => {
  const { ask, clock, state, read } = calm
  await ask('camera-cool', { targetCelsius: -10 })
  await clock.advance(600_000)
  t.match(state('camera/main'), { coolerOn: true, targetCelsius: -10, coolerPowerPercent: Number })
  t.ok(Math.abs(state<{ sensorCelsius: number }>('camera/main').sensorCelsius + 10) < 0.2)
  const { paths } = await ask('camera-expose', { seconds: 1, frameType: 'dark' })
  const file = read((paths as string[])[0])
  t.equal(file.card('SET-TEMP'), -10)
  t.ok(Math.abs(Number(file.card('CCD-TEMP')) + 10) < 0.2)
  await ask('camera-cool', {})
  await clock.advance(2_000)
  t.match(state('camera/main'), { coolerOn: false, targetCelsius: undefined })
  await t.rejects(ask('camera-cool', { camera: 'guide', targetCelsius: 0 }), { code: 'unsupported' })
})

t.test('everything that moves is stopped at once; exposures go on', async t => {
  const { ask, start, clock, told, state } = calm
  await ask('mount-slew', { altDeg: 60, azDeg: 110 })
  const slew = await start('mount-slew', { altDeg: 60, azDeg: 250 })
  const ended = [
    t.rejects(slew.ended, { code: 'aborted' }),
    t.rejects(ask('focuser-move', { position: 24_000 }), { code: 'aborted' }),
  ]
  await clock.advance(3_000)
  t.match([state('mount/mount'), state('focuser/focuser')], [{ slewing: true }, { moving: true }])
  const stoppedMs = clock.now()
  const { stopped } = await ask('stop-all')
  t.ok(clock.now() - stoppedMs < 1_000)
  await Promise.all(ended)
  t.same([...(stopped as string[])].sort(), ['focuser', 'mount'])
  await clock.advance(2_000)
  t.match([state('mount/mount'), state('focuser/focuser')], [{ slewing: false }, { moving: false }])
  t.match(slew.state(), { status: 'aborted' })
  t.match(told('stopped-all').at(-1), { who: 'anna' })

  const exposure = await start('camera-expose', { seconds: 20 })
  await clock.advance(5_000)
  await ask('stop-all')
  const { ids } = await exposure.done()
  t.equal(told('frame-archived').at(-1)?.id, (ids as string[])[0])
})

t.test('what is kept can be corrected and deleted', async t => {
  const { ask, store, files, told } = calm
  const { ids, paths } = await ask('camera-expose', { seconds: 1, object: 'M 13' })
  const [id] = ids as string[]
  await ask('frame-amend', { id, object: 'M 92' })
  t.match(await store.exposure(id), { object: 'M 92', path: (paths as string[])[0] })
  await ask('frame-remove', { id })
  t.equal(await store.exposure(id), undefined)
  t.notOk(files().includes((paths as string[])[0]))
  t.match(told('frame-removed').at(-1), { id })
  await t.rejects(ask('frame-remove', { id }), { code: 'not-found' })
})

t.test('a device is opened anew on request, and one that is not configured is named', async t => {
  const { ask, told, until, clock } = calm
  const before = told('device-ready').length
  await ask('device-reconnect', { device: 'wheel' })
  await until('device/wheel', ({ condition }) => condition === 'ready', 5_000)
  t.match(told('device-ready').slice(before), [{ device: 'wheel' }])
  await ask('device-reconnect', { device: 'sky' })
  await clock.advance(5_000)
  t.match(calm.state('link/sky'), { condition: 'ready', attempts: 0 })
  await t.rejects(ask('device-reconnect', { device: 'dome' }), { code: 'not-found' })
  const exposure = await calm.start('camera-expose', { seconds: 60 })
  await clock.advance(1_000)
  for (const device of ['main', 'mount']) {
    await t.rejects(
      ask('device-reconnect', { device }),
      { code: 'busy', message: /camera-expose/ },
      `${device} is in use`,
    )
  }
  await ask('camera-abort', {})
  await t.rejects(exposure.done(), { code: 'aborted' })

  const bare = await openNight(t, JSON.stringify({ site: { name: 'Bare' } }))
  for (const [action, input] of [
    ['camera-expose', { seconds: 1 }],
    ['stack-start', {}],
    ['focus-start', {}],
    ['mount-slew', { raHours: 1, decDeg: 40 }],
    ['mount-park', {}],
    ['mount-stop', {}],
    ['focuser-move', { by: 1 }],
    ['wheel-select', { filter: 'L' }],
  ] as const) {
    await t.rejects(bare.ask(action, input), { code: 'offline', message: /configured/, fix: /Devices page/ }, action)
  }
  t.same(await bare.ask('stop-all'), { stopped: [] })
  t.match(bare.state('observatory'), { sentence: 'No camera is ready.' })
})

t.test('the pier camera and the main camera know nothing of each other', async t => {
  const mishaps = [
    { at_s: 30, for_s: 30, kind: 'unplugged', part: 'camera' },
    { at_s: 90, for_s: 30, kind: 'unplugged', part: 'pier-camera' },
  ]
  const devices = { pier: { driver: 'simulator', link: 'sky', part: 'pier-camera' } }
  const more = {
    pier_cam: { enabled: true, target_fps: 0.5 },
    use: { camera: 'main', mount: 'mount', pier_cam: 'pier' },
    focus: { sizes: 'hfr' },
  }
  const night = await openNight(t, pierConfig({ sky: { mishaps }, devices, more }))
  const { ask, start, clock, pictures, state, files } = night
  const leave = night.night.pierCamera.watch()
  t.teardown(leave)
  const seconds = (at: number) => clock.advance(eveningMs + at * 1000 - clock.now())
  const ageMs = () => clock.now() - (pictures.latest('pier')?.atMs ?? 0)
  t.match(state('observatory'), { pierCam: 'pier', sizes: 'hfr' })

  await seconds(5)
  const first = await start('camera-expose', { seconds: 60 })
  await seconds(25)
  t.ok(ageMs() <= 2_000, 'pictures come while the main camera exposes')
  const refusal = t.rejects(first.ended, { code: 'offline' })
  await seconds(40)
  await refusal
  t.ok(ageMs() <= 2_000, 'and when it is gone')
  t.match(state('video/pier'), { streaming: true, viewers: 1 })
  await seconds(80)
  const second = await start('camera-expose', { seconds: 30 })
  await seconds(100)
  t.match(state('video/pier'), { streaming: false, condition: /retrying|opening|unavailable/ })
  t.ok(ageMs() > 8_000, 'the picture ages')
  await t.resolves(second.done(), 'the main camera does not care')
  await seconds(150)
  t.match(state('video/pier'), { streaming: true, condition: 'ready' })
  t.ok(ageMs() <= 2_000)
  t.equal(files().length, 1, 'one exposure; pictures of the pier are never kept')
  t.match(await ask('camera-abort'), { aborted: false })
})

t.test('the focus loop waits for a camera that is away', async t => {
  const mishaps = [{ at_s: 6, for_s: 30, kind: 'unplugged', part: 'camera' }]
  const night = await openNight(t, pierConfig({ sky: { mishaps } }))
  const loop = await night.start('focus-start', { exposureSeconds: 2 })
  await night.clock.advance(30_000)
  t.match(focusOf(night), { running: true, frames: 2 })
  await night.until<FocusState>('focus/main', ({ frames }) => frames >= 5, 60_000)
  t.match(loop.state(), { status: 'running' })
  await night.ask('focus-stop')
  t.match(await loop.done(), { frames: focusOf(night).frames })
})

t.test('when the agent stops, exposures are aborted, devices closed, and nothing is left behind', async t => {
  const devices = { pier: { driver: 'simulator', link: 'sky', part: 'pier-camera' } }
  const use = { camera: 'main', mount: 'mount', wheel: 'wheel', pier_cam: 'pier' }
  const night = await openNight(t, pierConfig({ devices, more: { use, pier_cam: { enabled: true } } }))
  const { clock, start, feed, actions, files, claims } = night
  const running = [
    await start('camera-expose', { seconds: 60 }),
    await start('focus-start', { camera: 'guide', exposureSeconds: 30 }),
  ]
  await clock.advance(10_000)
  const ended = t.rejects(running[0].ended, { code: 'aborted', message: /the agent stops/ })
  const stoppedMs = clock.now()
  await clock.until(night.night.stop(new Fault('aborted', 'the agent stops', 'Start it again')), 60_000)
  await ended
  t.ok(clock.now() - stoppedMs < 5_000, `stopped within ${clock.now() - stoppedMs} ms`)
  t.match(running[0].state(), { status: 'aborted' })
  t.same(files(), [])
  t.same(claims.held(), [])
  // The clock is minded by the agent, not by the night.
  t.same([actions.table.map(({ name }) => name), actions.running()], [['time-from-phone'], []])
  const left = feed.states().filter(({ kind }) => !['activity', 'focus', 'observatory', 'time', 'place'].includes(kind))
  t.same(
    left.map(({ path }) => path),
    [],
    'no state of a device that is closed',
  )
  t.match(
    night.night.devices.boxes.map(({ condition }) => condition),
    Array.from({ length: 8 }, () => 'closed'),
  )
  t.notOk(night.lines.some(({ level, message }) => level === 'error' || /did not close/.test(message)))
  const before = night.events.length
  await clock.advance(120_000)
  t.equal(night.events.length, before, 'and nothing ticks')
})

t.test('a weather station that falls silent is believed for three minutes and no longer', async t => {
  const mishaps = [{ at_s: 60, for_s: 600, kind: 'silent', part: 'weather' }]
  const { clock, feed } = await openNight(t, pierConfig({ sky: { mishaps } }))
  const stale = () => feed.get('weather/weather')?.stale
  await clock.advance(200_000)
  t.equal(stale(), false)
  await clock.advance(60_000)
  t.equal(stale(), true)
  await clock.advance(420_000)
  t.equal(stale(), false, 'and again when it speaks')
})

/** From dusk to dawn: cooling, focus, stacks, filters, and everything that can go wrong on the way. */
async function wholeNight(t: { teardown(run: () => unknown): void }, seed: number) {
  const mishaps = [
    { at_s: 250, for_s: 170, kind: 'weather', cloud_percent: 100, rain: true },
    { at_s: 660, for_s: 25, kind: 'unplugged', part: 'camera' },
    { at_s: 765, for_s: 60, kind: 'silent', part: 'mount' },
    { at_s: 910, for_s: 60, kind: 'silent', part: 'camera' },
    { at_s: 1_250, for_s: 60, kind: 'stalled' },
    { at_s: 1_395, for_s: 40, kind: 'unplugged', part: 'wheel' },
  ]
  const sky = { seed, mishaps, polar_error_arcmin: 6, periodic_error_arcsec: 5, pointing_error_arcmin: 2 }
  const night = await openNight(t, pierConfig({ sky, main: { width: 320, height: 240 } }))
  const { clock, ask, start, events, store, archive, files } = night
  const outcomes: string[] = []
  /** What is asked for may fail, and the night goes on. */
  const then = async (second: number, name: string, input: object = {}) => {
    await clock.advance(Math.max(0, eveningMs + second * 1000 - clock.now()))
    const outcome = await ask(name, input).then(
      () => 'done',
      error => (error instanceof Fault ? error.code : String(error)),
    )
    outcomes.push(`${Math.round((clock.now() - eveningMs) / 1000)} s: ${name} ${outcome}`)
  }
  await then(0, 'camera-cool', { targetCelsius: -10 })
  await then(180, 'mount-slew', { altDeg: 60, azDeg: 150 })
  const focus = await start('focus-start', { exposureSeconds: 2 })
  await then(190, 'focuser-move', { by: -10 })
  await then(200, 'focus-stop')
  await focus.done()
  const other = await start('focus-start', { camera: 'guide', exposureSeconds: 50 })
  await then(201, 'stack-start', { frames: 4, exposureSeconds: 40, object: 'M 1' })
  await then(640, 'camera-expose', { seconds: 50, count: 3, object: 'M 1' })
  await then(730, 'camera-expose', { seconds: 30, filter: 'Ha', object: 'M 1' })
  await then(766, 'mount-slew', { altDeg: 50, azDeg: 220 })
  await then(850, 'mount-slew', { target: 'M 31' })
  await then(860, 'stack-start', { frames: 4, exposureSeconds: 30, filter: 'L', object: 'M 31' })
  await then(1_251, 'mount-slew', { altDeg: 60, azDeg: 110 })
  const endless = await start('camera-expose', { seconds: 45, count: 0 })
  await then(1_390, 'camera-abort')
  await Promise.allSettled([endless.ended])
  await then(1_400, 'camera-expose', { seconds: 10, filter: 'R' })
  await then(1_405, 'mount-park')
  await then(1_440, 'camera-expose', { seconds: 20, frameType: 'dark', count: 2 })
  await then(1_485, 'focus-stop')
  await other.done()
  await then(1_486, 'camera-expose', { camera: 'guide', seconds: 3, count: 2 })
  await then(8 * 3600, 'camera-cool')
  await clock.advance(1_000)
  return {
    outcomes,
    events: events.map(({ cursor, seq, kind, atMs, body }) => JSON.stringify([cursor, seq, kind, atMs, body])),
    rows: await store.exposures({ limit: 1000 }),
    files: files().map(
      file =>
        `${file} ${createHash('sha256')
          .update(readFileSync(join(archive, file)))
          .digest('hex')}`,
    ),
    kinds: new Set(events.map(({ kind }) => kind)),
  }
}

t.test('a whole night with its faults runs in seconds, and from the same seed again exactly', async t => {
  // Side by side, so that the machine treats them differently.
  const [first, again] = await Promise.all([wholeNight(t, 11), wholeNight(t, 11)])
  for (const kind of [
    ...['frame-archived', 'frame-measured', 'exposure-failed', 'exposure-aborted', 'device-lost', 'device-ready'],
    ...['stack-started', 'stack-refused', 'stack-waiting', 'stack-resumed', 'stack-finished'],
    ...['mount-slewed', 'mount-parked'],
  ]) {
    t.ok(first.kinds.has(kind), `${kind} happened`)
  }
  const failed = first.outcomes.filter(line => !line.endsWith('done')).map(line => line.replace(/^.*: /, ''))
  const expected = ['camera-expose offline', 'mount-slew timeout', 'mount-slew broken', 'camera-expose offline']
  t.same(failed, expected, 'what broke was told, and the night went on')
  t.ok(first.rows.length > 15, `${first.rows.length} frames`)
  t.same(again.outcomes, first.outcomes)
  t.same(again.events, first.events, `${first.events.length} events: kinds, times, ids and numbers`)
  t.same(again.rows, first.rows)
  t.same(again.files, first.files, 'every file to the bit')
})
