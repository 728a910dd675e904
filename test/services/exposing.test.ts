// From "expose" to a file that is safe and known: order of things, what the files say, who may, and what goes wrong.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Who } from '../../edge/ports/action.js'
import { findDamage } from '../../edge/science/fits-write.js'
import { eveningMs } from '../support/house.js'
import { type OpenNight, openNight, pierConfig } from '../support/night.js'

const ben: Who = { name: 'ben', role: 'observer', face: 'mqtt' }

/** One calm night for all tests that leave it as they found it. */
const calm = await openNight(t, pierConfig())

const median = (samples: ArrayLike<number>) => Array.from(samples).sort((a, b) => a - b)[samples.length >> 1]

/** Nothing of the last exposure is anywhere: no file whole or half, no row, no event, no picture. */
async function marksOf({ files, store, told, pictures }: OpenNight) {
  const rows = await store.exposures({ limit: 1000 })
  return {
    files: files(),
    rows: rows.map(({ id }) => id),
    events: told('frame-archived').map(({ id }) => id),
    picture: pictures.latest('frame')?.of,
  }
}

t.test('a frame is whole on disk with its row before anybody is told, and its picture follows', async t => {
  const { feed, archive, store, pictures, ask, events, clock } = calm
  const seen: { whole: boolean; row: Promise<unknown>; pictured: unknown }[] = []
  const deaf = feed.listen({
    event({ kind, body }) {
      if (kind !== 'frame-archived') return
      const file = join(archive, String(body.path))
      const whole = existsSync(file) && findDamage(readFileSync(file)) === undefined
      seen.push({ whole, row: store.exposure(String(body.id)), pictured: pictures.latest('frame')?.of })
    },
  })
  const before = clock.now()
  const { ids, paths } = await ask('camera-expose', { seconds: 2.5, object: 'M 31' })
  await clock.advance(0)
  deaf()
  const [id] = ids as string[]
  t.equal(clock.now() - before, 2700, '2.5 s and the readout')
  t.equal(seen.length, 1)
  t.ok(seen[0].whole, 'file and checksum stand when it is told')
  t.match(await seen[0].row, { id, path: (paths as string[])[0], object: 'M 31', exposureSeconds: 2.5 })
  t.not(seen[0].pictured, id, 'the picture can wait')

  t.match(pictures.latest('frame'), { of: id, type: 'image/jpeg' }, 'and comes')
  const kinds = events.filter(({ body }) => body.id === id).map(({ kind }) => kind)
  t.same(kinds, ['frame-archived', 'frame-measured'])
  const row = await store.exposure(id)
  t.ok((row?.measured?.stars ?? 0) > 8, `${row?.measured?.stars} stars`)
  t.equal(Buffer.from((await store.thumbnail(id))!).readUInt16BE(0), 0xffd8, 'with a thumbnail for the list')
  t.match(calm.state('camera/main'), { exposing: false, phase: 'idle', lastId: id, lastStars: row?.measured?.stars })
})

t.test('the file says what was taken, where the tube looked, and through what', async t => {
  const { ask, read, state, clock, told } = calm
  const before = clock.now()
  const { paths } = await ask('camera-expose', { seconds: 0.125, object: 'NGC 7000', gain: 200, offset: 20 })
  const file = read((paths as string[])[0])
  const { raHours, decDeg, altDeg, pierSide } = state<Record<string, number>>('mount/mount')
  t.equal(file.card('DATE-OBS'), new Date(before).toISOString().slice(0, -1), 'shutter open, to the millisecond')
  t.match(
    Object.fromEntries(
      ['OBJECT', 'EXPTIME', 'IMAGETYP', 'FILTER', 'GAIN', 'OFFSET', 'XBINNING', 'ROWORDER', 'XPIXSZ'].map(keyword => [
        keyword,
        file.card(keyword),
      ]),
    ),
    {
      OBJECT: 'NGC 7000',
      EXPTIME: 0.125,
      IMAGETYP: 'Light Frame',
      FILTER: 'L',
      GAIN: 200,
      OFFSET: 20,
      XBINNING: 1,
      ROWORDER: 'TOP-DOWN',
      XPIXSZ: 3.76,
    },
  )
  t.match([file.card('TELESCOP'), file.card('ORIGIN')], ['Refractor', 'Test pier'], "the owner's words win")
  t.match([file.card('SITELAT'), file.card('SITELONG'), file.card('SITEELEV')], [46.5, 8, 1200])
  t.ok(Math.abs(Number(file.card('RA')) - raHours * 15) < 1e-3 && Math.abs(Number(file.card('DEC')) - decDeg) < 1e-3)
  t.equal(file.card('EQUINOX'), 2000)
  t.ok(Math.abs(Number(file.card('OBJCTALT')) - altDeg) < 0.01 && Number(file.card('AIRMASS')) > 1)
  t.equal(file.card('PIERSIDE'), String(pierSide).toUpperCase())
  t.equal(file.card('FOCUSPOS'), state<Record<string, number>>('focuser/focuser').position)
  t.equal(file.card('PS_ACT'), told('frame-archived').at(-1)?.activity, 'which order it came from')
  await clock.advance(2_000)
  t.match(state('camera/main'), { gain: 200, offset: 20 }, 'and the camera keeps it')

  const guide = (await ask('camera-expose', { camera: 'guide', seconds: 0.5 })).paths as string[]
  const other = read(guide[0])
  t.equal(other.card('FILTER'), undefined, 'the guide camera does not look through the wheel')
  t.equal(other.card('FOCALLEN'), 200, 'nor through the main telescope')
  t.equal(other.card('FOCUSPOS'), undefined)
})

