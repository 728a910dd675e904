// Every camera driver keeps the same promises.
import t, { type Test } from 'tap'
import { drivers } from '../../edge/drivers/index.js'
import type { Camera, ExposurePhase } from '../../edge/ports/camera.js'
import { Fault } from '../../edge/ports/fault.js'
import type { ExposureOrder, Frame } from '../../edge/ports/frame.js'
import { benchRows, offBench, openRow, rowsWith } from '../support/bench-devices.js'

const light: ExposureOrder = { exposureSeconds: 0.3, binning: 1, frameType: 'light' }
const never = new AbortController().signal

t.test('every driver in the list stands on the bench, or it is said why not', async t => {
  for (const { id } of drivers) {
    const stands = benchRows.some(row => row.driver.id === id)
    t.not(stands, id in offBench, `${id} has either rows in test/support/bench-devices.ts or a word there`)
  }
})

/** Wrong orders of a camera, by what is wrong with them. */
function impossible({ sensor, gain, offset }: Camera): Record<string, ExposureOrder> {
  const width = sensor.width ?? 100
  const height = sensor.height ?? 100
  return {
    'a negative time': { ...light, exposureSeconds: -1 },
    'a time that is no number': { ...light, exposureSeconds: Number.NaN },
    'endless time': { ...light, exposureSeconds: Number.POSITIVE_INFINITY },
    'binning 0': { ...light, binning: 0 },
    'half a binning': { ...light, binning: 1.5 },
    'binning beyond the sensor': { ...light, binning: sensor.maxBinning + 1 },
    'a region beyond the sensor': { ...light, region: { x: width - 10, y: 0, width: 20, height: 10 } },
    'a region left of it': { ...light, region: { x: -1, y: 0, width: 20, height: 10 } },
    'a region of nothing': { ...light, region: { x: 0, y: 0, width: 0, height } },
    'a readout mode it does not have': { ...light, readout: 'no such mode' },
    ...(gain ? { 'a gain beyond the range': { ...light, gain: gain.max + 1 } } : {}),
    ...(offset ? { 'an offset below the range': { ...light, offset: offset.min - 1 } } : {}),
  }
}

