// The INDI camera against a driver that does what real ones do only now and then. Images late, lying, cut, or never.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { indiDriver } from '../../edge/drivers/box/indi.js'
import { indiLink } from '../../edge/drivers/link/indi/indi-link.js'
import type { Camera } from '../../edge/ports/camera.js'
import { Fault } from '../../edge/ports/fault.js'
import type { ExposureOrder, Frame } from '../../edge/ports/frame.js'
import type { Log } from '../../edge/ports/log.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { lendingPool } from '../../edge/workers/lending.js'
import { type Dslr, dslr } from '../support/dslr-properties.js'
import { type OddCamera, oddFits, startOddCamera } from '../support/odd-indi-camera.js'

const never = new AbortController().signal
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, named: () => quiet }
const stop = new Fault('aborted', 'told to', 'nothing')

interface Bench {
  readonly odd: OddCamera
  readonly camera: Camera
  readonly lost: Fault[]
  take(seconds: number, signal?: AbortSignal, more?: Partial<ExposureOrder>): Promise<Frame>
  lentBytes(): number
}

async function bench(
  t: { teardown(run: () => Promise<void>): void },
  frameBytes = 20_000,
  body?: { readonly dslr: Dslr; readonly properties?: object },
): Promise<Bench> {
  const odd = await startOddCamera(body?.dslr)
  const lost: Fault[] = []
  const tools = {
    clock: systemClock(),
    random: seededRandom(1),
    log: quiet,
    folder: '/nowhere',
    encodeJpeg: () => Promise.reject(new Error('an INDI device makes no JPEG')),
    lost: (fault: Fault) => void lost.push(fault),
  }
  const pool = lendingPool(frameBytes)
  const link = await indiLink.open(indiLink.options.parse({ port: odd.port }), tools, never)
  const linked = { ...tools, link: <T>() => link.value as T }
  const options = indiDriver.options.parse({ device: 'Odd', readout_seconds: 1, properties: body?.properties ?? {} })
  const box = await indiDriver.open(options, linked, never)
  t.teardown(async () => {
    await box.close()
    await link.close()
    await odd.close()
  })
  const camera = box.ports.camera!
  const take: Bench['take'] = (exposureSeconds, signal = never, more = {}) =>
    camera.expose({ exposureSeconds, binning: 1, frameType: 'light', ...more }, pool.lend, signal)
  return { odd, camera, lost, take, lentBytes: pool.lentBytes }
}

/** Busy at once, and an image of `value` when the time is over. */
function behave(odd: OddCamera, value: number): void {
  odd.onExposure = seconds => {
    const startedMs = Date.now()
    odd.exposure('Busy', seconds, startedMs)
    setTimeout(() => {
      odd.image({ startedMs, value })
      odd.exposure('Ok', 0, Date.now())
    }, seconds * 1000)
  }
}

t.test('an aborted image that comes with the next exposure is never taken for it', async t => {
  const { odd, take, lentBytes } = await bench(t)
  // Long before the next one can be ready; and after it could be, known by its start alone.
  for (const lateMs of [100, 700]) {
    const firstMs = Date.now()
    odd.onExposure = seconds => odd.exposure('Busy', seconds, firstMs)
    odd.onAbort = () => {
      odd.abort('Ok')
      odd.exposure('Idle', 0, Date.now())
    }
    const abort = new AbortController()
    const doomed = take(5, abort.signal)
    doomed.catch(() => {})
    await sleep(2100)
    abort.abort(stop)
    await t.rejects(doomed, { code: 'aborted', message: 'told to' })
    odd.onExposure = seconds => {
      const startedMs = Date.now()
      odd.exposure('Busy', seconds, startedMs)
      setTimeout(() => odd.image({ startedMs: firstMs, value: 666 }), lateMs)
      setTimeout(() => {
        odd.image({ startedMs, value: 1000 })
        odd.exposure('Ok', 0, Date.now())
      }, 1000)
    }
    const frame = await take(0.6)
    t.equal(frame.samples[0], 1000, `late by ${lateMs} ms`)
    frame.memory.release()
    t.equal(lentBytes(), 0)
  }
})

