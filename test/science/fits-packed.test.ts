// Packed images (`.fz`): what fpack packs in every way it knows is read to the bit as funpack unpacks it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { textOf } from '../../edge/science/fits-header.js'
import { readFitsHeader } from '../../edge/science/fits-layout.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { foreignPacking, plainUnpacker } from '../../edge/science/fits-tiles.js'
import { encodeFits } from '../../edge/science/fits-write.js'
import { bytesPerSample, type Image, type SampleType, viewSamples } from '../../edge/science/samples.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { sharedData } from '../support/shared-data.js'

const noFpack = spawnSync('fpack').error ? 'fpack is not installed' : false
const noData = sharedData ? false : 'the real frames are not beside the repository'
const unpacker = (scratchBytes: number) =>
  plainUnpacker(scratchBytes, (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }))

const folder = mkdtempSync(path.join(tmpdir(), 'pierside-packed-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** A sky with a saturated star, a flat row, zeros, and in floats rows and pixels without data. */
function skyOf(type: SampleType, width: number, height: number, planes: number): Image {
  const count = width * height * planes
  const samples = viewSamples(type, new ArrayBuffer(count * bytesPerSample[type]), 0, count)
  const random = seededRandom(7).next
  for (let i = 0; i < count; i++) samples[i] = (type === 'i16' ? -3000 : 90) + 40 * (random() + random() + random())
  samples[width * 3 + 5] = type === 'u8' ? 255 : 32_767
  samples.fill(100, width * 5, width * 6)
  samples.fill(0, width * 7, width * 8 - 3)
  if (type === 'f32' || type === 'f64') samples.fill(Number.NaN, width * 9 + 4, width * 11)
  return { width, height, planes, type, samples, topDown: true }
}

const ways: readonly (readonly [name: string, options: readonly string[]])[] = [
  ['Rice by rows', ['-r']],
  ['Rice by tiles', ['-r', '-t', '30,20,2']],
  ['gzip', ['-g1']],
  ['gzip, shuffled', ['-g2']],
  ['floats without dither', ['-r', '-qz', '4']],
  ['floats hardly quantised', ['-r', '-q', '4096']],
  ['floats gzipped whole', ['-g1', '-q', '0']],
  ['floats shuffled and gzipped whole', ['-g2', '-q', '0']],
]

function fpacked(source: string, name: string, options: readonly string[]): { packed: string; plain: string } {
  const packed = path.join(folder, `${name}.fits.fz`)
  const plain = path.join(folder, `${name}.plain.fits`)
  const run = spawnSync('fpack', [...options, '-O', packed, source], { encoding: 'utf8' })
  if (!existsSync(packed)) throw new Error(`fpack ${options.join(' ')}: ${run.stdout}${run.stderr}`)
  spawnSync('funpack', ['-O', plain, packed])
  return { packed, plain }
}

function bytesOf({ samples }: Image): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
}

/** The first sample that is not the same to the bit, NaN being NaN. */
function apart(one: Image, other: Image): number {
  return one.samples.findIndex((value, i) => !Object.is(value, other.samples[i]))
}

function largestStep(one: Image, other: Image): number {
  let most = 0
  for (let i = 0; i < one.samples.length; i++) {
    const step = Math.abs(one.samples[i] - other.samples[i])
    if (step > most) most = step
  }
  return most
}

t.test('all that fpack packs of integers and floats is unpacked to the bit', { skip: noFpack }, async t => {
  for (const type of ['u8', 'u16', 'i16', 'i32', 'f32', 'f64'] as const) {
    for (const planes of type === 'u16' || type === 'f32' ? [1, 3] : [1]) {
      const sky = skyOf(type, 101, 37, planes)
      const source = path.join(folder, `${type}-${planes}.fits`)
      writeFileSync(source, encodeFits(sky, [{ keyword: 'OBJECT', value: 'M 42' }]))
      for (const [i, [name, options]] of ways.entries()) {
        const fits = planes === 1 ? options.map(option => option.replace(/,2$/, '')) : options
        const { packed, plain } = fpacked(source, `${type}-${planes}-${i}`, fits)
        const ours = readFitsImage(readFileSync(packed), undefined, unpacker)
        const theirs = readFitsImage(readFileSync(plain))
        const { width, height } = sky
        t.match(ours, { width, height, planes, type, topDown: true }, `${type}, ${planes} planes, ${name}`)
        // funpack mixes up tiles of floats that are no whole rows; astropy has them right, and so has their source.
        const mixed = name === 'Rice by tiles' && type.startsWith('f')
        if (mixed)
          t.ok(largestStep(ours, sky) < 6, `${type}, ${planes} planes, ${name}: within the step of their source`)
        else t.equal(apart(ours, theirs), -1, `${type}, ${planes} planes, ${name}: as funpack has it`)
        t.equal(textOf(ours.cards, 'OBJECT'), 'M 42')
        t.notOk(
          ours.cards.some(({ keyword }) => /^(Z|TFORM|TTYPE|XTENSION|EXTNAME)/.test(keyword)),
          'the table says nothing of itself',
        )
      }
    }
  }
})

t.test('a real packed frame is the one it was made of', { skip: noData || noFpack }, async t => {
  const file = path.join(sharedData!, 'odd', 'solved.fits.fz')
  const ours = readFitsImage(readFileSync(file))
  const plain = path.join(folder, 'solved.fits')
  spawnSync('funpack', ['-O', plain, file])
  const theirs = readFitsImage(readFileSync(plain))
  t.match(ours, { width: 700, height: 700, type: 'u16' })
  t.equal(Buffer.compare(bytesOf(ours), bytesOf(theirs)), 0)
  t.equal(textOf(ours.cards, 'INSTRUME'), textOf(theirs.cards, 'INSTRUME'))
})

t.test('what only funpack can unpack is described, and refused by name', { skip: noFpack }, async t => {
  const source = path.join(folder, 'foreign.fits')
  writeFileSync(source, encodeFits(skyOf('u8', 64, 64, 1), []))
  for (const [option, method] of [
    ['-h', 'HCOMPRESS_1'],
    ['-p', 'PLIO_1'],
  ]) {
    const bytes = readFileSync(fpacked(source, method, [option]).packed)
    const header = readFitsHeader(bytes)
    t.match(header, { width: 64, height: 64, type: 'u8' })
    t.equal(foreignPacking(header), method)
    t.throws(() => readFitsImage(bytes, undefined, unpacker), { name: 'ScienceError', message: new RegExp(method) })
  }
})
