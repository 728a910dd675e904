// Camera, mount, focuser and wheel of a real indiserver with real simulators, killed, frozen and restarted.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { indiDriver } from '../../edge/drivers/box/indi.js'
import { indiLink } from '../../edge/drivers/link/indi/indi-link.js'
import type { Camera } from '../../edge/ports/camera.js'
import type { LinkDriver, OpenBox, OpenLink } from '../../edge/ports/driver.js'
import { Fault } from '../../edge/ports/fault.js'
import type { ExposureOrder, Frame } from '../../edge/ports/frame.js'
import type { Log } from '../../edge/ports/log.js'
import type { Mount } from '../../edge/ports/mount.js'
import type { z } from '../../edge/ports/schema.js'
import { textOf } from '../../edge/science/fits-header.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { lendingPool } from '../../edge/workers/lending.js'
import { type IndiServer, noIndiServer, prepareFolder, servesFolder, startIndiServer } from '../support/indi-server.js'
import { sharedData } from '../support/shared-data.js'

const clock = systemClock()
const pool = lendingPool(64 * 2 ** 20)
const never = new AbortController().signal
const encodeJpeg = () => Promise.reject(new Error('an INDI device makes no JPEG'))
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, named: () => quiet }

interface Kept {
  /** The box when it is open (again), within `ms`. */
  box(ms?: number): Promise<OpenBox>
  camera(): Promise<Camera>
  mount(): Promise<Mount>
  /** Faults that link or box were lost with. */
  readonly lost: Fault[]
  close(): Promise<void>
}

/** The least of a supervisor: opens link and box, and both again when either is lost. */
function keepOpen(server: IndiServer, options: Record<string, unknown>, link: Record<string, unknown> = {}): Kept {
  const lost: Fault[] = []
  const refused: unknown[] = []
  let open: OpenBox | undefined
  let closed = false
  const once = async () => {
    const ended = new AbortController()
    const give = (fault: Fault) => {
      lost.push(fault)
      ended.abort(fault)
    }
    const tools = { clock, random: seededRandom(1), log: quiet, folder: '/nowhere', encodeJpeg, lost: give }
    const base = await indiLink.open(indiLink.options.parse({ port: server.port, ...link }), tools, never)
    const linked = <T>(_: LinkDriver<z.ZodObject, T>) => (base as OpenLink<unknown>).value as T
    try {
      const box = await indiDriver.open(indiDriver.options.parse(options), { ...tools, link: linked }, ended.signal)
      open = box
      while (!ended.signal.aborted && !closed) await sleep(20)
      open = undefined
      await box.close()
    } finally {
      await base.close()
    }
  }
  const life = (async () => {
    while (!closed) {
      await once().catch(error => refused.push(error))
      await sleep(100)
    }
  })()
  const box = async (ms = 20_000) => {
    const untilMs = Date.now() + ms
    while (!open) {
      if (Date.now() > untilMs) throw new Error(`not open within ${ms} ms: ${refused.at(-1)}\n${server.log()}`)
      await sleep(20)
    }
    return open
  }
  return {
    box,
    camera: async () => (await box()).ports.camera!,
    mount: async () => (await box()).ports.mount!,
    lost,
    async close() {
      closed = true
      await life
    },
  }
}

function order(exposureSeconds: number, more: Partial<ExposureOrder> = {}): ExposureOrder {
  return { exposureSeconds, binning: 1, frameType: 'light', ...more }
}

async function take(camera: Camera, of: ExposureOrder, signal = never): Promise<Frame> {
  return camera.expose(of, pool.lend, signal)
}

const ccd = { device: 'CCD Simulator', readout_seconds: 5 }
const skip = noIndiServer
const drivers = ['indi_simulator_ccd', 'indi_simulator_telescope', 'indi_simulator_focus', 'indi_simulator_wheel']