t.test('a run counts its frames, and one without end goes on until it is aborted', async t => {
  const { ask, start, told, clock, read } = calm
  const before = clock.now()
  const { ids, paths } = await ask('camera-expose', { seconds: 0.25, count: 5, object: 'Run' })
  t.equal(clock.now() - before, 5 * 450)
  t.equal(new Set(ids as string[]).size, 5)
  t.same([...(ids as string[])].sort(), ids, 'ids sort by time')
  const bodies = told('frame-archived').slice(-5)
  t.same(
    bodies.map(({ number, total, exposureSeconds }) => [number, total, exposureSeconds]),
    [1, 2, 3, 4, 5].map(number => [number, 5, 0.25]),
  )
  t.same(
    (paths as string[]).map(path => [read(path).card('PS_NUM'), read(path).card('PS_TOTAL')]),
    [1, 2, 3, 4, 5].map(number => [number, 5]),
  )

  const endless = await start('camera-expose', { seconds: 1, count: 0 })
  await clock.advance(12_000)
  t.match(told('frame-archived').at(-1), { number: 10, total: 0 })
  t.match(endless.state(), { status: 'running', total: 0 })
  const refusal = t.rejects(endless.ended, { code: 'aborted' })
  t.same(await ask('camera-abort'), { aborted: true })
  await refusal
  t.match(endless.state(), { status: 'aborted' })
})

t.test('darks, bias and flats are what they are called', async t => {
  const { ask, read } = calm
  const taken = async (frameType: string, seconds: number) => {
    const { paths } = await ask('camera-expose', { frameType, seconds })
    const file = read((paths as string[])[0])
    return { type: file.card('IMAGETYP'), median: median(file.samples), path: String((paths as string[])[0]) }
  }
  const light = await taken('light', 10)
  const dark = await taken('dark', 10)
  const bias = await taken('bias', 0.001)
  await ask('power-set', { device: 'relays', channel: 'flat-panel', on: true })
  const flat = await taken('flat', 0.5)
  await ask('power-set', { device: 'relays', channel: 'flat-panel', on: false })
  t.same([light.type, dark.type, bias.type, flat.type], ['Light Frame', 'Dark Frame', 'Bias Frame', 'Flat Field'])
  t.ok(light.median > dark.median + 50 && dark.median - bias.median < 20, 'no light reaches a dark')
  t.ok(flat.median > light.median, 'the panel lights a flat')
  t.match([dark.path, bias.path, flat.path], [/dark/, /bias/, /flat/])
})

t.test('part of the sensor, binned, comes as ordered; what the sensor cannot do is refused', async t => {
  const { ask, read, clock, files } = calm
  const region = { x: 100, y: 60, width: 200, height: 120 }
  const { paths } = await ask('camera-expose', { seconds: 1, region, binning: 2 })
  const file = read((paths as string[])[0])
  t.match(file, { width: 100, height: 60 })
  t.same(
    ['XBINNING', 'YBINNING', 'XORGSUBF', 'YORGSUBF', 'XPIXSZ'].map(keyword => file.card(keyword)),
    [2, 2, 50, 30, 7.52],
  )
  const before = { files: files(), now: clock.now() }
  for (const wrong of [
    { binning: 5 },
    { binning: 1.5 },
    { gain: 501 },
    { offset: -5 },
    { readout: 'slow motion' },
    { region: { x: 300, y: 0, width: 200, height: 100 } },
    { seconds: 0 },
    { seconds: -1 },
    { seconds: 4000 },
    { count: -1 },
    { frameType: 'lamp' },
    { camera: 'Main' },
  ]) {
    await t.rejects(
      ask('camera-expose', { seconds: 1, ...wrong }),
      { code: 'bad-input', fix: /./ },
      `${Object.keys(wrong)}`,
    )
  }
  await t.rejects(ask('camera-expose', { seconds: 1, camera: 'other' }), { code: 'not-found' })
  for (const action of ['stack-start', 'focus-start', 'calibration-take']) {
    const wrong = { code: 'bad-input', message: /gain -5 is outside 0 to 500 of camera main/ }
    await t.rejects(ask(action, { gain: -5 }), wrong, action)
  }
  t.same({ files: files(), now: clock.now() }, before, 'the shutter stayed closed')
})

