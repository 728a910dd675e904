// Where the tube really looks: J2000 asked for and the stars in the frame, limits that hold before anything moves, and
// a STOP that stops.
import t from 'tap'
import type { Who } from '../../edge/ports/action.js'
import type { DeviceBox } from '../../edge/ports/device.js'
import type { Mount } from '../../edge/ports/mount.js'
import { altAz, raDecOf, separationDeg, wandererPlace } from '../../edge/science/sky.js'
import { starsAround } from '../../edge/science/star-field.js'
import { eveningMs } from '../support/house.js'
import { type OpenNight, openNight, pierConfig } from '../support/night.js'
import { starsOf } from '../support/star-room.js'

interface MountState {
  readonly raHours: number
  readonly decDeg: number
  readonly altDeg: number
  readonly azDeg: number
  readonly pierSide: string
  readonly slewing: boolean
  readonly tracking: boolean
  readonly parked: boolean
}

const ben: Who = { name: 'ben', role: 'observer', face: 'mqtt' }
const site = { latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 1200 }
const never = new AbortController().signal
const stateOf = ({ state }: OpenNight) => state<MountState>('mount/mount')
/** Pixels of 3.76 µm behind 500 mm. */
const pixelArcsec = (206.264806 * 3.76) / 500

const calm = await openNight(t, pierConfig({ sky: { seed: 7 }, more: { mount: { minimum_altitude: 20 } } }))

/** A bright star near that place, J2000, of the simulated sky itself. */
function starNear(night: OpenNight, altDeg: number, azDeg: number) {
  const { raHours, decDeg } = raDecOf({ altDeg, azDeg }, site, night.clock.now())
  const field = starsAround(7, raHours * 15, decDeg, 1, 9.5, 40)
  return { raHours: field.raDeg[0] / 15, decDeg: field.decDeg[0] }
}

/** The bright star nearest to the middle of a frame taken now, px from the middle. */
async function brightInFrame(night: OpenNight) {
  const { paths } = await night.ask('camera-expose', { seconds: 0.5 })
  const file = night.read((paths as string[])[0])
  const middle = { x: (file.width - 1) / 2, y: (file.height - 1) / 2 }
  const near = starsOf(file)
    .stars.filter((star, _, all) => star.fluxAdu > 0.2 * all[0].fluxAdu)
    .map(star => ({ x: star.x - middle.x, y: star.y - middle.y }))
    .sort((a, b) => Math.hypot(a.x, a.y) - Math.hypot(b.x, b.y))
  return { ...near[0], arcsec: Math.hypot(near[0].x, near[0].y) * pixelArcsec, card: file.card }
}

t.test('a star asked for in J2000 stands in the middle of the frame, on both sides of the pier', async t => {
  const { ask, told, clock } = calm
  for (const [azDeg, side] of [
    [110, 'west'],
    [250, 'east'],
  ] as const) {
    const star = starNear(calm, 55, azDeg)
    await ask('mount-slew', star)
    t.match(stateOf(calm), { slewing: false, tracking: true, parked: false, pierSide: side })
    t.ok(separationDeg(stateOf(calm), star) * 3600 < 5, 'the mount says that it is there, in J2000')
    const up = altAz({ ...star, equinox: 'j2000' }, site, clock.now())
    t.ok(Math.abs(stateOf(calm).altDeg - up.altDeg) < 0.05 && Math.abs(stateOf(calm).azDeg - up.azDeg) < 0.1)
    const seen = await brightInFrame(calm)
    // Of the date it would stand a third of a degree away by now, far outside the frame.
    t.ok(seen.arcsec < 30, `the star itself is ${seen.arcsec.toFixed(1)}″ from the middle`)
    t.ok(Math.abs(Number(seen.card('RA')) - star.raHours * 15) < 0.01, 'and the file says where it was taken')
    t.match(told('mount-slewed').at(-1), { mount: 'mount', ...star })
  }
})

