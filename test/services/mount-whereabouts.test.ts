// A mount and the box beside each other: who is told where and when they are, and what is said where they disagree.
import t from 'tap'
import type { SystemTimeReading } from '../../edge/ports/timekeeping.js'
import { judgeWhereabouts, zoneHours } from '../../edge/rules/mount-whereabouts.js'
import type { GeographicPosition } from '../../edge/science/geographic-position.js'
import { networkTime, systemTimeOf } from '../support/known-time.js'
import { openNight, pierConfig } from '../support/night.js'

type Believes = { latitudeDeg: number; longitudeDeg: number; clockAheadSeconds: number }
type Night = Awaited<ReturnType<typeof openNight>>

const unknown: SystemTimeReading = { source: 'none', synchronised: false }
const never = new AbortController().signal
/** The mount of these tests was put up in Greenwich, and its clock has run down. */
const elsewhere = { latitude: 51.5, longitude: 0, elevation_m: 40, mount_clock_off_s: -90_000_000 }

const believes = ({ night }: Night) =>
  night.devices.device('mount', 'mount').current().whereabouts!(never) as Promise<Believes>
const told = ({ events }: Night) => events.filter(({ kind }) => /^mount-(told|disagrees)$/.test(kind))
const right = { latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 1200 }

t.test('a mount that comes is told place and time, and what was wrong stands in the log', async t => {
  const house = await openNight(t, pierConfig({ sky: elsewhere }))
  await house.clock.advance(6_000)
  const now = await believes(house)
  t.match(now, right)
  t.ok(Math.abs(now.clockAheadSeconds) < 1, `its clock is ${now.clockAheadSeconds} s ahead`)
  t.match(
    told(house).map(({ kind, body }) => [kind, body.words]),
    [['mount-told', /its place is [67]\.\d° from the box's, and its clock is 1042 days behind the box's/]],
  )
  t.equal(house.state<{ trouble?: string }>('mount/mount').trouble, undefined)
  await house.clock.advance(600_000)
  t.equal(told(house).length, 1, 'and it is left in peace')
})

t.test('of a height that nobody has said the mount keeps its own', async t => {
  const unsaid = { site: { name: 'Test pier', latitude: 46.5, longitude: 8 } }
  const house = await openNight(t, pierConfig({ sky: elsewhere, more: unsaid }))
  await house.clock.advance(6_000)
  t.match(await believes(house), { latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 40 })
  await house.clock.advance(600_000)
  t.equal(told(house).length, 1, 'and it is left in peace')
})