t.test('the filter is in the light before the shutter opens, and stays while it is open', async t => {
  const { ask, start, read, state, clock, told } = calm
  const before = clock.now()
  const { paths } = await ask('camera-expose', { seconds: 1, filter: 'ha', object: 'M 42' })
  t.ok(clock.now() - before > 1200 + 1000, 'the wheel took its time')
  t.equal(read((paths as string[])[0]).card('FILTER'), 'Ha', "by the wheel's own name")
  t.match((paths as string[])[0], /_Ha_/)
  t.ok(Date.parse(`${read((paths as string[])[0]).card('DATE-OBS')}Z`) > before + 1000, 'and then the shutter opened')
  await clock.advance(2_000)
  t.match(state('wheel/wheel'), { filter: 'Ha' })
  await t.rejects(ask('camera-expose', { seconds: 1, filter: 'UV' }), { code: 'bad-input', fix: /L, R, G, B, Ha/ })
  t.match(told('exposure-failed').at(-1), { camera: 'main', code: 'bad-input' })

  const open = await start('camera-expose', { seconds: 5 })
  await t.rejects(ask('wheel-select', { filter: 'L' }), { code: 'busy', message: /camera-expose/ })
  await open.done()
  await ask('wheel-select', { filter: 'L' })
  const { paths: after } = await ask('camera-expose', { seconds: 1 })
  t.equal(read((after as string[])[0]).card('FILTER'), 'L', 'a filter that nobody asked for is named all the same')
})

t.test('a camera in use is refused to the next, naming who has it and for what', async t => {
  const { ask, start, clock } = calm
  const held = await start('camera-expose', { seconds: 5 })
  for (const [name, input] of [
    ['camera-expose', { seconds: 1 }],
    ['stack-start', { frames: 1 }],
    ['focus-start', {}],
  ] as const) {
    await t.rejects(
      ask(name, input, ben),
      {
        code: 'busy',
        message: /camera\/main.*camera-expose.*anna/,
        detail: { holder: 'anna', action: 'camera-expose' },
      },
      name,
    )
  }
  await clock.advance(2_500)
  t.match(calm.state('camera/main'), { exposing: true, phase: 'exposing', exposureSeconds: 5, holder: /camera-expose/ })
  t.match(calm.state('observatory'), { sentence: /^Exposing 5 s/ })
  await held.done()
  await t.resolves(ask('camera-expose', { seconds: 1 }, ben), 'and free when it is done')
})

t.test('two cameras expose at once on one mount, which stands still for both', async t => {
  const { ask, start, clock, told } = calm
  const before = clock.now()
  const main = await start('camera-expose', { seconds: 10, object: 'Main' })
  const guide = await start('camera-expose', { camera: 'guide', seconds: 3, count: 2, object: 'Guide' })
  const slew = { altDeg: 60, azDeg: 120 }
  await t.rejects(ask('mount-slew', slew), { code: 'busy', message: /camera-expose/ })
  await guide.done()
  t.equal(clock.now() - before, 6_400, 'neither waits for the other')
  await t.rejects(ask('mount-slew', slew), { code: 'busy' }, 'the long one still runs')
  await t.rejects(ask('mount-park'), { code: 'busy' })
  await main.done()
  t.equal(clock.now() - before, 10_200)
  t.same(
    told('frame-archived')
      .slice(-3)
      .map(({ camera, object }) => [camera, object]),
    [
      ['guide', 'Guide'],
      ['guide', 'Guide'],
      ['main', 'Main'],
    ],
  )
  await t.resolves(ask('mount-slew', slew))
})

