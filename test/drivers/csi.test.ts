// CSI cameras: the driver against programs that behave as rpicam-apps do, in good times and bad, and the DNG reader
// against libtiff's files and against nonsense.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { csiDriver } from '../../edge/drivers/camera/csi.js'
import { camerasIn } from '../../edge/drivers/camera/csi-programs.js'
import { Fault } from '../../edge/ports/fault.js'
import type { ExposureOrder, Frame } from '../../edge/ports/frame.js'
import type { Picture, VideoOrder } from '../../edge/ports/video-source.js'
import { readDng } from '../../edge/science/dng.js'
import { ScienceError } from '../../edge/science/science-error.js'
import { bench } from '../support/bench.js'
import { noRpicam, rpicam } from '../support/rpicam.js'

const never = new AbortController().signal
const light: ExposureOrder = { exposureSeconds: 0.2, binning: 1, frameType: 'light' }

async function rig(t: Test, given: object = {}, family: 'rpicam' | 'libcamera' = 'rpicam') {
  const programs = rpicam(t, family)
  const table = bench()
  t.teardown(() => table.close())
  const open = () => table.open(csiDriver, { folder: programs.folder, readout_seconds: 2, ...given })
  return { programs, table, open }
}

async function cameraRig(t: Test, given: object = {}) {
  const { programs, table, open } = await rig(t, given)
  const { ports, box } = await open()
  const take = (more: Partial<ExposureOrder> = {}, signal = never): Promise<Frame> =>
    ports.camera!.expose({ ...light, ...more }, table.pool.lend, signal)
  return { programs, table, box, camera: ports.camera!, take }
}

const leftovers = () =>
  ['/dev/shm', tmpdir()].flatMap(folder => readdirSync(folder)).filter(name => name.startsWith('pierside-csi-'))

t.test('the list of cameras, as old and new programs print it', async t => {
  const now = `Available cameras
-----------------
0 : imx708_wide [4608x2592 10-bit RGGB] (/base/axi/pcie@120000/rp1/i2c@88000/imx708@1a)
    Modes: 'SRGGB10_CSI2P' : 1536x864 [120.13 fps - (768, 432)/3072x1728 crop]
                             4608x2592 [14.35 fps - (0, 0)/4608x2592 crop]
1 : ov9281 [1280x800 10-bit MONO] (/base/soc/i2c0mux/i2c@0/ov9281@60)
`
  t.match(camerasIn(now), [
    { number: 0, sensor: 'imx708_wide', width: 4608, height: 2592, bits: 10, mono: false },
    { number: 1, sensor: 'ov9281', mono: true, id: '/base/soc/i2c0mux/i2c@0/ov9281@60' },
  ])
  const before = camerasIn('0 : imx219 [3280x2464] (/base/soc/i2c0mux/i2c@1/imx219@10)\n')
  t.match(before, [{ sensor: 'imx219', width: 3280 }])
  t.equal(before[0].bits, undefined)
  t.same(camerasIn('No cameras available!\n'), [])
})

t.test('a raw frame, as the file says it was taken', { skip: noRpicam }, async t => {
  const { camera, take, programs, table } = await cameraRig(t)
  t.match(camera.sensor, { width: 128, height: 96, pixelMicrons: 1.55, maxExposureSeconds: 670.74 })
  const beforeMs = Date.now()
  const frame = await take({ exposureSeconds: 0.5, gain: 2 })
  t.match(frame, { width: 128, height: 96, planes: 1, type: 'u16', bayer: 'bggr', exposureSeconds: 0.5, gain: 2 })
  t.match(frame.pixelMicrons, { x: 1.55, y: 1.55 })
  // 256 black, 500 ms at gain 2; blue is 200 above red, and each column one more.
  const at = (x: number, y: number) => frame.samples[y * 128 + x]
  t.same([at(0, 0), at(1, 0), at(0, 1), at(1, 1), at(5, 3)], [1456, 1357, 1356, 1257, 1261])
  t.ok(frame.startedMs >= beforeMs - 50 && frame.startedMs <= Date.now() - 450, 'the shutter opened after the order')
  t.match(
    frame.cards.map(({ keyword, value }) => [keyword, value]),
    [
      ['INSTRUME', 'Raspberry Pi imx477'],
      ['BLKLEVEL', 256],
    ],
  )
  t.match(camera.sensor, { bayer: 'bggr', maxAdu: 4095 }, 'known now')
  frame.memory.release()
  const [, told] = programs.told()
  t.match(told, '--camera 0 --mode 128:96:12:U --nopreview --immediate --shutter 500000 --gain 2 ')
  t.same([leftovers(), table.pool.lentBytes()], [[], 0], 'no file and no memory is left')
  programs.set('clips')
  const clipped = await take({ exposureSeconds: 0.3 })
  t.equal(clipped.exposureSeconds, 0.1, 'not what was ordered, but what was done')
  clipped.memory.release()
})