t.test('it goes to an altitude and azimuth, and to what the catalogue knows', async t => {
  const { ask, start, state, told } = calm
  await ask('mount-slew', { altDeg: 62, azDeg: 140 })
  const { altDeg, azDeg } = stateOf(calm)
  t.ok(Math.abs(altDeg - 62) < 0.2 && Math.abs(azDeg - 140) < 0.4, `${altDeg.toFixed(2)}°, ${azDeg.toFixed(2)}°`)
  const slew = await start('mount-slew', { target: 'm31' })
  t.match(state('observatory'), { sentence: /slewing to M ?31/ })
  t.match(slew.state(), { status: 'running', summary: /Slewing to M ?31/ })
  await t.rejects(
    ask('camera-expose', { seconds: 1 }),
    { code: 'busy', message: /mount-slew/ },
    'no exposure meanwhile',
  )
  await slew.done()
  t.ok(separationDeg(stateOf(calm), { raHours: 0.7123, decDeg: 41.269 }) < 0.05)
  t.match(told('mount-slewed').at(-1), { target: /M ?31/ })
  for (const target of ['No such nebula', 'androm']) {
    await t.rejects(ask('mount-slew', { target }), { code: 'not-found' }, `${target}: nothing near it will do instead`)
  }
  await ask('mount-slew', { target: 'moon' })
  const moon = wandererPlace('moon', calm.clock.now(), site)
  t.ok(separationDeg(stateOf(calm), moon) < 0.05, 'the Moon as this pier sees it, not the centre of the Earth')
  for (const wrong of [{}, { raHours: 3 }, { raHours: 24, decDeg: 0 }, { raHours: 1, decDeg: 91 }, { altDeg: 50 }]) {
    await t.rejects(ask('mount-slew', wrong), { code: 'bad-input' }, JSON.stringify(wrong))
  }
})

t.test('limits refuse a slew before anything moves, and force does not lift them', async t => {
  const mount = { minimum_altitude: 20, horizon_mask: [[0, 0], [50, 90], [0, 180]] } // biome-ignore format: a table
  const night = await openNight(t, pierConfig({ more: { mount } }))
  await night.ask('mount-slew', { altDeg: 60, azDeg: 170 })
  const moved: unknown[] = []
  night.feed.listen({ state: ({ path, value }) => path === 'mount/mount' && value.slewing && moved.push(value) })
  const before = night.clock.now()
  for (const [altDeg, azDeg, minSafeAltDeg, words] of [
    [10, 200, 20, /lowest altitude/],
    [-30, 200, 20, /below the horizon/],
    [45, 90, 50, /horizon mask/],
    [24, 45, Number, /horizon mask, which is 25/],
  ] as const) {
    for (const force of [false, true]) {
      await t.rejects(
        night.ask('mount-slew', { altDeg, azDeg, force }),
        { code: 'limit', message: words, detail: { minSafeAltDeg }, fix: /./ },
        `${altDeg}° at ${azDeg}°`,
      )
    }
  }
  const low = raDecOf({ altDeg: 15, azDeg: 200 }, site, night.clock.now())
  await t.rejects(night.ask('mount-slew', { raHours: low.raHours, decDeg: low.decDeg }), { code: 'limit' })
  t.same(moved, [], 'it stood still')
  t.equal(night.clock.now(), before)
  t.equal(night.feed.states('activity').filter(({ value }) => value.status === 'running').length, 0)
  await t.resolves(night.ask('mount-slew', { altDeg: 55, azDeg: 90 }), 'above the mask it goes')
})

t.test('where nobody has said where the pier stands, nothing slews', async t => {
  const night = await openNight(t, pierConfig({ more: { site: { name: 'Nowhere' } } }))
  const before = stateOf(night)
  for (const target of [
    { raHours: before.raHours, decDeg: before.decDeg },
    { altDeg: 80, azDeg: 100 },
  ]) {
    await t.rejects(night.ask('mount-slew', target), { code: 'limit', fix: /site\.latitude/ })
  }
  await t.rejects(night.ask('mount-nudge', { direction: 'north', arcmin: 5 }), { code: 'limit' })
  await t.rejects(night.ask('mount-move', { decDegPerSecond: 1 }), { code: 'limit' })
  await night.clock.advance(5_000)
  t.ok(separationDeg(stateOf(night), before) < 0.001)
})