function filled(t: Test, frame: Frame): void {
  t.equal(frame.samples.length, frame.width * frame.height * frame.planes, 'pixels fill the frame')
  t.equal(frame.samples.buffer, frame.memory.buffer, 'they live in the lent memory')
  t.ok(frame.samples.byteOffset + frame.samples.byteLength <= frame.memory.byteLength, 'and within what was lent')
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (const value of frame.samples) {
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  t.ok(Number.isFinite(least) && most > least, `light or noise is on them: ${least} to ${most}`)
}

for (const row of rowsWith('camera')) {
  t.test(row.name, { skip: row.skip }, async t => {
    const { bench, box, port: camera, during } = await openRow(t, row, 'camera')
    const { clock, pool } = bench
    const expose = (order: Partial<ExposureOrder> = {}, signal = never) =>
      camera.expose({ ...light, ...order }, pool.lend, signal)

    t.test('a frame says what it is', t =>
      during(async () => {
        const phases: ExposurePhase[] = []
        const stop = camera.onPhase?.(phase => phases.push(phase))
        const beforeMs = clock.now()
        const frame = await expose({ exposureSeconds: 0.5 })
        const afterMs = clock.now()
        stop?.()
        filled(t, frame)
        t.equal(frame.topDown === true || frame.topDown === false, true)
        t.ok(Number.isFinite(frame.startedMs) && frame.exposureSeconds > 0)
        if (row.driver.id !== 'replay') {
          // A replayed frame has the time of its night; of all others the shutter has just opened, not just been read
          // out.
          t.ok(frame.startedMs >= beforeMs - 500, 'the shutter opened after the order')
          t.ok(frame.startedMs <= afterMs - 500 + 100, 'and an exposure before the frame came')
          t.equal(frame.exposureSeconds, 0.5)
        }
        t.equal(frame.width, camera.sensor.width, 'the whole sensor came')
        t.equal(frame.height, camera.sensor.height)
        t.equal(frame.bayer, camera.sensor.bayer)
        if (camera.onPhase) {
          t.ok(phases.includes('exposing'), 'it said that it was exposing')
          t.ok(['idle', 'downloading'].includes(phases.at(-1)!), 'and that it was done')
        }
        for (const { keyword } of frame.cards) t.notMatch(keyword, /^(SIMPLE|BITPIX|NAXIS\d*|BZERO|BSCALE|END)$/)
        frame.memory.release()
        t.equal(pool.lentBytes(), 0, 'the memory is back')
      }),
    )

    t.test('orders that it cannot do are refused', t =>
      during(async () => {
        for (const [what, order] of Object.entries(impossible(camera))) {
          await t.rejects(expose(order), { code: 'bad-input' }, what)
        }
        t.equal(pool.lentBytes(), 0)
      }),
    )

    t.test('one exposure at a time', t =>
      during(async () => {
        const first = expose()
        await t.rejects(expose(), { code: 'busy' })
        const frame = await first
        filled(t, frame)
        frame.memory.release()
      }),
    )

    t.test('an abort ends it with its reason, and the next exposure comes', t =>
      during(async () => {
        const reason = new Fault('aborted', 'enough of this', 'Start again')
        const early = new AbortController()
        early.abort(reason)
        await t.rejects(expose({}, early.signal), reason, 'aborted before it began')
        const control = new AbortController()
        const long = expose({ exposureSeconds: 30 }, control.signal)
        const refused = t.rejects(long, reason, 'aborted on the way')
        await clock.sleep(300)
        control.abort(reason)
        const limit = clock.deadline(2000 + 300 + camera.sensor.readoutSeconds * 1000, 'the exposure after an abort')
        await limit.race(refused)
        const next = await limit.race(expose())
        limit.cancel()
        filled(t, next)
        t.ok(next.exposureSeconds !== 30, 'the aborted frame never comes')
        next.memory.release()
        t.equal(pool.lentBytes(), 0)
      }),
    )

    t.test('without memory to lend it fails and goes on', t =>
      during(async () => {
        const none = new Fault('bad-input', 'no memory for that', 'Ask for less')
        await t.rejects(
          camera.expose(light, () => Promise.reject(none), never),
          none,
        )
        const frame = await expose()
        filled(t, frame)
        frame.memory.release()
      }),
    )

    t.test('regions and binning', t =>
      during(async () => {
        const { sensor } = camera
        if (!sensor.regions) {
          await t.rejects(expose({ region: { x: 0, y: 0, width: 8, height: 8 } }), { code: 'bad-input' }, 'it has none')
          return
        }
        const region = { x: 32, y: 48, width: 96, height: 64 }
        const part = await expose({ region })
        t.match(part, { width: 96, height: 64, region })
        filled(t, part)
        part.memory.release()
        if (sensor.maxBinning < 2) return
        const binned = await expose({ binning: 2, region })
        t.match(binned, { width: 48, height: 32, binning: { x: 2, y: 2 } })
        t.equal(binned.bayer, undefined, 'a binned mosaic is none')
        binned.memory.release()
        const whole = await expose()
        t.match(whole, { width: sensor.width, height: sensor.height }, 'and the whole sensor again')
        whole.memory.release()
      }),
    )

    t.test('readout modes are chosen by name', t =>
      during(async () => {
        const { readout } = camera
        if (!readout) return t.pass('it has one only')
        t.ok(readout.names.length > 1 && new Set(readout.names).size === readout.names.length, 'each has its name')
        for (const name of readout.names) {
          const frame = await expose({ readout: name })
          t.match([frame.readout, camera.readout?.read()], [name, name], `${name} is told by frame and camera`)
          frame.memory.release()
        }
        const frame = await expose()
        t.equal(frame.readout, readout.names.at(-1), 'and stays')
        frame.memory.release()
      }),
    )

    t.test('a cooler goes to the temperature it is told, and off again', t =>
      during(async () => {
        const { cooler } = camera
        if (!cooler) return t.pass('it has none')
        await cooler.cool(-5, never)
        t.match([cooler.on(), cooler.targetCelsius()], [true, -5], 'it says so')
        const frame = await expose()
        t.equal(frame.setCelsius, -5, 'and so does the frame')
        t.equal(typeof frame.sensorCelsius, 'number')
        frame.memory.release()
        const warm = cooler.sensorCelsius()
        for (let tries = 0; tries < 60 && cooler.sensorCelsius() > warm - 1; tries++) await clock.sleep(500)
        t.ok(cooler.sensorCelsius() <= warm - 1, `it becomes colder: ${warm}, ${cooler.sensorCelsius()} °C`)
        const percent = cooler.powerPercent?.() ?? 0
        t.ok(percent >= 0 && percent <= 100, `its power is ${percent} %`)
        for (const wrong of [Number.NaN, -300, 200]) {
          await t.rejects(cooler.cool(wrong, never), { code: 'bad-input' }, `${wrong} °C is refused`)
        }
        t.equal(cooler.targetCelsius(), -5, 'a refused order changes nothing')
        const reason = new Fault('aborted', 'enough of this', 'Start again')
        await t.rejects(cooler.cool(0, AbortSignal.abort(reason)), reason)
        await cooler.cool(undefined, never)
        t.match([cooler.on(), cooler.targetCelsius()], [false, undefined], 'it is off')
      }),
    )

    t.test('guide pulses settle, and impossible ones are refused', t =>
      during(async () => {
        const { guidePort } = camera
        if (!guidePort) return t.pass('it has no guide port')
        for (const direction of ['north', 'south', 'east', 'west'] as const)
          await guidePort.pulse(direction, 150, never)
        await t.rejects(guidePort.pulse('north', -1, never), { code: 'bad-input' })
        await t.rejects(guidePort.pulse('north', Number.NaN, never), { code: 'bad-input' })
      }),
    )

    t.test('closing twice is as good as once, and then nothing comes', t =>
      during(async () => {
        await box.close()
        await box.close()
        await t.rejects(expose(), { name: 'Fault' })
        t.equal(pool.lentBytes(), 0, 'nothing was left lent')
        t.same(bench.lost, [], 'and nothing was lost on the way')
      }),
    )
  })
}
