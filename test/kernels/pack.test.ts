// Packing kernels against their twins.
import t from 'tap'
import type { Views } from '../../edge/kernels/memory.js'
import { fillAdu, sameBits } from '../support/kernel-twins.js'

const [from, out] = [128, 16_384]
const counts = [0, 1, 3, 4, 7, 8, 9, 15, 64, 1001]

const fill =
  (every: number) =>
  ({ f32 }: Views, random: () => number) =>
    fillAdu(f32.subarray(0, 1200), random, every)

t.test('ranges, odd samples, steps and inverses are the same', async t => {
  for (const count of counts) {
    for (const every of [3, 50, 1e9]) {
      const trial = { bytes: 32_768, fill: fill(every) }
      const words = `${count} samples, one in ${every} nasty`
      sameBits(t, { ...trial, run: kernels => kernels.rangeOf(from, count, out) }, words)
      for (const [step, reach, share] of [
        [1, 131_072, 0],
        [2, 0, 0.9999],
        [1, 100, 0.5],
      ]) {
        sameBits(t, { ...trial, run: kernels => kernels.firstOdd(from, count, step, reach, share) }, words)
      }
      sameBits(t, { ...trial, run: kernels => kernels.packSteps(from, out, count, 3000, 1.1) }, words)
      sameBits(t, { ...trial, run: kernels => kernels.packSteps(from, out, count, 0, 16) }, words)
      sameBits(t, { ...trial, run: kernels => kernels.packInverse(from, out, count, 3e4, 2e4, 4e3, 1 / 16) }, words)
      sameBits(t, { ...trial, run: kernels => kernels.packInverse(from, out, count, 1, 0, 4e3, 0) }, words)
    }
  }
})
