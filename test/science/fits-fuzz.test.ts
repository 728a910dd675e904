// Seeded damage to files of every kind: what comes out is an image or a ScienceError, in bounded memory and time.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { dateObsMs } from '../../edge/science/fits-date.js'
import type { Card } from '../../edge/science/fits-header.js'
import { findImage } from '../../edge/science/fits-layout.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { plainUnpacker } from '../../edge/science/fits-tiles.js'
import { encodeFits, findDamage } from '../../edge/science/fits-write.js'
import { bytesPerSample, type Image, type SampleType, viewSamples } from '../../edge/science/samples.js'
import { ScienceError } from '../../edge/science/science-error.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'

const noFpack = spawnSync('fpack').error ? 'fpack is not installed' : false
const folder = mkdtempSync(path.join(tmpdir(), 'pierside-fuzz-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** No file may ask for more than what deflate can make of its bytes, in the widest samples, with room to work in. */
const mostGrowth = 1032 * 8 * 4

function skyOf(type: SampleType, width: number, height: number, planes: number): Image {
  const count = width * height * planes
  const samples = viewSamples(type, new ArrayBuffer(count * bytesPerSample[type]), 0, count)
  const random = seededRandom(count).next
  for (let i = 0; i < count; i++) samples[i] = 100 + 20 * random()
  return { width, height, planes, type, samples, topDown: true }
}

const cards: Card[] = [
  { keyword: 'OBJECT', value: "a 'long' name ".repeat(9) },
  { keyword: 'EXPTIME', value: 12.5 },
  { keyword: 'DATE-OBS', value: '2017-12-19T18:33:43-07:00' },
]

interface Tally {
  read: number
  refused: number
  readonly wrong: string[]
}

/** Reads a damaged file as everybody does, and looks at what was asked for. */
function tryOut(bytes: Uint8Array, tally: Tally, round: string): void {
  const allow = (byteLength: number, what: string) => {
    if (!(byteLength <= 4096 + bytes.length * mostGrowth)) tally.wrong.push(`${round}: ${byteLength} bytes for ${what}`)
    return byteLength
  }
  try {
    const image = readFitsImage(
      bytes,
      byteLength => new ArrayBuffer(allow(byteLength, 'samples')),
      scratch =>
        plainUnpacker(allow(scratch, 'scratch'), (packed, maxOutputLength) => gunzipSync(packed, { maxOutputLength })),
    )
    dateObsMs(image.cards)
    tally.read++
    const damage = findDamage(encodeFits(image, image.cards))
    if (damage !== undefined) tally.wrong.push(`${round}: written again it is damaged: ${damage}`)
  } catch (error) {
    tally.refused++
    if (!(error instanceof ScienceError)) tally.wrong.push(`${round}: ${(error as Error).stack}`)
    else if (error.message.length < 10) tally.wrong.push(`${round}: refused without a word`)
  }
}

/** Bytes changed, copied about and cut off, mostly where the headers and the table are. */
function damaged(source: Uint8Array, pick: (count: number) => number): Uint8Array {
  const file = Uint8Array.from(source)
  const alphabet = "0123456789'/=-+.TFE &\0ÿABEND"
  const head = Math.min(file.length, 14_400)
  for (let hits = pick(4); hits >= 0; hits--) {
    const way = pick(6)
    if (way === 0) {
      const from = pick(head / 80) * 80
      file.copyWithin(from, pick(head / 80) * 80, pick(head))
    } else if (way === 1) {
      // A number in a card becomes another: where sizes and places stand.
      const card = pick(head / 80) * 80
      for (let i = 0; i <= pick(8); i++) file[card + 29 - pick(10)] = 0x30 + pick(10)
    } else if (way === 2) file[pick(file.length)] = pick(256)
    else file[pick(head)] = pick(3) ? alphabet.charCodeAt(pick(alphabet.length)) & 255 : pick(256)
  }
  return pick(5) === 0 ? file.subarray(0, pick(file.length)) : file
}

function fuzz(t: Test, seeds: readonly (readonly [string, Uint8Array])[], rounds: number): void {
  const random = seededRandom(20_261_121).next
  const pick = (count: number): number => Math.floor(random() * count)
  for (const [name, source] of seeds) {
    const tally: Tally = { read: 0, refused: 0, wrong: [] }
    for (let round = 0; round < rounds; round++) tryOut(damaged(source, pick), tally, `${name}, round ${round}`)
    t.same(tally.wrong.slice(0, 5), [], name)
    const walked = tally.read > rounds / 20 && tally.refused > rounds / 20
    t.ok(walked, `${name}: ${tally.read} read, ${tally.refused} refused: both ways are walked`)
  }
}

/** A primary or an extension, by its cards. */
function unitOf(cards: readonly string[], data: Uint8Array): Uint8Array {
  const text = [...cards, 'END'].map(card => card.padEnd(80)).join('')
  const headBytes = Math.ceil(text.length / 2880) * 2880
  const unit = new Uint8Array(headBytes + Math.ceil(data.length / 2880) * 2880)
  unit.set(new TextEncoder().encode(text.padEnd(headBytes)))
  unit.set(data, headBytes)
  return unit
}

t.test('plain files: all kinds of samples, planes, scales and extensions', async t => {
  const seeds: [string, Uint8Array][] = []
  for (const type of ['u8', 'u16', 'i16', 'i32', 'f32', 'f64'] as const) {
    seeds.push([type, encodeFits(skyOf(type, 30, 20, type === 'u16' ? 3 : 1), cards)])
  }
  const layout = (bitpix: number) => [`BITPIX  = ${bitpix}`, 'NAXIS   = 3', 'NAXIS1  = 3', 'NAXIS2  = 8', 'NAXIS3  = 9']
  const data = Uint8Array.from({ length: 3 * 8 * 9 * 8 }, (_, i) => i * 7)
  seeds.push(['64 bits, colours pixel by pixel', unitOf(['SIMPLE  = T', ...layout(64)], data)])
  const scale = ['BSCALE  = 0.5', 'BZERO   = 100.0', 'BLANK   = -1', "BAYERPAT= 'RGGB'", "ROWORDER= 'BOTTOM-UP'"]
  seeds.push(['scaled', unitOf(['SIMPLE  = T', ...layout(16), ...scale], data)])
  const table = ["XTENSION= 'BINTABLE'", 'BITPIX  = 8', 'NAXIS   = 2', 'NAXIS1  = 5', 'NAXIS2  = 300', 'PCOUNT  = 7']
  const extended = [
    unitOf(['SIMPLE  = T', 'BITPIX  = 8', 'NAXIS   = 0', 'EXTEND  = T'], new Uint8Array(0)),
    unitOf([...table, 'GCOUNT  = 1'], new Uint8Array(1507)),
    unitOf(["XTENSION= 'IMAGE'", ...layout(8), 'PCOUNT  = 0', 'GCOUNT  = 1'], data),
  ]
  seeds.push(['behind a table', Buffer.concat(extended)])
  fuzz(t, seeds, 1000)
})

t.test('packed files of every method', { skip: noFpack }, async t => {
  const seeds: [string, Uint8Array][] = []
  for (const [name, type, options] of [
    ['Rice', 'u16', ['-r']],
    ['Rice by tiles', 'i32', ['-r', '-t', '7,5']],
    ['gzip', 'i16', ['-g1']],
    ['gzip, shuffled', 'u8', ['-g2']],
    ['dithered floats', 'f32', ['-r', '-q', '16']],
    ['floats gzipped', 'f64', ['-g1', '-q', '0']],
    ['HCOMPRESS', 'i16', ['-h']],
  ] as const) {
    const source = path.join(folder, `${name.replaceAll(/\W/g, '')}.fits`)
    writeFileSync(source, encodeFits(skyOf(type, 40, 30, 1), []))
    spawnSync('fpack', [...options, '-O', `${source}.fz`, source])
    const packed = readFileSync(`${source}.fz`)
    if (name === 'HCOMPRESS') t.throws(() => readFitsImage(packed), ScienceError, 'refused as it is')
    else seeds.push([name, packed])
  }
  fuzz(t, seeds, 600)
})

t.test('small files that claim to be large are refused before memory is asked for', async t => {
  const axes = (width: number, height: number) => [
    ...['ZIMAGE  = T', 'ZBITPIX = 16', 'ZNAXIS  = 2', `ZNAXIS1 = ${width}`, `ZNAXIS2 = ${height}`],
  ]
  const bomb = (more: readonly string[], rows: number, row: readonly number[]) => {
    const data = new DataView(new ArrayBuffer(rows * 8 + 100))
    for (let i = 0; i < rows; i++) for (const [half, value] of row.entries()) data.setInt32(8 * i + 4 * half, value)
    const head = ["XTENSION= 'BINTABLE'", 'BITPIX  = 8', 'NAXIS   = 2', 'NAXIS1  = 8', `NAXIS2  = ${rows}`]
    const table = ['PCOUNT  = 100', 'GCOUNT  = 1', 'TFIELDS = 1', "TTYPE1  = 'COMPRESSED_DATA'", "TFORM1  = '1PB(9)'"]
    const primary = unitOf(['SIMPLE  = T', 'BITPIX  = 8', 'NAXIS   = 0'], new Uint8Array(0))
    return Buffer.concat([primary, unitOf([...head, ...table, ...more], new Uint8Array(data.buffer))])
  }
  const refuses = (file: Uint8Array, message: RegExp) => {
    const never = () => t.fail('memory was asked for') as never
    t.throws(() => readFitsImage(file, never, never), { name: 'ScienceError', message })
  }
  const rice = "ZCMPTYPE= 'RICE_1'"
  refuses(bomb([...axes(30_000, 4), rice], 4, [10, 0]), /tile 1 .* has only 10 bytes/)
  refuses(bomb([...axes(800, 90), rice], 90, [100, 0]), /lie over each other/)
  refuses(bomb([...axes(20, 4), rice], 4, [50, 90]), /tile 1 .*lies at 90 and has 50 bytes; the heap \(PCOUNT\) has/)
  refuses(bomb([...axes(20, 4), rice], 4, [-5, 0]), /tile 1 .* has -5 bytes/)
  refuses(bomb([...axes(20, 4), rice], 4, [0, 0]), /tile 1 .* is empty/)
  refuses(bomb([...axes(20, 5), rice], 4, [9, 0]), /NAXIS2 is 4, .* into 5/)
  refuses(bomb([...axes(9000, 9000), rice, 'ZTILE2  = 9000'], 1, [9, 0]), /ZTILE1 .* too large/)
  refuses(bomb([...axes(20, 4), "ZCMPTYPE= 'LZMA'"], 4, [9, 0]), /ZCMPTYPE is LZMA/)
  refuses(bomb([...axes(20, 4), rice, "ZNAME1  = 'BYTEPIX'", 'ZVAL1   = 3'], 4, [9, 0]), /ZVAL1 is 3; BYTEPIX/)
  refuses(bomb([...axes(20, 4), rice, 'THEAP   = 1000000'], 4, [9, 0]), /THEAP is 1000000/)
  refuses(bomb([...axes(60_000, 60_000), rice], 4, [9, 0]), /NAXIS2 is 4|more than/)
})

t.test('the search for an image asks only for headers, and only within the file', async t => {
  const random = seededRandom(77).next
  const pick = (count: number): number => Math.floor(random() * count)
  const sky = encodeFits(skyOf('f64', 200, 200, 1), [])
  let asked = 0
  for (let round = 0; round < 2000; round++) {
    const file = damaged(sky, pick)
    const search = findImage(file.length)
    try {
      for (let ask = search.next(); !ask.done; ) {
        const { position, length } = ask.value
        if (position < 0 || length < 0 || position + length > file.length) t.fail(`${length} bytes at ${position}`)
        asked = Math.max(asked, length)
        ask = search.next(file.subarray(position, position + length))
      }
    } catch (error) {
      if (!(error instanceof ScienceError)) throw error
    }
  }
  t.ok(asked > 0 && asked <= 1000 * 2880, `${asked} bytes at most`)
})