t.test('a camera by its place, a sensor without colours, and older programs', { skip: noRpicam }, async t => {
  const { take, programs } = await cameraRig(t, { camera: '/base/soc/i2c0mux/i2c@0/ov9281@60' })
  const frame = await take({ exposureSeconds: 0.05 })
  t.match(frame, { width: 64, height: 48 })
  t.equal(frame.bayer, undefined, 'the pattern in its file is none')
  frame.memory.release()
  t.match(programs.told()[1], '--camera 1 --mode 64:48:10:U')
  const older = await rig(t, {}, 'libcamera')
  older.programs.set('old')
  const { ports } = await older.open()
  const one = await ports.camera!.expose({ ...light, exposureSeconds: 0.05 }, older.table.pool.lend, never)
  one.memory.release()
  t.match(older.programs.told()[1], /^libcamera-still --camera 0 --nopreview /, 'it does not know of modes')
})

t.test('what is not there is said', { skip: noRpicam }, async t => {
  const { programs, open, table } = await rig(t)
  programs.set('none')
  await t.rejects(open(), { code: 'offline', fix: /ribbon/ })
  programs.set('well')
  await t.rejects(table.open(csiDriver, { folder: programs.folder, camera: '7' }), { code: 'offline', fix: /imx477/ })
  await t.rejects(table.open(csiDriver, { folder: '/nowhere' }), { code: 'not-found', fix: /rpicam-apps/ })
  for (const camera of ['0; reboot', '--help', '/etc/passwd', '-1', '10']) {
    t.equal(csiDriver.options.safeParse({ camera }).success, false, camera)
  }
})

t.test('crashes: with the preview off, and after the picture', { skip: noRpicam }, async t => {
  const { take, programs } = await cameraRig(t)
  programs.set('crash-nopreview')
  const frame = await take()
  t.equal(frame.width, 128, 'it was tried again with one')
  frame.memory.release()
  t.match(programs.told().slice(1), [/--nopreview/, /^(?!.*--nopreview)/])
  const next = await take()
  next.memory.release()
  t.equal(programs.told().length, 4, 'and the next one at once')
  programs.set('crash-at-end')
  const late = await take()
  t.equal(late.exposureSeconds, 0.2, 'the photons were there')
  late.memory.release()
})

t.test('a program that hangs is ended, and what may help is said', { skip: noRpicam }, async t => {
  const { take, programs, table, camera } = await cameraRig(t)
  programs.set('hangs-immediate')
  const reason = new Fault('aborted', 'enough of this', 'Start again')
  const control = new AbortController()
  const phases: string[] = []
  const forget = camera.onPhase!(phase => phases.push(phase))
  const hanging = take({}, control.signal)
  setTimeout(() => control.abort(reason), 1300)
  await t.rejects(hanging, reason, 'told to stop')
  forget()
  t.same(phases, ['exposing', 'exposing', 'idle'], 'the phase is said again after a second')
  programs.set('stubborn')
  const again = new AbortController()
  const stubborn = take({}, again.signal)
  setTimeout(() => again.abort(reason), 500)
  await t.rejects(stubborn, reason, 'one that does not listen is killed')
  t.equal(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).includes(programs.folder), false, 'none is left')
  t.ok(camera.sensor.readoutSeconds >= 2)

  programs.set('timeouts')
  await t.rejects(take(), { code: 'timeout', fix: /immediate: false/ }, 'it goes on trying for ever: we do not')
  t.same([leftovers(), table.pool.lentBytes()], [[], 0])
})

t.test('a long exposure that hangs comes when it is not taken at once', { skip: noRpicam }, async t => {
  const { take, programs } = await cameraRig(t, { immediate: false })
  programs.set('hangs-immediate')
  const frame = await take()
  t.equal(frame.exposureSeconds, 0.2)
  frame.memory.release()
  t.match(programs.told()[1], '--timeout 1')
})

