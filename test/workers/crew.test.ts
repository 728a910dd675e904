// Threads that share a frame: the same bits whoever does what, errors that come home, and an end.
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { kernelMemory, makeLayout } from '../../edge/kernels/memory.js'
import { calibrateStrips, layOutMasters } from '../../edge/science/calibration.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { encodeFits } from '../../edge/science/fits-write.js'
import { packNothing } from '../../edge/science/pack-masters.js'
import { type Image, type SampleType, viewSamples } from '../../edge/science/samples.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { openCrew } from '../../edge/workers/crew.js'
import { type FrameFile, openFrameFile, rowsBytes } from '../../edge/workers/frame-file.js'
import { sharedData } from '../support/shared-data.js'

const [width, height] = [203, 151]
const folder = t.testdir({})

function image(type: SampleType, planes = 1): Image {
  const random = seededRandom(7)
  const samples = viewSamples(type, new ArrayBuffer(width * height * planes * 8), 0, width * height * planes)
  for (let i = 0; i < samples.length; i++) samples[i] = Math.floor(256 * random.next())
  return { width, height, planes, type, samples, topDown: true }
}

function written(name: string, bytes: Uint8Array): string {
  writeFileSync(join(folder, name), bytes)
  return join(folder, name)
}

/** The frame as the crew develops it without masters. */
async function developed(file: FrameFile, threads: number): Promise<Float32Array> {
  const { raw } = file
  const size = { width: raw.width, height: raw.height, planes: raw.planes }
  const samples = size.width * size.height * size.planes
  const layout = makeLayout()
  const places = layOutMasters(layout, size)
  const plane = layout.take(4 * samples)
  const scratch = Array.from({ length: threads }, () => layout.take(rowsBytes(raw, 16)))
  const crew = openCrew({ module: kernelModule(), memory: kernelMemory(layout.bytes), scratch })
  try {
    const masters = packNothing(crew.hand.views, places)
    const order = { raw, places, masters, plane, rowsPerStrip: 16 }
    for (let round = 0; round < 20; round++) {
      crew.hand.views.f32.fill(-1, plane >> 2, (plane >> 2) + samples)
      crew.run('develop', order, calibrateStrips(size, 16))
    }
    return crew.hand.views.f32.slice(plane >> 2, (plane >> 2) + samples)
  } finally {
    await crew.close()
  }
}

t.test('any kind of file becomes numbers, on one thread and on three', async t => {
  for (const type of ['u8', 'u16', 'i16', 'i32', 'f32', 'f64'] as const) {
    for (const planes of type === 'u16' ? [1, 3] : [1]) {
      const made = image(type, planes)
      const file = openFrameFile(written(`${type}-${planes}.fits`, encodeFits(made, [])))
      const one = await developed(file, 1)
      t.same(one, Float32Array.from(made.samples), `${type}, ${planes} planes`)
      t.same(await developed(file, 3), one, 'three threads give the same bits')
      file.close()
    }
  }
})

t.test('a real frame too', { skip: sharedData === undefined && '../shared/data is absent' }, async t => {
  const real = join(sharedData ?? '', 'hatp32', 'HATP-32171220013343.FITS')
  const file = openFrameFile(real)
  t.same(await developed(file, 2), Float32Array.from(readFitsImage(readFileSync(real)).samples))
  file.close()
})

t.test('what goes wrong in a thread comes home with its words, and the crew works on', async t => {
  const file = openFrameFile(written('short.fits', encodeFits(image('u16'), [])))
  const bytes = readFileSync(join(folder, 'short.fits'))
  writeFileSync(join(folder, 'short.fits'), bytes.subarray(0, 5000))
  for (const threads of [1, 3]) {
    await t.rejects(developed(file, threads), { name: 'ScienceError', message: /become shorter/ }, `${threads} threads`)
  }
  writeFileSync(join(folder, 'short.fits'), bytes)
  await t.resolves(developed(file, 3))
  file.close()
})

t.test('files that are none are refused by name, and leave nothing open', async t => {
  const whole = encodeFits(image('u16'), [])
  const first = openSync(written('whole.fits', whole), 'r')
  closeSync(first)
  t.throws(() => openFrameFile(written('cut.fits', whole.subarray(0, 9000))), { name: 'ScienceError', message: /cut/ })
  t.throws(() => openFrameFile(written('words.fits', Buffer.from('no pixels'))), { name: 'ScienceError' })
  t.throws(() => openFrameFile(join(folder, 'absent.fits')), { code: 'ENOENT' })
  const next = openSync(join(folder, 'whole.fits'), 'r')
  t.equal(next, first, 'the same number is free again')
  closeSync(next)
})
