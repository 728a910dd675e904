// Masters on the disk: made of frames, loaded into the kernels' memory as other programs wrote them, and refused by
// name where they are of no use.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { simdKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, makeLayout, viewsOf } from '../../edge/kernels/memory.js'
import { calibrateStrips, layOutMasters } from '../../edge/science/calibration.js'
import type { Card } from '../../edge/science/fits-header.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { encodeFits, findDamage } from '../../edge/science/fits-write.js'
import type { BayerPattern, SampleType } from '../../edge/science/samples.js'
import { nativeForm } from '../../edge/science/stored-samples.js'
import { loadMasters, type MasterFile } from '../../edge/workers/load-masters.js'
import { makeMaster } from '../../edge/workers/make-master.js'
import { calibrateStrip } from '../support/calibrate-strip.js'
import { seeded } from '../support/star-field.js'

const [width, height] = [130, 70]
const count = width * height

interface Kept {
  readonly type?: SampleType
  readonly cards?: readonly Card[]
  readonly bayer?: BayerPattern
  readonly topDown?: boolean
  readonly wide?: number
}

const arrays = {
  u8: Uint8Array,
  u16: Uint16Array,
  i16: Int16Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
}

function keep(file: string, value: (i: number) => number, kept: Kept = {}): string {
  const { type = 'u16', cards = [], bayer, topDown = true, wide = width } = kept
  const samples = arrays[type].from(Array.from({ length: wide * height }, (_, i) => value(i)))
  const image = { width: wide, height, planes: 1, type, samples, topDown, ...(bayer ? { bayer } : {}) }
  writeFileSync(file, encodeFits(image, cards))
  return file
}

/** Loads masters and calibrates a frame of one value with them. */
function bench(served: { bayer?: boolean; topDown?: boolean } = {}) {
  const layout = makeLayout()
  const places = layOutMasters(layout, { width, height, planes: 1 })
  const raw = layout.take(2 * count)
  const plane = layout.take(4 * count)
  const scratch = layout.take(64 * width)
  const memory = kernelMemory(layout.bytes)
  const views = viewsOf(memory.buffer)
  const hand = { kernels: simdKernels(kernelModule(), memory), views, scratch }
  return (files: readonly MasterFile[], adu: number) => {
    const masters = loadMasters(hand, places, files, { bayer: false, topDown: true, ...served }, plane)
    views.u16.fill(adu, raw >> 1, (raw >> 1) + count)
    const order = { raw: { form: nativeForm('u16'), offset: raw }, places, masters, plane, rowsPerStrip: 16 }
    for (let strip = 0; strip < calibrateStrips(places, 16); strip++) calibrateStrip(hand, order, strip)
    return { masters, frame: views.f32.slice(plane >> 2, (plane >> 2) + count) }
  }
}

const near = (t: Test, samples: ArrayLike<number>, value: (i: number) => number, words: string, within = 0.05) => {
  let worst = 0
  for (let i = 0; i < samples.length; i++) worst = Math.max(worst, Math.abs(samples[i] - value(i)))
  t.ok(worst <= within, `${words}: within ${worst.toFixed(4)}`)
}

t.test('frames on the disk become a master whose header says how', async t => {
  const folder = t.testdir()
  const { gaussian } = seeded(8)
  const hot = 777
  const cards: Card[] = [
    { keyword: 'GAIN', value: 100 },
    { keyword: 'EXPTIME', value: 30, real: true },
  ]
  const frames = Array.from({ length: 9 }, (_, n) => {
    const more = [...cards, { keyword: 'CCD-TEMP', value: -10 + n / 10, real: true }]
    keep(join(folder, `d${n}.fits`), i => 500 + (i % width) + 5 * gaussian() + (i === hot ? 9000 : 0), { cards: more })
    return `d${n}.fits`
  })
  const aside = join(folder, 'master.fits')
  const made = makeMaster({ kind: 'dark', frames, aside, cards: [] }, folder)
  t.match(made, { width, height, planes: 1, frames: 9, badPixels: 1 })
  t.ok(Math.abs(made.noiseAdu - 5) < 0.4, `noise of a frame ${made.noiseAdu.toFixed(2)}`)
  t.ok(Math.abs(made.levelShare! - 564 / 65_535) < 1e-4)
  const bytes = readFileSync(aside)
  t.equal(findDamage(bytes), undefined)
  const { samples, cards: said } = readFitsImage(bytes)
  near(
    t,
    samples.filter((_, i) => i !== hot),
    i => 500 + ((i + (i >= hot ? 1 : 0)) % width),
    'the mean',
    8,
  )
  const value = (keyword: string) => said.find(card => card.keyword === keyword)?.value
  t.same([value('IMAGETYP'), value('NCOMBINE'), value('GAIN'), value('EXPTIME')], ['Master Dark', 9, 100, 30])
  t.ok(Math.abs(Number(value('CCD-TEMP')) + 9.6) < 0.01, 'the mean temperature')
  t.equal(said.filter(({ keyword, value }) => keyword === 'HISTORY' && /^combined d/.test(String(value))).length, 9)
})