t.test('an aborted frame is nowhere, and the next is exposed within 2 s', async t => {
  const { ask, start, clock, told } = calm
  await clock.advance(10)
  const before = await marksOf(calm)
  for (const [afterMs, when] of [
    [0, 'as it began'],
    [3_000, 'while the shutter was open'],
    [10_100, 'while the sensor was read'],
  ] as const) {
    const exposure = await start('camera-expose', { seconds: 10, count: 3 })
    await clock.advance(afterMs)
    const refusal = t.rejects(exposure.ended, { code: 'aborted', message: /anna/ })
    const abortedMs = clock.now()
    await ask('camera-abort')
    await refusal
    t.match(exposure.state(), { status: 'aborted' })
    t.match(told('exposure-aborted').at(-1), { camera: 'main' })
    t.same(await marksOf(calm), before, `aborted ${when}`)

    const next = await start('camera-expose', { seconds: 0.5, frameType: 'dark' })
    t.ok(clock.now() - abortedMs < 2_000, 'the camera is free')
    await next.done()
    const after = await marksOf(calm)
    t.equal(after.files.length, before.files.length + 1)
    await ask('frame-remove', { id: after.rows[0] })
    before.events = (await marksOf(calm)).events
    before.picture = calm.pictures.latest('frame')?.of
    t.same(await marksOf(calm), before, 'and a removed one is gone as well')
  }
  t.same(await ask('camera-abort'), { aborted: false }, 'nothing to abort is no error')
})