t.test('STOP ends a slew within a second, whoever asked for it', async t => {
  const { ask, start, clock, told } = calm
  await ask('mount-slew', { altDeg: 50, azDeg: 110 })
  const slew = await start('mount-slew', { altDeg: 50, azDeg: 250 })
  await clock.advance(5_000)
  t.equal(stateOf(calm).slewing, true)
  await t.rejects(ask('mount-slew', { altDeg: 60, azDeg: 110 }), { code: 'busy', message: /mount-slew.*anna/ })
  const stoppedMs = clock.now()
  const refusal = t.rejects(slew.ended, { code: 'aborted' })
  await ask('mount-stop', {}, ben)
  t.ok(clock.now() - stoppedMs < 1_000, `after ${clock.now() - stoppedMs} ms`)
  await refusal
  t.match(slew.state(), { status: 'aborted' })
  t.match(told('mount-stopped').at(-1), { mount: 'mount', who: 'ben' })
  t.equal(stateOf(calm).slewing, false)
  const rest = stateOf(calm)
  await clock.advance(30_000)
  t.ok(separationDeg(stateOf(calm), rest) < 0.002, 'it stands and tracks')
  t.ok(Math.abs(rest.azDeg - 250) > 10, 'half way')
  t.equal(stateOf(calm).tracking, true)
  await t.resolves(ask('mount-stop'), 'stopping what stands is no error')

  const parking = t.rejects(ask('mount-park'), { code: 'aborted' })
  await clock.advance(2_000)
  await ask('mount-stop')
  await parking
  t.match(stateOf(calm), { parked: false, slewing: false }, 'parking stops as well')
  const target = () => calm.state<{ target?: string }>('mount/mount').target
  const broken = await start('mount-slew', { target: 'm31' })
  await clock.advance(2_000)
  t.match(target(), /M ?31/)
  await Promise.all([ask('mount-stop'), t.rejects(broken.ended, { code: 'aborted' })])
  t.equal(target(), undefined, 'it is not there')
  await t.resolves(ask('mount-slew', { altDeg: 50, azDeg: 110 }), 'and it goes again')
})

t.test('it parks, refuses to go, wakes, and follows the stars or not', async t => {
  const { ask, state, clock, told } = calm
  await ask('mount-slew', { target: 'm31' })
  await ask('mount-park')
  t.equal(state<{ target?: string }>('mount/mount').target, undefined, 'what it pointed at it has left')
  t.match(stateOf(calm), { parked: true, tracking: false, slewing: false })
  t.match(told('mount-parked').at(-1), { mount: 'mount' })
  t.match(state('observatory'), { sentence: /the mount is parked/ })
  await t.rejects(ask('mount-slew', { altDeg: 60, azDeg: 120 }), { code: 'unsafe', fix: /Unpark/ })
  await t.rejects(ask('mount-nudge', { direction: 'west', arcmin: 5 }), { code: 'unsafe' })
  await ask('mount-unpark')
  await ask('mount-slew', { altDeg: 60, azDeg: 120 })
  await ask('mount-tracking', { on: false })
  await clock.advance(1_000)
  const still = stateOf(calm)
  t.equal(still.tracking, false)
  await clock.advance(60_000)
  const drifted = stateOf(calm)
  t.ok(Math.abs((drifted.raHours - still.raHours) * 60 - 1.0027) < 0.02, 'the sky passes by')
  t.ok(Math.abs(drifted.altDeg - still.altDeg) < 0.001, 'over a tube that stands')
  await ask('mount-tracking', { on: true })
  await clock.advance(1_000)
  const before = stateOf(calm)
  await clock.advance(60_000)
  t.ok(separationDeg(stateOf(calm), before) * 3600 < 2)
})

