// What a frame is called and what its header says, for every odd thing an owner or another program may come up with.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { safeName } from '../../edge/rules/safe-name.js'
import { type Card, cardValue, parseCards, textOf } from '../../edge/science/fits-header.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { encodeFits, findDamage } from '../../edge/science/fits-write.js'
import type { Samples } from '../../edge/science/samples.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { completeOrder, frameCards } from '../../edge/store/frame-cards.js'
import { lawfulCards } from '../../edge/store/lawful-cards.js'
import { type NameValues, namingBy, standardTemplate } from '../../edge/store/naming.js'
import { openStore } from '../../edge/store/open-store.js'
import { sharedData } from '../support/shared-data.js'
import {
  collectedLog,
  fitsverify,
  frameFromFile,
  frameOf,
  noAstropy,
  noFitsverify,
  orderOf,
  python,
} from '../support/store-frames.js'

const values: NameValues = {
  night: '2026-03-21',
  startedMs: Date.UTC(2026, 2, 21, 21, 4, 12, 512),
  type: 'light',
  exposureSeconds: 60,
  binning: 1,
  camera: 'main',
  number: 7,
  total: 20,
  id: '20260321T210412512Z-main',
  object: 'M 31',
  filter: 'Ha',
}
const said = (template: string, more: Partial<NameValues> = {}) => namingBy(template)({ ...values, ...more })

t.test('frames are filed by the owner’s template', async t => {
  t.equal(said(standardTemplate), '2026-03-21/M 31/light_M 31_Ha_60s_0007_210412')
  t.equal(said('{date}/{camera}_{id}'), '20260321/main_20260321T210412512Z-main')
  t.equal(
    said('{type}_{exposure}s_b{binning}_{temperature}C', { exposureSeconds: 0.1 + 0.2, sensorCelsius: -9.7 }),
    'light_0.3s_b1_-10C',
  )
  t.equal(said('{number}of{total:3}'), '7of020')
})

t.test('what is not known of a frame leaves no gap in its name', async t => {
  t.equal(said(standardTemplate, { object: undefined, filter: undefined }), '2026-03-21/light/light_60s_0007_210412')
  t.equal(said('{filter}_{object}', { filter: undefined }), 'M 31')
  t.equal(said('{object}_{filter}', { filter: undefined }), 'M 31')
  t.equal(said('{filter}', { filter: '' }), 'light', 'a name is never empty')
  t.equal(said('x__{object}', {}), 'x__M 31', 'what the owner wrote stays')
})

t.test('no disk refuses a name', async t => {
  t.equal(safeName('a<b>c:d"e/f\\g|h?i*j\u0007k\u007f'), 'a-b-c-d-e-f-g-h-i-j-k-')
  t.equal(safeName(' ..NGC 7000.. '), 'NGC 7000')
  t.equal(safeName('..'), '')
  t.equal(safeName('con'), 'con_')
  t.equal(safeName('COM1.txt'), 'COM1_.txt')
  t.equal(safeName('Conus'), 'Conus')
  t.equal(safeName('a\ud800b'), 'a-b', 'half a character')
  t.equal(said('{object}/{object}', { object: '../../etc/passwd' }), '-..-etc-passwd/-..-etc-passwd')
  t.equal(said('{object}/x', { object: 'Stacks' }), 'Stacks_/x', 'the folder of products is taken')
  t.equal(said('{object}/x', { object: 'nul' }), 'nul_/x')

  const long = said(standardTemplate, { object: 'Große Magellansche Wolke '.repeat(40), filter: '濾'.repeat(200) })
  t.ok(long.length <= 180 && long.split('/').every(part => Buffer.byteLength(part) <= 100), long)
  t.match(long, /_60s_0007_210412$/, 'number and time survive')
  const fixed = said(`${'a'.repeat(300)}/${'b'.repeat(300)}_{number}`)
  t.ok(fixed.length <= 180 && fixed.split('/').length === 2, 'a long template is cut too')
})

t.test('a template that cannot work is refused with what to do', async t => {
  const refused = (template: string, fix: RegExp | string) =>
    t.throws(() => namingBy(template), { code: 'bad-input', fix }, template)
  refused('{objekt}/{night}', /\{object\}/)
  refused('{exposur}', /\{exposure\}/)
  refused('{toString}', /Known: night/)
  refused('{number:0}', /width/)
  refused('{number:99}', /width/)
  refused('{number:a}', /width/)
  refused('a{b', /\{night\}/)
  refused('a}b', /\{night\}/)
  refused('/absolute/{id}', /usual/)
  refused('a//{id}', /usual/)
  refused('', /usual/)
  refused('a/b/c/d/e/f/g/{id}', /folders/)
  refused('stacks/{id}', /another folder/)
  refused('Calibration/{id}', /another folder/)
})