t.test('an abort while the image comes in throws it away', async t => {
  const { odd, take, lentBytes } = await bench(t)
  const abort = new AbortController()
  odd.onExposure = seconds => {
    odd.exposure('Busy', seconds, Date.now())
    odd.image({ startedMs: Date.now(), value: 666 })
    queueMicrotask(() => abort.abort(stop))
  }
  odd.onAbort = () => {
    odd.abort('Ok')
    odd.exposure('Idle', 0, Date.now())
  }
  await t.rejects(take(0.01, abort.signal), { code: 'aborted' })
  behave(odd, 1000)
  const frame = await take(0.05)
  t.equal(frame.samples[0], 1000)
  frame.memory.release()
  t.equal(lentBytes(), 0)
})

t.test('images that are not what they say are refused with the reason, and the next is fine', async t => {
  const { odd, take, lost, lentBytes } = await bench(t)
  const whole = oddFits(0, 5)
  const odds: [string, Parameters<OddCamera['image']>[0], RegExp][] = [
    ['compressed', { startedMs: 0, value: 1, format: '.fits.fz' }, /"\.fits\.fz" image instead of \.fits/],
    ['hostile', { startedMs: 0, value: 1, len: '99999999999' }, /announced an image of 99999999999 bytes/],
    ['negative', { startedMs: 0, value: 1, len: '-5' }, /announced an image of NaN bytes/],
    ['too big for us', { startedMs: 0, value: 1, len: '30000' }, /30000 bytes does not fit/],
    ['cut short', { startedMs: 0, value: 1, characters: 4000 }, /sent 3000 of \d+ bytes/],
    ['cut short, and lying', { startedMs: 0, value: 1, fits: whole.subarray(0, 4000) }, /cut short/],
    ['no FITS', { startedMs: 0, value: 1, fits: new Uint8Array(5760) }, /cannot be read/],
  ]
  for (const [what, image, words] of odds) {
    odd.onExposure = seconds => {
      odd.exposure('Busy', seconds, Date.now())
      odd.image(image)
      odd.exposure('Ok', 0, Date.now())
    }
    odd.onAbort = () => odd.abort('Ok')
    await t.rejects(take(0.01), { message: words }, what)
    t.equal(lentBytes(), 0, `${what}: no memory is lost`)
  }
  behave(odd, 1000)
  const frame = await take(0.05)
  t.equal(frame.samples[0], 1000)
  frame.memory.release()
  t.strictSame(lost, [])
})

t.test('an image that is not base64 ends the line', async t => {
  const { odd, take, lost, lentBytes } = await bench(t)
  odd.onExposure = seconds => {
    odd.exposure('Busy', seconds, Date.now())
    odd.image({ startedMs: 0, value: 1, characters: 4001 })
  }
  await t.rejects(take(0.01), { code: 'broken', message: /stops inside/ })
  t.equal(lost.length, 1)
  t.equal(lentBytes(), 0)
})

t.test('a driver that refuses is quoted', async t => {
  const { odd, take } = await bench(t)
  odd.onExposure = seconds => {
    odd.message('[INFO] Something else.')
    odd.message('[ERROR] The shutter is stuck.')
    odd.exposure('Alert', seconds, Date.now())
  }
  await t.rejects(take(1), { code: 'broken', message: /failed at exposing 1 s: The shutter is stuck/ })
})

t.test('an exposure that another program stops says so', async t => {
  const { odd, take } = await bench(t)
  odd.onExposure = seconds => {
    odd.exposure('Busy', seconds, Date.now())
    odd.exposure('Idle', 0, Date.now())
  }
  await t.rejects(take(1), { code: 'aborted', message: /another program/ })
})

t.test('a camera that never answers is given up after its time', async t => {
  const { take, odd } = await bench(t)
  odd.onAbort = () => odd.abort('Ok')
  await t.rejects(take(0.5), { code: 'timeout', message: /exposing 0.5 s/ })
})

