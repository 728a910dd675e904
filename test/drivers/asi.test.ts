// ASI cameras: what we take ZWO's header for, against the C compilers of both processors and the real library, and what
// the driver does beyond the contract, on cameras of the stub.
import { execFileSync, spawn } from 'node:child_process'
import { constants, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import jpeg from 'jpeg-js'
import t from 'tap'
import { asiDriver } from '../../edge/drivers/camera/asi/asi.js'
import * as layout from '../../edge/drivers/camera/asi/asi-layout.js'
import { startAsiProcess } from '../../edge/drivers/camera/asi/asi-process.js'
import { formatFor, regionOf } from '../../edge/drivers/camera/asi/asi-region.js'
import type { Ports } from '../../edge/ports/device.js'
import type { Tools } from '../../edge/ports/driver.js'
import { Fault } from '../../edge/ports/fault.js'
import type { ExposureOrder } from '../../edge/ports/frame.js'
import type { Picture } from '../../edge/ports/video-source.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { lendingPool } from '../../edge/workers/lending.js'
import { asiHeaders, asiStub, noAsiStub, realAsiLibrary } from '../support/asi-stub.js'
import { bench, benchTools } from '../support/bench.js'
import type { Teardown } from '../support/bench-devices.js'

const never = new AbortController().signal
const light: ExposureOrder = { exposureSeconds: 0.05, binning: 1, frameType: 'light' }

const compilers = { amd64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' }

/** What the header must say for us to be right, as C that does not compile where it says otherwise. */
function claims(numbers: Record<string, number>): string {
  const lines = ['#include <ASICamera2.h>']
  const hold = (what: string, is: number) => lines.push(`_Static_assert((${what}) == ${is}, "${what}");`)
  for (const [what, is] of Object.entries(numbers)) hold(what, is)
  const names = { cameraInfo: 'ASI_CAMERA_INFO', controlCaps: 'ASI_CONTROL_CAPS', id: 'ASI_SN' } as const
  for (const [key, name] of Object.entries(names)) hold(`sizeof(${name})`, layout.sizes[key as keyof typeof names])
  for (const key of ['cameraInfo', 'controlCaps'] as const) {
    for (const [field, at] of Object.entries(layout.offsets[key])) {
      hold(`__builtin_offsetof(${names[key]}, ${field})`, at)
    }
  }
  const lists: [string, Record<string, number>][] = [
    ['ASI_', layout.controls],
    ['ASI_IMG_', layout.imageTypes],
    ['ASI_EXP_', layout.exposureStates],
    ['ASI_GUIDE_', layout.guideDirections],
    ['ASI_BAYER_', layout.bayerPatterns],
  ]
  for (const [before, list] of lists) for (const [name, is] of Object.entries(list)) hold(before + name, is)
  for (const [index, name] of layout.errorNames.entries()) hold(`ASI_ERROR_${name}`, index + 1)
  hold('ASI_ERROR_END', layout.errorNames.length + 1)
  // A function that is declared once more must be declared alike.
  for (const [name, [result, ...parameters]] of Object.entries(layout.functions)) {
    lines.push(`${result} ${name}(${parameters.join(', ') || 'void'});`)
  }
  return `${lines.join('\n')}\n`
}

for (const [processor, compiler] of Object.entries(compilers)) {
  const missing = existsSync(`/usr/bin/${compiler}`) ? noAsiStub : `${compiler} is not installed`
  t.test(`structures, numbers and functions are those of ZWO’s header on ${processor}`, { skip: missing }, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'pierside-asi-layout-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const agrees = (text: string) => {
      const file = join(folder, 'claims.c')
      writeFileSync(file, text)
      execFileSync(compiler, ['-fsyntax-only', `-I${asiHeaders}`, file], { stdio: 'pipe' })
    }
    agrees(claims({ 'sizeof(long)': 8, 'sizeof(ASI_EXPOSURE_STATUS)': 4 }))
    t.throws(() => agrees(claims({ 'sizeof(ASI_CAMERA_INFO)': 4 })), /static assertion failed/, 'a wrong size is seen')
    const otherwise = `${claims({})}int ASIOpenCamera(long camera);\n`
    t.throws(() => agrees(otherwise), /conflicting types/, 'and a wrong parameter')
  })
}

