// Files on their way to the disk: strip by strip they are the file that is written at once, and packed ones are what
// fpack makes and what others unpack.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { ownKernels } from '../../edge/kernels/kernel-module.js'
import {
  type FitsEncoding,
  isPackable,
  packedEncoding,
  packingScratchBytes,
  plainEncoding,
  stripBytes,
} from '../../edge/science/fits-encoding.js'
import { type Card, textOf } from '../../edge/science/fits-header.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { encodeFits, findDamage } from '../../edge/science/fits-write.js'
import { bytesPerSample, type Image, type SampleType, viewSamples } from '../../edge/science/samples.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'

const noFpack = spawnSync('fpack').error ? 'fpack is not installed' : false
const noFitsverify = spawnSync('fitsverify').error ? 'fitsverify is not installed' : false
const python = ['/usr/bin/python3', 'python3'].find(
  program => spawnSync(program, ['-c', 'import astropy.io.fits']).status === 0,
)
const noAstropy = python ? false : 'python3 with astropy is not installed'
const folder = mkdtempSync(path.join(tmpdir(), 'pierside-encoding-'))
t.teardown(() => rmSync(folder, { recursive: true }))

const cards: Card[] = [
  { keyword: 'OBJECT', value: 'M 42' },
  { keyword: 'NOTES', value: 'a long night '.repeat(9), comment: 'goes on' },
]

function skyOf(type: SampleType, width: number, height: number, planes = 1): Image {
  const count = width * height * planes
  const samples = viewSamples(type, new ArrayBuffer(count * bytesPerSample[type]), 0, count)
  const random = seededRandom(11).next
  for (let i = 0; i < count; i++) samples[i] = (type === 'i16' ? -3000 : 90) + 40 * (random() + random() + random())
  samples.fill(100, width, 2 * width)
  samples[5] = { u8: 255, u16: 65_535, i16: -32_768, i32: 2 ** 31 - 1, f32: 1e30, f64: -1e300 }[type]
  return { width, height, planes, type, samples, topDown: true, ...(planes === 1 ? { bayer: 'grbg' } : {}) }
}

/** The whole file in memory, strip after strip. */
function fileOf(encoding: FitsEncoding, hand: ReturnType<typeof ownKernels>, strip: number): Uint8Array {
  const file = new Uint8Array(encoding.mostBytes)
  let position = encoding.headBytes
  for (let count = encoding.next(strip); count > 0; count = encoding.next(strip)) {
    file.set(hand.views.u8.subarray(strip, strip + count), position)
    position += count
  }
  file.set(encoding.head())
  return file.subarray(0, Math.ceil(position / 2880) * 2880)
}

function packed(image: Image): Uint8Array {
  const room = Math.ceil(packingScratchBytes(image) / 64) * 64
  const hand = ownKernels(room + stripBytes)
  return fileOf(packedEncoding(hand, image, cards), hand, hand.scratch + room)
}

t.test('strip by strip a file is the one written at once', async t => {
  for (const type of ['u8', 'u16', 'i16', 'i32', 'f32', 'f64'] as const) {
    for (const [width, height, planes] of [
      [101, 7, 1],
      [3, 3, 3],
      [700, 801, 1],
    ]) {
      const sky = skyOf(type, width, height, planes)
      const hand = ownKernels(stripBytes)
      const file = fileOf(plainEncoding(hand, sky, cards), hand, hand.scratch)
      t.equal(Buffer.compare(file, encodeFits(sky, cards)), 0, `${type}, ${width}×${height}×${planes}`)
    }
  }
  const hand = ownKernels(stripBytes)
  const white = { ...skyOf('i16', 64, 45) }
  white.samples.fill(-1)
  t.equal(Buffer.compare(fileOf(plainEncoding(hand, white, []), hand, hand.scratch), encodeFits(white, [])), 0, 'ones')
  const sky = skyOf('f32', 20, 20)
  const doubled = readFitsImage(fileOf(plainEncoding(hand, sky, [], 2), hand, hand.scratch))
  t.same(doubled.samples, sky.samples.map(value => 2 * value) as Float32Array, 'twice as large')
  t.throws(() => plainEncoding(hand, { ...sky, width: 21 }, []), { name: 'ScienceError', message: /21×20/ })
})

t.test('packed files are read back, and nothing is lost', async t => {
  for (const type of ['u8', 'u16', 'i16', 'i32'] as const) {
    for (const [width, height, planes] of [
      [101, 7, 1],
      [1, 3, 3],
      [33, 20, 3],
      [2001, 901, 1],
    ]) {
      const sky = skyOf(type, width, height, planes)
      const file = packed(sky)
      t.equal(findDamage(file), undefined, `${type}, ${width}×${height}×${planes}: whole`)
      const back = readFitsImage(file)
      t.ok(sameSamples(back, sky), 'every sample')
      t.match(back, { width, height, planes, type, topDown: true, ...(planes === 1 ? { bayer: 'grbg' } : {}) })
      t.equal(textOf(back.cards, 'NOTES'), 'a long night '.repeat(9).trim())
    }
  }
  t.notOk(isPackable(skyOf('f32', 10, 10)), 'floats are not packed')
  t.notOk(isPackable({ type: 'u16', width: 200_000 }), 'nor rows that fit no strip')
})

t.test('others unpack our files, and find nothing wrong', { skip: noFpack || noFitsverify || noAstropy }, async t => {
  const names: string[] = []
  for (const type of ['u8', 'u16', 'i16', 'i32'] as const) {
    for (const planes of [1, 3]) {
      const sky = skyOf(type, 300, 40, planes)
      const name = path.join(folder, `${type}-${planes}.fits`)
      writeFileSync(name, encodeFits(sky, cards))
      writeFileSync(`${name}.ours.fz`, packed(sky))
      t.match(spawnSync('fitsverify', ['-q', `${name}.ours.fz`], { encoding: 'utf8' }).stdout, /verification OK/)
      spawnSync('funpack', ['-O', `${name}.back.fits`, `${name}.ours.fz`])
      t.ok(sameSamples(readFitsImage(readFileSync(`${name}.back.fits`)), sky), `${type}, ${planes}: funpack`)
      t.match(spawnSync('fitsverify', ['-q', `${name}.back.fits`], { encoding: 'utf8' }).stdout, /verification OK/)
      names.push(name)
      spawnSync('fpack', ['-r', '-O', `${name}.theirs.fz`, name])
      t.same(
        heapOf(readFileSync(`${name}.ours.fz`)),
        heapOf(readFileSync(`${name}.theirs.fz`)),
        'the same codes as fpack',
      )
    }
  }
})

function sameSamples({ samples: one }: Image, { samples: other }: Image): boolean {
  return one.length === other.length && one.every((value, i) => Object.is(value, other[i]))
}

/** Table and heap of a packed file. */
function heapOf(file: Buffer): Buffer {
  const table = file.indexOf("XTENSION= 'BINTABLE'")
  const end = file.indexOf(`END${' '.repeat(77)}`, table)
  return file.subarray(Math.ceil((end + 80) / 2880) * 2880)
}
