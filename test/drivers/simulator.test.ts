// The simulated observatory hangs together: what is done to one part shows in what the others see.
import t from 'tap'
import { simulatorDriver } from '../../edge/drivers/box/simulator.js'
import type { Mishap } from '../../edge/drivers/link/simulator/mishaps.js'
import type { Observatory } from '../../edge/drivers/link/simulator/observatory.js'
import { simulatorLink } from '../../edge/drivers/link/simulator/simulator-link.js'
import type { Camera } from '../../edge/ports/camera.js'
import type { ExposureOrder, Frame } from '../../edge/ports/frame.js'
import type { Mount, Pointing } from '../../edge/ports/mount.js'
import { inEquinox, precess, separationDeg } from '../../edge/science/sky.js'
import { starsAround } from '../../edge/science/star-field.js'
import type { Stars } from '../../edge/science/stars.js'
import { type SimulatedClock, simulatedClock } from '../../edge/spine/simulated-clock.js'
import { type Bench, bench } from '../support/bench.js'
import { starsOf } from '../support/star-room.js'

const startMs = Date.UTC(2026, 10, 20, 21)
const never = new AbortController().signal
const light: ExposureOrder = { exposureSeconds: 10, binning: 1, frameType: 'light' }
const steady = { cloudiness: 0, polar_error_arcmin: 0, periodic_error_arcsec: 0, pointing_error_arcmin: 0, seed: 7 }

interface Night {
  readonly clock: SimulatedClock
  readonly bench: Bench
  readonly place: Observatory
  open(part: string, options?: object): ReturnType<Bench['open']>
  /** Waits for it in simulated time. */
  done<T>(work: Promise<T>, limitMs?: number): Promise<T>
  shoot(camera: Camera, order?: Partial<ExposureOrder>): Promise<Shot>
}

/** A frame measured and given back. */
interface Shot {
  readonly frame: Frame
  readonly stars: Stars
  readonly median: number
  /** A copy: the frame's own memory is lent to others by now. */
  readonly samples: Uint16Array
}

async function nightOf(t: { teardown(run: () => Promise<void>): void }, options: object = {}): Promise<Night> {
  const clock = simulatedClock(startMs)
  const table = bench(clock)
  t.teardown(() => table.close())
  const place = await table.openLink<Observatory>(simulatorLink, { ...steady, ...options })
  const done: Night['done'] = (work, limitMs = 900_000) => clock.until(work, limitMs)
  return {
    clock,
    bench: table,
    place,
    open: (part, more = {}) => table.open(simulatorDriver, { part, ...more }, place),
    done,
    async shoot(camera, order = {}) {
      const frame = await done(camera.expose({ ...light, ...order }, table.pool.lend, never))
      const sorted = Uint16Array.from(frame.samples).sort()
      const shot: Shot = {
        frame,
        stars: starsOf(frame, { sigma: 7 }),
        median: sorted[sorted.length >> 1],
        samples: Uint16Array.from(frame.samples),
      }
      frame.memory.release()
      return shot
    },
  }
}

const cameraOf = async (night: Night, options: object = {}) =>
  (await night.open('camera', { width: 800, height: 600, ...options })).ports.camera!
const mountOf = async (night: Night) => (await night.open('mount')).ports.mount!

function jnow(night: Night, raHours: number, decDeg: number): Pointing {
  return inEquinox({ raHours, decDeg, equinox: 'j2000' }, 'jnow', night.clock.now())
}

/** How far the stars of `b` lie from those of `a`, by the commonest offset among bright pairs. */
function shift(a: Stars, b: Stars, reachPx: number): { x: number; y: number; votes: number } {
  let best = { x: 0, y: 0, votes: 0 }
  const from = a.stars.slice(0, 30)
  const to = b.stars.slice(0, 45)
  for (const p of from) {
    for (const q of to) {
      const x = q.x - p.x
      const y = q.y - p.y
      if (Math.hypot(x, y) > reachPx) continue
      const votes = from.filter(s => to.some(r => Math.hypot(r.x - s.x - x, r.y - s.y - y) < 0.7)).length
      if (votes > best.votes) best = { x, y, votes }
    }
  }
  return best
}