t.test('what the box does not know it tells nobody; when it knows better it tells again', async t => {
  let own = unknown
  let ahead = 0
  const order = { systemTime: systemTimeOf(() => own), aheadMs: () => ahead }
  const house = await openNight(t, pierConfig({ sky: elsewhere }), order)
  await house.clock.advance(30_000)
  t.match(await believes(house), right, 'the place is known')
  const lost = (await believes(house)).clockAheadSeconds
  t.ok(Math.abs(lost + 90_000_000) < 1, 'the time is not')
  own = { source: 'rtc', synchronised: false, uncertaintySeconds: 40 }
  await house.clock.advance(60_000)
  t.ok(
    Math.abs((await believes(house)).clockAheadSeconds - lost) < 1,
    'forty seconds are good for goto, and not to be handed on',
  )
  own = { source: 'rtc', synchronised: false, uncertaintySeconds: 5 }
  await house.clock.advance(60_000)
  t.ok(Math.abs((await believes(house)).clockAheadSeconds) < 1)
  const mount = house.night.devices.device('mount', 'mount').current()
  await house.clock.until(mount.setTime!(house.clock.now() + 30_000, 0, never), 10_000)
  await house.clock.advance(60_000)
  t.ok((await believes(house)).clockAheadSeconds > 25, 'no better time has come')
  own = networkTime
  await house.clock.advance(60_000)
  t.ok(Math.abs((await believes(house)).clockAheadSeconds) < 1, 'the network knows it better')
  ahead = 3_600_000
  await house.clock.advance(60_000)
  t.ok(Math.abs((await believes(house)).clockAheadSeconds) < 1, 'the clock of the box was set')
  t.match(
    told(house).map(({ kind, body }) => [kind, body.words]),
    [
      ['mount-told', /its place is/],
      ['mount-told', /its clock is 1042 days behind the box's/],
      ['mount-told', "its clock is 60 min behind the box's"],
    ],
  )
})

t.test('not while it moves, nor while somebody exposes under it', async t => {
  let own: SystemTimeReading = { source: 'rtc', synchronised: false, uncertaintySeconds: 40 }
  const sky = { mount_clock_off_s: -90_000_000, slew_deg_per_s: 1 }
  const house = await openNight(t, pierConfig({ sky }), { systemTime: systemTimeOf(() => own) })
  await house.clock.advance(10_000)
  const mount = house.night.devices.device('mount', 'mount').current()
  const ahead = async () => (await believes(house)).clockAheadSeconds
  const slew = await house.start('mount-slew', { altDeg: 40, azDeg: 270 })
  own = networkTime
  await house.clock.advance(40_000)
  t.match([house.state('mount/mount'), house.state('time')], [{ slewing: true }, { source: 'ntp' }])
  t.ok((await ahead()) < -89_999_000)
  await t.rejects(mount.setTime!(house.clock.now(), 0, never), { code: 'busy', message: /mount moves/ })
  await t.rejects(mount.setSite!(0, 0, 0, never), { code: 'busy' })
  await slew.done()
  await house.clock.advance(10_000)
  t.ok(Math.abs(await ahead()) < 1, 'when it stands')

  await house.clock.until(mount.setTime!(house.clock.now() + 45_000, 0, never), 10_000)
  const exposure = await house.start('camera-expose', { seconds: 120 })
  own = { ...networkTime, source: 'gps' }
  await house.clock.advance(60_000)
  t.match(house.state('time'), { source: 'gps' })
  t.ok((await ahead()) > 40, 'not under an exposure')
  await exposure.done()
  await house.clock.advance(10_000)
  t.ok(Math.abs(await ahead()) < 1)
})

t.test(
  'one that keeps its own is not told, and what differs is said once; one that is left alone is not asked',
  async t => {
    const keeps = pierConfig({ sky: elsewhere, more: { mount: { time_and_place: { mount: 'mount' } } } })
    const house = await openNight(t, keeps)
    await house.clock.advance(200_000)
    t.match(await believes(house), { latitudeDeg: 51.5, longitudeDeg: 0 })
    t.match(house.state('mount/mount'), { trouble: /its place is .* and its clock is 1042 days behind/ })
    t.same(
      told(house).map(({ kind }) => kind),
      ['mount-disagrees'],
    )
    const mount = house.night.devices.device('mount', 'mount').current()
    await house.clock.until(mount.setSite!(46.5, 8, 1200, never), 10_000)
    await house.clock.until(mount.setTime!(house.clock.now(), 0, never), 10_000)
    await house.clock.advance(70_000)
    t.equal(house.state<{ trouble?: string }>('mount/mount').trouble, undefined, 'somebody has put it right')

    const alone = await openNight(
      t,
      pierConfig({ sky: elsewhere, more: { mount: { time_and_place: { mount: 'none' } } } }),
    )
    await alone.clock.advance(30_000)
    t.match(await believes(alone), { latitudeDeg: 51.5, longitudeDeg: 0 })
    t.same(told(alone), [])
  },
)

t.test('what counts as wrong, and as the same', async t => {
  const here = { latitudeDeg: 46.5, longitudeDeg: 179.9, elevationMetres: 1200 }
  const judge = (more: object, site: GeographicPosition | undefined = here, timed = true) =>
    judgeWhereabouts({ ...here, clockAheadSeconds: 0, ...more }, site, timed)
  t.match(judge({}), { words: undefined, samePlace: true, sameTime: true, placeOffDeg: 0 })
  t.match(judge({ longitudeDeg: -179.9 }), { words: undefined, samePlace: false, placeOffDeg: 0.1376709776996476 })
  t.match(judge({ latitudeDeg: 47.6 }), { words: "its place is 1.1° from the box's", samePlace: false })
  t.match(judge({ elevationMetres: 900 }), { words: undefined, samePlace: false })
  t.match(judge({ elevationMetres: 900 }, { ...here, elevationMetres: undefined }), { samePlace: true })
  t.match(judge({ clockAheadSeconds: 59 }), { words: undefined, sameTime: false })
  t.match(judge({ clockAheadSeconds: 7_300 }), { words: "its clock is 2 h ahead of the box's" })
  t.match(judge({ clockAheadSeconds: -61 }), { words: "its clock is 1 min behind the box's" })
  t.match(
    judge({ clockAheadSeconds: -1e6 }, here, false),
    { words: undefined, sameTime: false },
    'the box does not know',
  )
  t.match(judgeWhereabouts({ latitudeDeg: -46, longitudeDeg: 8 }, undefined, true), {
    words: undefined,
    samePlace: false,
    placeOffDeg: undefined,
  })
  t.match(judgeWhereabouts({}, here, true), { words: undefined, samePlace: false, sameTime: false })
  t.equal(judge({ elevationMetres: 1300 }).samePlace, false)
  const [winter, summer] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 6, 1)]
  t.same(
    ['Europe/Zurich', 'Asia/Kolkata', 'America/St_Johns', 'Etc/UTC'].map(zone =>
      [winter, summer].map(at => zoneHours(zone, at)),
    ),
    [
      [1, 2],
      [5.5, 5.5],
      [-3.5, -2.5],
      [0, 0],
    ],
  )
})
