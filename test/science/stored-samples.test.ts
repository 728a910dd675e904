// Stored samples to f32: kernels and the plain road say the same, and what the file means.
import t from 'tap'
import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { plainKernels, simdKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, viewsOf } from '../../edge/kernels/memory.js'
import {
  decodeNumbers,
  decodeToFloat,
  nativeForm,
  type StoredForm,
  type StoredType,
  storedBytes,
} from '../../edge/science/stored-samples.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'

const from = 64
const to = 8192

function hands() {
  const memory = kernelMemory(32_768)
  const views = viewsOf(memory.buffer)
  const simd = { kernels: simdKernels(kernelModule(), memory), views, scratch: 0 }
  return [simd, { ...simd, kernels: plainKernels(memory.buffer) }]
}

function numbersOf(form: StoredForm, bytes: readonly number[]): number[] {
  const answers = hands().map(hand => {
    hand.views.u8.set(bytes, from)
    const count = bytes.length / storedBytes[form.type]
    decodeToFloat(hand, form, from, to, count)
    return [...hand.views.f32.subarray(to / 4, to / 4 + count)]
  })
  t.same(answers[0], answers[1], 'SIMD and plain kernels agree')
  return answers[0]
}

const file = (type: StoredType, bzero = 0, bscale = 1, blank?: number): StoredForm => ({
  ...{ type, bigEndian: true, bzero, bscale },
  ...(blank === undefined ? {} : { blank }),
})

t.test('every kind of sample becomes the number it means', async t => {
  t.same(numbersOf(file('u8'), [0, 255]), [0, 255])
  t.same(numbersOf(file('u8', -128), [0, 255]), [-128, 127], 'signed bytes have BZERO −128')
  t.same(numbersOf(file('i16'), [0x80, 0, 0xff, 0xff]), [-32768, -1])
  t.same(numbersOf(file('i16', 32768), [0x80, 0, 0x7f, 0xff]), [0, 65535])
  t.same(numbersOf(file('i16', 32768, 1, -32768), [0x80, 0, 0x7f, 0xff]), [Number.NaN, 65535])
  t.same(numbersOf(file('i16', 0, 1, -1), [0x80, 0, 0xff, 0xff]), [-32768, Number.NaN])
  t.same(numbersOf(file('i16', 10, 0.5, -1), [0, 3, 0xff, 0xff]), [11.5, Number.NaN])
  t.same(numbersOf(file('i32', 2 ** 31), [0x80, 0, 3, 0xe8]), [1000], 'an unsigned count loses nothing to its offset')
  t.same(numbersOf(file('i32', 0, 1, 7), [0, 0, 0, 7, 0, 0, 0, 8]), [Number.NaN, 8])
  t.same(numbersOf(file('i64'), [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]), [-2])
  t.same(numbersOf(file('i64', 2 ** 63), [0x80, 0, 0, 0, 0, 0, 0, 9]), [9])
  t.same(numbersOf(file('f32'), [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]), [1, -2])
  t.same(numbersOf(file('f64'), [0x3f, 0xf8, 0, 0, 0, 0, 0, 0]), [1.5])
  t.same(numbersOf(nativeForm('u16'), [1, 2]), [513])
  t.same(numbersOf(nativeForm('i16'), [0xff, 0xff]), [-1])
  t.same(numbersOf(nativeForm('i32'), [0xff, 0xff, 0xff, 0xff]), [-1])
  t.same(numbersOf(nativeForm('f32'), [0, 0, 0x80, 0x3f]), [1])
  t.same(numbersOf(nativeForm('f64'), [0, 0, 0, 0, 0, 0, 0xf8, 0x3f]), [1.5])
})

t.test('64-bit integers are exact up to 2⁵³ and rounded once beyond', async t => {
  const random = seededRandom(3).next
  const bytes = Uint8Array.from({ length: 8000 }, () => 256 * random())
  const data = new DataView(bytes.buffer)
  for (const bzero of [0, 2 ** 63]) {
    const numbers = new Float64Array(1000)
    decodeNumbers(file('i64', bzero), bytes, 0, numbers)
    const wanted = Array.from(numbers, (_, i) => Number(data.getBigInt64(8 * i) + BigInt(bzero)))
    t.same([...numbers], wanted, `BZERO ${bzero}`)
  }
})

t.test('the kernels and the plain road give the same bits', async t => {
  for (const type of Object.keys(storedBytes) as StoredType[]) {
    const random = seededRandom(9).next
    const size = storedBytes[type]
    for (const hand of hands()) {
      for (let i = 0; i < 1003 * size; i++) hand.views.u8[from + i] = 256 * random()
      const plain = new Float32Array(1003)
      decodeNumbers(file(type), hand.views.u8, from, plain)
      decodeToFloat(hand, file(type), from, 16_384, 1003)
      t.same([...hand.views.f32.subarray(4096, 4096 + 1003)], [...plain], type)
    }
  }
})
