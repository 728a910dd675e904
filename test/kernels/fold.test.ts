// Folding kernels against their twins.
import t from 'tap'
import type { Views } from '../../edge/kernels/memory.js'
import { fillAdu, sameBits } from '../support/kernel-twins.js'

const [xStride, stride, most] = [256, 300, 64]
const x = 4096
const xPlane = 4 * xStride * most
const mean = x + 3 * xPlane
const meanPlane = 4 * stride * most
const m2 = mean + 3 * meanPlane
const weight = m2 + 3 * meanPlane
const floors = weight + 2 * stride * most + 64
const blocks = floors + 3 * 4096
const bytes = blocks + 4 * 4096 + 65_536

/** Skies of some noise, stars, trails and nasty pixels; weights of stacks young, old and full. */
function fill({ f32, u16 }: Views, random: () => number, every: number): void {
  fillAdu(f32.subarray(x / 4, mean / 4), random, every)
  for (let i = 0; i < 3 * xStride * most; i++) if (random() < 0.7) f32[x / 4 + i] = 1000 + 40 * random()
  for (let i = 0; i < 3 * stride * most; i++) {
    f32[mean / 4 + i] = random() < 0.05 ? 3000 * random() : 1010 + 20 * random()
    f32[m2 / 4 + i] = random() < 0.2 ? 0 : 1e4 * random()
  }
  const old = [0, 16, 47, 48, 160, 65_530, 65_535]
  let w = 0
  for (let i = 0; i < stride * most; i++) {
    if (random() < 0.03) w = old[Math.floor(old.length * random())]
    u16[weight / 2 + i] = w
  }
  for (let i = 0; i < 3 * 1024; i++) f32[floors / 4 + i] = random() < 0.1 ? -1 : 300 * random()
}

for (const planes of [1, 3]) {
  t.test(`${planes} planes fold`, async t => {
    for (const [columns, rows] of [
      [0, 3],
      [1, 1],
      [7, 5],
      [8, 64],
      [61, 13],
      [256, 64],
    ]) {
      for (const [w, kappa2, every] of [
        [16, 9, 5],
        [64, Number.POSITIVE_INFINITY, 3],
        [1, 4.2, 100],
      ]) {
        const size = [columns, rows, planes] as const
        sameBits(
          t,
          {
            bytes,
            fill: (views, random) => fill(views, random, every),
            run: kernels => kernels.foldMean(x, xPlane, xStride, mean, meanPlane, weight, stride, ...size, w),
          },
          `mean of ${columns} × ${rows}`,
        )
        sameBits(
          t,
          {
            bytes,
            fill: (views, random) => fill(views, random, every),
            run: kernels =>
              kernels.foldReject(
                ...([x, xPlane, xStride, mean, m2, meanPlane, weight, stride, ...size] as const),
                ...([floors, 4096, 64, w, kappa2, 48] as const),
              ),
          },
          `${columns} × ${rows} with rejection`,
        )
      }
    }
  })
}

t.test('blocks and their floors', async t => {
  for (const [columns, rows] of [
    [256, 64],
    [64, 64],
    [187, 41],
    [3, 3],
  ]) {
    for (const every of [2, 30, 1e6]) {
      sameBits(
        t,
        {
          bytes,
          fill: (views, random) => {
            fill(views, random, every)
            // A trail across, some of it faint, and no data in a corner.
            for (let row = 0; row < rows; row++) {
              for (let i = 0; i < 3; i++) views.f32[x / 4 + row * xStride + row + i] += 4 * row
            }
            if (every > 2) views.f32.fill(Number.NaN, x / 4, x / 4 + 40)
          },
          run: kernels => {
            const map = [blocks, 4096, 64] as const
            kernels.blockSums(x, xStride, mean, stride, columns, rows, ...map, 36)
            kernels.blockFloors(...map, Math.ceil(columns / 64), floors, 12, 0.5, 3.5)
          },
        },
        `${columns} × ${rows}`,
      )
    }
  }
})

t.test('means of blocks', async t => {
  for (const planes of [1, 3]) {
    for (const count of [0, 1, 7, 64]) {
      for (const every of [40, 1e6]) {
        sameBits(
          t,
          {
            bytes,
            fill: (views, random) => fill(views, random, every),
            run: kernels => kernels.blockMeans(x, xPlane, xStride, count, planes, blocks),
          },
          `${count} blocks of ${planes} planes`,
        )
      }
    }
  }
})

t.test('seeds', async t => {
  const [samples, step] = [x, 4 * 32 * 20]
  const median = samples + 7 * step
  const votes = median + step
  const weights = votes + step
  for (const frames of [1, 2, 3, 4, 5, 6, 7]) {
    for (const [columns, rows, every] of [
      [32, 20, 4],
      [27, 7, 3],
      [1, 1, 2],
      [18, 20, 1e6],
    ]) {
      sameBits(
        t,
        {
          bytes,
          fill: (views, random) => {
            fill(views, random, every)
            if (every > 100) views.f32.fill(1000, samples / 4, median / 4 - 1000)
            views.u16.fill(0, votes / 2, weights / 2)
            for (let k = 0; k < 7; k++) views.f32[weights / 4 + k] = Math.ceil(64 * random())
          },
          run: kernels => {
            kernels.seedMedian(samples, step, frames, median, 32 * rows - 3)
            const size = [columns, rows, 32] as const
            kernels.seedVotes(samples, step, frames, median, ...size, floors, 400, 8, 9, votes)
            const to = [mean, m2, weight, stride] as const
            kernels.seedMean(samples, step, frames, median, ...size, votes, weights, ...to)
          },
        },
        `${columns} × ${rows} of ${frames}`,
      )
    }
  }
})
