// Resampling and colour kernels against their twins.
import t from 'tap'
import { fillAdu, sameBits } from '../support/kernel-twins.js'

const [width, height] = [211, 150]
const source = 4096
const out = source + 4 * width * height + 4096
const bytes = out + 4 * 256 * 70 * 3 + 4096

const turned = (turnDeg: number, scale: number, tx: number, ty: number): number[] => {
  const [a, b] = [scale * Math.cos((turnDeg * Math.PI) / 180), scale * Math.sin((turnDeg * Math.PI) / 180)]
  return [a, -b, tx, b, a, ty]
}

const maps: Record<string, number[]> = {
  identity: [1, 0, 0, 0, 1, 0],
  'a whole shift': [1, 0, -3, 0, 1, 2],
  'a shift along x': [1, 0, 0.25, 0, 1, 0],
  'a small turn': turned(0.05, 1, 1.3, -2.6),
  'a turn of 3°': turned(3, 1.01, 4, -5),
  'a turn of 45°': turned(45, 1, 60, -70),
  'a turn of 90°': [0, -1, 149, 1, 0, 2],
  'a turn of nearly 90°': turned(90, 1, 149.5, 2.5),
  'a flip': turned(180, 1, 209.4, 148.2),
  'a whole flip': [-1, 0, 210, 0, -1, 149],
  'a mirror': [-1, 1e-4, 209, 1e-4, 1, 0.4],
  'a larger scale': turned(20, 0.3, 30, 20),
  'a smaller scale': turned(-10, 2.3, -20, 30),
  'far away': [1, 0, 1e12, 0, 1, -1e12],
  'a turn of 0.9°, seen across an anchor': turned(0.9, 1.001, -420, 3),
  'a flip seen across an anchor': turned(180.4, 1, 600, 120),
  'a turn of 30° seen across an anchor': turned(30, 1, -400, -250),
}

for (const [words, map] of Object.entries(maps)) {
  t.test(`warped by ${words}`, async t => {
    for (const kernel of ['warpLinear', 'warpCubic'] as const) {
      for (const every of [20, 4000]) {
        for (const [x0, columns] of [
          [0, 211],
          [128, 83],
          [64, 1],
          [64, 6],
          [448, 187],
        ]) {
          sameBits(
            t,
            {
              bytes,
              fill: ({ f32, f64 }, random) => {
                fillAdu(f32.subarray(source / 4, source / 4 + width * height), random, every)
                f64.set(map, 8)
              },
              run: kernels =>
                kernels[kernel](
                  ...([source, width, width, height, out, 256, x0, 40, columns, 70, 64, 1.25, -7.5] as const),
                ),
            },
            `${kernel}, ${columns} columns from ${x0}`,
          )
        }
      }
    }
  })
}

t.test('colour out of every pattern, in boxes that begin anywhere', async t => {
  for (const red of [0, 1, 2, 3]) {
    for (const [x0, y0, columns, rows] of [
      [0, 0, 211, 40],
      [1, 3, 31, 9],
      [64, 100, 64, 50],
      [180, 80, 31, 70],
      [209, 148, 2, 2],
    ]) {
      for (const every of [15, 3000]) {
        sameBits(
          t,
          {
            bytes,
            fill: ({ f32 }, random) => fillAdu(f32.subarray(source / 4, source / 4 + width * height), random, every),
            run: kernels =>
              kernels.debayerBox(
                ...([source, width, width, height, x0, y0, columns, rows, red, out, 4 * 256 * 70, 256] as const),
              ),
          },
          `box at ${x0}, ${y0}`,
        )
      }
    }
  }
})
