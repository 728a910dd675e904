// The box that does not know the time: what it says, what it refuses, who may tell it; and a clock that jumps.
import t from 'tap'
import { Fault } from '../../edge/ports/fault.js'
import type { GpsFix } from '../../edge/ports/gps.js'
import type { SystemTime, SystemTimeReading } from '../../edge/ports/timekeeping.js'
import { reportPlace } from '../../edge/services/place.js'
import { siteSettings } from '../../edge/services/site-settings.js'
import { timekeeping } from '../../edge/services/timekeeping.js'
import type { SimulatedClock } from '../../edge/spine/simulated-clock.js'
import { openHouse } from '../support/house.js'
import { networkTime, systemTimeOf } from '../support/known-time.js'
import { openNight, pierConfig } from '../support/night.js'

const observer = { name: 'anna', role: 'observer', face: 'http' } as const

/** A clock whose wall time can be set, like the computer's; its stopwatch runs on. */
function settable(clock: SimulatedClock) {
  let ahead = 0
  return {
    clock: { ...clock, now: () => clock.now() + ahead },
    jump(ms: number) {
      ahead += ms
    },
  }
}

/** A box without battery or network whose clock can be set, and that can be started anew on the same store. */
async function openBox(t: Parameters<typeof openHouse>[0], first: SystemTimeReading) {
  const house = await openHouse(t)
  const { clock, jump } = settable(house.clock)
  const set: unknown[] = []
  let own = first
  const startedMs = clock.monotonicMs()
  const system: SystemTime = {
    read: async () => ({
      ...{ bootId: 'first', zone: 'Etc/UTC' },
      uptimeSeconds: 10 + (clock.monotonicMs() - startedMs) / 1000,
      ...own,
    }),
    async set(change) {
      set.push(change)
      jump(change.byMs ?? 0)
      // A clock with a battery is set at the end of a second.
      await new Promise<void>(settle => clock.after(1_500, settle))
    },
  }
  let closed: Fault | undefined
  const start = async (system_ = system) => {
    const time = await timekeeping({ ...house, system: system_, clock, closed: () => closed })
    const withdraw = house.actions.offer(time.actions)
    return {
      time,
      stop() {
        withdraw()
        time.stop()
      },
    }
  }
  return {
    ...house,
    clock,
    simulated: house.clock,
    jump,
    set,
    system,
    start,
    close(why: Fault | undefined) {
      closed = why
    },
    is(reading: SystemTimeReading) {
      own = reading
    },
    state: () => house.feed.get('time')?.value,
    phone: (offsetMs: number, more: object = {}) =>
      house.clock.until(
        house.actions.ask('time-from-phone', { offsetMs, roundTripMs: 40, ...more }, observer).then(({ done }) => done),
        60_000,
      ),
  }
}

const unknown: SystemTimeReading = { source: 'last-saved', synchronised: false }

t.test('a phone sets the clock of a box that knows no better, with its zone', async t => {
  const box = await openBox(t, unknown)
  const { stop } = await box.start()
  t.match(box.state(), { source: 'last-saved', synchronised: false, trusted: false, settable: true, zone: 'Etc/UTC' })
  t.equal(box.state()?.uncertaintySeconds, undefined)
  const before = box.clock.now()
  t.same(await box.phone(7_200_000, { zone: 'Europe/Zurich' }), { steppedSeconds: 7200 })
  t.same(box.set, [{ byMs: 7_200_000, zone: 'Europe/Zurich' }])
  t.ok(box.clock.now() - before >= 7_200_000)
  t.match(box.state(), { source: 'phone', trusted: true, uncertaintySeconds: 1 })
  const events = await box.feed.eventsAfter(0, 10)
  t.match(
    events.map(({ kind, body }) => [kind, body]),
    [['clock-set', { seconds: 7200, who: 'anna' }]],
    'its own step is told once',
  )
  stop()
})

