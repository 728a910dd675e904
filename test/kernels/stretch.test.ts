// The kernels that pictures are made with, against their twins.
import t from 'tap'
import type { Views } from '../../edge/kernels/memory.js'
import { fillAdu, sameBits } from '../support/kernel-twins.js'

const counts = [0, 1, 3, 4, 5, 8, 9, 63, 401]
const bytes = 32_768
const [rows, sums, shares, out, seen] = [64, 4096, 8192, 12_288, 16_384]

const fill = ({ f32 }: Views, random: () => number) => {
  fillAdu(f32.subarray(rows >> 2, sums >> 2), random, 10)
  fillAdu(f32.subarray(sums >> 2, shares >> 2), random)
  for (let i = shares >> 2; i < out >> 2; i++) f32[i] = random() < 0.2 ? 0 : 3 * random()
  for (let i = out >> 2; i < 20_480 >> 2; i++) f32[i] = random()
}

t.test('rows are summed, those without data left out', async t => {
  const stride = 4 * 61
  for (const count of counts.filter(count => count < 65)) {
    for (const [many, first, last] of [
      [1, 0.4666666567325592, 9],
      [2, 0.1, 0.7],
      [7, 1, 0.3],
      [16, 0, 1],
    ]) {
      for (const [from, step] of [
        [rows, stride],
        [rows + 15 * stride, -stride],
      ]) {
        for (const more of [0, 1]) {
          const words = `${many} rows of ${count}, ${step < 0 ? 'upwards' : 'downwards'}, ${more ? 'added' : 'written'}`
          const clean = {
            bytes,
            fill: ({ f32 }: Views, random: () => number) => {
              for (let i = 0; i < 20_480 >> 2; i++) f32[i] = 65_535 * random() - 100
            },
          }
          const nasty = { bytes, fill }
          for (const run of [clean, nasty]) {
            sameBits(
              t,
              { ...run, run: k => k.addRowsF32(from, step, many, count, first, last, sums, more) },
              `f32, ${words}`,
            )
          }
          sameBits(
            t,
            { ...nasty, run: k => k.addRowsMasked(from, step, many, count, first, last, sums, shares, more) },
            `masked, ${words}`,
          )
          sameBits(
            t,
            { ...nasty, run: k => k.addRowsU16(from, step / 2, many, count, first, last, sums, more) },
            `u16, ${words}`,
          )
        }
      }
    }
  }
})

t.test('rows are squeezed into fewer columns', async t => {
  const spans = 20_480
  for (const [columns, most] of [
    [0, 1],
    [1, 1],
    [60, 2],
    [25, 5],
  ]) {
    const filled = (views: Views, random: () => number) => {
      fill(views, random)
      for (let column = 0, span = spans >> 2; column < columns; column++) {
        const vectors = Math.floor(random() * (most + 1))
        views.i32[span] = Math.floor(random() * 300)
        views.i32[span + 1] = vectors
        for (let i = 2; i < 4 + 4 * vectors; i++) views.f32[span + i] = random() < 0.3 ? 0 : random()
        span += 4 + 4 * vectors
      }
    }
    for (const stride of [1, 2]) {
      for (const own of [0, shares + 4]) {
        for (const more of [0, 1]) {
          sameBits(
            t,
            {
              bytes,
              fill: filled,
              run: k => k.squeezeRow(sums + 4, own, 1.7, stride, spans, columns, out, seen, more),
            },
            `${columns} columns, stride ${stride}, ${own ? 'own shares' : 'one share'}, ${more ? 'added' : 'written'}`,
          )
        }
      }
    }
  }
})

t.test('sums are divided by their shares', async t => {
  for (const count of counts) sameBits(t, { bytes, fill, run: k => k.shareRow(sums, shares, count, out) }, `${count}`)
})

t.test('light becomes grey, whatever the light and the curve', async t => {
  const table = 24_576
  const filled = (views: Views, random: () => number) => {
    fill(views, random)
    for (let i = 0; i <= 4095; i++) views.u8[table + i] = i >> 4
  }
  for (const count of counts) {
    for (const [low, scale, mid] of [
      [900, 1 / 64_000, 0.001],
      [0, 1 / 65_535, 0.5],
      [-3e38, 1e-30, 0.999999],
      [30_000, 0, 0.25],
      [100, 1e9, 1e-6],
      [100, 0.01, 0],
    ]) {
      for (const stride of [1, 3]) {
        const run = { bytes, fill: filled }
        const words = `${count} from ${low} by ${scale}, mid ${mid}, every ${stride}`
        sameBits(t, { ...run, run: k => k.toneRow(rows, count, low, scale, mid, table, 4095, out, stride) }, words)
      }
    }
  }
})

t.test('ends are found and counted', async t => {
  const told = 20_480
  for (const count of counts) {
    for (const nasties of [2, 40]) {
      const filled = (views: Views, random: () => number) => {
        fillAdu(views.f32.subarray(rows >> 2, sums >> 2), random, nasties)
        views.f32.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], told >> 2)
      }
      sameBits(t, { bytes, fill: filled, run: k => k.widenRange(rows, count, told) }, `range of ${count}`, count + 1)
      for (const top of [0, 60_000, Number.NaN, Number.POSITIVE_INFINITY]) {
        sameBits(t, { bytes, fill: filled, run: k => k.countEnds(rows, count, top, told) }, `${count} from ${top}`)
      }
    }
  }
})
