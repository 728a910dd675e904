// Encoding kernels against their twins.
import t from 'tap'
import { sameBits } from '../support/kernel-twins.js'

const from = 64
const to = 8192

t.test('samples go into file order and into the sum, of any length', async t => {
  for (const count of [0, 1, 3, 4, 7, 8, 9, 15, 64, 1001]) {
    const trial = {
      bytes: 16_384,
      fill: ({ u8 }: { u8: Uint8Array }, random: () => number) => {
        for (let i = 0; i < to; i++) u8[i] = random() < 0.2 ? 255 : 256 * random()
      },
    }
    sameBits(t, { ...trial, run: kernels => kernels.encode16(from, to, count, 0x8000) }, `${count} u16`)
    sameBits(t, { ...trial, run: kernels => kernels.encode16(from, to, count, 0) }, `${count} i16`)
    sameBits(t, { ...trial, run: kernels => kernels.encode32(from, to, count) }, `${count} words`)
    for (const shift of [0, 1, 2, 3]) {
      sameBits(t, { ...trial, run: kernels => kernels.sumWords(from + shift, count) }, `${count} words from ${shift}`)
    }
  }
})
