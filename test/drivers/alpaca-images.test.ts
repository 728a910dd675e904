// Pictures of Alpaca cameras: every type and rank, the right way round, in pieces cut anywhere; and everything that is
// wrong with one found before memory is lent, or the memory given back.
import t, { type Test } from 'tap'
import type { Picture as Turned } from '../../edge/drivers/box/alpaca/columns.js'
import { readImageBytes } from '../../edge/drivers/box/alpaca/image-bytes.js'
import { readImageJson } from '../../edge/drivers/box/alpaca/image-json.js'
import { Fault } from '../../edge/ports/fault.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { lendingPool } from '../../edge/workers/lending.js'
import { imageBytes, imageJson, type Picture } from '../support/alpaca-server.js'

const never = new AbortController().signal
const pool = lendingPool(1 << 24)
const clock = systemClock()
const sensor = { width: 64, height: 48 }
const order = { who: 'camera "Sky"', transaction: 5, sensor, maxAdu: 65_535, clock, lend: pool.lend }

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.slice(at, at + size))
}

const light = (x: number, y: number, plane: number) => 1 + x * 5 + y * 2 + plane

/** Whether every sample lies where its light fell. */
function lies(picture: Turned, { dims, at }: Picture): string | undefined {
  const [width, height, planes = 1] = dims
  if (picture.width !== width || picture.height !== height || picture.planes !== planes) return 'its size'
  if (picture.samples.length !== width * height * planes) return 'its length'
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const sample = picture.samples[(plane * height + y) * width + x]
        if (sample !== at(x, y, plane)) return `${sample} at ${x},${y} of plane ${plane}, not ${at(x, y, plane)}`
      }
    }
  }
  return undefined
}

/** Image type, type as sent, and what a frame of it is stored as. */
const kinds = [
  [1, 1, 'i16'],
  [1, 6, 'i16'],
  [2, 2, 'u16'],
  [2, 1, 'u16'],
  [2, 6, 'u16'],
  [2, 8, 'u16'],
  [2, 9, 'u16'],
  [3, 3, 'f64'],
  [3, 4, 'f64'],
  [4, 4, 'f32'],
  [5, 5, 'u16'],
  [6, 6, 'u8'],
  [7, 7, 'u16'],
  [7, 2, 'u16'],
  [8, 8, 'u16'],
  [8, 6, 'u16'],
  [9, 9, 'u16'],
  [0, 8, 'u16'],
] as const

t.test('every type and rank comes the right way round, cut anywhere', async t => {
  for (const [imageType, sentType, type] of kinds) {
    for (const dims of [
      [13, 7],
      [9, 5, 3],
      [4, 3, 1],
    ]) {
      const sent: Picture = { imageType, sentType, dims, at: light }
      for (const size of [1, 44, 45, 100_000]) {
        const turned = await readImageBytes(inPieces(imageBytes(sent, 5), size), order, never)
        const what = `type ${imageType} as ${sentType}, ${dims.join('×')}, in pieces of ${size}`
        t.equal(lies(turned, sent), undefined, what)
        t.equal(turned.type, type, `${what} is stored as ${type}`)
        turned.memory.release()
      }
    }
  }
  t.equal(pool.lentBytes(), 0)
})

t.test('integers are stored in what holds them, and one camera in one type', async t => {
  const stored = async (imageType: number, sentType: number, value: number, maxAdu?: number) => {
    const sent: Picture = { imageType, sentType, dims: [3, 2], at: (x, y) => (x === 1 && y === 1 ? value : 1) }
    const turned = await readImageBytes(inPieces(imageBytes(sent, 5), 50), { ...order, maxAdu }, never)
    const found = lies(turned, sent)
    turned.memory.release()
    return found ?? turned.type
  }
  t.equal(await stored(2, 2, 65_535, 65_535), 'u16')
  t.equal(await stored(2, 2, 65_536, 65_535), 'i32', 'brighter than its maker says it can')
  t.equal(await stored(2, 1, -3, 65_535), 'i32', 'darker than nothing')
  t.equal(await stored(2, 8, 40_000, 1_000_000), 'u16', 'sent in 16 bits')
  t.equal(await stored(2, 2, 40_000, 1_000_000), 'i32', 'a camera of 20 bits has them in the dark, too')
  t.equal(await stored(7, 7, 2 ** 40, undefined), 'f64')
  t.equal(await stored(5, 5, 2 ** 50, undefined), 'f64')
  t.equal(await stored(9, 9, 4_000_000_000, undefined), 'f64')
  t.equal(await stored(7, 7, -70_000, undefined), 'i32')
})

