// FITS against its own standard: real frames, astropy and fitsverify as judges, and seeded damage.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { flipBayer, shiftBayer, storedBayer } from '../../edge/science/bayer.js'
import { addToSum } from '../../edge/science/fits-checksum.js'
import { dateObsMs } from '../../edge/science/fits-date.js'
import {
  type Card,
  cardValue,
  flagOf,
  formatCards,
  numberOf,
  parseCards,
  replaceCards,
  textOf,
} from '../../edge/science/fits-header.js'
import { readFitsHeader } from '../../edge/science/fits-layout.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { dataUnitBytes, encodeFits, encodeRows, findDamage, fitsHeader } from '../../edge/science/fits-write.js'
import { bytesPerSample, type Image, type SampleType, viewSamples } from '../../edge/science/samples.js'
import { ScienceError } from '../../edge/science/science-error.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { sharedData } from '../support/shared-data.js'

const types: readonly SampleType[] = ['u8', 'u16', 'i16', 'i32', 'f32', 'f64']
const python = ['/usr/bin/python3', 'python3'].find(
  program => spawnSync(program, ['-c', 'import astropy.io.fits']).status === 0,
)
const noAstropy = python ? false : 'python3 with astropy is not installed'
const noFitsverify = spawnSync('fitsverify').error ? 'fitsverify is not installed' : false
const noData = sharedData ? false : 'the real frames are not beside the repository'