t.test('arrows go where they say: north up in declination, east up in right ascension', async t => {
  const { ask } = calm
  await ask('mount-slew', { altDeg: 60, azDeg: 120 })
  for (const [direction, dec, ra] of [
    ['north', 1, 0],
    ['east', 0, 1],
    ['south', -1, 0],
    ['west', 0, -1],
  ] as const) {
    const from = stateOf(calm)
    await ask('mount-nudge', { direction, arcmin: 12 })
    const to = stateOf(calm)
    const decArcmin = (to.decDeg - from.decDeg) * 60
    const raArcmin = (to.raHours - from.raHours) * 15 * 60 * Math.cos((from.decDeg * Math.PI) / 180)
    t.ok(
      Math.abs(decArcmin - dec * 12) < 0.2 && Math.abs(raArcmin - ra * 12) < 0.2,
      `${direction}: ${raArcmin.toFixed(2)}′, ${decArcmin.toFixed(2)}′`,
    )
  }
  const star = starNear(calm, 60, 120)
  await ask('mount-slew', star)
  await ask('mount-nudge', { direction: 'north', arcmin: 2 })
  const seen = await brightInFrame(calm)
  t.ok(Math.abs(seen.y - 120 / pixelArcsec) < 3 && Math.abs(seen.x) < 3, 'looking further north, the star goes down')
})

t.test('an arrow that is held moves until it is let go, or five seconds after it was last heard of', async t => {
  const { ask, start, clock } = calm
  await ask('mount-slew', { altDeg: 60, azDeg: 120 })
  const from = stateOf(calm).decDeg
  await ask('mount-move', { decDegPerSecond: 0.5 })
  await clock.advance(3_000)
  await ask('mount-move', { decDegPerSecond: 0.5 })
  await clock.advance(10_000)
  const to = stateOf(calm).decDeg
  t.ok(Math.abs(to - from - 4) < 0.1, `8 s at 0.5°/s: ${(to - from).toFixed(2)}°`)
  await clock.advance(10_000)
  t.ok(Math.abs(stateOf(calm).decDeg - to) < 0.001)

  await ask('mount-move', { decDegPerSecond: -0.5 })
  await clock.advance(2_000)
  await ask('mount-move', {})
  await clock.advance(2_000)
  t.ok(Math.abs(stateOf(calm).decDeg - to + 1) < 0.1, 'let go, it stands')

  const slew = await start('mount-slew', { altDeg: 50, azDeg: 250 })
  await clock.advance(8_000)
  t.equal(stateOf(calm).slewing, true, 'an arrow of before does not end a slew')
  await t.resolves(slew.done())
  await ask('mount-move', { raDegPerSecond: 1 })
  await clock.advance(1_000)
  await ask('mount-stop')
  await clock.advance(1_000)
  const rest = stateOf(calm)
  await clock.advance(3_000)
  t.ok(separationDeg(stateOf(calm), rest) < 0.001, 'STOP ends arrows too')
})

t.test('moved by hand it ends at the limit in either axis, and comes back out by hand', async t => {
  const { ask, clock } = calm
  for (const [azDeg, down, up] of [
    [265, { raDegPerSecond: -1 }, { raDegPerSecond: 1 }],
    [180, { decDegPerSecond: -1 }, { decDegPerSecond: 1 }],
  ] as const) {
    await ask('mount-slew', { altDeg: 22.5, azDeg })
    await ask('mount-move', down)
    await clock.advance(4_900)
    const { altDeg } = stateOf(calm)
    t.ok(altDeg >= 20 && altDeg < 22, `it stands at ${altDeg.toFixed(1)}°, the limit is 20°`)
    await t.rejects(ask('mount-move', down), { code: 'limit', message: /lowest altitude/ })
    await ask('mount-move', up)
    await clock.advance(2_000)
    await ask('mount-move', {})
    t.ok(stateOf(calm).altDeg > altDeg + 0.5, 'up it may go')
  }
})

t.test('where one axis refuses an arrow, the other does not run on', async t => {
  const { ask, clock } = calm
  await ask('mount-slew', { altDeg: 60, azDeg: 120 })
  const from = stateOf(calm)
  await t.rejects(ask('mount-move', { raDegPerSecond: 0.5, decDegPerSecond: 9 }), { code: 'bad-input' })
  await clock.advance(6_000)
  const rest = stateOf(calm)
  t.ok(separationDeg(rest, from) < 5)
  await clock.advance(10_000)
  t.ok(separationDeg(stateOf(calm), rest) < 0.001, 'it stands')
})

