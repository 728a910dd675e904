// The Rice code: kernels against their twins, there and back, and with damaged bytes.
import t from 'tap'
import { plainKernels } from '../../edge/kernels/kernels.js'
import { kernelMemory, type Views, viewsOf } from '../../edge/kernels/memory.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { sameBits } from '../support/kernel-twins.js'

const [from, packed, back] = [64, 16_384, 49_152]
const bytes = 65_536
const sizes = [1, 2, 4] as const

/** Rows of a sky, of a quiet and of a wild sensor, and all that lies between the ends of the range. */
const skies: readonly [string, (i: number, random: () => number) => number][] = [
  ['constant', () => 1000],
  ['quiet', (_, random) => 1000 + 2 * random()],
  ['sky', (_, random) => 1000 + 40 * (random() + random() + random())],
  ['stars', (i, random) => 900 + 30 * random() + (i % 97 === 0 ? 60_000 : 0)],
  ['lonely', i => (i === 70 ? 2 ** 31 : 5)],
  ['wild', (_, random) => 2 ** 32 * random()],
  ['ramp', i => i * 37],
]

function sky(views: Views, size: number, count: number, value: (i: number) => number): void {
  const samples = { 1: views.u8, 2: views.u16, 4: views.u32 }[size as 1 | 2 | 4]
  for (let i = 0; i < count; i++) samples[from / size + i] = value(i)
}

t.test('tiles are packed and unpacked as the twin does it, and come back whole', async t => {
  for (const size of sizes) {
    for (const count of [0, 1, 2, 31, 32, 33, 64, 1001]) {
      for (const [name, value] of skies) {
        for (const [block, flip] of [
          [32, 0],
          [16, 2 ** (8 * size - 1)],
        ]) {
          const words = `${name}: ${count} of ${size} bytes, blocks of ${block}`
          const fill = (views: Views, random: () => number) => sky(views, size, count, i => value(i, random))
          const length = (kernels: ReturnType<typeof plainKernels>) =>
            kernels.riceEncode(from, count, packed, block, size, flip)
          sameBits(t, { bytes, fill, run: length }, `${words}, packed`)
          sameBits(
            t,
            {
              bytes,
              fill,
              run: kernels => kernels.riceDecode(packed, length(kernels), back, count, block, size, flip),
            },
            `${words}, unpacked`,
          )
          const memory = kernelMemory(bytes)
          const views = viewsOf(memory.buffer)
          fill(views, seededRandom(1).next)
          const kernels = plainKernels(memory.buffer)
          const used = length(kernels)
          t.ok(used <= count * size + count / block + 16, 'within its bounds')
          t.equal(kernels.riceDecode(packed, used, back, count, block, size, flip), used, 'all bytes are used')
          const same = Buffer.compare(
            views.u8.subarray(from, from + count * size),
            views.u8.subarray(back, back + count * size),
          )
          t.equal(same, 0, `${words}: there and back`)
        }
      }
    }
  }
})

t.test('damaged and cut tiles are told alike, and write no further than they may', async t => {
  for (let seed = 1; seed <= 200; seed++) {
    const size = sizes[seed % 3]
    const [, value] = skies[seed % skies.length]
    sameBits(
      t,
      {
        bytes,
        fill: (views, random) => {
          sky(views, size, 500, i => value(i, random))
        },
        run: kernels => {
          const length = kernels.riceEncode(from, 500, packed, 32, size, 0)
          return [
            kernels.riceDecode(packed + (seed % 5), length, back, 500, 32, size, 0),
            kernels.riceDecode(packed, (length * (seed % 11)) >> 4, back, 500, 32, size, 0),
            kernels.riceDecode(from, 3 + seed, back, 500, 32, size, 0),
          ]
        },
      },
      `seed ${seed}`,
      seed,
    )
  }
})