t.test('the header says what frame, order and service know', async t => {
  const frame = frameOf(
    {},
    {
      binning: { x: 2, y: 2 },
      region: { x: 100, y: 50, width: 32, height: 16 },
      gain: 120,
      offset: 10,
      readout: 'Low noise',
      sensorCelsius: -9.9,
      setCelsius: -10,
      pixelMicrons: { x: 3.76, y: 3.76 },
      electronsPerAdu: 0.25,
      cards: parseCards(
        [
          "INSTRUME= 'ZWO CCD ASI2600MM'",
          "DATE-OBS= '2017-12-19T18:33:43.317-0700' / local",
          "DATE-END= '2017-12-19T18:34:45.277-0700' / local",
          "OBJECT  = 'Unknown '",
          "FILTER  = 'Clear'",
          'EXPTIME = 060.00',
          "PS_ID   = 'another'",
          "PS_ACT  = 'another run'",
        ]
          .map(line => line.padEnd(80))
          .join(''),
      ),
    },
  )
  const order = completeOrder(frame, orderOf('e1', { object: undefined, filter: undefined, number: 3, total: 0 }))
  t.notOk('object' in order && order.object, 'INDI’s "Unknown" is no object')
  t.equal(order.filter, 'Clear', 'the source knew the filter')
  const cards = frameCards(frame, order, [{ keyword: 'SITELONG', value: 16.4 }], 'Pierside 1.2', Date.UTC(2026, 2, 22))
  const expected: Record<string, Card['value']> = {
    'DATE-OBS': '2026-03-21T21:04:12.512',
    'DATE-END': '2017-12-20T01:34:45.277',
    DATE: '2026-03-22T00:00:00.000',
    EXPTIME: 60,
    EXPOSURE: 60,
    IMAGETYP: 'Light Frame',
    'CCD-TEMP': -9.9,
    'SET-TEMP': -10,
    XBINNING: 2,
    XPIXSZ: 7.52,
    GAIN: 120,
    OFFSET: 10,
    READOUTM: 'Low noise',
    EGAIN: 0.25,
    FILTER: 'Clear',
    XORGSUBF: 50,
    YORGSUBF: 25,
    INSTRUME: 'ZWO CCD ASI2600MM',
    SWCREATE: 'Pierside 1.2',
    SITELONG: 16.4,
    PS_ID: 'e1',
    PS_NUM: 3,
    PS_TOTAL: 0,
    PS_ACT: undefined,
  }
  for (const [keyword, value] of Object.entries(expected)) t.equal(cardValue(cards, keyword), value, keyword)
  const told = cards.filter(({ keyword }) => keyword === 'COMMENT').map(({ value }) => value)
  t.ok(
    told.some(text => String(text).includes('18:34:45.277-0700')),
    'the date as it was is told',
  )
})

/** Cards of other programs that fitsverify 4.20 calls errors or warnings when they are copied as they are. */
const unlawful = [
  'OBJECT  =                   42',
  "DATE    = 'yesterday'",
  "DATE-END= '2017-13-45'",
  "DATE-AVG= '2018-09-07T22:31:45.431Z'",
  "EQUINOX = 'J2000'",
  'EPOCH   =               2000.0',
  'DOUBLE  =                    1',
  'DOUBLE  =                    2',
  'BLANK   =                 -1.5',
  "DATAMAX = 'high'",
  "TFORM1  = 'E'",
  "CRVAL1  = 'x'",
  'CTYPE1  =                    3',
  'CDELT1  =                  1.0',
  'CRPIX3  =                  1.0',
  'WCSAXES =                    2',
  'TELESCOP=                    T',
  'PCOUNT  =                    0',
  'EXTNAME =                    5',
  'BLOCKED =                    T',
  'foo     = 3',
  'HIERARCH ESO TEL = 4',
  "XTENSION= 'IMAGE'",
  'NAXIS3  =                    3',
  'GROUPS  =                    T',
  'CPLX    = (1.0, 2.0)',
  'EMPTY   =',
  'ZIMAGE  =                    T',
  "CHECKSUM= 'abc'",
  'NOVAL   text',
  'HISTORY \t a tab',
  'EXTVER  =                  1.5',
  "MJD-OBS = 'x'",
  "OBSGEO-X= 'x'",
  'RADESYS =                    3',
  "RADECSYS= 'J2000'",
  "SPECSYS = 'here'",
  'A B     = 3',
  "UNCLOSED= 'abc",
  'OBSERVER= (unreadable',
  "CONTINUE  'of nothing'",
  `LONG    = '${'x'.repeat(66)}&'`,
  "CONTINUE  'and more'",
]