t.test('a sync puts the pointing right', async t => {
  const night = await openNight(t, pierConfig({ sky: { seed: 7, pointing_error_arcmin: 3 } }))
  const star = starNear(night, 55, 120)
  await night.ask('mount-slew', star)
  const off = await brightInFrame(night)
  t.ok(off.arcsec > 100, `before, ${off.arcsec.toFixed(0)}″ beside`)
  // Whoever has solved the frame knows where it looks: with the tube west of the pier north is up and east to the left.
  const cosDec = Math.cos((star.decDeg * Math.PI) / 180)
  const truth = {
    raHours: star.raHours + (off.x * pixelArcsec) / 3600 / 15 / cosDec,
    decDeg: star.decDeg + (off.y * pixelArcsec) / 3600,
  }
  await night.ask('mount-sync', truth)
  await night.clock.advance(1_000)
  t.ok(separationDeg(stateOf(night), truth) * 3600 < 5, 'it believes what it was told')
  await night.ask('mount-slew', star)
  const seen = await brightInFrame(night)
  t.ok(seen.arcsec < 30, `after, ${seen.arcsec.toFixed(0)}″`)
  await night.ask('mount-park')
  await t.rejects(night.ask('mount-sync', star), { name: 'Fault' })
})

t.test('nobody is handed a mount that is not behind the limits', async t => {
  const { devices } = calm.night
  const box = devices.boxes.find(({ ports }) => ports.includes('mount')) as DeviceBox
  const ways: Record<string, Mount | undefined> = {
    'by name': devices.device('mount', 'mount').current(),
    'by kind': devices.having('mount')[0].current(),
    'by box': box.current().mount,
  }
  let heard: DeviceBox | undefined
  const deaf = devices.onChange(changed => {
    if (changed.name === 'mount') heard = changed
  })
  await calm.ask('device-reconnect', { device: 'mount' })
  await calm.clock.advance(1_000)
  deaf()
  ways['by what a change tells'] = heard?.current().mount
  const after = devices.device('mount', 'mount').current()
  const low = raDecOf({ altDeg: 10, azDeg: 180 }, site, calm.clock.now())
  const drive = (work: Promise<void>) => calm.clock.until(work, 60_000)
  for (const [how, mount] of Object.entries(ways)) {
    if (!mount) t.fail(`no mount ${how}`)
    else
      await t.rejects(
        drive(mount.slew({ ...low, equinox: mount.equinox }, never)),
        { code: 'limit', message: /lowest/ },
        how,
      )
  }
  t.equal(devices.boxes.find(({ name }) => name === 'mount')?.current().mount, after, 'one guard for one mount')
})

t.test('a mount that stalls, falls silent or is pulled out fails its slew in time, and is back by itself', async t => {
  const mishaps = [
    { at_s: 5, for_s: 60, kind: 'stalled' },
    { at_s: 100, for_s: 60, kind: 'silent', part: 'mount' },
    { at_s: 300, for_s: 20, kind: 'unplugged', part: 'mount' },
  ]
  const night = await openNight(t, pierConfig({ sky: { mishaps } }))
  const { ask, clock, told, until, feed } = night
  const since = (second: number) => clock.advance(eveningMs + second * 1000 - clock.now())
  const slew = { altDeg: 60, azDeg: 200 }

  await since(10)
  await t.rejects(ask('mount-slew', slew), { code: 'broken', message: /do not move/ })
  await since(70)
  await t.resolves(ask('mount-slew', { altDeg: 60, azDeg: 120 }))

  await since(101)
  await t.rejects(ask('mount-slew', slew), { code: 'timeout' })
  t.ok(clock.now() < eveningMs + 150_000, 'given up in time')
  t.match(told('device-lost').at(-1), { device: 'mount' }, 'the supervisor takes it in hand')
  await since(170)
  await until('device/mount', ({ condition }) => condition === 'ready', 60_000)
  t.equal(feed.get('mount/mount')?.stale, false)

  await since(295)
  await t.rejects(ask('mount-slew', { altDeg: 60, azDeg: 240 }), { code: 'offline', message: /unplugged/ })
  t.equal(clock.now(), eveningMs + 300_000)
  t.match(night.state('mount/mount'), { condition: /retrying|opening/, reason: /unplugged/ })
  await t.rejects(ask('mount-stop'), { code: 'offline' }, 'a STOP that cannot work says so')
  await until('device/mount', ({ condition }) => condition === 'ready', 60_000)
  await t.resolves(ask('mount-slew', slew))
})