/** For tests that leave nothing behind which would disturb the next: a painting thread takes seconds to start here. */
const calm = await nightOf(t)

t.test('a star that the mount is sent to stands in the middle of the frame, on both sides of the pier', async t => {
  const night = calm
  const mount = await mountOf(night)
  const camera = await cameraOf(night)
  const lstHours = (mount.status().raHours * 15 - 45) / 15
  for (const [hours, side] of [
    [-2.5, 'west'],
    [2, 'east'],
  ] as const) {
    const raDeg = ((lstHours - hours) * 15) % 360
    const field = starsAround(7, (raDeg + 360) % 360, 35, 1, 9.5, 40)
    const star = { raHours: field.raDeg[0] / 15, decDeg: field.decDeg[0] }
    await night.done(mount.slew(jnow(night, star.raHours, star.decDeg), never))
    const status = mount.status()
    t.match(status, { slewing: false, tracking: true, parked: false, pierSide: side, equinox: 'jnow' })
    const said = precess(status, 'jnow', 'j2000', night.clock.now())
    t.ok(separationDeg(said, star) < 0.001, 'the mount says that it is there')
    const { stars } = await night.shoot(camera, { exposureSeconds: 0.5 })
    const middle = stars.stars.find(one => Math.hypot(one.x - 399.5, one.y - 299.5) < 3)
    t.ok(middle && middle.fluxAdu > 0.2 * stars.stars[0].fluxAdu, `the star is in the middle, ${side} of the pier`)
  }
})

t.test('exposures take their time by the clock and say what they are', async t => {
  const night = calm
  const camera = await cameraOf(night, { bayer: 'rggb' })
  const phases: string[] = []
  camera.onPhase?.(phase => phases.push(phase))
  await night.clock.advance(1234)
  const before = night.clock.now()
  const { frame } = await night.shoot(camera, { exposureSeconds: 2.5, gain: 200, offset: 10 })
  t.equal(frame.startedMs, before, 'started when the shutter opened')
  t.equal(night.clock.now() - before, 2700, '2.5 s and the readout')
  t.match(frame, { exposureSeconds: 2.5, gain: 200, offset: 10, bayer: 'rggb', binning: { x: 1, y: 1 }, width: 800 })
  t.same([...new Set(phases)], ['exposing', 'reading', 'downloading', 'idle'])
  t.ok(phases.filter(phase => phase === 'exposing').length >= 3, 'the phase is told about once a second')
  const region = { x: 101, y: 51, width: 200, height: 100 }
  const part = await night.shoot(camera, { exposureSeconds: 1, region })
  t.match(part.frame, { width: 200, height: 100, region, bayer: 'bggr' }, 'a region from odd pixels turns the mosaic')
  t.match((await night.shoot(camera, { binning: 2 })).frame, { width: 400, height: 300, bayer: undefined })
})

t.test('one seed is one night, to the bit', async t => {
  const take = async (options: object) => {
    const night = await nightOf(t, options)
    const camera = await cameraOf(night)
    await night.clock.advance(600_000)
    return Buffer.from((await night.shoot(camera)).samples.buffer)
  }
  const first = await take({ cloudiness: 0.5 })
  t.ok(first.equals(await take({ cloudiness: 0.5 })), 'the same night again')
  const weathers = [7, 8].map(async seed => (await nightOf(t, { cloudiness: 0.5, seed })).place.weather())
  t.notSame(await weathers[0], await weathers[1], 'another seed, another night')
})

t.test('a well-aligned mount keeps the stars in place, a careless one lets them drift', async t => {
  const run = async (options: object) => {
    const night = await nightOf(t, options)
    const camera = await cameraOf(night)
    const first = await night.shoot(camera)
    await night.clock.advance(600_000)
    return shift(first.stars, (await night.shoot(camera)).stars, 40)
  }
  const still = await run({})
  t.ok(still.votes > 15 && Math.hypot(still.x, still.y) < 0.6, `still: ${still.x.toFixed(2)}, ${still.y.toFixed(2)} px`)
  const drifting = await run({ polar_error_arcmin: 12 })
  const drift = Math.hypot(drifting.x, drifting.y)
  // 12′ off the pole is up to 0.05″ of declination a second: at most 31″, 20 px, in ten minutes.
  t.ok(drifting.votes > 15 && drift > 3 && drift < 21, `12′ off the pole: ${drift.toFixed(1)} px in ten minutes`)
})