t.test('names that Windows refuses never reach the disk; the header keeps what was meant', async t => {
  const { ask, read, told } = calm
  for (const object of [
    'CON',
    'a/b:c*?"<>|d',
    'Comet C/2023 A3',
    '..',
    'aux.fits',
    '...',
    'NGC 7000\\',
    ' Veil ',
    'Ťuhýk 1',
  ]) {
    const { paths } = await ask('camera-expose', { seconds: 0.01, object })
    const [path] = paths as string[]
    for (const name of path.split('/')) {
      t.notMatch(name, /[<>:"\\|?*\u0000-\u001f]|[. ]$|^[. ]/, `${object} → ${name}`)
      t.notMatch(name, /^(con|aux|nul|prn|com\d|lpt\d)(\.|$)/i)
    }
    t.equal(told('frame-archived').at(-1)?.object, object)
    if (/^[\x20-\x7e]*[^ ]$/.test(object)) t.equal(read(path).card('OBJECT'), object)
  }
})

t.test('frames and hours that the disk still holds are told', async t => {
  const { ask, state, clock, told } = calm
  await ask('camera-expose', { seconds: 59 })
  await clock.advance(100)
  const { freeBytes, framesLeft, hoursLeft, frameBytes } = state<Record<string, number>>('storage')
  t.equal(frameBytes, told('frame-archived').at(-1)?.bytes)
  t.equal(framesLeft, Math.floor(freeBytes / frameBytes))
  t.ok(Math.abs(hoursLeft - framesLeft / 60) <= 0.051, 'a frame a minute')
})

t.test('a full disk is refused before the shutter opens, with bytes needed and free', async t => {
  const night = await openNight(t, pierConfig(), { reserveBytes: 1e15 })
  const { ask, clock, state, told, feed } = night
  const exposing: unknown[] = []
  feed.listen({ state: ({ path, value }) => path === 'camera/main' && value.exposing && exposing.push(value) })
  const before = clock.now()
  const refusal = await ask('camera-expose', { seconds: 60 }).then(
    () => undefined,
    error => error,
  )
  t.match(refusal, { code: 'disk-full', detail: { neededBytes: Number, freeBytes: Number } })
  const { neededBytes, freeBytes } = refusal.detail
  t.ok(neededBytes >= 400 * 300 * 2 && neededBytes < 400 * 300 * 2 + 40_000, `${neededBytes} bytes needed`)
  t.ok(refusal.message.includes(String(neededBytes)) && refusal.message.includes(String(freeBytes)))
  t.same(exposing, [])
  t.equal(clock.now(), before)
  t.match(told('exposure-failed'), [{ camera: 'main', code: 'disk-full' }])
  t.match(state('storage'), { low: true, framesLeft: 0, hoursLeft: 0 }, 'and it could be seen before')
  await t.rejects(ask('stack-start', { frames: 2 }), { code: 'disk-full' })
  t.match(state('stack/main'), { running: false, error: /bytes/ })
})

t.test('the night changes at local noon, not at midnight', async t => {
  // 8° east: local mean noon is at 11:28 UTC.
  const night = await openNight(t, pierConfig(), { startMs: Date.UTC(2026, 10, 21, 11, 27, 50) })
  t.match(night.state('observatory'), { night: '2026-11-20' })
  const expose = async () => {
    await night.ask('camera-expose', { seconds: 5, frameType: 'dark' })
    return night.told('frame-archived').at(-1)
  }
  t.match(await expose(), { night: '2026-11-20', path: /^2026-11-20\// })
  t.match(await expose(), { night: '2026-11-20' }, 'it counts when the shutter opens')
  t.match(await expose(), { night: '2026-11-21', path: /^2026-11-21\// })
  await night.clock.advance(60_000)
  t.match(night.state('observatory'), { night: '2026-11-21' })
  t.same(
    (await night.store.nights()).map(({ night, frames }) => [night, frames]),
    [
      ['2026-11-21', 1],
      ['2026-11-20', 2],
    ],
  )
})

t.test('a camera that is pulled out or falls silent in an exposure fails it in time, and comes back', async t => {
  const mishaps = [
    { at_s: 20, for_s: 30, kind: 'unplugged', part: 'camera' },
    { at_s: 100, for_s: 50, kind: 'silent', part: 'camera' },
  ]
  const night = await openNight(t, pierConfig({ sky: { mishaps } }))
  const { ask, start, clock, told, state, until } = night
  const seconds = () => (clock.now() - eveningMs) / 1000
  await clock.advance(9_900)

  const pulled = await start('camera-expose', { seconds: 60 })
  await t.rejects(pulled.done(), { code: 'offline', message: /unplugged/, fix: /./ })
  t.equal(seconds(), 20, 'known at once')
  t.match(pulled.state(), { status: 'failed', code: 'offline', fix: /./ })
  t.match(told('exposure-failed'), [{ camera: 'main', code: 'offline' }])
  t.match(told('device-lost'), [{ device: 'main', reason: /unplugged/ }])
  t.match(state('camera/main'), { condition: 'retrying', exposing: false })
  await t.rejects(ask('camera-expose', { seconds: 1 }), { code: 'offline', message: /unplugged/ }, 'said at once')
  await until('device/main', ({ condition }) => condition === 'unavailable', 20_000)
  t.match(state('observatory'), { sentence: /not there: main/ })
  await until('device/main', ({ condition }) => condition === 'ready', 40_000)
  t.ok(seconds() >= 50 && seconds() <= 61, `back at ${seconds()} s`)
  t.match(told('device-ready').at(-1), { device: 'main' })
  await t.resolves(ask('camera-expose', { seconds: 1 }), 'it exposes again')

  await clock.advance(95_000 - seconds() * 1000)
  const silent = await start('camera-expose', { seconds: 10 })
  await t.rejects(silent.done(), { code: 'timeout' })
  t.ok(seconds() <= 95 + 10 + 2.2 + 10, `given up at ${seconds()} s`)
  t.match(told('device-lost').at(-1), { device: 'main' }, 'the supervisor takes it in hand')
  await until('device/main', ({ condition }) => condition === 'ready', 60_000)
  await clock.advance(151_000 - seconds() * 1000)
  await t.resolves(ask('camera-expose', { seconds: 1 }))
  t.equal(night.files().length, 2, 'only what was whole was kept')
})

t.test('nobody holds memory for frames when all is done', async t => {
  await calm.clock.advance(1_000)
  // What is lent to nobody can be lent whole.
  const { memory } = calm.settings
  const all = await calm.pixels.lend(memory.frames_mb * 2 ** 20, new AbortController().signal)
  all.release()
  t.pass()
})

t.test('what the frames tell is said in a word, and kept in numbers', async t => {
  const mishaps = [{ at_s: 120, for_s: 60, kind: 'weather', cloud_percent: 100 }]
  const { ask, state, told, store } = await openNight(t, pierConfig({ sky: { mishaps } }))
  await ask('camera-expose', { seconds: 6, count: 12, object: 'M 31' })
  t.match(state('trend/main'), { word: undefined, stars: Number, hfdPx: Number, backgroundAdu: Number })
  await ask('camera-expose', { seconds: 6, count: 12, object: 'M 31' })
  t.match(state('trend/main'), { word: 'cloud', words: /losing light/ })
  await ask('camera-expose', { seconds: 6, count: 12, object: 'M 31' })
  t.equal(state<{ word?: string }>('trend/main').word, undefined, 'and taken back when it has passed')
  t.match(told('trend'), [
    { camera: 'main', word: 'cloud' },
    { camera: 'main', was: 'cloud' },
  ])
  t.equal(told('trend').length, 2, 'once for each change')
  const [last] = await store.exposures({ limit: 1 })
  const { eccentricity, fluxAdu, fwhmPx, noiseAdu, saturatedPercent } = last.measured!
  t.ok(eccentricity! >= 0 && eccentricity! < 0.8 && fluxAdu! > 0 && fwhmPx! > 1 && noiseAdu > 0)
  t.equal(saturatedPercent, 0)
})
