// Decoding kernels against their twins.
import t from 'tap'
import type { Kernels } from '../../edge/kernels/kernels.js'
import { sameBits } from '../support/kernel-twins.js'

const from = 64
const to = 8192

/** Each kernel, and the least alignment its input has. */
const decoders: readonly [string, number, (kernels: Kernels, at: number, count: number) => void][] = [
  ['u16 with BZERO', 1, (kernels, at, count) => kernels.decodeU16be(at, to, count, 32768)],
  ['u16 as it is', 1, (kernels, at, count) => kernels.decodeU16be(at, to, count, 0)],
  ['i16', 1, (kernels, at, count) => kernels.decodeI16be(at, to, count)],
  ['i32', 1, (kernels, at, count) => kernels.decodeI32be(at, to, count)],
  ['f32', 1, (kernels, at, count) => kernels.swapWords(at, to, count)],
  ['bytes', 1, (kernels, at, count) => kernels.decodeU8(at, to, count)],
  ["u16 in the machine's order", 2, (kernels, at, count) => kernels.decodeU16(at, to, count)],
  ["i16 in the machine's order", 2, (kernels, at, count) => kernels.decodeI16(at, to, count)],
  ["i32 in the machine's order", 4, (kernels, at, count) => kernels.decodeI32(at, to, count)],
]

t.test('stored samples become numbers, from any alignment and of any length', async t => {
  for (const [name, align, decode] of decoders) {
    for (const count of [0, 1, 3, 7, 8, 9, 15, 17, 64, 1001]) {
      for (const shift of [0, 1, 3].map(step => step * align)) {
        sameBits(
          t,
          {
            bytes: 16_384,
            fill: ({ u8 }, random) => {
              for (let i = 0; i < to; i++) u8[i] = 256 * random()
            },
            run: kernels => decode(kernels, from + shift, count),
          },
          `${count} of ${name} from ${from + shift}`,
        )
      }
    }
  }
})

t.test('words of four bytes may be decoded where they lie', async t => {
  for (const decode of ['swapWords', 'decodeI32be', 'decodeI32'] as const) {
    sameBits(
      t,
      {
        bytes: 16_384,
        fill: ({ u8 }, random) => {
          for (let i = 0; i < to; i++) u8[i] = 256 * random()
        },
        run: kernels => kernels[decode](from, from, 1003),
      },
      decode,
    )
  }
})
