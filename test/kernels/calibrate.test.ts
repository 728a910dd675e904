// Calibrating kernels against their twins.
import t from 'tap'
import type { Views } from '../../edge/kernels/memory.js'
import { fillAdu, sameBits } from '../support/kernel-twins.js'

const [dark, flat, out] = [8192, 16_384, 24_576]

function fillWords({ u16 }: Views, random: () => number): void {
  for (let i = 0; i < 12_288; i++) u16[i] = 65_536 * random()
}

t.test('16-bit samples of either byte order, of any alignment and length', async t => {
  for (const count of [0, 1, 7, 8, 9, 64, 1001]) {
    for (const [swap, flip] of [
      [1, 32_768],
      [1, 0],
      [0, 0],
      [0, 32_768],
    ]) {
      for (const [dt, odd] of [
        [0, 0],
        [2, 1],
      ]) {
        sameBits(
          t,
          {
            bytes: 32_768,
            fill: fillWords,
            run: kernels =>
              kernels.calibrateU16(64 + odd, swap, flip, out, count, dark + dt, 0.013, 480.7, flat + dt, 6.1e-5),
          },
          `${count} words, swap ${swap}, flip ${flip}`,
        )
      }
    }
  }
})

t.test('f32 samples with NaN, infinities and denormals, in place and elsewhere', async t => {
  for (const count of [0, 1, 7, 8, 9, 64, 1001]) {
    for (const to of [64, out]) {
      sameBits(
        t,
        {
          bytes: 32_768,
          fill: (views, random) => {
            fillWords(views, random)
            fillAdu(views.f32.subarray(16, 16 + 1100), random, 5)
          },
          run: kernels => kernels.calibrateF32(64, to, count, dark, 0.0625, -31.5, flat, 1 / 16_384),
        },
        `${count} samples to ${to}`,
      )
    }
  }
})