const folder = mkdtempSync(path.join(tmpdir(), 'pierside-fits-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** What astropy reads: per file the little-endian samples' hash, their type, and the header as JSON. */
interface Seen {
  readonly sha: string
  readonly dtype: string
  readonly warnings: readonly string[]
  readonly header: Readonly<Record<string, string | number | boolean>>
}

function astropySees(files: readonly string[]): Seen[] {
  const script = `
import sys, json, hashlib, warnings
from astropy.io import fits
for name in sys.stdin.read().split('\\n'):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        with fits.open(name, checksum=True) as hdus:
            data = next(h.data for h in hdus if h.data is not None)
            header = {k: v for k, v in hdus[0].header.items() if isinstance(v, (str, int, float, bool))}
            little = data.astype(data.dtype.newbyteorder('<'))
            sha = hashlib.sha256(little.tobytes()).hexdigest()
            print(json.dumps({'sha': sha, 'dtype': str(data.dtype.newbyteorder('=')),
                'warnings': [str(w.message) for w in caught], 'header': header}))
`
  const run = spawnSync(python as string, ['-c', script], {
    input: files.join('\n'),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (run.status !== 0) throw new Error(run.stderr)
  return run.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

function fitsverifySays(files: readonly string[]): string {
  return spawnSync('fitsverify', ['-q', ...files], { encoding: 'utf8', maxBuffer: 2 ** 24 }).stdout
}

function shaOf({ samples }: Image): string {
  return createHash('sha256').update(bytesOf(samples)).digest('hex')
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

/** A picture whose samples take all values of its type, extremes first. */
function pictureOf(type: SampleType, width: number, height: number, planes = 1, more: Partial<Image> = {}): Image {
  const count = width * height * planes
  const samples = viewSamples(type, new ArrayBuffer(count * bytesPerSample[type]), 0, count)
  const random = seededRandom(count).next
  const bytes = bytesOf(samples)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256)
  if (type === 'f32' || type === 'f64') {
    for (let i = 0; i < count; i++) if (Number.isNaN(samples[i])) samples[i] = i / 7
    samples.set([Number.NaN, Number.POSITIVE_INFINITY, -0, 1.5, -1 / 3])
  } else
    samples.set(
      {
        u8: [0, 255],
        u16: [0, 32767, 32768, 65535],
        i16: [-32768, 32767, -1, 0],
        i32: [-(2 ** 31), -1, 0, 2 ** 31 - 1],
      }[type],
    )
  return { width, height, planes, type, samples, topDown: true, ...more }
}

function lines(text: readonly string[]): string {
  return text.map(line => line.padEnd(80)).join('')
}

function fileOf(header: readonly string[], data: Uint8Array): Uint8Array {
  const text = lines([...header, 'END'])
  const headerBytes = Math.ceil(text.length / 2880) * 2880
  const file = new Uint8Array(headerBytes + Math.ceil(data.length / 2880) * 2880)
  file.set(new TextEncoder().encode(text.padEnd(headerBytes)))
  file.set(data, headerBytes)
  return file
}

t.test('a header with the habits of an old observatory is read as it was meant', { skip: noData }, async t => {
  const image = readFitsImage(readFileSync(path.join(sharedData!, 'hatp32', 'HATP-32171220013343.FITS')))
  t.match(image, { width: 650, height: 500, planes: 1, type: 'i16', topDown: true, bayer: undefined })
  t.equal(numberOf(image.cards, 'EXPTIME'), 60, '060.00 is a number')
  t.equal(numberOf(image.cards, 'TELALT'), 62.592, 'a plus sign is no obstacle')
  t.equal(dateObsMs(image.cards), Date.UTC(2017, 11, 20, 1, 33, 43, 317), 'the local offset is taken off')
  t.equal(textOf(image.cards, 'OBJECT'), 'HATP-32')
  t.equal(flagOf(image.cards, 'EXTEND'), undefined)
  t.match(cardValue(image.cards, 'COMMENT'), /taken automatically/)
})

t.test(
  '48 real frames and 3 Bayer ones go through bit by bit',
  { skip: noData || noAstropy || noFitsverify },
  async t => {
    const sources = ['hatp32', 'm27-bayer'].flatMap(name =>
      readdirSync(path.join(sharedData!, name)).map(file => path.join(sharedData!, name, file)),
    )
    sources.push(...['tiny.fits', 'noheader.fits', 'unsolved.fits'].map(name => path.join(sharedData!, 'odd', name)))
    t.equal(sources.length, 54)
    const copies: string[] = []
    const hashes: string[] = []
    for (const source of sources) {
      const image = readFitsImage(readFileSync(source))
      hashes.push(shaOf(image))
      const copy = path.join(folder, path.basename(source).toLowerCase())
      const file = encodeFits(image, image.cards)
      t.equal(findDamage(file), undefined)
      t.equal(shaOf(readFitsImage(file)), hashes[hashes.length - 1])
      writeFileSync(copy, file)
      copies.push(copy)
    }
    const before = astropySees(sources)
    const after = astropySees(copies)
    for (const [i, source] of sources.entries()) {
      const name = path.basename(source)
      t.equal(before[i].sha, hashes[i], `${name}: astropy reads the same source pixels`)
      t.equal(after[i].sha, hashes[i], `${name}: and the same from our copy`)
      t.equal(after[i].dtype, before[i].dtype, `${name}: of the same type`)
      t.same(after[i].warnings, [], `${name}: checksums hold`)
      const layout = /^(EXTEND|ROWORDER|CHECKSUM|DATASUM|[XY]BAYROFF|BZERO|BSCALE|COMMENT)?$/
      const cards = (seen: Seen): unknown =>
        Object.fromEntries(Object.entries(seen.header).filter(([key]) => !layout.test(key)))
      t.same(cards(after[i]), cards(before[i]), `${name}: no card is lost or changed`)
    }
    const verdicts = fitsverifySays(copies).trim().split('\n')
    t.equal(verdicts.length, copies.length)
    for (const verdict of verdicts) t.match(verdict, /^verification OK/)
  },
)

t.test('a colour camera keeps the phase of its mosaic', { skip: noData }, async t => {
  const image = readFitsImage(readFileSync(path.join(sharedData!, 'm27-bayer', 'Light_1069.fits')))
  t.match(image, { width: 1304, height: 976, type: 'u16', bayer: 'rggb' })
  t.equal(dateObsMs(image.cards), Date.UTC(2018, 8, 7, 22, 31, 45, 431))
})

t.test('what is no FITS file, or not all of one, says so', { skip: noData }, async t => {
  t.throws(() => readFitsHeader(new TextEncoder().encode('hello')), { name: 'ScienceError', message: /SIMPLE/ })
  const whole = readFileSync(path.join(sharedData!, 'odd', 'tiny.fits'))
  t.throws(() => readFitsImage(whole.subarray(0, 60000)), { message: /200×200×1 needs 80000 bytes/ })
})

t.test(
  'every sample type, mono and colour, satisfies fitsverify and astropy',
  { skip: noAstropy || noFitsverify },
  async t => {
    const files: string[] = []
    const pictures: Image[] = []
    for (const type of types) {
      for (const planes of [1, 3]) {
        const picture = pictureOf(type, 37, 23, planes, {
          topDown: planes === 1,
          ...(planes === 1 ? { bayer: 'gbrg' } : {}),
        })
        const file = path.join(folder, `${type}-${planes}.fits`)
        writeFileSync(file, encodeFits(picture, [{ keyword: 'OBJECT', value: 'M 42' }]))
        files.push(file)
        pictures.push(picture)
      }
    }
    const dtypes = { u8: 'uint8', u16: 'uint16', i16: 'int16', i32: 'int32', f32: 'float32', f64: 'float64' }
    for (const [i, seen] of astropySees(files).entries()) {
      const picture = pictures[i]
      const name = path.basename(files[i])
      t.equal(seen.dtype, dtypes[picture.type], name)
      t.equal(seen.sha, shaOf(picture), `${name}: same samples`)
      t.same(seen.warnings, [], `${name}: checksums hold`)
      t.equal(seen.header.BZERO, picture.type === 'u16' ? 32768 : undefined, `${name}: scaled only where it must be`)
      t.equal(seen.header.ROWORDER, picture.topDown ? 'TOP-DOWN' : 'BOTTOM-UP')
      t.equal(seen.header.BAYERPAT, picture.bayer?.toUpperCase())
    }
    const says = fitsverifySays(files)
    t.equal(says.match(/verification OK/g)?.length, files.length, says)
  },
)

t.test('written and read again, a picture is the same, wherever its memory begins', async t => {
  for (const type of types) {
    const picture = pictureOf(type, 31, 7, 3, { topDown: false })
    const file = encodeFits(picture, [])
    t.equal(file.length % 2880, 0)
    t.equal(findDamage(file), undefined)
    for (const shift of [0, 1, 2, 3]) {
      const moved = new Uint8Array(file.length + shift).subarray(shift)
      moved.set(file)
      const shared = new SharedArrayBuffer(picture.samples.byteLength + 100)
      const back = readFitsImage(moved, () => shared)
      t.equal(back.samples.buffer, shared, 'in the memory that was lent')
      t.equal(shaOf(back), shaOf(picture), `${type}, ${shift} bytes in`)
      t.match(back, { width: 31, height: 7, planes: 3, type, topDown: false })
      t.equal(findDamage(moved), undefined)
    }
  }
})

t.test('a file written strip by strip is the file written at once', async t => {
  for (const type of types) {
    const picture = pictureOf(type, 100, 61)
    const cards: Card[] = [{ keyword: 'GAIN', value: 120 }]
    const whole = encodeFits(picture, cards)
    const headerBytes = fitsHeader(picture, cards, 0).length
    t.equal(headerBytes + dataUnitBytes(picture), whole.length)
    for (const stripSamples of [4, 400, 1236, 6100]) {
      const file = new Uint8Array(whole.length)
      const strip = new Uint8Array(stripSamples * bytesPerSample[type])
      let sum = 0
      for (let from = 0; from < 6100; from += stripSamples) {
        const part = encodeRows(picture, from, Math.min(stripSamples, 6100 - from), strip)
        sum = addToSum(sum, part)
        file.set(part, headerBytes + from * bytesPerSample[type])
      }
      file.set(fitsHeader(picture, cards, sum))
      t.ok(Buffer.from(file).equals(Buffer.from(whole)), `${type} in strips of ${stripSamples}`)
    }
  }
  const picture = pictureOf('u16', 4, 4)
  t.throws(() => encodeRows(picture, 10, 7, new Uint8Array(64)), ScienceError)
  t.throws(() => encodeRows(picture, 0, 16, new Uint8Array(31)), ScienceError)
  t.throws(() => encodeFits({ ...picture, width: 5 }, []), /5×4×1 needs 20 samples and has 16/)
})

t.test('the longest sums are exact: a field of saturated pixels', async t => {
  const bright = new Uint8Array(4 * 300_001).fill(0xff)
  t.equal(addToSum(0, bright), 0xffffffff)
  const words = new Uint8Array(8 * 40_000)
  for (let i = 0; i < words.length; i += 8) words.set([0x80, 0, 0, 1, 0xff, 0xfe, 0xfd, 0xfc], i)
  let expected = 0n
  for (let i = 0; i < 40_000; i++) expected += 0x80000001n + 0xfffefdfcn
  while (expected > 0xffffffffn) expected = (expected & 0xffffffffn) + (expected >> 32n)
  t.equal(addToSum(0, words), Number(expected))
  t.equal(addToSum(addToSum(0, words.subarray(0, 400)), words.subarray(400)), Number(expected), 'in two pieces')
})

t.test('any flipped bit, any missing block is noticed', async t => {
  const file = encodeFits(pictureOf('u16', 64, 40), [{ keyword: 'OBJECT', value: 'M 27' }])
  const random = seededRandom(5).next
  let unnoticed = 0
  for (let round = 0; round < 300; round++) {
    const hurt = file.slice()
    hurt[Math.floor(random() * hurt.length)] ^= 1 << Math.floor(random() * 8)
    if (findDamage(hurt) === undefined) unnoticed++
  }
  t.equal(unnoticed, 0)
  t.match(findDamage(file.subarray(0, file.length - 2880)), /bytes, its header says/)
  t.match(findDamage(new Uint8Array(file.length + 2880)), /SIMPLE/)
  t.match(
    findDamage(
      fileOf(['SIMPLE  = T', 'BITPIX  = 8', 'NAXIS   = 2', 'NAXIS1  = 2', 'NAXIS2  = 2'], Uint8Array.of(1, 2, 3, 4)),
    ),
    /no checksums/,
  )
})

t.test('awkward cards come back as they went in, here and in astropy', { skip: noAstropy || noFitsverify }, async t => {
  const cards: Card[] = [
    { keyword: 'OBJECT', value: "Barnard's star", comment: 'quotes are doubled' },
    { keyword: 'LONGTEXT', value: `${"it''s a 'quoted' night ".repeat(12)}end`, comment: 'goes on in CONTINUE' },
    { keyword: 'QUOTES', value: "'".repeat(150) },
    { keyword: 'AMP', value: 'ends in &' },
    { keyword: 'FITS68', value: 'x'.repeat(68), comment: 'no room for this' },
    { keyword: 'FITS69', value: 'y'.repeat(69) },
    { keyword: 'NOTHING', value: '' },
    { keyword: 'UNKNOWN', comment: 'no value at all' },
    { keyword: 'NIGHTLOG', value: `${"it's a quiet night, ".repeat(8)}end`, comment: 'goes on' },
    { keyword: 'EXPTIME', value: 60, real: true, comment: 's' },
    { keyword: 'TENTH', value: 0.1 },
    { keyword: 'THIRD', value: -1 / 3 },
    { keyword: 'TINY', value: 5e-324 },
    { keyword: 'SMALL', value: -2.2250738585072014e-308 },
    { keyword: 'HUGE', value: Number.MAX_VALUE },
    { keyword: 'BIGWHOLE', value: 2 ** 60 },
    { keyword: 'SAFE', value: Number.MAX_SAFE_INTEGER },
    { keyword: 'COUNT64', value: 9223372036854775807n },
    { keyword: 'ISFLAT', value: false },
    { keyword: 'HISTORY', value: 'z'.repeat(100) },
    { keyword: 'COMMENT', value: "= it's free text" },
    { keyword: '', value: 'nameless' },
  ]
  const file = path.join(folder, 'awkward.fits')
  const bytes = encodeFits(pictureOf('u8', 4, 4), cards)
  writeFileSync(file, bytes)
  t.match(fitsverifySays([file]), /verification OK/)
  const back = parseCards(bytes)
  const [{ header }] = astropySees([file])
  for (const card of cards) {
    if (['HISTORY', 'COMMENT', ''].includes(card.keyword)) continue
    t.equal(cardValue(back, card.keyword), card.value, card.keyword)
    // astropy 5.2 halves doubled quotes twice in continued strings; fitsverify has judged them already.
    const halved = typeof card.value === 'string' && card.value.length > 68 && card.value.includes("''")
    if (typeof card.value === 'bigint' || card.value === undefined || halved) continue
    t.equal(header[card.keyword], card.value, `${card.keyword} in astropy`)
  }
  t.equal(back.find(card => card.keyword === 'EXPTIME')?.real, true, 'a measurement stays one')
  t.equal(back.find(card => card.keyword === 'NIGHTLOG')?.comment, 'goes on')
  t.same(
    back.filter(card => card.keyword === 'HISTORY').map(card => card.value),
    ['z'.repeat(72), 'z'.repeat(28)],
  )
  t.same(
    back.filter(card => card.keyword === 'COMMENT').map(card => card.value),
    ['UNKNOWN = / no value at all', "= it's free text"],
  )
})

t.test('junk in a header is carried along and does not make our files unlawful', { skip: noFitsverify }, async t => {
  const junk = [
    "BROKEN  = 'never closed",
    'OBSERVER= Jörg',
    'HIERARCH ESO DET CHIP = 3 / not one of eight letters',
    'COMPLEX = (1.0, -2.5) / a pair',
    'this is not a card at all',
    'lower   = 5',
    'NOEQUALS 12',
    'NANVALUE= nan',
    'TOOBIG  = 1e999',
    'FORTRAN = 1.5D3',
    "CONTINUE  'of nothing'",
    'TEMP    = -10.0 / °C',
    'COUNT   =07',
  ]
  const head = ['SIMPLE  = T', 'BITPIX  = 8', 'NAXIS   = 2', 'NAXIS1  = 2', 'NAXIS2  = 2']
  const source = fileOf([], Uint8Array.of(1, 2, 3, 4))
  const text = lines([...head, ...junk, 'END']).padEnd(2880)
  for (let i = 0; i < text.length; i++) source[i] = text.charCodeAt(i)
  const image = readFitsImage(source)
  t.same([...image.samples], [1, 2, 3, 4])
  t.equal(numberOf(image.cards, 'FORTRAN'), 1500)
  t.equal(numberOf(image.cards, 'LOWER'), 5)
  t.equal(numberOf(image.cards, 'COUNT'), 7)
  t.equal(numberOf(image.cards, 'NANVALUE'), undefined)
  const file = path.join(folder, 'junk.fits')
  writeFileSync(file, encodeFits(image, image.cards))
  t.match(fitsverifySays([file]), /verification OK/, spawnSync('fitsverify', [file], { encoding: 'utf8' }).stdout)
  const written = readFileSync(file, 'latin1')
  for (const said of ["BROKEN  = 'never closed", 'HIERARCH ESO DET CHIP', '(1.0, -2.5)', 'not a card', 'NOEQUALS 12']) {
    t.ok(written.includes(said), said)
  }
})

t.test('a card FITS has no form for is refused by name', async t => {
  t.throws(() => formatCards([{ keyword: 'TOOLONGNAME', value: 1 }]), { name: 'ScienceError', message: /TOOLONGNAME/ })
  t.throws(() => formatCards([{ keyword: 'CCD-TEMP', value: Number.NaN }]), { message: /CCD-TEMP.*NaN/ })
  t.throws(() => formatCards([{ keyword: 'END', value: 1 }]), ScienceError)
  const many = Array.from({ length: 36_000 }, (): Card => ({ keyword: 'HISTORY', value: 'again' }))
  t.throws(() => formatCards(many), /36001 FITS cards/)
  t.throws(() => parseCards('A'.repeat(2880 * 1000 + 80)), ScienceError)
})

t.test('our cards replace the source of a frame where they stood', async t => {
  const source: Card[] = [
    { keyword: 'OBJECT', value: 'old' },
    { keyword: 'GAIN', value: 3 },
    { keyword: 'OBJECT', value: 'older' },
    { keyword: 'HISTORY', value: 'made elsewhere' },
  ]
  const ours: Card[] = [
    { keyword: 'OBJECT', value: 'new' },
    { keyword: 'SWCREATE', value: 'Pierside' },
    { keyword: 'HISTORY', value: 'kept here' },
  ]
  t.same(
    replaceCards(source, ours).map(card => `${card.keyword} ${card.value}`),
    ['OBJECT new', 'GAIN 3', 'HISTORY made elsewhere', 'SWCREATE Pierside', 'HISTORY kept here'],
  )
})

t.test('scaled images mean what BSCALE and BZERO say, and BLANK is no data', async t => {
  const head = ['SIMPLE  = T', 'BITPIX  = 16', 'NAXIS   = 2', 'NAXIS1  = 3', 'NAXIS2  = 1']
  const data = Uint8Array.of(0, 100, 0xff, 0xff, 0x80, 0)
  const plain = readFitsImage(fileOf(head, data))
  t.match(plain, { type: 'i16' })
  t.same([...plain.samples], [100, -1, -32768])
  const unsigned = readFitsImage(fileOf([...head, 'BZERO   = 32768.0', 'BSCALE  = 1.0'], data))
  t.match(unsigned, { type: 'u16' })
  t.same([...unsigned.samples], [32868, 32767, 0])
  const scaled = readFitsImage(fileOf([...head, 'BZERO   = 10', 'BSCALE  = 0.5', 'BLANK   = -32768'], data))
  t.match(scaled, { type: 'f32' })
  t.same([...scaled.samples], [60, 9.5, Number.NaN])
  const wide = readFitsImage(
    fileOf(
      ['SIMPLE  = T', 'BITPIX  = 32', 'NAXIS   = 2', 'NAXIS1  = 1', 'NAXIS2  = 1', 'BZERO   = 2147483648'],
      Uint8Array.of(0x7f, 0xff, 0xff, 0xff),
    ),
  )
  t.match(wide, { type: 'f64' })
  t.same([...wide.samples], [4294967295], 'an unsigned 32-bit count is exact')
})

t.test(
  '64-bit integers are read, exact as far as a double is, and colours stored pixel by pixel become planes',
  async t => {
    const head = (bitpix: number, ...axes: number[]) => [
      ...['SIMPLE  = T', `BITPIX  = ${bitpix}`, `NAXIS   = ${axes.length}`],
      ...axes.map((size, i) => `NAXIS${i + 1}  = ${size}`),
    ]
    const words = new DataView(new ArrayBuffer(32))
    for (const [i, value] of [-1n, 2n ** 53n - 1n, -(2n ** 63n), 2n ** 63n - 1n].entries())
      words.setBigInt64(8 * i, value)
    const wide = readFitsImage(fileOf(head(64, 2, 2), new Uint8Array(words.buffer)))
    t.match(wide, { type: 'f64', width: 2, height: 2 })
    t.same([...wide.samples], [-1, Number.MAX_SAFE_INTEGER, -(2 ** 63), 2 ** 63])
    const unsigned = readFitsImage(
      fileOf([...head(64, 2, 2), 'BZERO   = 9223372036854775808'], new Uint8Array(words.buffer)),
    )
    t.same([...unsigned.samples], [2 ** 63, 2 ** 63 + 2 ** 53, 0, 2 ** 64])

    const pixels = Uint8Array.from({ length: 3 * 5 * 4 }, (_, i) => 10 * (i % 3) + Math.floor(i / 3))
    const colour = readFitsImage(fileOf(head(8, 3, 5, 4), pixels))
    t.match(colour, { width: 5, height: 4, planes: 3, type: 'u8', bayer: undefined })
    t.same(
      [...colour.samples],
      [0, 10, 20].flatMap(plane => Array.from({ length: 20 }, (_, i) => plane + i)),
    )
    t.match(readFitsHeader(fileOf(head(8, 3, 5, 3), pixels)), { width: 3, height: 5, planes: 3 }, 'three narrow planes')
    t.match(readFitsHeader(fileOf(head(8, 3, 20), pixels)), { width: 3, height: 20, planes: 1 }, 'one narrow plane')
  },
)

t.test('an image in the first IMAGE extension is found behind an empty primary array', async t => {
  const primary = fileOf(
    ['SIMPLE  = T', 'BITPIX  = 8', 'NAXIS   = 0', 'EXTEND  = T', "OBJECT  = 'M 31'"],
    new Uint8Array(0),
  )
  const table = fileOf(
    [
      "XTENSION= 'BINTABLE'",
      'BITPIX  = 8',
      'NAXIS   = 2',
      'NAXIS1  = 5',
      'NAXIS2  = 3000',
      'PCOUNT  = 7',
      'GCOUNT  = 1',
    ],
    new Uint8Array(15007),
  )
  const image = fileOf(
    [
      "XTENSION= 'IMAGE   '",
      'BITPIX  = 8',
      'NAXIS   = 3',
      'NAXIS1  = 2',
      'NAXIS2  = 1',
      'NAXIS3  = 2',
      'PCOUNT  = 0',
      'GCOUNT  = 1',
    ],
    Uint8Array.of(9, 8, 7, 6),
  )
  const found = readFitsImage(Buffer.concat([primary, table, image]))
  t.match(found, { width: 2, height: 1, planes: 2, type: 'u8' })
  t.same([...found.samples], [9, 8, 7, 6])
  t.equal(textOf(found.cards, 'OBJECT'), 'M 31', 'the primary header is inherited')
  t.equal(findDamage(encodeFits(found, found.cards)), undefined)
  t.throws(() => readFitsImage(Buffer.concat([primary, table])), /holds no image/)
})

t.test('the colour of the top-left pixel follows offsets and row order', async t => {
  const head = (height: number, more: string[]): Uint8Array =>
    fileOf(
      ['SIMPLE  = T', 'BITPIX  = 8', 'NAXIS   = 2', 'NAXIS1  = 4', `NAXIS2  = ${height}`, ...more],
      new Uint8Array(4 * height),
    )
  const phase = (height: number, ...more: string[]): string | undefined => readFitsHeader(head(height, more)).bayer
  t.equal(phase(4, "BAYERPAT= 'RGGB'"), 'rggb')
  t.equal(phase(4, "COLORTYP= 'gbrg '"), 'gbrg')
  t.equal(phase(4, "BAYERPAT= 'RGGB'", 'XBAYROFF= 1'), 'grbg')
  t.equal(phase(4, "BAYERPAT= 'RGGB'", 'YBAYROFF= 1'), 'gbrg')
  t.equal(phase(4, "BAYERPAT= 'RGGB'", 'XBAYROFF= 1', 'YBAYROFF= 1'), 'bggr')
  t.equal(phase(4, "BAYERPAT= 'RGGB'", "ROWORDER= 'TOP-DOWN'"), 'rggb')
  t.equal(phase(4, "BAYERPAT= 'RGGB'", "ROWORDER= 'BOTTOM-UP'"), 'gbrg', 'even height: the other row is on top')
  t.equal(phase(5, "BAYERPAT= 'RGGB'", "ROWORDER= 'BOTTOM-UP'"), 'rggb', 'odd height: the same row is on top')
  t.equal(phase(4, "BAYERPAT= 'NONE'"), undefined)
  t.equal(shiftBayer(shiftBayer('grbg', -3, 5), 3, -5), 'grbg')
  t.equal(storedBayer({ bayer: flipBayer('bggr', 4), height: 4, topDown: false }), 'bggr')
  for (const bayer of ['rggb', 'bggr', 'grbg', 'gbrg'] as const) {
    for (const [height, topDown] of [
      [4, true],
      [4, false],
      [5, false],
    ] as const) {
      const picture = pictureOf('u16', 6, height, 1, { bayer, topDown })
      const source: Card[] = [
        { keyword: 'BAYERPAT', value: 'RGGB' },
        { keyword: 'YBAYROFF', value: 1 },
      ]
      t.match(readFitsHeader(encodeFits(picture, source)), { bayer, topDown }, `${bayer} ${height} rows`)
    }
  }
})

t.test('the hour the shutter opened is understood in every dialect', async t => {
  const at = (...header: string[]): number | undefined => dateObsMs(parseCards(lines(header)))
  const noon = Date.UTC(2017, 11, 19, 12)
  t.equal(at("DATE-OBS= '2017-12-19T12:00:00'"), noon)
  t.equal(at("DATE-OBS= '2017-12-19T12:00:00.25Z'"), noon + 250)
  t.equal(at("DATE-OBS= '2017-12-19T05:00:00-07:00'"), noon)
  t.equal(at("DATE-OBS= '2017-12-19T05:00:00.000-0700'"), noon)
  t.equal(at("DATE-OBS= '2017-12-19T17:30:00+05:30'"), noon)
  t.equal(at("DATE-OBS= '2017-12-19 12:00'"), noon)
  t.equal(at("DATE-OBS= '2017-12-19'", "TIME-OBS= '12:00:00.5'"), noon + 500)
  t.equal(at("DATE-OBS= '2017-12-19'"), Date.UTC(2017, 11, 19))
  t.equal(at("DATE-OBS= '25/12/98'"), Date.UTC(1998, 11, 25))
  t.equal(at("DATE-OBS= '2016-12-31T23:59:60'"), Date.UTC(2017, 0, 1), 'a leap second')
  t.equal(at('MJD-OBS = 58106.5'), noon)
  for (const bad of ['yesterday', '2017-13-01', '2017-02-30T00:00:00', '2017-12-19T25:00:00']) {
    t.equal(at(`DATE-OBS= '${bad}'`), undefined, bad)
  }
  t.equal(at("OBJECT  = 'M 1'"), undefined)
})

t.test('bad layouts are refused with the card that is wrong, before memory is asked for', async t => {
  const good = { SIMPLE: 'T', BITPIX: '16', NAXIS: '2', NAXIS1: '4', NAXIS2: '3' }
  const refuses = (change: Record<string, string | undefined>, message: RegExp): void => {
    const header = Object.entries({ ...good, ...change })
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key.padEnd(8)}= ${value}`)
    const into = (): ArrayBuffer => t.fail('memory was asked for') as never
    t.throws(() => readFitsImage(fileOf(header, new Uint8Array(24)), into), { name: 'ScienceError', message })
  }
  refuses({ SIMPLE: undefined }, /SIMPLE/)
  refuses({ BITPIX: '24' }, /BITPIX is 24/)
  refuses({ BITPIX: undefined }, /BITPIX is missing/)
  refuses({ NAXIS: '-1' }, /NAXIS is -1/)
  refuses({ NAXIS1: "'wide'" }, /NAXIS1 is wide/)
  refuses({ NAXIS2: '3.5' }, /NAXIS2 is 3.5/)
  refuses({ NAXIS2: '4000000000' }, /NAXIS2/)
  refuses({ NAXIS1: '60000', NAXIS2: '60000' }, /more than/)
  refuses({ NAXIS1: '10000', NAXIS2: '10000' }, /cut short/)
  refuses({ BSCALE: '0' }, /BSCALE is 0/)
  refuses({ BZERO: 'x' }, /BZERO/)
  refuses({ NAXIS: '1' }, /NAXIS/)
})