t.test('a camera behind a real INDI server', { skip }, async t => {
  const server = await startIndiServer(t, { drivers })
  const kept = keepOpen(server, ccd)
  t.teardown(() => kept.close())

  t.test('gives a frame with its numbers and cards', async t => {
    const camera = await kept.camera()
    t.match(camera.sensor, {
      width: 1280,
      height: 1024,
      pixelMicrons: 5.2,
      maxBinning: 4,
      regions: true,
      maxAdu: 65535,
    })
    const phases = new Set<string>()
    const stop = camera.onPhase?.(phase => phases.add(phase))
    const before = Date.now()
    const frame = await take(camera, order(0.5, { gain: 55, offset: 3 }))
    stop?.()
    t.match(frame, { width: 1280, height: 1024, planes: 1, type: 'u16', topDown: true, exposureSeconds: 0.5, gain: 55 })
    t.ok(frame.samples instanceof Uint16Array && frame.samples.length === 1280 * 1024)
    t.equal(frame.samples.buffer, frame.memory.buffer, 'the samples live in the lent memory')
    t.ok(Math.abs(frame.startedMs - before) < 1500, 'started when the shutter opened')
    t.equal(textOf(frame.cards, 'INSTRUME'), 'CCD Simulator')
    t.notOk(
      frame.cards.some(({ keyword }) => /^(SIMPLE|BITPIX|NAXIS|BZERO)/.test(keyword)),
      'structural cards stay behind',
    )
    t.strictSame([...phases].filter(phase => phase !== 'reading').slice(0, 3), ['waiting', 'exposing', 'downloading'])
    frame.memory.release()
    t.equal(pool.lentBytes(), 0)
  })

  t.test('bins and reads regions', async t => {
    const camera = await kept.camera()
    const binned = await take(camera, order(0.1, { binning: 2, frameType: 'dark' }))
    t.match(binned, { width: 640, height: 512, binning: { x: 2, y: 2 } })
    t.match(textOf(binned.cards, 'IMAGETYP'), /dark/i)
    binned.memory.release()
    const region = { x: 100, y: 60, width: 320, height: 200 }
    const part = await take(camera, order(0.1, { region }))
    t.match(part, { width: 320, height: 200, region, binning: { x: 1, y: 1 } })
    part.memory.release()
    const whole = await take(camera, order(0.1))
    t.match(whole, { width: 1280, height: 1024, region: undefined }, 'without a region it is the whole sensor again')
    whole.memory.release()
  })

  t.test('refuses what the sensor cannot do, before the shutter opens', async t => {
    const camera = await kept.camera()
    const bad = { code: 'bad-input' }
    await t.rejects(take(camera, order(-1)), bad)
    await t.rejects(take(camera, order(Number.NaN)), bad)
    await t.rejects(take(camera, order(0.1, { binning: 9 })), bad)
    await t.rejects(take(camera, order(0.1, { gain: 5000 })), bad)
    await t.rejects(take(camera, order(0.1, { region: { x: 1200, y: 0, width: 200, height: 10 } })), bad)
    await t.rejects(take(camera, order(0.1), AbortSignal.abort(new Fault('aborted', 'no', 'no'))), { code: 'aborted' })
    const first = take(camera, order(0.3))
    await t.rejects(take(camera, order(0.3)), { code: 'busy' })
    ;(await first).memory.release()
  })

  t.test('forgets aborted exposures, early, late and on the way', async t => {
    const camera = await kept.camera()
    // The simulator ends a 0.5 s exposure 0.5 to 1.0 s after it began: these aborts hit it everywhere.
    for (const afterMs of [0, 10, 150, 450, 520, 600, 700, 800, 900, 1000, 1050, 1100]) {
      const stop = new AbortController()
      const doomed = take(camera, order(0.5, { gain: 11 }), stop.signal)
      doomed.catch(() => {})
      await sleep(afterMs)
      stop.abort(new Fault('aborted', 'told to', 'nothing'))
      const early = await doomed.then(
        frame => frame,
        error => t.match(error, { code: 'aborted' }),
      )
      if (typeof early === 'object') {
        early.memory.release() // it was whole before the abort
        continue
      }
      const orderedMs = Date.now()
      const next = await take(camera, order(0.05, { gain: 22, region: { x: 0, y: 0, width: 64, height: 48 } }))
      t.match(next, { width: 64, height: 48, gain: 22, exposureSeconds: 0.05 }, `aborted after ${afterMs} ms`)
      t.ok(next.startedMs - orderedMs < 2000, `the next began ${next.startedMs - orderedMs} ms later`)
      next.memory.release()
    }
    t.equal(pool.lentBytes(), 0, 'no memory is lost')
  })

  t.test('cools', async t => {
    const camera = await kept.camera()
    const cooler = camera.cooler
    t.ok(cooler)
    await cooler?.cool(-1, never)
    t.equal(cooler?.on(), true)
    t.equal(cooler?.targetCelsius(), -1)
    await t.rejects(cooler!.cool(-200, never), { code: 'bad-input' })
    const untilMs = Date.now() + 10_000
    while (cooler!.sensorCelsius() > -0.5 && Date.now() < untilMs) await sleep(100)
    t.ok(cooler!.sensorCelsius() <= -0.5, `it is ${cooler!.sensorCelsius()} °C`)
    const frame = await take(camera, order(0.05))
    t.equal(frame.setCelsius, -1)
    t.ok((frame.sensorCelsius ?? 0) < 0)
    frame.memory.release()
    await cooler?.cool(undefined, never)
    t.equal(cooler?.on(), false)
  })

  t.test('guides', async t => {
    const camera = await kept.camera()
    await camera.guidePort?.pulse('north', 200, never)
    await t.rejects(camera.guidePort!.pulse('east', -5, never), { code: 'bad-input' })
    await t.rejects(camera.guidePort!.pulse('east', 5000, AbortSignal.timeout(100)), { code: 'aborted' })
  })

  t.test('says so at once when its driver dies while exposing, and comes back', async t => {
    const camera = await kept.camera()
    const doomed = take(camera, order(30))
    await sleep(700)
    server.killDriver('indi_simulator_ccd')
    const killedMs = Date.now()
    await t.rejects(doomed, { code: 'offline', message: /CCD Simulator.* went away/ })
    t.ok(Date.now() - killedMs < 5000, `within ${Date.now() - killedMs} ms`)
    while ((await kept.camera()) === camera) await sleep(20)
    const frame = await take(await kept.camera(), order(0.1))
    t.equal(frame.width, 1280)
    frame.memory.release()
    t.equal(pool.lentBytes(), 0)
  })

  t.test('says so when the server dies while exposing, and comes back with it', async t => {
    const camera = await kept.camera()
    const doomed = take(camera, order(30))
    await sleep(300)
    const failed = t.rejects(doomed, { code: 'offline' })
    await server.kill()
    await failed
    await sleep(300)
    await server.start()
    while ((await kept.camera()) === camera) await sleep(20)
    const frame = await take(await kept.camera(), order(0.1))
    t.equal(frame.width, 1280)
    frame.memory.release()
    t.equal(pool.lentBytes(), 0)
  })

  t.test('what an earlier agent left exposing is stopped and never seen', async t => {
    const other = keepOpen(server, ccd)
    const left = take(await other.camera(), order(2, { gain: 99 }))
    left.catch(() => {})
    await sleep(500)
    await other.close()
    await t.rejects(left, { code: 'offline' })
    const next = keepOpen(server, ccd)
    t.teardown(() => next.close())
    const frame = await take(await next.camera(), order(0.3, { gain: 10 }))
    t.match(frame, { gain: 10, exposureSeconds: 0.3 })
    frame.memory.release()
  })
})