t.test('whatever another program wrote, fitsverify finds nothing in our file', { skip: noFitsverify }, async t => {
  const folder = t.testdir()
  const source: Card[] = [
    ...parseCards(unlawful.map(line => line.slice(0, 80).padEnd(80)).join('')),
    { keyword: 'NOTANUM', value: Number.NaN },
    { keyword: 'TOOLONGKEY', value: 3 },
    { keyword: 'END', value: 3 },
    { keyword: 'OBSERVAT', value: 'Sternwarte Grünwald – Süd' },
  ]
  const order = orderOf('e1', {
    object: 'Andromeda with a name that is longer than one card of a FITS header can ever hold in it',
  })
  const files: string[] = []
  const write = (name: string, cards: readonly Card[]) => {
    const frame = frameOf({}, { bayer: 'rggb', cards })
    const file = path.join(folder, `${name}.fits`)
    writeFileSync(file, encodeFits(frame, frameCards(frame, order, [], 'Pierside', 0)))
    files.push(file)
  }
  write('all', source)
  for (const [place, card] of source.entries()) write(`card-${place}`, [card])
  for (const file of files) t.equal(findDamage(readFileSync(file)), undefined)
  const verdicts = fitsverify(files)
  for (const verdict of verdicts) t.match(verdict, /^verification OK/)

  const kept = parseCards(readFileSync(files[0]))
    .map(card => `${card.keyword} ${card.value} ${card.raw ?? ''}`)
    .join('\n')
  for (const words of [
    'yesterday',
    'DOUBLE  =                    2',
    "TFORM1  = 'E",
    'CPLX    = (1.0, 2.0)',
    'ESO TEL',
    'NaN',
    'TOOLONGKEY',
  ]) {
    t.ok(kept.includes(words), `${words} is still told`)
  }
})

t.test('world coordinates stay when they are whole, and become remarks when not', async t => {
  const whole: Card[] = [1, 2].flatMap(axis => [
    { keyword: `CTYPE${axis}`, value: axis === 1 ? 'RA---TAN' : 'DEC--TAN' },
    { keyword: `CRVAL${axis}`, value: 10 },
    { keyword: `CRPIX${axis}`, value: '12.5' },
  ])
  t.strictSame(
    lawfulCards(whole, 2).map(({ keyword }) => keyword),
    whole.map(({ keyword }) => keyword),
  )
  t.strictSame(lawfulCards(whole, 2)[2].value, 12.5, 'a quoted number becomes one')
  t.ok(lawfulCards(whole.slice(1), 2).every(({ keyword }) => keyword === 'COMMENT'))
})

const bytesOf = ({ samples }: { samples: Samples }) =>
  new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)

const noData = sharedData === undefined && '../shared/data is absent'
const skip = noData || noFitsverify || noAstropy
t.test('real frames are archived bit for bit, lawful, and equal in astropy', { skip }, async t => {
  const clock = systemClock()
  const folder = t.testdir()
  const { log } = collectedLog(clock)
  const store = await openStore({
    folder,
    thread: false,
    clock,
    log,
    template: standardTemplate,
    longitudeDeg: -110.88,
    reserveBytes: 0,
  })
  t.teardown(() => store.close())
  const sources = ['hatp32', 'm27-bayer'].flatMap(name => {
    const under = path.join(sharedData as string, name)
    return readdirSync(under).map(file => path.join(under, file))
  })
  const pairs: [string, string][] = []
  for (const [place, file] of sources.entries()) {
    const frame = frameFromFile(file)
    const order = orderOf(`real-${String(place).padStart(3, '0')}`, {
      object: undefined,
      filter: undefined,
      number: place + 1,
    })
    const kept = await store.archive(frame, order, [])
    const archived = path.join(folder, 'archive', kept.path)
    const image = readFitsImage(readFileSync(archived))
    t.equal(Buffer.compare(bytesOf(image), bytesOf(frame)), 0, path.basename(file))
    t.strictSame([image.type, image.bayer], [frame.type, frame.bayer])
    pairs.push([file, archived])
  }
  const first = await store.exposure('real-000')
  t.match(first, { night: '2017-12-19', object: 'HATP-32', filter: 'Clear', exposureSeconds: 60, width: 650 })
  t.equal(first?.startedMs, Date.UTC(2017, 11, 20, 1, 33, 43, 317), 'the local offset of DATE-OBS is understood')
  const header = parseCards(readFileSync(pairs[0][1]))
  t.equal(textOf(header, 'DATE-OBS'), '2017-12-20T01:33:43.317')
  t.equal(cardValue(header, 'TELALT'), 62.592, 'what the source said of the telescope is kept')
  t.equal(cardValue(header, 'EXPTIME'), 60, '"060.00" is a number')

  const verdicts = fitsverify(pairs.map(([, archived]) => archived))
  t.equal(verdicts.length, sources.length)
  for (const verdict of verdicts) t.match(verdict, /^verification OK/)

  const script = `
import sys, numpy
from astropy.io import fits
from astropy.time import Time
names = sys.stdin.read().split('\\n')
for a, b in zip(names[0::2], names[1::2]):
    with fits.open(a) as one, fits.open(b, checksum=True) as two:
        assert two[0].verify_datasum() == 1 and two[0].verify_checksum() == 1, b
        two.verify('exception')
        assert one[0].data.dtype.kind == two[0].data.dtype.kind
        assert numpy.array_equal(one[0].data, two[0].data), b
        Time(two[0].header['DATE-OBS'], scale='utc')
        assert float(one[0].header['EXPTIME']) == two[0].header['EXPTIME'] == two[0].header['EXPOSURE']
print(len(names) // 2)
`
  const answer = execFileSync(python, ['-W', 'error', '-c', script], {
    input: pairs.flat().join('\n'),
    encoding: 'utf8',
  })
  t.equal(answer.trim(), String(sources.length))
})