t.test('in use, gone, without a picture, cut short', { skip: noRpicam }, async t => {
  const { take, programs, table } = await cameraRig(t)
  programs.set('busy')
  await t.rejects(take(), { code: 'busy', message: /failed to acquire/ })
  programs.set('no-dng')
  await t.rejects(take(), { code: 'broken', message: /gave no picture/ })
  programs.set('short')
  await t.rejects(take(), { code: 'broken', message: /cannot be read/ })
  t.same(table.lost, [])
  programs.set('gone')
  await t.rejects(take(), { code: 'offline' })
  t.match(table.lost, [{ code: 'offline' }], 'the supervisor hears of it')
  t.same([leftovers(), table.pool.lentBytes()], [[], 0])
})

t.test('as pier camera', { skip: noRpicam }, async t => {
  const { programs, open, table } = await rig(t, { as: 'video', size: '320x240' })
  const { ports } = await open()
  const video = ports.video!
  const look = async (more: Partial<VideoOrder>, count: number) => {
    const got: Picture[] = []
    const enough = new AbortController()
    const order = { framesPerSecond: 20, jpegQuality: 70, ...more }
    const limit = setTimeout(() => enough.abort(), 20_000)
    const taken = (picture: Picture) => {
      got.push(picture)
      if (got.length >= count) enough.abort()
    }
    await video.run(order, taken, enough.signal)
    clearTimeout(limit)
    return got
  }
  const got = await look({ automatic: true, exposureMs: 80, gain: 5 }, 8)
  t.equal(got.length, 8)
  t.ok(
    got.every(({ jpeg }, at) => programs.pictures[at % 5].equals(jpeg)),
    'byte by byte, in their order',
  )
  t.match(programs.told()[1], '--codec mjpeg --quality 70 --width 320 --height 240 --framerate 20 --flush --output -')
  await look({ automatic: false, exposureMs: 200, gain: 400 }, 2)
  t.match(
    programs.told()[2],
    '--framerate 5 --shutter 200000 --gain 22.26 ',
    'slower for its exposure, within its range',
  )
  t.equal(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).includes(programs.folder), false, 'none is left')

  programs.set('crash-nopreview')
  await t.rejects(look({}, 1), { code: 'broken', message: /SIGSEGV/ })
  t.equal((await look({}, 1)).length, 1, 'the next try shows a preview to nobody')
  programs.set('busy')
  await t.rejects(look({}, 1), { code: 'busy' })
  programs.set('gone')
  await t.rejects(look({}, 1), { code: 'offline' })
  t.match(table.lost, [{ code: 'offline' }])
})

t.test('DNGs of libtiff, whole, cut short and spoilt', { skip: noRpicam }, async t => {
  const { writer, folder } = rpicam(t)
  const file = join(folder, 'a.dng')
  execFileSync(writer, [file, '320', '240', '10', 'GBRG', '1500', '1600', '300'])
  const whole = readFileSync(file)
  const dng = readDng(whole)
  t.match(dng, { width: 320, height: 240, sampleBytes: 2, bayer: 'gbrg', whiteLevel: 1023, blackLevel: 256, iso: 1600 })
  t.ok(Math.abs(dng.exposureSeconds! - 0.0015) < 1e-9)
  t.equal(
    dng.strips.reduce((sum, { byteLength }) => sum + byteLength, 0),
    320 * 240 * 2,
  )
  for (const length of [0, 4, 8, 100, 5000, whole.length - 20_000]) {
    t.throws(() => readDng(whole.subarray(0, length)), ScienceError, `${length} bytes of it`)
  }
  t.throws(() => readDng(Buffer.from('FFD8FFE0, a JPEG by any other name')), ScienceError)
  // Any byte of it wrong: read or refused, never anything else, and never outside of the file.
  let refused = 0
  const directories = [...Array(64).keys(), ...Array.from({ length: 1500 }, (_, at) => whole.length - 1 - at)]
  for (const at of directories) {
    for (const value of [0, 0xff]) {
      const spoilt = Buffer.from(whole)
      spoilt[at] = value
      try {
        const { strips, width, height, sampleBytes } = readDng(spoilt)
        const bytes = strips.reduce((sum, { byteLength }) => sum + byteLength, 0)
        if (bytes !== width * height * sampleBytes) t.fail(`byte ${at} as ${value}`)
        if (strips.some(({ offset, byteLength }) => offset + byteLength > spoilt.length)) t.fail(`byte ${at}`)
      } catch (error) {
        if (!(error instanceof ScienceError)) t.fail(`byte ${at} as ${value}: ${error}`)
        refused++
      }
    }
  }
  t.ok(refused > 10, `${refused} of ${2 * directories.length} were refused`)
})