t.test('what does not belong into a master is refused by name', async t => {
  const folder = t.testdir()
  const make =
    (kind: 'dark' | 'flat' | 'bias', ...frames: string[]) =>
    () =>
      makeMaster({ kind, frames, aside: join(folder, 'x.fits'), cards: [] }, folder)
  keep(join(folder, 'a.fits'), i => 500 + (i % 7))
  keep(join(folder, 'b.fits'), i => 500 + (i % 5))
  keep(join(folder, 'leak.fits'), i => 700 + (i % 5))
  keep(join(folder, 'day.fits'), i => 30_000 + (i % 5))
  keep(join(folder, 'wide.fits'), () => 500, { wide: 200 })
  keep(join(folder, 'gain.fits'), () => 500, { cards: [{ keyword: 'GAIN', value: 200 }] })
  keep(join(folder, 'low.fits'), () => 500, { cards: [{ keyword: 'GAIN', value: 100 }] })
  writeFileSync(join(folder, 'short.fits'), readFileSync(join(folder, 'a.fits')).subarray(0, 5760))
  t.throws(make('dark', 'a.fits', 'wide.fits'), { code: 'bad-input', message: /wide.fits has 200×70 px/ })
  t.throws(make('dark', 'low.fits', 'gain.fits'), { message: /gain.fits has GAIN 200, low.fits has 100/ })
  t.throws(make('dark', 'a.fits', 'b.fits', 'leak.fits'), { message: /leak.fits is 199.* ADU brighter/ })
  t.throws(make('bias', 'day.fits'), { message: /not taken in the dark/ })
  t.throws(make('dark', 'none.fits'), { message: /none.fits cannot be read/ })
  t.throws(make('dark', 'short.fits'), { message: /short.fits cannot be read: .*cut short/ })
  t.throws(make('dark'), { message: /1 to 100 frames, not of 0/ })
  mkdirSync(join(folder, 'sub'))
  t.throws(make('dark', 'sub'), { message: /sub cannot be read/ })
})

t.test('a master that would calibrate nothing is refused, not the lights', async t => {
  const file = join(t.testdir(), 'odd.fits')
  const develop = bench()
  const load = (kind: 'dark' | 'flat', value: number) => () =>
    develop([{ kind, file: keep(file, i => (i % 3 === 0 ? 500 : value), { type: 'f32' }) }], 1000)
  const refused = { code: 'bad-input', message: /odd.fits calibrates nothing: 67 % of its samples are/ }
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 3e38]) t.throws(load('dark', value), refused)
  for (const value of [0, -20, Number.NaN]) t.throws(load('flat', value), refused)
})

t.test('masters of any kind of samples and any order of rows are loaded', async t => {
  const folder = t.testdir()
  const file = join(folder, 'dark.fits')
  const develop = bench()
  const dark = (i: number) => 100 + (i % width) + Math.floor(i / width)
  for (const type of ['u16', 'i16', 'i32', 'f32', 'f64'] as const) {
    const { frame } = develop([{ kind: 'dark', file: keep(file, dark, { type }) }], 1000)
    near(t, frame, i => 1000 - dark(i), type)
  }
  const upside = (i: number) => dark((height - 1 - Math.floor(i / width)) * width + (i % width))
  const turned = develop([{ kind: 'dark', file: keep(file, upside, { type: 'f32', topDown: false }) }], 1000)
  near(t, turned.frame, i => 1000 - dark(i), 'bottom row first')
  const unit = develop([{ kind: 'dark', file: keep(file, i => dark(i) / 65_535, { type: 'f32' }) }], 1000)
  near(t, unit.frame, i => 1000 - dark(i), 'from 0 to 1')
  const bias = develop([{ kind: 'bias', file: keep(file, dark) }], 1000)
  near(t, bias.frame, i => 1000 - dark(i), 'a bias alone')
})

t.test('dark, flat, scaled dark and map work together; odd pixels are filled', async t => {
  const folder = t.testdir()
  const at = (name: string) => join(folder, name)
  const light = (i: number) => 1 - 0.3 * ((i % width) / width)
  const hot = 40 * width + 65
  const dark = keep(at('dark.fits'), i => 150 + (i === hot ? 20_000 : 0), { type: 'f32' })
  const flat = keep(at('flat.fits'), i => 23_000 * light(i), { type: 'f32' })
  const middle = light(65)
  const both = bench()(
    [
      { kind: 'dark', file: dark },
      { kind: 'flat', file: flat },
    ],
    1150,
  )
  t.equal(both.masters.bad, 1)
  near(t, both.frame, i => (1000 * middle) / light(i), 'dark and flat', 12)
  const bias = keep(at('bias.fits'), () => 100)
  const warm = keep(at('warm.fits'), () => 300)
  const scaled = bench()(
    [
      { kind: 'dark', file: warm, scale: 0.25 },
      { kind: 'bias', file: bias },
    ],
    1150,
  )
  near(t, scaled.frame, () => 1000, 'a quarter of the dark current')
  const map = keep(at('map.fits'), i => (i === 5 || i === 6 ? 1 : 0), { type: 'u8' })
  t.equal(bench({ bayer: true })([{ kind: 'bad', file: map }], 1150).masters.bad, 2)
  const colours = keep(at('cfa.fits'), i => [9000, 20_000, 20_000, 6000][((Math.floor(i / width) & 1) << 1) | (i & 1)])
  near(t, bench({ bayer: true })([{ kind: 'flat', file: colours }], 1150).frame, () => 1150, 'a flat changes no colour')
})

t.test('a master that cannot serve is refused by name', async t => {
  const folder = t.testdir()
  const wide = keep(join(folder, 'wide.fits'), () => 500, { wide: 200 })
  t.throws(() => bench()([{ kind: 'dark', file: wide }], 1000), {
    code: 'bad-input',
    message: 'the dark wide.fits has 200×70 px, the frames have 130×70 px',
  })
  t.throws(() => bench()([{ kind: 'flat', file: join(folder, 'none.fits') }], 1000), {
    message: /flat none.fits cannot be/,
  })
  const all = keep(join(folder, 'all.fits'), i => i & 1, { type: 'u8' })
  t.throws(() => bench()([{ kind: 'bad', file: all }], 1000), { message: /more than 1 %/ })
})