t.test(
  'the real library is loaded, and finds no camera',
  { skip: realAsiLibrary ? false : 'libasi is not here' },
  async t => {
    const lost: unknown[] = []
    const parts = { clock: systemClock(), name: 'camera real', lost: (fault: unknown) => lost.push(fault) }
    const child = await startAsiProcess(parts)
    t.teardown(() => child.close())
    const library = realAsiLibrary
    t.match(await child.ask('look', { library }, 20_000), { version: /^\d+, \d+/, names: [] })
    await t.rejects(child.ask('open', { library }, 20_000), {
      code: 'offline',
      message: /is plugged in \(there: none/,
    })
    await child.close()
    t.equal(lost.length, 1, 'and that is told to who has to open it again')
  },
)

t.test('without the library it is said how to get it', async t => {
  const table = bench()
  t.teardown(() => table.close())
  const wrong = [
    ['/nowhere/libASICamera2.so', /cannot be loaded: /],
    ['/usr/lib/x86_64-linux-gnu/libc.so.6', /cannot be loaded: .*ASI/],
  ] as const
  for (const [library, message] of wrong) {
    await t.rejects(table.open(asiDriver, { library }), { code: 'not-found', message })
  }
})

t.test('regions are cut down to what the library reads', async t => {
  const info = { width: 1001, height: 777, usb3: true, name: 'ZWO ASI1' } as layout.CameraInfo
  const format = formatFor(info, { binning: 1 }, 2)
  t.match(format, { x: 0, y: 0, width: 1000, height: 776 }, 'the whole sensor')
  t.match(formatFor(info, { binning: 3 }, 2), { width: 328, height: 258 }, 'and binned')
  const region = { x: 103, y: 55, width: 100, height: 101 }
  t.match(formatFor(info, { binning: 2, region }, 2), { x: 48, y: 26, width: 48, height: 50 })
  t.same(regionOf(formatFor(info, { binning: 2, region }, 2)!), { x: 96, y: 52, width: 96, height: 100 })
  t.equal(formatFor(info, { binning: 1, region: { ...region, width: 7 } }, 2), undefined, 'nothing is left')
  const old = { ...info, width: 1280, height: 960, usb3: false, name: 'ZWO ASI120MM' }
  t.match(formatFor(old, { binning: 1, region: { x: 0, y: 0, width: 200, height: 300 } }, 2), {
    width: 200,
    height: 256,
  })
})

interface Open {
  readonly ports: Ports
  readonly told: () => string[]
  readonly control: (words: Record<string, string | number>) => void
  expose(order?: Partial<ExposureOrder>): ReturnType<NonNullable<Ports['camera']>['expose']>
}

async function opened(t: Teardown, words: Record<string, string | number>, options: object = {}): Promise<Open> {
  const { library, told, control } = await asiStub(t, words)
  const table = bench()
  t.teardown(() => table.close())
  const { ports } = await table.open(asiDriver, { library, ...options })
  const expose: Open['expose'] = order => ports.camera!.expose({ ...light, ...order }, table.pool.lend, never)
  return { ports, told, control, expose }
}

t.test('a camera of ZWO’s on the stub', { skip: noAsiStub }, async t => {
  t.test('frames say what the camera says', async t => {
    const { ports, expose, told } = await opened(t, { depth: 12, bayer: 3, chatter: 1 })
    const { sensor } = ports.camera!
    t.match(sensor, { width: 640, height: 480, pixelMicrons: 3.76, bayer: 'gbrg', maxBinning: 4, maxAdu: 65_520 })
    t.match(sensor, { minExposureSeconds: 32e-6, maxExposureSeconds: 2000, regions: true })
    const frame = await expose({ gain: 200, offset: 20, readout: 'High speed' })
    t.match(frame, { type: 'u16', bayer: 'gbrg', gain: 200, offset: 20, readout: 'High speed', exposureSeconds: 0.05 })
    t.equal(Math.round(frame.electronsPerAdu! * 1e4), 4000 / 16, '4 e⁻ a step, a tenth of it at 20 dB, in sixteenths')
    t.ok(
      frame.samples.every(value => value % 16 === 0),
      'twelve bits, moved up',
    )
    t.same(frame.cards, [{ keyword: 'INSTRUME', value: 'ZWO ASI2600MC Stub' }])
    frame.memory.release()
    const bias = await expose({ exposureSeconds: 0, frameType: 'bias' })
    t.equal(bias.exposureSeconds, 32e-6, 'a bias frame is as short as can be')
    bias.memory.release()
    const part = await expose({ region: { x: 101, y: 51, width: 100, height: 61 } })
    t.match(part, { width: 96, height: 60, region: { x: 100, y: 50, width: 96, height: 60 } }, 'what was read')
    t.equal((part.samples[0] >> 4) & ~3, (100 + 2 * 50) & ~3, 'from where it says')
    part.memory.release()
    t.same(
      told().filter(line => /^(dark|Flip|MonoBin|start)/.test(line)),
      ['dark subtract off 0 0', 'Flip 0 0', 'MonoBin 0 1', 'start 0 0', 'start 0 1', 'start 0 0'],
      'nothing is subtracted or turned, binned pixels are grey, and what is dark is said to be',
    )
  })

  t.test('60 megapixels of 16 bits go through, and leave no file behind', async t => {
    const before = readdirSync('/dev/shm')
    const { ports } = await opened(t, { width: 9576, height: 6388, depth: 16 })
    const pool = lendingPool(130e6)
    const frame = await ports.camera!.expose(light, pool.lend, never)
    t.match([frame.width, frame.height, frame.memory.byteLength], [9576, 6388, 122_342_976])
    const at = 6387 * 9576 + 9575
    t.equal((frame.samples[at] & ~3) >>> 0, (9575 + 2 * 6387) & ~3 & 0xffff, 'to the last pixel')
    frame.memory.release()
    t.same(readdirSync('/dev/shm'), before)
  })

  t.test('options and its own properties set controls, and what exposures set stays theirs', async t => {
    const options = { usb_bandwidth: 70, controls: { AntiDewHeater: 1 } }
    const { ports, told } = await opened(t, { serial0: '0102030405060708' }, options)
    t.ok(['BandWidth 0 70', 'AntiDewHeater 0 1'].every(line => told().includes(line)))
    const raw = ports.raw!
    const read = async (name: string) => (await raw.list()).find(one => one.name === name)
    t.equal((await read('CAMERA'))?.items.find(({ name }) => name === 'Serial')?.value, '0102030405060708')
    await raw.set('BandWidth', { BandWidth: 45 }, never)
    t.equal((await read('BandWidth'))?.items[0].value, 45)
    await t.rejects(raw.set('BandWidth', { BandWidth: 39 }, never), { code: 'bad-input', fix: /from 40 to 100/ })
    await t.rejects(raw.set('BandWidth', { BandWidth: 'much' }, never), { code: 'bad-input' })
    await t.rejects(raw.set('CoolerOn', { CoolerOn: 1 }, never), { code: 'unsafe' })
    t.ok((await read('Gain'))?.locked && (await read('Flip'))?.locked)
    const nothing = opened(t, {}, { controls: { Fun: 1 } })
    await t.rejects(nothing, { code: 'bad-input', fix: /BandWidth, .*AntiDewHeater/ })
  })

  t.test('one of several is chosen by serial number, model or socket', async t => {
    const root = mkdtempSync(join(tmpdir(), 'pierside-asi-usb-'))
    t.teardown(() => rmSync(root, { recursive: true, force: true }))
    for (const [socket, device] of [
      ['1-1.2', '005'],
      ['1-1.4', '006'],
    ]) {
      mkdirSync(join(root, 'dev/bus/usb/001'), { recursive: true })
      writeFileSync(join(root, 'dev/bus/usb/001', device), '')
      const folder = join(root, 'sys/bus/usb/devices', socket)
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'busnum'), '1\n')
      writeFileSync(join(folder, 'devnum'), `${Number(device)}\n`)
    }
    const { library } = await asiStub(t, {
      cameras: 2,
      ...{ name0: 'ZWO ASI120MM Mini', serial0: 'aaaaaaaaaaaaaaaa', bus0: join(root, 'dev/bus/usb/001/005') },
      ...{ name1: 'ZWO ASI120MM Mini(guide)', bus1: join(root, 'dev/bus/usb/001/006') },
    })
    const parts = { clock: systemClock(), name: 'camera guide', lost: () => {} }
    const child = await startAsiProcess(parts)
    t.teardown(() => child.close())
    const which = async (choice: object) => {
      const { info, serial, port } = await child.ask('open', { library, ...choice }, 20_000)
      await child.ask('leave', {}, 5_000)
      return [info.name, serial, port]
    }
    t.same(await which({ serial: 'AAAAAAAAAAAAAAAA' }), ['ZWO ASI120MM Mini', 'aaaaaaaaaaaaaaaa', 'usb:1-1.2'])
    t.same(await which({ model: '(guide)' }), ['ZWO ASI120MM Mini(guide)', undefined, 'usb:1-1.4'])
    t.match(await which({ port: 'usb:1-1.4' }), ['ZWO ASI120MM Mini(guide)'])
    t.match(await which({ index: 1 }), ['ZWO ASI120MM Mini(guide)'])
    await t.rejects(which({}), { code: 'bad-input', message: /2 ASI cameras/ })
    const absent = { serial: 'bbbbbbbbbbbbbbbb', model: 'Mini', port: 'usb:1-1.3' }
    await t.rejects(which(absent), { code: 'offline', message: /bbbb.*there: ZWO ASI120MM Mini, / })
  })

  t.test('a guide pulse ends by itself, whoever forgets it', async t => {
    const { library, told } = await asiStub(t)
    const child = await startAsiProcess({ clock: systemClock(), name: 'camera guide', lost: () => {} })
    t.teardown(() => child.close())
    await child.ask('open', { library }, 10_000)
    await child.ask('pulse', { direction: layout.guideDirections.EAST, ms: 100 }, 5_000)
    for (let tries = 0; tries < 50 && !told().includes('pulse off 0 2'); tries++) await systemClock().sleep(50)
    t.same(
      told().filter(line => line.startsWith('pulse')),
      ['pulse on 0 2', 'pulse off 0 2'],
    )
  })

  t.test('two guide pulses beside each other end each by itself', async t => {
    const { library, told } = await asiStub(t)
    const child = await startAsiProcess({ clock: systemClock(), name: 'camera guide', lost: () => {} })
    t.teardown(() => child.close())
    await child.ask('open', { library }, 10_000)
    const { EAST, NORTH } = layout.guideDirections
    await child.ask('pulse', { direction: EAST, ms: 300 }, 5_000)
    await child.ask('pulse', { direction: NORTH, ms: 100 }, 5_000)
    const off = () => told().filter(line => line.startsWith('pulse off'))
    for (let tries = 0; tries < 50 && off().length < 2; tries++) await systemClock().sleep(50)
    t.same(off(), [`pulse off 0 ${NORTH}`, `pulse off 0 ${EAST}`])
  })

  t.test('no guide pulse lasts as long as a frame is read', async t => {
    const { ports, expose, told } = await opened(t, { 'slow0-ASIGetDataAfterExp': 1000 })
    const { guidePort, onPhase } = ports.camera!
    const reading = new Promise<void>(settle => onPhase!(phase => phase === 'reading' && settle()))
    const pulse = guidePort!.pulse('east', 700, never)
    const frame = expose()
    await reading
    await systemClock().sleep(100)
    await t.rejects(guidePort!.pulse('north', 100, never), { code: 'busy', message: /being read/ })
    await pulse
    const taken = await frame
    taken.memory.release()
    const order = told().filter(line => /^(pulse|fetch)/.test(line))
    t.same(order.slice(0, 2), ['pulse on 0 2', 'pulse off 0 2'], 'it was over before')
    t.equal(order.at(-1), 'fetch 0 0')
    await guidePort!.pulse('north', 10, never)
  })

  t.test('when the agent is gone its process ends, even if the library hangs', async t => {
    const { library } = await asiStub(t, { 'hang0-ASIOpenCamera': 1 })
    const memory = await open('/dev/shm/', constants.O_RDWR | constants.O_DIRECTORY | 0o20000000, 0o600)
    const entry = fileURLToPath(new URL('../../edge/drivers/camera/asi/asi-child.js', import.meta.url))
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc', memory.fd] as const
    const child = spawn(process.execPath, [...process.execArgv, entry], { stdio: [...stdio] })
    const ended = new Promise<unknown>(settle => child.once('exit', (code, by) => settle(by ?? code)))
    t.teardown(async () => {
      child.kill('SIGKILL')
      await memory.close()
    })
    const limit = systemClock().deadline(25_000, 'the process of the camera')
    const heard = new Promise<unknown>(settle => child.once('message', settle))
    child.send({ id: 1, word: 'state', input: {} })
    t.match(await limit.race(heard), { fault: { code: 'offline' } }, 'it is there')
    child.send({ id: 2, word: 'open', input: { library } }, () => child.disconnect())
    t.equal(await limit.race(ended), 'SIGALRM')
    limit.cancel()
  })

  t.test('an opening that is given up says why', async t => {
    const { library } = await asiStub(t, { 'hang0-ASIOpenCamera': 1 })
    const reason = new Fault('aborted', 'enough of this', 'Start again')
    const control = new AbortController()
    const tools = benchTools(systemClock(), () => {}) as Tools
    const opening = asiDriver.open(asiDriver.options.parse({ library }), tools, control.signal)
    setTimeout(() => control.abort(reason), 300)
    await t.rejects(opening, reason)
  })

  t.test('the cooler is off when nobody has the camera, and goes on where it was left', async t => {
    const { library, told } = await asiStub(t)
    const cooling = () => told().filter(line => /^(TargetTemp|CoolerOn|close)/.test(line))
    const table = bench()
    const first = await table.open(asiDriver, { library })
    await first.ports.camera!.cooler!.cool(-10.4, never)
    t.equal(first.ports.camera!.cooler!.targetCelsius(), -10, 'whole degrees are what it knows')
    for (let tries = 0; first.ports.camera!.cooler!.sensorCelsius() > 0 && tries < 30; tries++)
      await table.clock.sleep(500)
    await first.box.close()
    const before = ['CoolerOn 0 0', 'TargetTemp 0 -10', 'CoolerOn 0 1', 'CoolerOn 0 0', 'close 0 0']
    t.same(cooling(), before)
    const second = await table.open(asiDriver, { library })
    t.equal(second.ports.camera!.cooler!.targetCelsius(), -10, 'still cold: it goes on')
    await second.ports.camera!.cooler!.cool(undefined, never)
    await second.box.close()
    const third = await table.open(asiDriver, { library })
    t.equal(third.ports.camera!.cooler!.targetCelsius(), undefined, 'switched off is switched off')
    await third.ports.camera!.cooler!.cool(-30, never)
    await third.box.close()
    const fourth = await table.open(asiDriver, { library })
    t.equal(fourth.ports.camera!.cooler!.on(), false, 'and what has become warm stays warm')
    t.equal(fourth.ports.camera!.cooler!.targetCelsius(), undefined)
    await table.close()
  })

  t.test('the pier camera is that of the number, in its colours', async t => {
    const { library, told } = await asiStub(t, { cameras: 2, width: 330, height: 241 })
    const table = bench()
    t.teardown(() => table.close())
    const { ports } = await table.open(asiDriver, { as: 'video', library })
    const look = async (order: object) => {
      const control = new AbortController()
      let seen: Picture | undefined
      const whole = { framesPerSecond: 10, jpegQuality: 90, exposureMs: 20, ...order }
      await ports.video!.run(
        whole,
        picture => {
          seen = picture
          control.abort()
        },
        control.signal,
      )
      return seen!
    }
    const { jpeg: bytes, width, height } = await look({ deviceIndex: 1, gain: 9000, binning: 2 })
    t.same([width, height], [160, 120], 'as it can be binned')
    const { data } = jpeg.decode(bytes)
    t.ok(data[0] > 180 && data[2] < 60, `what is red is red: ${data.subarray(0, 3).join()}`)
    t.ok(told().includes('Gain 1 500') && told().includes('Exposure 1 20000'), 'as nearly as it can')
    t.same(
      told()
        .slice(-2)
        .concat(told().filter(line => /^video/.test(line))),
      ['CoolerOn 1 0', 'close 1 0', 'video 1 1', 'video 1 0'],
    )
    await look({ deviceIndex: 0 })
    await t.rejects(look({ deviceIndex: 2 }), { code: 'offline', message: /number 2/ })
  })
})
