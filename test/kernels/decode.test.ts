// Decoding kernels against their twins.
import t from 'tap'
import { sameBits } from '../support/kernel-twins.js'

t.test('big-endian words become numbers, from any alignment and of any length', async t => {
  for (const count of [0, 1, 7, 8, 9, 64, 1001]) {
    for (const shift of [0, 1, 3]) {
      for (const zero of [0, 32768]) {
        sameBits(
          t,
          {
            bytes: 16_384,
            fill: ({ u8 }, random) => {
              for (let i = 0; i < 4096; i++) u8[i] = 256 * random()
            },
            run: kernels => kernels.decodeU16be(64 + shift, 8192, count, zero),
          },
          `${count} words from ${64 + shift}, zero ${zero}`,
        )
      }
    }
  }
})
