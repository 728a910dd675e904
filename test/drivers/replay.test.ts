// A folder of files as a camera: the very bits of the files, in order, whatever lies among them.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { replayDriver } from '../../edge/drivers/camera/replay.js'
import type { Camera } from '../../edge/ports/camera.js'
import { Fault } from '../../edge/ports/fault.js'
import type { ExposureOrder, Frame } from '../../edge/ports/frame.js'
import { formatCards, textOf } from '../../edge/science/fits-header.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { bench } from '../support/bench.js'
import { sharedData } from '../support/shared-data.js'

const never = new AbortController().signal
const order: ExposureOrder = { exposureSeconds: 60, binning: 1, frameType: 'light' }
const noData = sharedData ? false : 'the real frames are not here'

async function replayOf(t: { teardown(run: () => Promise<void>): void }, folder: string, options: object = {}) {
  const table = bench()
  t.teardown(() => table.close())
  const { box, ports } = await table.open(replayDriver, { folder, pace: 'fast', ...options })
  const camera = ports.camera as Camera
  const shoot = (change: Partial<ExposureOrder> = {}) => camera.expose({ ...order, ...change }, table.pool.lend, never)
  return { table, box, camera, shoot }
}

function bits(frame: Frame): Buffer {
  return Buffer.from(Buffer.from(frame.memory.buffer, 0, frame.memory.byteLength))
}

/** A small 16-bit file whose pixels count up from `first`. */
function smallFits(first: number, cards: Record<string, string | number> = {}): Buffer {
  const header = formatCards([
    { keyword: 'SIMPLE', value: true },
    { keyword: 'BITPIX', value: 16 },
    { keyword: 'NAXIS', value: 2 },
    { keyword: 'NAXIS1', value: 4 },
    { keyword: 'NAXIS2', value: 3 },
    ...Object.entries(cards).map(([keyword, value]) => ({ keyword, value })),
  ])
  const data = Buffer.alloc(2880)
  for (let i = 0; i < 12; i++) data.writeInt16BE(first + i, 2 * i)
  return Buffer.concat([header, data])
}

t.test('48 real frames come bit by bit, with their times and cards', { skip: noData }, async t => {
  const folder = path.join(sharedData!, 'hatp32')
  const { table, camera, shoot } = await replayOf(t, folder, { loop: false })
  t.match(camera.sensor, { width: 650, height: 500, regions: false }, 'the size is known before the first frame')
  const names = readdirSync(folder).sort()
  let earlier = 0
  for (const name of names) {
    const frame = await shoot()
    const file = readFileSync(path.join(folder, name))
    const truth = readFitsImage(file)
    const { samples } = truth
    t.ok(
      bits(frame).equals(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)) &&
        frame.type === truth.type,
      `${name} is bit-exact`,
    )
    t.equal(frame.exposureSeconds, 60, 'the exposure is the header’s 060.00')
    t.ok(frame.startedMs > earlier, 'later than the one before')
    earlier = frame.startedMs
    t.equal(textOf(frame.cards, 'DATE-OBS'), textOf(truth.cards, 'DATE-OBS'), 'its cards come along')
    frame.memory.release()
  }
  await t.rejects(shoot(), { code: 'not-found', message: /48 files/ }, 'the end is said in words')
  t.equal(table.pool.lentBytes(), 0)
})

t.test('a colour camera’s frames keep their mosaic', { skip: noData }, async t => {
  const { camera, shoot } = await replayOf(t, path.join(sharedData!, 'm27-bayer'))
  t.match(camera.sensor, { width: 1304, height: 976, bayer: 'rggb' })
  const frame = await shoot()
  t.match(frame, { type: 'u16', bayer: 'rggb', exposureSeconds: 6, planes: 1 })
  frame.memory.release()
})

t.test('files that cannot be read are named, and the next order gets the next file', { skip: noData }, async t => {
  const { table, shoot } = await replayOf(t, path.join(sharedData!, 'odd'))
  const outcomes: string[] = []
  for (let i = 0; i < 5; i++) {
    try {
      const frame = await shoot()
      outcomes.push(`${frame.width}×${frame.height} ${frame.type}`)
      frame.memory.release()
    } catch (error) {
      const { code, message } = error as { code: string; message: string }
      outcomes.push(`${code}: ${message}`)
    }
  }
  t.match(outcomes[0], /^(\d+×|broken: .*noheader\.fits)/)
  t.equal(outcomes[1], '700×700 u16', 'a packed one like any other')
  t.match(outcomes[2], /^\d+×\d+/)
  t.match(outcomes[3], /^\d+×\d+/)
  t.equal(outcomes[4], outcomes[0], 'and round again')
  t.equal(table.pool.lentBytes(), 0)
})