t.test('a server that freezes is noticed, and used again when it thaws', { skip }, async t => {
  const server = await startIndiServer(t, { drivers: ['indi_simulator_ccd'] })
  const kept = keepOpen(server, ccd, { quiet_seconds: 1.5 })
  t.teardown(() => kept.close())
  const camera = await kept.camera()
  const doomed = take(camera, order(30))
  await sleep(300)
  const failed = t.rejects(doomed, { code: 'timeout', message: /said nothing/ })
  server.freeze()
  await failed
  server.thaw()
  while (!(await kept.camera()) || (await kept.camera()) === camera) await sleep(20)
  const frame = await take(await kept.camera(), order(0.1))
  t.equal(frame.width, 1280)
  frame.memory.release()
})

t.test('what is not there is named, with what is', { skip }, async t => {
  const server = await startIndiServer(t, { drivers: ['indi_simulator_wheel'] })
  const tools = { clock, random: seededRandom(1), log: quiet, folder: '/nowhere', encodeJpeg, lost() {} }
  const link = await indiLink.open(indiLink.options.parse({ port: server.port }), tools, never)
  t.teardown(() => link.close())
  const linked = { ...tools, link: <T>() => link.value as T }
  await t.rejects(indiDriver.open(indiDriver.options.parse({ device: 'Nothing' }), linked, never), {
    code: 'offline',
    message: /no device "Nothing": it has "Filter Simulator"/,
  })
  await t.rejects(indiLink.open(indiLink.options.parse({ port: 1 }), tools, never), { code: 'offline' })
})