t.test('a camera that cannot be stopped is opened anew', async t => {
  const { odd, take, lost } = await bench(t)
  odd.onExposure = seconds => odd.exposure('Busy', seconds, Date.now())
  const abort = new AbortController()
  const doomed = take(60, abort.signal)
  doomed.catch(() => {})
  await sleep(100)
  abort.abort(stop)
  await t.rejects(doomed, { code: 'aborted' })
  await t.rejects(take(1), { code: 'timeout', message: /did not stop/ })
  t.match(lost, [{ code: 'timeout' }])
})

t.test('a frame waits for memory, and is not lost', async t => {
  const { odd, take } = await bench(t, 10_000)
  behave(odd, 7)
  const first = await take(0.01)
  const second = take(0.01)
  await sleep(500)
  t.equal(first.samples[0], 7)
  first.memory.release()
  const frame = await second
  t.equal(frame.samples.length, 1200)
  frame.memory.release()
})

t.test('a DSLR has its ISO numbers for a gain', async t => {
  const { odd, camera, take } = await bench(t)
  behave(odd, 500)
  t.match(camera.gain, { min: 100, max: 1600 }, 'and Auto is none')
  t.equal(camera.gain?.read(), 100)
  const frame = await take(0.05, undefined, { gain: 400 })
  frame.memory.release()
  t.equal(camera.gain?.read(), 400)
  await t.rejects(take(0.05, undefined, { gain: 300 }), { code: 'bad-input', fix: 'Use one of: 100, 200, 400, 1600' })
})

t.test('the readout modes of its driver go by their labels', async t => {
  const { odd, camera, take } = await bench(t)
  behave(odd, 500)
  t.match(camera.readout, { names: ['Low noise', 'High speed'] })
  t.equal(camera.readout?.read(), 'Low noise')
  const frame = await take(0.05, undefined, { readout: 'High speed' })
  t.match([frame.readout, camera.readout?.read()], ['High speed', 'High speed'])
  frame.memory.release()
})

t.test('a DSLR as it comes from indi-gphoto: pictures kept to itself, JPEG, its own file format', async t => {
  const body = dslr({ pixelMicrons: 4.3 })
  const { odd, camera, take, lentBytes } = await bench(t, undefined, { dslr: body })
  t.same(
    ['CCD_SD_CARD_ACTION', 'UPLOAD_MODE', 'CCD_TRANSFER_FORMAT', 'CCD_CAPTURE_FORMAT'].map(body.on),
    ['Save', 'UPLOAD_CLIENT', 'FORMAT_FITS', 'FORMAT_3'],
    'raw pictures come here, as FITS',
  )
  t.equal(body.on('CCD_FORCE_BLOB'), 'On', 'bulb is left as it was')
  t.equal(camera.cooler, undefined, 'a temperature that is only read is no cooler')
  t.match(camera.sensor, { width: undefined, pixelMicrons: 4.3 }, 'its size is not known before the first picture')
  odd.onExposure = seconds => {
    const startedMs = Date.now()
    odd.exposure('Busy', seconds, startedMs)
    odd.image({ startedMs, value: 9, fits: oddFits(startedMs, 9, [{ keyword: 'ISOSPEED', value: 800 }]) })
    odd.exposure('Ok', 0, Date.now())
  }
  const frame = await take(0.05)
  t.equal(frame.gain, 800, 'its ISO number is in the file')
  frame.memory.release()
  t.equal(lentBytes(), 0)
})

t.test('a DSLR that does not know its pixels says what to set, and takes it from the config', async t => {
  const ignorant = await bench(t, undefined, { dslr: dslr({ pixelMicrons: 0 }) })
  behave(ignorant.odd, 1)
  await t.rejects(ignorant.take(0.05), { code: 'bad-input', fix: /CCD_INFO: \{CCD_PIXEL_SIZE/ })
  const body = dslr({ pixelMicrons: 0 })
  const size = { CCD_PIXEL_SIZE: 5.36, CCD_PIXEL_SIZE_X: 5.36, CCD_PIXEL_SIZE_Y: 5.36 }
  const taught = await bench(t, undefined, { dslr: body, properties: { CCD_INFO: size } })
  t.equal(body.pixelMicrons, 5.36)
  behave(taught.odd, 1)
  const frame = await taught.take(0.05)
  frame.memory.release()
})