t.test('an odd folder: names in any case, a file cut short, one that appears later', async t => {
  const folder = t.testdir({})
  writeFileSync(path.join(folder, 'b.FIT'), smallFits(200))
  writeFileSync(path.join(folder, 'a.fits'), smallFits(100, { EXPTIME: 1.5, 'DATE-OBS': '2026-01-02T03:04:05-07:00' }))
  writeFileSync(path.join(folder, 'c.Fits'), smallFits(300).subarray(0, 2890))
  writeFileSync(path.join(folder, 'notes.txt'), 'no frame')
  mkdirSync(path.join(folder, 'd.fits'))
  const { table, box, camera, shoot } = await replayOf(t, folder, { loop: false })
  const first = await shoot()
  t.match(first, { width: 4, height: 3, type: 'i16', exposureSeconds: 1.5, startedMs: Date.UTC(2026, 0, 2, 10, 4, 5) })
  t.same([...first.samples], [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111])
  first.memory.release()
  const before = Date.UTC(2026, 0, 1)
  const second = await shoot()
  t.equal(second.samples[0], 200)
  t.ok(
    second.startedMs > before && second.exposureSeconds === 60,
    'a file without date or exposure: when and as ordered',
  )
  second.memory.release()
  await t.rejects(shoot(), { code: 'broken', message: /c\.Fits is cut short/ })
  await t.rejects(shoot(), { code: 'not-found', message: /all 3 files/ })
  copyFileSync(path.join(folder, 'a.fits'), path.join(folder, 'e.fits'))
  const late = await shoot()
  t.equal(late.samples[0], 100, 'a file that came later is taken')
  late.memory.release()
  await t.rejects(shoot({ region: { x: 0, y: 0, width: 2, height: 2 } }), { code: 'bad-input' })
  await t.rejects(shoot({ binning: 2 }), { code: 'bad-input' })
  t.equal(table.pool.lentBytes(), 0)
  await box.close()
  await t.rejects(shoot(), { code: 'offline' })
  t.same(camera.sensor.maxBinning, 1)
})

t.test('as ordered, an exposure takes its time, and an abort leaves the file for the next order', async t => {
  const folder = t.testdir({})
  for (const first of [1, 2]) writeFileSync(path.join(folder, `${first}.fits`), smallFits(first))
  const clock = simulatedClock(Date.UTC(2026, 10, 20))
  const table = bench(clock)
  t.teardown(() => table.close())
  const open = table.open(replayDriver, { folder })
  const camera = (await clock.until(open, 1000)).ports.camera!
  const control = new AbortController()
  const aborted = t.rejects(camera.expose(order, table.pool.lend, control.signal), { code: 'aborted' })
  await clock.advance(30_000)
  control.abort()
  await aborted
  const before = clock.now()
  const frame = await clock.until(camera.expose(order, table.pool.lend, never), 100_000)
  t.equal(clock.now() - before, 60_000)
  t.equal(frame.samples[0], 1, 'the aborted file comes first')
  t.equal(frame.startedMs, before)
  frame.memory.release()
})

t.test('a folder that is not there, or holds nothing, is said at once', async t => {
  const table = bench()
  t.teardown(() => table.close())
  await t.rejects(table.open(replayDriver, { folder: '/no/such/folder' }), { code: 'not-found' })
  await t.rejects(table.open(replayDriver, { folder: t.testdir({ 'a.txt': '' }) }), { code: 'not-found' })
  t.throws(() => replayDriver.options.parse({ folder: '/x', lop: true }), /lop/, 'a mistyped option is refused')
})

t.test('a file cut short or spoilt at any byte is named, its memory comes back, and the next file comes', async t => {
  const folder = t.testdir()
  const whole = smallFits(100)
  const sound = path.join(folder, 'b.fits')
  writeFileSync(sound, whole)
  const spoilt = path.join(folder, 'a.fits')
  writeFileSync(spoilt, whole)
  const { table, shoot } = await replayOf(t, folder)
  const first = await shoot()
  const truth = bits(first)
  first.memory.release()
  ;(await shoot()).memory.release()
  const handles = readdirSync('/proc/self/fd').length
  const random = seededRandom(20261129)
  const tally = { frame: 0, fault: 0 }
  const judge = async (bytes: Uint8Array, words: string) => {
    writeFileSync(spoilt, bytes)
    try {
      const frame = await shoot()
      tally.frame++
      if (frame.memory.byteLength > 1 << 16) t.fail(`${words}: a frame of ${frame.memory.byteLength} bytes`)
      frame.memory.release()
    } catch (error) {
      tally.fault++
      if (!(error instanceof Fault) || /report it/.test(error.fix)) t.fail(`${words}: ${error}`)
    }
    const next = await shoot()
    if (!bits(next).equals(truth)) t.fail(`${words}: the file after it is another`)
    next.memory.release()
  }
  const header = 6 * 80 // the cards, where every byte means something; blanks and pixels follow
  for (let at = 0; at < whole.length; at += at < header ? 1 : 97) {
    await judge(whole.subarray(0, at), `cut at ${at}`)
    const mad = Buffer.from(whole)
    mad[at] = Math.floor(random.next() * 256)
    await judge(mad, `another byte at ${at}`)
    for (let rest = at; rest < whole.length; rest++) mad[rest] = Math.floor(random.next() * 256)
    await judge(mad, `garbage from ${at}`)
  }
  t.ok(tally.frame > 100 && tally.fault > 500, JSON.stringify(tally))
  t.equal(readdirSync('/proc/self/fd').length, handles, 'no file is left open')
  t.equal(table.pool.lentBytes(), 0, 'no memory is lent still')
})