t.test('real frames come through a real server bit by bit', { skip: skip || !sharedData }, async t => {
  const source = path.join(sharedData!, 'hatp32')
  const folder = path.join(t.testdir(), 'frames')
  const files = prepareFolder(source, folder, { count: 3 })
  const server = await startIndiServer(t, { drivers: ['indi_simulator_ccd'] })
  const kept = keepOpen(server, { ...ccd, properties: servesFolder(folder) })
  t.teardown(() => kept.close())
  const camera = await kept.camera()
  for (const file of files) {
    const frame = await take(camera, order(0.05))
    const truth = readFitsImage(readFileSync(path.join(source, file.toUpperCase())))
    t.match(frame, { width: 650, height: 500, pixelMicrons: { x: 9, y: 9 } })
    t.equal(frame.samples.length, truth.samples.length)
    t.ok(
      truth.samples.every((value, i) => frame.samples[i] === value),
      `${file} has the pixels of the original`,
    )
    frame.memory.release()
  }
  t.match(camera.sensor, { width: 650, height: 500, pixelMicrons: 9 }, 'the sensor is what the files say')
})

t.test('a mount, a focuser and a wheel behind a real INDI server', { skip }, async t => {
  const server = await startIndiServer(t, { drivers: drivers.slice(1) })
  const kept = keepOpen(server, { device: 'Telescope Simulator', ports: ['mount'] })
  t.teardown(() => kept.close())
  const near = (mount: Mount, raHours: number, decDeg: number) => {
    const status = mount.status()
    const off = Math.hypot((status.raHours - raHours) * 15 * Math.cos((decDeg * Math.PI) / 180), status.decDeg - decDeg)
    return off < 0.05
  }
  const here = async () => {
    const mount = await kept.mount()
    await mount.setSite?.(47.07, 15.44, 400, never)
    const { raHours } = mount.status()
    return { mount, raHours }
  }

  t.test('is told where and when it is, and says so', async t => {
    const mount = await kept.mount()
    await mount.setSite!(-33.9, -70.4, 700, never)
    await mount.setSite!(-33.9, -70.4, undefined, never)
    await mount.setTime!(Date.now() + 7_200_000, -3.5, never)
    const { clockAheadSeconds, ...place } = await mount.whereabouts!(never)
    t.match(place, { latitudeDeg: -33.9, elevationMetres: 700 })
    t.ok(Math.abs(place.longitudeDeg! + 70.4) < 1e-6, 'east of Greenwich is what is positive')
    t.ok(Math.abs(clockAheadSeconds! - 7200) < 5, `its clock is ${clockAheadSeconds} s ahead`)
    await mount.setTime!(Date.now(), 1, never)
    t.ok(Math.abs((await mount.whereabouts!(never)).clockAheadSeconds!) < 5)
  })

  t.test('slews to where it is told, and tracks', async t => {
    const { mount, raHours } = await here()
    t.equal(mount.equinox, 'jnow')
    const heard: boolean[] = []
    const stop = mount.onStatus(status => heard.push(status.slewing))
    const target = { raHours: (raHours + 1) % 24, decDeg: 75, equinox: 'jnow' as const }
    await mount.slew(target, never)
    stop()
    t.ok(near(mount, target.raHours, target.decDeg))
    t.match(mount.status(), { slewing: false, tracking: true, parked: false, equinox: 'jnow' })
    t.ok(mount.status().pierSide, 'the side of the pier is known')
    t.ok(heard.includes(true), 'it was heard slewing')
    await t.rejects(mount.slew({ ...target, equinox: 'j2000' }, never), { code: 'bad-input' })
    await t.rejects(mount.slew({ ...target, decDeg: 91 }, never), { code: 'bad-input' })
  })

  t.test('syncs, and the next slew is a slew again', async t => {
    const { mount, raHours } = await here()
    const place = { raHours: (raHours + 0.05) % 24, decDeg: 74, equinox: 'jnow' as const }
    await mount.sync(place, never)
    t.ok(near(mount, place.raHours, place.decDeg))
    await mount.slew({ ...place, decDeg: 73 }, never)
    t.ok(near(mount, place.raHours, 73))
  })

  t.test('stops at once, and tracks as before', async t => {
    const { mount, raHours } = await here()
    for (const before of [true, false]) {
      await mount.setTracking(before, never)
      const from = mount.status().decDeg
      const target = { raHours, decDeg: from > 20 ? from - 60 : from + 60, equinox: 'jnow' as const }
      const slew = mount.slew(target, never)
      const failed = t.rejects(slew, { code: 'aborted' })
      while (!mount.status().slewing) await sleep(20)
      await mount.stop()
      await failed
      t.match(mount.status(), { slewing: false, tracking: before })
      t.notOk(near(mount, target.raHours, target.decDeg), 'far from the target')
    }
  })

  t.test('stops when the signal says so, even before it began to move', async t => {
    const { mount, raHours } = await here()
    for (const afterMs of [0, 5, 400]) {
      const stop = new AbortController()
      const from = mount.status().decDeg
      const slew = mount.slew({ raHours, decDeg: from > 20 ? from - 50 : from + 50, equinox: 'jnow' }, stop.signal)
      const failed = t.rejects(slew, { code: 'aborted', message: 'cloud' })
      await sleep(afterMs)
      stop.abort(new Fault('aborted', 'cloud', 'wait'))
      await failed
      await sleep(600)
      t.equal(mount.status().slewing, false, `after ${afterMs} ms`)
    }
  })

  t.test('moves by the arrows until told otherwise', async t => {
    const { mount } = await here()
    await mount.setTracking(true, never)
    const decDeg = () => mount.status().decDeg
    const before = decDeg()
    await mount.moveAxis?.('dec', before > 0 ? -2 : 2)
    t.equal(mount.status().slewing, true)
    await sleep(800)
    await mount.moveAxis?.('dec', 0)
    const untilMs = Date.now() + 3000
    while (mount.status().slewing && Date.now() < untilMs) await sleep(20)
    t.equal(mount.status().slewing, false)
    t.ok(Math.abs(decDeg() - before) > 0.3, `moved by ${decDeg() - before}°`)
    const ra = mount.status().raHours
    await mount.moveAxis?.('ra', 3)
    await sleep(800)
    await mount.stop()
    const gone = ((mount.status().raHours - ra + 36) % 24) - 12
    t.ok(gone > 0.02, `positive goes to where RA grows: ${gone} h`)
    t.match(mount.status(), { slewing: false, tracking: true })
  })

  t.test('parks, stays there, and unparks', async t => {
    const { mount, raHours } = await here()
    await mount.guidePort?.pulse('west', 100, never)
    await mount.park?.(never)
    t.match(mount.status(), { parked: true, slewing: false, tracking: false })
    await mount.park?.(never)
    const target = { raHours, decDeg: 40, equinox: 'jnow' as const }
    await t.rejects(mount.slew(target, never), { code: 'limit', message: /parked/ })
    await t.rejects(mount.setTracking(true, never), { code: 'limit' })
    await mount.unpark?.(never)
    t.equal(mount.status().parked, false)
    await mount.unpark?.(never)
  })

  t.test('a slew whose driver dies ends, and the mount comes back', async t => {
    const { mount, raHours } = await here()
    const slew = mount.slew({ raHours, decDeg: mount.status().decDeg > 20 ? -30 : 60, equinox: 'jnow' }, never)
    const failed = t.rejects(slew, { code: 'offline' })
    await sleep(300)
    server.killDriver('indi_simulator_telescope')
    await failed
    while ((await kept.mount()) === mount) await sleep(20)
    t.equal((await kept.mount()).status().slewing, false)
  })

  t.test('the focuser goes where it is told', async t => {
    const other = keepOpen(server, { device: 'Focuser Simulator', ports: ['focuser'] })
    t.teardown(() => other.close())
    const focuser = (await other.box()).ports.focuser!
    await focuser.moveTo(51_000, never)
    t.equal(focuser.position(), 51_000)
    t.equal(focuser.moving(), false)
    await t.rejects(focuser.moveTo(-1, never), { code: 'bad-input' })
  })

  t.test('the wheel turns its filters into the light', async t => {
    const other = keepOpen(server, { device: 'Filter Simulator', ports: ['wheel'] })
    t.teardown(() => other.close())
    const wheel = (await other.box()).ports.wheel!
    t.equal(wheel.names.length, 8)
    await wheel.select(3, never)
    t.equal(wheel.position(), 3)
    await t.rejects(wheel.select(8, never), { code: 'bad-input' })
  })
})