t.test('guide pulses move the sky by their rate, and sync puts the pointing right', async t => {
  const night = await nightOf(t, { pointing_error_arcmin: 5 })
  const mount = await mountOf(night)
  const camera = await cameraOf(night)
  const before = await night.shoot(camera)
  await night.done(mount.guidePort!.pulse('north', 4000, never))
  const after = await night.shoot(camera)
  const moved = shift(before.stars, after.stars, 40)
  // 4 s at 7.52″/s on pixels of 1.551″: the tube looks 19.4 px further north, the stars go down.
  t.ok(Math.abs(moved.y - 19.4) < 1 && Math.abs(moved.x) < 1, `${moved.x.toFixed(1)}, ${moved.y.toFixed(1)} px`)
  await t.rejects(night.done(mount.guidePort!.pulse('north', 60_000, never)), { code: 'bad-input' })

  const errorPx = async () => {
    const { raHours, decDeg } = precess(mount.status(), 'jnow', 'j2000', night.clock.now())
    const field = starsAround(7, raHours * 15, decDeg, 0.5, 9.5, 40)
    await night.done(mount.slew(jnow(night, field.raDeg[0] / 15, field.decDeg[0]), never))
    const truth = night.place.telescope.lookAt(night.clock.monotonicMs())
    return separationDeg(
      { raHours: truth.raDeg / 15, decDeg: truth.decDeg },
      { raHours: field.raDeg[0] / 15, decDeg: field.decDeg[0] },
    )
  }
  const off = await errorPx()
  t.ok(Math.abs(off * 60 - 5) < 0.7, `the tube points ${(off * 60).toFixed(1)}′ beside`)
  const truth = night.place.telescope.lookAt(night.clock.monotonicMs())
  await night.done(mount.sync(jnow(night, truth.raDeg / 15, truth.decDeg), never))
  t.ok((await errorPx()) * 60 < 0.3, 'and does not after a sync')
})

t.test('the focuser, the filter wheel and the cooler show in the frames', async t => {
  const night = await nightOf(t, { start_off_steps: 0, mean_celsius: 12 })
  const camera = await cameraOf(night)
  const focuser = (await night.open('focuser')).ports.focuser!
  const wheel = (await night.open('wheel')).ports.wheel!
  const sharp = await night.shoot(camera)
  const best = focuser.position()
  await night.done(focuser.moveTo(best + 120, never))
  t.equal(focuser.position(), best + 120)
  const blurred = await night.shoot(camera)
  t.ok(blurred.stars.medianHfdPx! > 1.8 * sharp.stars.medianHfdPx!, 'out of focus the stars are larger')
  await night.done(focuser.moveTo(best, never))
  const again = await night.shoot(camera)
  t.ok(Math.abs(again.stars.medianHfdPx! / sharp.stars.medianHfdPx! - 1) < 0.15, 'and small again when it is back')

  const clear = sharp.median - 300
  await night.done(wheel.select(wheel.names.indexOf('Ha'), never))
  t.equal(wheel.position(), wheel.names.indexOf('Ha'))
  t.ok((await night.shoot(camera)).median - 300 < 0.5 * clear, 'a narrow filter darkens the sky')

  const dark = { frameType: 'dark', exposureSeconds: 120 } as const
  const leak = ({ samples }: Shot) => samples.filter(adu => adu > 1000).length
  const warm = await night.shoot(camera, dark)
  await night.done(camera.cooler!.cool(-15, never))
  const soon = camera.cooler!.sensorCelsius()
  t.ok(soon > 0, 'cooling takes time')
  await night.clock.advance(600_000)
  t.ok(Math.abs(camera.cooler!.sensorCelsius() + 15) < 0.1, 'and gets there')
  t.ok((camera.cooler!.powerPercent?.() ?? 0) > 20, 'at a price')
  const cold = await night.shoot(camera, dark)
  t.ok(leak(cold) < 0.5 * leak(warm), `${leak(warm)} hot pixels at 12 °C, ${leak(cold)} at -15 °C`)
  t.equal(cold.frame.setCelsius, -15)
})

