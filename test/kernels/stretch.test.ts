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
  for (const count of counts) {
    for (const share of [0, 1, 0.4666666567325592, 0.1]) {
      const run = { bytes, fill }
      sameBits(t, { ...run, run: k => k.addRowF32(rows, count, share, sums, shares) }, `${count} f32, share ${share}`)
      sameBits(t, { ...run, run: k => k.addRowU16(rows, count, share, sums) }, `${count} u16, share ${share}`)
    }
  }
})

t.test('rows are squeezed into fewer columns', async t => {
  for (const [places, scale, columns] of [
    [401, 6.466666666666667, 62],
    [401, 6.466666666666667, 63],
    [400, 4, 100],
    [7, 1, 7],
    [7, 1.5, 4],
    [5, 16, 1],
    [9, 0.9998, 9],
    [0, 2, 0],
  ]) {
    for (const [stride, with0] of [
      [1, shares],
      [2, shares + 4],
      [2, 0],
    ]) {
      const trial = {
        bytes,
        fill,
        run: (k: Parameters<Parameters<typeof sameBits>[1]['run']>[0]) =>
          k.squeezeRow(sums, with0, 1.7, stride, places, scale, columns, out, seen),
      }
      sameBits(t, trial, `${places} places by ${scale}, stride ${stride}, ${with0 ? 'own shares' : 'one share'}`)
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
