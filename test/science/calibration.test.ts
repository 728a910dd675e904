// Calibrating strips: the arithmetic against plain numbers, what packing costs, pixels filled from their neighbours.
import t from 'tap'
import { plainKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, makeLayout, viewsOf } from '../../edge/kernels/memory.js'
import { calibrateStrips, layOutMasters } from '../../edge/science/calibration.js'
import { packBad, packDark, packFlat, packNothing } from '../../edge/science/pack-masters.js'
import { ScienceError } from '../../edge/science/science-error.js'
import { nativeForm, type StoredForm, type StoredType } from '../../edge/science/stored-samples.js'
import { calibrateStrip } from '../support/calibrate-strip.js'
import { seeded } from '../support/star-field.js'

const [width, height] = [33, 20]
const count = width * height

function bench(planes = 1) {
  const layout = makeLayout()
  const places = layOutMasters(layout, { width, height, planes })
  const raw = layout.take(4 * count * planes)
  const plane = layout.take(4 * count * planes)
  const scratch = layout.take(64)
  const { buffer } = kernelMemory(layout.bytes)
  const views = viewsOf(buffer)
  const hand = { kernels: plainKernels(buffer), views, scratch }
  const none = packNothing(views, places)
  const run = (masters: typeof none, form = nativeForm('u16'), rowsPerStrip = 8) => {
    const order = {
      raw: { form, offset: raw },
      places,
      masters,
      plane,
      rowsPerStrip,
    } as const
    for (let strip = calibrateStrips(places, rowsPerStrip) - 1; strip >= 0; strip--) calibrateStrip(hand, order, strip)
    return views.f32.slice(plane >> 2, (plane >> 2) + count * planes)
  }
  /** Puts a master where it is packed from. */
  const hold = (samples: Float32Array) => views.f32.set(samples, plane >> 2)
  return { places, raw, plane, hand, views, none, run, hold }
}

t.test('without masters every kind of sample is only decoded', async t => {
  const { raw, views, none, run } = bench()
  const { uniform } = seeded(1)
  const data = new DataView(views.u8.buffer, raw, 4 * count)
  const big = (type: StoredType, bzero = 0): StoredForm => ({ type, bigEndian: true, bzero, bscale: 1 })
  const kinds: [StoredForm, (i: number, value: number) => void, number, number][] = [
    [big('i16', 32768), (i, v) => data.setInt16(2 * i, v - 32768), 65536, 0],
    [big('u16'), (i, v) => data.setUint16(2 * i, v), 65536, 0],
    [big('i16'), (i, v) => data.setInt16(2 * i, v), 65536, -32768],
    [{ ...big('i16', 32768), blank: -32768 }, (i, v) => data.setInt16(2 * i, v - 32768), 65535, 1],
    [big('i32'), (i, v) => data.setInt32(4 * i, v), 2 ** 24, -(2 ** 23)],
    [big('f32'), (i, v) => data.setFloat32(4 * i, v), 1000, -500],
    [{ ...big('f32'), bscale: 0.5 }, (i, v) => data.setFloat32(4 * i, 2 * v), 1000, -500],
    [nativeForm('u16'), (i, v) => data.setUint16(2 * i, v, true), 65536, 0],
    [nativeForm('i16'), (i, v) => data.setInt16(2 * i, v, true), 65536, -32768],
    [nativeForm('i32'), (i, v) => data.setInt32(4 * i, v, true), 2 ** 24, -(2 ** 23)],
    [nativeForm('u8'), (i, v) => data.setUint8(i, v), 256, 0],
    [nativeForm('f32'), (i, v) => data.setFloat32(4 * i, v, true), 1000, -500],
  ]
  for (const [form, set, range, least] of kinds) {
    const values = Array.from({ length: count }, () => Math.floor(range * uniform()) + least)
    values.forEach((value, i) => {
      set(i, value)
    })
    t.same([...run(none, form)], values, JSON.stringify(form))
  }
})

t.test('dark and flat, packed, come within half a step of what they are', async t => {
  const { places, raw, plane, hand, views, none, run, hold } = bench()
  const { uniform } = seeded(2)
  const dark = Float32Array.from({ length: count }, (_, i) => 480 + (i % width) * 5 + uniform())
  dark[7] = 60_000
  dark[8] = Number.NaN
  const flat = Float32Array.from({ length: count }, (_, i) => 1.1 - 0.7 * (i / count) + 0.002 * uniform())
  flat[9] = 0.01
  const truth = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    const value = Math.round(500 + 20_000 * uniform())
    views.u16[(raw >> 1) + i] = value
    truth[i] = (value - dark[i]) / flat[i]
  }
  hold(flat)
  const lifted = packFlat(hand, places, plane, [[1, 1, 1, 1]])
  hold(dark.map((value, i) => (i === 7 ? Number.NaN : value)))
  const usual = packDark(hand, places, plane)
  t.ok(usual.dark.step < 0.01, `a dark that spans 170 ADU is packed in steps of ${usual.dark.step} ADU`)
  hold(dark)
  const packed = packDark(hand, places, plane)
  t.same(packed.beyond, [7, 8], 'hot and absent samples are named')
  const { step } = packed.dark
  t.equal(step, 1 / 16, 'one hot pixel makes the steps as coarse as they get')
  const out = run({ ...none, dark: packed.dark, flat: lifted })
  t.ok(Math.abs(out[9] - truth[9] * flat[9]) < 1, 'a pixel without light is not lifted')
  let worst = 0
  for (let i = 10; i < count; i++) {
    const bound = step / 2 / flat[i] + Math.abs(truth[i]) * (lifted.step / 2) * flat[i] + 0.002
    worst = Math.max(worst, Math.abs(out[i] - truth[i]) / bound)
  }
  t.ok(worst <= 1, `off by at most half a step (${worst.toFixed(2)} of it)`)
})

t.test('bad pixels take the median of good neighbours of their colour; strips do not matter', async t => {
  const { places, raw, views, none, run } = bench()
  const sample = (x: number, y: number) => y * width + x
  for (let i = 0; i < count; i++) views.u16[(raw >> 1) + i] = 1000 + i
  const bad = [sample(0, 0), sample(5, 3), sample(6, 3), sample(32, 19), sample(5, 3)]
  for (const spacing of [1, 2] as const) {
    const masters = { ...none, ...packBad(views, places, bad, spacing), spacing }
    t.equal(masters.bad, 4)
    const out = run(masters, undefined, 20)
    const below = spacing * width
    t.equal(out[0], 1000 + below, 'a corner has three neighbours')
    t.equal(out[count - 1], 1000 + count - 1 - below, 'the other corner too')
    if (spacing === 2) t.equal(out[sample(5, 3)], 1000 + sample(5, 3), 'the same colour around it balances')
    else t.equal(out[sample(5, 3)], 1000 + sample(4, 3), 'of seven good ones the middle')
    t.equal(out[sample(10, 10)], 1000 + sample(10, 10), 'good pixels stay')
  }
  const full = packBad(
    views,
    places,
    [sample(3, 9), ...[2, 3, 4].flatMap(x => [8, 10].map(y => sample(x, y)))].slice(0, 7),
    1,
  )
  t.throws(
    () =>
      packBad(
        views,
        places,
        Array.from({ length: 8 }, (_, i) => i),
        1,
      ),
    ScienceError,
  )
  const out = run({ ...none, ...full })
  t.equal(out[sample(3, 9)], 1000 + sample(3, 9), 'left and right remain')
})