interface Told {
  readonly code: string
  readonly message?: RegExp
}

const small: Picture = { imageType: 2, sentType: 8, dims: [5, 4], at: light }
const refused = (t: Test, bytes: Uint8Array, what: string, match: Told = { code: 'broken' }) =>
  t.rejects(readImageBytes(inPieces(bytes, 37), order, never), match, what)

t.test('a picture that is cut short anywhere is refused, and the memory is back', async t => {
  const whole = imageBytes(small, 5)
  for (let length = 0; length < whole.length; length++) await refused(t, whole.subarray(0, length), `${length} bytes`)
  await refused(t, Buffer.concat([whole, Buffer.alloc(1)]), 'one byte too many')
  t.equal(pool.lentBytes(), 0)
})

t.test('a header that lies is found out before anything is lent', async t => {
  const lend = () => Promise.reject(new Error('memory was asked for'))
  const lies = async (field: number, value: number, match: Told = { code: 'broken' }) => {
    const bytes = imageBytes(small, 5)
    bytes.writeInt32LE(value, field * 4)
    await t.rejects(readImageBytes(inPieces(bytes, 64), { ...order, lend }, never), match, `field ${field} is ${value}`)
  }
  for (const version of [0, 2, -1]) await lies(0, version)
  await lies(2, 4)
  for (const start of [0, 43, -44, 2 ** 30]) await lies(4, start)
  for (const type of [3, 4, 6, 1]) await lies(6, type === 1 ? 77 : type === 6 ? 0 : type)
  for (const rank of [0, 1, 4, -2]) await lies(7, rank)
  for (const width of [0, -5, 65, 2 ** 31 - 1]) await lies(8, width)
  for (const height of [0, -5, 49, 2 ** 31 - 1]) await lies(9, height)
  const colour = imageBytes({ ...small, dims: [5, 4, 3] }, 5)
  for (const planes of [0, 2, 4, -3, 2 ** 30]) {
    colour.writeInt32LE(planes, 40)
    await t.rejects(readImageBytes(inPieces(colour, 64), { ...order, lend }, never), { code: 'broken' })
  }
  const error = imageBytes(small, 5).subarray(0, 44)
  error.writeInt32LE(0x40b, 4)
  const words = Buffer.concat([error, Buffer.from('no image — yet')])
  await refused(t, words, 'an error in the header', { code: 'broken', message: /no image — yet/ })
})

t.test('numbers of transactions: none is taken, another is not', async t => {
  for (const [echoed, good] of [
    [0, true],
    [5, true],
    [6, false],
  ] as const) {
    const reading = readImageBytes(inPieces(imageBytes(small, echoed), 64), order, never)
    if (good) (await reading).memory.release()
    else await t.rejects(reading, { code: 'broken', message: /another question/ })
  }
  t.equal(pool.lentBytes(), 0)
})

const json = (text: string, size: number, dims: readonly number[] = [5, 4]) =>
  readImageJson(inPieces(Buffer.from(text), size), { ...order, width: dims[0], height: dims[1] }, never)