t.test('cloud takes the stars, dew too until the heater dries it, and the weather station says so', async t => {
  const night = await nightOf(t, { humidity_percent: 60 })
  const camera = await cameraOf(night)
  const weather = (await night.open('weather')).ports.station!
  const switches = (await night.open('switches')).ports.switches!
  const clear = await night.shoot(camera)
  t.match(weather.reading()?.values, { cloudPercent: 0, raining: false })
  t.ok((weather.reading()?.values['skyCelsius'] as number) < -5, 'a clear sky is cold')
  const clouds = night.place.mishaps.inject({ kind: 'weather', weather: { cloudCover: 1, raining: true } })
  await night.clock.advance(15_000)
  t.match(weather.reading()?.values, { cloudPercent: 100, raining: true })
  const closed = await night.shoot(camera)
  t.ok(closed.stars.found < 0.3 * clear.stars.found && closed.median > clear.median, 'cloud hides stars and glows')
  clouds()
  const damp = night.place.mishaps.inject({ kind: 'weather', weather: { humidityPercent: 97 } })
  await night.clock.advance(7_200_000)
  const dew = night.place.dew()
  t.ok(dew > 0.4, `after two damp hours dew is at ${dew.toFixed(2)}`)
  const dewy = await night.shoot(camera)
  t.ok(dewy.stars.found < 0.8 * clear.stars.found, 'stars fade')
  await night.done(switches.set('dew-heater', 80, never))
  await night.clock.advance(3_600_000)
  t.ok(night.place.dew() < 0.05, 'the heater dries the lens')
  damp()
})

t.test('what is provoked happens: silence, unplugging, a power cut, a stalled mount', async t => {
  const night = await nightOf(t)
  const { box, ports } = await night.open('camera')
  const camera = ports.camera!
  const mount = await mountOf(night)
  const provoke = (mishap: Mishap) => night.place.mishaps.inject(mishap)

  const speak = provoke({ kind: 'silent', part: 'camera' })
  const before = night.clock.now()
  await t.rejects(night.shoot(camera, { exposureSeconds: 3 }), { code: 'timeout' })
  t.ok(night.clock.now() - before <= 3000 + 2200 + 10_000, 'a silent camera is given up in time')
  speak()
  t.ok((await night.shoot(camera)).stars.found > 20, 'and is well when it speaks again')

  const exposure = night.shoot(camera, { exposureSeconds: 60 })
  const refusal = t.rejects(exposure, { code: 'offline' })
  await night.clock.advance(5000)
  const plug = provoke({ kind: 'unplugged', part: 'camera' })
  await refusal
  t.match(night.bench.lost, [{ code: 'offline', message: /unplugged/ }], 'the supervisor is told once')
  await t.rejects(night.open('camera'), { code: 'offline' }, 'it cannot be opened')
  plug()
  await box.close()
  t.ok(await night.open('camera'), 'until it is back')

  const switches = (await night.open('switches')).ports.switches!
  await night.done(switches.set('mount', 0, never))
  t.match(night.bench.lost[1], { code: 'offline', message: /no power/ })
  await t.rejects(mount.slew({ ...mount.status(), equinox: 'jnow' }, never), { code: 'offline' })
  await night.done(switches.set('mount', 1, never))

  const again = await mountOf(night)
  const loose = provoke({ kind: 'stalled' })
  const target = { ...again.status(), decDeg: 60, equinox: 'jnow' as const }
  await t.rejects(night.done(again.slew(target, never)), { code: 'broken' }, 'a stalled mount is noticed')
  loose()
  await night.done(again.slew(target, never))
  t.ok(Math.abs(again.status().decDeg - 60) < 0.01, 'and goes when it is freed')
  t.equal(night.bench.pool.lentBytes(), 0, 'no memory is left out')
})