t.test('a camera and a mount share one link, and the sky follows the mount', { skip }, async t => {
  const server = await startIndiServer(t, { drivers: drivers.slice(0, 2) })
  const tools = { clock, random: seededRandom(1), log: quiet, folder: '/nowhere', encodeJpeg, lost() {} }
  const link = await indiLink.open(indiLink.options.parse({ port: server.port }), tools, never)
  const open = (options: Record<string, unknown>) =>
    indiDriver.open(indiDriver.options.parse(options), { ...tools, link: <T>() => link.value as T }, never)
  const [near, far] = [await open(ccd), await open({ device: 'Telescope Simulator', ports: ['mount'] })]
  t.teardown(async () => {
    await near.close()
    await far.close()
    await link.close()
  })
  const mount = far.ports.mount!
  await mount.setSite?.(47.07, 15.44, 400, never)
  const raHours = (mount.status().raHours + 1) % 24
  const skies: number[][] = []
  for (const decDeg of [80, 80.2]) {
    await mount.slew({ raHours, decDeg, equinox: 'jnow' }, never)
    const frame = await take(near.ports.camera!, order(1))
    const bright: number[] = []
    for (let i = 0; i < frame.samples.length; i++) if (frame.samples[i] > 300) bright.push(i)
    skies.push(bright)
    frame.memory.release()
  }
  t.ok(
    skies.every(bright => bright.length > 20),
    `${skies[0].length} and ${skies[1].length} pixels of stars`,
  )
  const still = skies[0].filter(i => skies[1].includes(i)).length
  t.ok(still < skies[0].length / 4, `${still} of them stayed where they were`)
})