t.test('the same pictures in JSON', async t => {
  for (const dims of [
    [13, 7],
    [9, 5, 3],
  ]) {
    for (const size of [1, 7, 100_000]) {
      const sent: Picture = { ...small, dims, at: (x, y, plane) => (x === 2 ? -x - y : light(x, y, plane)) }
      const turned = await json(imageJson(sent, 5), size, dims)
      t.equal(lies(turned, sent), undefined, `${dims.join('×')} in pieces of ${size}`)
      t.equal(turned.type, 'i32')
      turned.memory.release()
      const floats: Picture = { ...sent, imageType: 3, at: (x, y, plane) => (x * 0.25 - y) * 10 ** -plane || 0 }
      const double = await json(imageJson(floats, 5), size, dims)
      t.equal(lies(double, floats), undefined)
      t.equal(double.type, 'f64')
      double.memory.release()
    }
  }
  const odd = '{"value" : [\n [1, 2e0] , [65535,0]\r\n], "type": 2, "errorMessage": "[no] error", "rank": 2}'
  const turned = await json(odd, 3, [2, 2])
  t.same([...turned.samples], [1, 65_535, 2, 0], 'blanks, other names, another order')
  t.equal(turned.type, 'u16')
  turned.memory.release()
  t.equal(pool.lentBytes(), 0)
})

t.test('JSON that is no such picture is refused, and the memory is back', async t => {
  const whole = imageJson(small, 5)
  for (let length = 0; length < whole.length; length++) {
    await t.rejects(json(whole.slice(0, length), 37), { code: 'broken' }, `${length} characters`)
  }
  const value = (inside: string) => `{"Type":2,"Rank":2,"Value":${inside},"ErrorNumber":0}`
  for (const inside of [
    '[]',
    '[[]]',
    '[1,2]',
    '[[[[1]]]]',
    '[[1,2],[3,4],[5,6]]',
    '[[1,2],[3]]',
    '[[1,2,3],[4,5,6]]',
  ]) {
    await t.rejects(json(value(inside), 9, [2, 2]), { code: 'broken' }, inside)
  }
  for (const inside of [
    '[[1,null],[3,4]]',
    '[[1,2],[3,"4"]]',
    '[[1,2.5],[3,4]]',
    '[[1,1e99],[3,4]]',
    '[[[1,2],[3,4]]]',
  ]) {
    await t.rejects(json(value(inside), 9, [2, 2]), { code: 'broken' }, inside)
  }
  await t.rejects(json(value(`[[${'9'.repeat(500)}`), 64, [2, 2]), { code: 'broken' }, 'a number without end')
  await t.rejects(json(`{"a":"${'x'.repeat(50_000)}`, 1024), { code: 'broken' }, 'words without end')
  const error = '{"ErrorNumber":1035,"ErrorMessage":"[3] kein Bild — noch nicht","Value":null}'
  await t.rejects(json(error, 10), { code: 'broken', message: /kein Bild — noch nicht/ })
  await t.rejects(json('{"ErrorNumber":1031,"ErrorMessage":"gone"}', 10), { code: 'offline' })
  t.equal(pool.lentBytes(), 0)
})

t.test('bytes that are not what they were: a fault or a picture of the right size, and no memory lost', async t => {
  const random = seededRandom(7)
  const wholes = [imageBytes(small, 5), Buffer.from(imageJson(small, 5))]
  for (const [index, whole] of wholes.entries()) {
    let pictures = 0
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole)
      bytes[at] = Math.floor(random.next() * 256)
      try {
        const picture =
          index === 0
            ? await readImageBytes(inPieces(bytes, 33), order, never)
            : await json(bytes.toString('latin1'), 33)
        if (picture.samples.length !== 20) t.fail(`byte ${at}: ${picture.samples.length} samples`)
        picture.memory.release()
        pictures++
      } catch (error) {
        if (!(error instanceof Fault)) t.fail(`byte ${at}: ${error}`)
      }
      if (pool.lentBytes() !== 0) t.fail(`byte ${at}: memory was kept`)
    }
    t.ok(pictures > 0 && pictures < whole.length, `${pictures} of ${whole.length} gave a picture`)
  }
})

t.test('one who gives up in the middle hears his reason, and the memory is back', async t => {
  const reason = new Fault('aborted', 'enough of this', 'Start again')
  const control = new AbortController()
  const whole = imageBytes({ ...small, dims: [64, 48] }, 5)
  async function* slowly(): AsyncGenerator<Buffer> {
    yield whole.subarray(0, 1000)
    control.abort(reason)
    yield whole.subarray(1000)
  }
  await t.rejects(readImageBytes(slowly(), order, control.signal), reason)
  t.equal(pool.lentBytes(), 0)
})