t.test('mishaps come from the options at their time and pass', async t => {
  const night = await nightOf(t, {
    mishaps: [{ at_s: 100, for_s: 50, kind: 'weather', rain: true, wind_m_s: 20 }],
  })
  await night.clock.advance(99_000)
  t.equal(night.place.weather().raining, false)
  await night.clock.advance(2000)
  t.match(night.place.weather(), { raining: true, windMetresPerSecond: 20 })
  await night.clock.advance(50_000)
  t.equal(night.place.weather().raining, false)
  await t.rejects(night.bench.openLink(simulatorLink, { mishaps: [{ at_s: 1, kind: 'silent' }] }), {
    code: 'bad-input',
  })
})

t.test('the mount parks, wakes, refuses the ground and stops where it is', async t => {
  const night = await nightOf(t)
  const mount: Mount = await mountOf(night)
  await night.done(mount.park!(never))
  t.match(mount.status(), { parked: true, tracking: false, slewing: false })
  t.ok(mount.status().decDeg > 89.9, 'parked at the pole')
  const target = jnow(night, mount.status().raHours, 60)
  await t.rejects(mount.slew(target, never), { code: 'limit', message: /parked/ })
  await night.done(mount.unpark!(never))
  const south = { raHours: 6, decDeg: -80, equinox: 'jnow' } as const
  await t.rejects(mount.slew(south, never), { code: 'limit', message: /horizon/ })
  await t.rejects(mount.slew({ ...target, equinox: 'j2000' }, never), { code: 'bad-input' })

  const lst = night.place.telescope.hourOfDate(0) / 15
  const goal = { raHours: (lst + 26) % 24, decDeg: 20, equinox: 'jnow' } as const
  const slew = mount.slew(goal, never)
  const refused = t.rejects(slew, { code: 'aborted' })
  await night.clock.advance(5000)
  t.equal(mount.status().slewing, true)
  await mount.stop()
  await refused
  const { decDeg } = mount.status()
  t.ok(decDeg > 22 && decDeg < 89, `it stands half way, at ${decDeg.toFixed(1)}°`)
  t.equal(mount.status().slewing, false)
  await night.done(mount.moveAxis!('dec', 1))
  await night.clock.advance(5000)
  await night.done(mount.moveAxis!('dec', 0))
  t.ok(Math.abs(mount.status().decDeg - decDeg - 5) < 0.3, 'an arrow moves it by its rate')
  const control = new AbortController()
  const second = t.rejects(mount.slew(goal, control.signal), { code: 'aborted' })
  await night.clock.advance(2000)
  control.abort()
  await second
  await night.done(mount.slew(goal, never))
  t.match(mount.status(), { tracking: true, slewing: false }, 'and it goes again')
})

t.test('the pier camera shows the telescope as it stands', async t => {
  const night = calm
  const video = (await night.open('pier-camera')).ports.video!
  const mount = await mountOf(night)
  const sizes = async (ms: number) => {
    const control = new AbortController()
    const pictures: { bytes: Buffer; atMs: number }[] = []
    const running = video.run(
      { framesPerSecond: 2, jpegQuality: 80 },
      ({ jpeg, atMs, width, height }) => {
        t.match({ width, height }, { width: 1280, height: 960 })
        pictures.push({ bytes: Buffer.from(jpeg), atMs })
      },
      control.signal,
    )
    await night.clock.advance(ms)
    control.abort()
    await night.done(running)
    return pictures
  }
  const first = await sizes(2900)
  t.equal(first.length, 6, 'two pictures a second')
  t.ok(first.every(({ bytes }) => bytes.readUInt16BE(0) === 0xffd8 && bytes.readUInt16BE(bytes.length - 2) === 0xffd9))
  t.same(
    first.slice(1).map(({ atMs }, i) => atMs - first[i].atMs),
    [500, 500, 500, 500, 500],
  )
  await night.done(mount.park!(never))
  const parked = await sizes(400)
  t.ok(Math.abs(parked[0].bytes.length - first[0].bytes.length) > 0, 'another stance, another picture')
  night.place.mishaps.inject({ kind: 'unplugged', part: 'pier-camera' })
  await t.rejects(
    video.run({ framesPerSecond: 1, jpegQuality: 80 }, () => {}, never),
    { code: 'offline' },
  )
})