t.test('before it is set up anybody may lend it a clock where none is known, once', async t => {
  const box = await openBox(t, { source: 'none', synchronised: false })
  box.close(new Fault('forbidden', 'not set up', 'Set it up'))
  const { stop } = await box.start()
  await t.rejects(box.phone(7_200_000, { zone: 'Europe/Zurich' }), { code: 'limit', message: /zone is set with/ })
  t.same(box.set, [])
  const both = await Promise.allSettled([box.phone(7_200_000), box.phone(7_200_000)])
  t.same(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'], 'of two at once one is heard')
  t.same(box.set, [{ byMs: 7_200_000, zone: undefined }])
  await t.rejects(box.phone(-3_600_000), { code: 'limit', message: /knows the time already/ })
  box.is({ source: 'ntp', synchronised: true, uncertaintySeconds: 0.1 })
  await t.rejects(box.phone(-3_600_000), { code: 'limit' })
  t.equal(box.set.length, 1)
  box.is(unknown)
  box.close(undefined)
  t.same(await box.phone(-3_600_000), { steppedSeconds: -3600 }, 'its owner may put it right')
  stop()
})

t.test('a phone that agrees only vouches; one that is from another age is not believed', async t => {
  const box = await openBox(t, unknown)
  const { stop } = await box.start()
  t.same(await box.phone(600, { zone: 'Etc/UTC' }), { steppedSeconds: 0 })
  t.same(box.set, [], 'nothing is set')
  t.match(box.state(), { source: 'phone', trusted: true })
  for (const years of [-30, 200, 1e6])
    await t.rejects(box.phone(years * 3.2e10), { code: 'bad-input', message: /phone's clock says/ })
  await t.rejects(box.phone(5000, { zone: '../../etc/shadow' }), { code: 'bad-input' })
  t.same(box.set, [])
  stop()
})

t.test('never over GPS or the network', async t => {
  for (const source of ['gps', 'ntp'] as const) {
    const box = await openBox(t, { source, synchronised: true, uncertaintySeconds: 0.1 })
    const { stop } = await box.start()
    await t.rejects(box.phone(7_200_000), { code: 'limit', message: /follows GPS or the network/ })
    t.same(box.set, [])
    t.same(await box.phone(7_200_000, { zone: 'Europe/Paris' }), { steppedSeconds: 0 }, 'but the zone is taken')
    t.same(box.set, [{ zone: 'Europe/Paris' }])
    t.match(box.state(), { source, trusted: true })
    stop()
  }
})

t.test('its word outlives the agent, not the computer, nor a step by somebody else', async t => {
  const box = await openBox(t, unknown)
  const first = await box.start()
  await box.phone(3_600_000)
  first.stop()
  t.equal(box.state(), undefined)
  const second = await box.start()
  t.match(box.state(), { source: 'phone', trusted: true }, 'the agent was started anew')
  box.jump(-90_000)
  await box.simulated.advance(2_000)
  t.match(box.state(), { source: 'last-saved', trusted: false })
  const [stepped] = (await box.feed.eventsAfter(0, 10)).slice(-1)
  t.match(stepped, { kind: 'clock-stepped', body: { seconds: -90 } })
  await box.phone(0)
  t.match(box.state(), { source: 'phone', trusted: true })
  second.stop()
  box.is({ ...unknown, bootId: 'second', uptimeSeconds: 5 })
  const third = await box.start()
  t.match(box.state(), { source: 'last-saved', trusted: false }, 'the computer was started anew')
  third.stop()
  box.is({ source: 'rtc', synchronised: false, bootId: 'third', uptimeSeconds: 5 })
  const fourth = await box.start()
  t.match(box.state(), { source: 'rtc', trusted: true, uncertaintySeconds: 2 }, 'a battery carries what was true')
  fourth.stop()
})

t.test('an uptime that is rounded does not make its word one of another start', async t => {
  const box = await openBox(t, { ...unknown, uptimeSeconds: 100.4 })
  const { stop } = await box.start()
  await box.phone(0)
  box.is({ ...unknown, uptimeSeconds: 100.39 })
  await box.simulated.advance(16_000)
  t.match(box.state(), { source: 'phone', trusted: true })
  stop()
})

t.test("somebody's own computer is never set", async t => {
  const house = await openHouse(t)
  let own: SystemTimeReading = { source: 'rtc', synchronised: false, uncertaintySeconds: 30 }
  const time = await timekeeping({ ...house, system: systemTimeOf(() => own) })
  house.actions.offer(time.actions)
  const ask = (offsetMs: number) =>
    house.clock.until(
      house.actions.ask('time-from-phone', { offsetMs, roundTripMs: 10 }, observer).then(({ done }) => done),
      60_000,
    )
  t.match(house.feed.get('time')?.value, { source: 'rtc', trusted: true, settable: false })
  await t.rejects(ask(90_000), { code: 'unsupported', message: /90 s off yours, and is not Pierside's to set/ })
  t.match(house.feed.get('time')?.value, { source: 'rtc', trusted: true }, 'nor is it doubted for a phone')
  own = networkTime
  await house.clock.advance(20_000)
  t.match(house.feed.get('time')?.value, { source: 'ntp', synchronised: true })
  time.stop()
})

t.test('without time nothing is pointed, and every frame is kept and says so', async t => {
  let own: SystemTimeReading = { source: 'none', synchronised: false }
  const night = await openNight(t, pierConfig(), { systemTime: systemTimeOf(() => own) })
  await night.ask('mount-unpark')
  const refused = { code: 'limit', message: /nobody has told the box the time/ }
  await t.rejects(night.ask('mount-slew', { target: 'M 31' }), refused)
  await t.rejects(night.ask('mount-slew', { altDeg: 60, azDeg: 90 }), refused)
  await t.rejects(night.ask('mount-nudge', { direction: 'north', arcmin: 1 }), refused)
  await t.rejects(night.ask('mount-move', { decDegPerSecond: 0.1 }), refused)
  await t.rejects(night.ask('mount-sync', { raHours: 1, decDeg: 2 }), refused)
  await night.ask('camera-expose', { seconds: 1 })
  const [first] = night.files()
  const none = night.read(first)
  t.equal(none.card('PS_CLOCK'), 'none')
  t.equal(none.card('TIMESYS'), 'UTC')
  t.equal(none.card('TIMSYER'), undefined)
  t.equal(none.card('SITELAT'), 46.5, 'the place is known all the same')
  own = networkTime
  await night.clock.advance(20_000)
  await night.ask('mount-slew', { target: 'M 31' })
  await night.ask('mount-park')
  await night.ask('camera-expose', { seconds: 1 })
  const known = night.read(night.files().find(file => file !== first))
  t.equal(known.card('PS_CLOCK'), 'ntp')
  t.equal(known.card('TIMSYER'), 0.02)
  t.equal(known.card('PS_STEP'), undefined)
})

t.test('a clock that is set during an exposure: the exposure is as long, and the file says by how much', async t => {
  let aheadMs = 0
  const night = await openNight(t, pierConfig(), { aheadMs: () => aheadMs })
  const beganMs = night.clock.monotonicMs()
  const run = await night.start('camera-expose', { seconds: 30, count: 2 })
  await night.clock.advance(10_000)
  aheadMs = -5_400_000
  await run.done()
  const took = night.clock.monotonicMs() - beganMs
  t.ok(took > 60_000 && took < 70_000, `${took} ms`)
  const files = night.files().map(file => night.read(file))
  t.same(files.map(({ card }) => card('PS_STEP')).sort(), [-5400, undefined])
  t.same(
    files.map(({ card }) => card('EXPTIME')),
    [30, 30],
  )
  const ids = files.map(({ card }) => String(card('PS_ID')))
  t.equal(new Set(ids).size, 2)
  t.match(night.told('clock-stepped'), [{ seconds: -5400 }])
})

t.test('a state that was true at a time to come is not believed: the clock was set back', async t => {
  const { feed, clock } = await openHouse(t)
  const atMs = clock.now() + 3_600_000
  feed.set('weather/mast', { condition: 'ready', raining: false }, atMs)
  t.equal(feed.get('weather/mast')?.stale, true)
  feed.set('weather/mast', { condition: 'ready', raining: false }, clock.now() + 2_000)
  t.equal(feed.get('weather/mast')?.stale, false, 'clocks of two devices differ a little')
  feed.set('observatory', { sentence: 'What never grows old' }, atMs)
  t.equal(feed.get('observatory')?.stale, false)
})

t.test(
  'of what a receiver says that is no place nothing is taken, and of a height that is none only the place',
  async t => {
    const { feed, clock, log } = await openHouse(t)
    const saved: object[] = []
    let says: object = { latitudeDeg: 0, longitudeDeg: 0 }
    const stop = reportPlace({
      ...{ feed, clock, log },
      askGps: async () => ({ ...says, atMs: clock.now() }) as GpsFix,
      site: () => siteSettings.parse({}),
      async save({ site }) {
        saved.push(siteSettings.parse({ ...site, place: undefined }))
      },
    })
    for (const nonsense of [
      { latitudeDeg: 0, longitudeDeg: 0 },
      { latitudeDeg: 91, longitudeDeg: 8 },
      { latitudeDeg: 46.5, longitudeDeg: 1e308 },
      { latitudeDeg: Number.NaN, longitudeDeg: 8 },
    ]) {
      says = nonsense
      await clock.advance(95_000)
      t.same(saved, [], JSON.stringify(nonsense))
    }
    says = { latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 1e6 }
    await clock.advance(95_000)
    t.match(saved[0], { latitude: 46.5, longitude: 8, elevation: undefined, position_from: 'gps' })
    stop()
  },
)

t.test('a GPS that is believed about the place', async t => {
  const house = await openHouse(t)
  const { feed, clock, log } = house
  let site = siteSettings.parse({})
  let busy = true
  const saved: object[] = []
  const stop = reportPlace({
    ...{ feed, clock, log },
    site: () => site,
    async save(changes) {
      if (busy) throw new Fault('busy', 'a stack runs', 'Wait')
      saved.push(changes.site)
      site = siteSettings.parse(Object.fromEntries(Object.entries(changes.site).filter(([, value]) => value !== null)))
    },
  })
  const fix = (latitudeDeg: number, driver = 'gpsd') => {
    feed.set('device/fix', { condition: 'ready', driver })
    feed.set('gps/fix', {
      condition: 'ready',
      latitudeDeg,
      longitudeDeg: 8.00004,
      elevationMetres: 1200.4,
      fixAtMs: clock.now(),
    })
  }
  const place = () => feed.get('place')?.value
  t.match(place(), { known: false, gpsDisagrees: false })
  fix(46.5, 'simulator')
  await clock.advance(11_000)
  t.same(saved, [], 'a simulated receiver knows nothing of the world')
  fix(46.50001)
  await clock.advance(11_000)
  t.same(saved, [], 'nothing is restarted under what runs')
  busy = false
  await clock.advance(50_000)
  fix(46.50001)
  await clock.advance(11_000)
  t.same(saved, [{ latitude: 46.5, longitude: 8, elevation: 1200, position_from: 'gps', place: null }])
  await clock.advance(10_000)
  t.match(place(), { known: true, source: 'gps', latitudeDeg: 46.5, gpsDisagrees: false })
  await clock.advance(60_000)
  fix(47)
  await clock.advance(11_000)
  t.match(saved[1], { latitude: 47, position_from: 'gps' }, 'it moved on, and so does the place')
  site = siteSettings.parse({ latitude: 46, longitude: 8 })
  await clock.advance(70_000)
  fix(47)
  await clock.advance(11_000)
  t.equal(saved.length, 2)
  t.match(place(), { source: 'typed', latitudeDeg: 46, gpsDisagrees: true, gpsAwayKm: 111.2 })
  stop()
  t.equal(place(), undefined)
})
