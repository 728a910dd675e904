// Kernels of star finding against their twins.
import t from 'tap'
import { mostBlobPx, spotBytes } from '../../edge/kernels/blobs.js'
import type { Kernels } from '../../edge/kernels/kernels.js'
import { peakBytes } from '../../edge/kernels/peaks.js'
import { shapeBytes, shapeScratchBytes } from '../../edge/kernels/star-shape.js'
import { fillAdu, nasty, sameBits } from '../support/kernel-twins.js'

type Random = () => number

/** A sky of level 400 and noise 20 with stars, hot pixels, holes, and a few infinities. */
function fillSky(plane: Float32Array, width: number, random: Random, stars: number): void {
  for (let i = 0; i < plane.length; i++) plane[i] = 400 + 20 * (random() + random() + random() - 1.5) * 2
  const height = plane.length / width
  for (let star = 0; star < stars; star++) {
    const [x, y, peak] = [random() * width, random() * height, 60 / (random() + 0.002)]
    const radius = 1.2 + 3 * random() ** 4
    for (let j = Math.max(0, Math.floor(y) - 15); j < Math.min(height, y + 15); j++) {
      for (let i = Math.max(0, Math.floor(x) - 15); i < Math.min(width, x + 15); i++) {
        const light = plane[j * width + i] + peak * (1 + ((i - x) ** 2 + (j - y) ** 2) / radius ** 2) ** -3
        plane[j * width + i] = Math.min(20_000, light)
      }
    }
  }
  for (let i = 0; i < plane.length / 400; i++) plane[Math.floor(random() * plane.length)] = 30_000 * random()
  for (let i = 0; i < plane.length / 400; i++) plane[Math.floor(random() * plane.length)] = Number.NaN
  for (const value of nasty) plane[Math.floor(random() * plane.length)] = value
}

t.test('the clipped mean of lists of any length, nasty or not', async t => {
  for (const vectors of [0, 1, 2, 3, 8, 9, 27, 80, 81, 256, 1000]) {
    for (const every of [2, 50, 1e9]) {
      const run = (kernels: Kernels) => kernels.clippedMean(128, vectors, 128 + 16 * 1000, 64)
      const fill = ({ f32 }: { f32: Float32Array }, random: Random) =>
        fillAdu(f32.subarray(32, 32 + 4000), random, every)
      sameBits(t, { bytes: 40_000, fill, run }, `${vectors} vectors, one in ${every} nasty`)
    }
    const steps = ({ f32 }: { f32: Float32Array }, random: Random) => {
      for (let i = 32; i < 4032; i++) f32[i] = Math.floor(100.5 + random())
    }
    const run = (kernels: Kernels) => kernels.clippedMean(128, vectors, 128 + 16 * 1000, 64)
    sameBits(t, { bytes: 40_000, fill: steps, run }, `${vectors} vectors of whole numbers`)
  }
})

t.test('a mesh over frames of odd sizes', async t => {
  for (const [width, rows, step] of [
    [200, 64, 4],
    [200, 64, 1],
    [65, 64, 1],
    [131, 33, 4],
    [5, 7, 1],
    [64, 1, 4],
  ]) {
    const pixels = width * (rows + 3)
    sameBits(
      t,
      {
        bytes: 4 * pixels + 200_000,
        fill: ({ f32 }, random) => fillSky(f32.subarray(16, 16 + pixels), width, random, pixels / 400),
        run: kernels => {
          const at = 64 + 4 * pixels + 64 - ((4 * pixels) % 64)
          kernels.skyCells(64, width, 2, rows, step, at, at + 100_000, at + 101_000)
        },
      },
      `${width} px wide, ${rows} rows in steps of ${step}`,
    )
  }
})

t.test('light of mosaics and of colours', async t => {
  for (const width of [2, 7, 8, 33]) {
    sameBits(
      t,
      {
        bytes: 16_384,
        fill: ({ f32 }, random) => fillAdu(f32.subarray(16, 1024), random),
        run: kernels => {
          kernels.superpixels(64, width, 5, 8192)
          kernels.meanOfThree(64, 1024, 2048, width, 12_288)
        },
      },
      `${width} px`,
    )
  }
})

t.test('peaks, spots and shapes, bit for bit', async t => {
  for (const [width, height, seed] of [
    [200, 150, 1],
    [131, 64, 2],
    [64, 200, 3],
    [17, 9, 4],
  ]) {
    const columns = Math.ceil(width / 64)
    const cells = columns * Math.ceil(height / 64)
    const plane = 64
    const mesh = plane + 4 * width * height + 128 - ((4 * width * height) % 64)
    const peaks = mesh + 1024
    const capacity = 300
    const list = peaks + peakBytes * capacity
    const taken = list + 4096
    const stack = taken + 4096
    const spots = stack + 4 * mostBlobPx
    const numbers = spots + spotBytes * capacity
    const shapes = numbers + 4 * capacity
    const tops = shapes + shapeBytes * capacity
    const scratch = 64 * Math.ceil((tops + 4 * columns * height + 1) / 64)
    sameBits(
      t,
      {
        bytes: scratch + shapeScratchBytes + 1024,
        fill: ({ f32 }, random) => {
          fillSky(f32.subarray(16, 16 + width * height), width, random, (width * height) / 300)
          for (let i = 0; i < cells; i++) {
            f32[(mesh >> 2) + i] = 395 + 10 * random()
            f32[((mesh + 256) >> 2) + i] = 15 + 10 * random()
            f32[((mesh + 512) >> 2) + i] = 395 + 5 * 15
          }
        },
        run: kernels => {
          let found = 0
          for (let top = 0, row = 0; top < height; top += 64, row++) {
            const gates = mesh + 512 + 4 * columns * row
            const out = peaks + found * peakBytes
            const most = capacity - found
            const near = scratch
            kernels.rowTops(plane, width, top, Math.min(64, height - top), tops)
            found += kernels.findPeaks(
              ...([plane, width, height, top, 64, mesh, mesh + 256, gates, tops, 5, near, out, most] as const),
            )
          }
          return found
        },
      },
      `peaks of ${width} × ${height}`,
      seed,
    )
    const lists = { f32: new Float32Array(0), count: 0 }
    sameBits(
      t,
      {
        bytes: scratch + shapeScratchBytes + 1024,
        fill: ({ f32, i32, u32 }, random) => {
          fillSky(f32.subarray(16, 16 + width * height), width, random, (width * height) / 300)
          lists.count = Math.min(capacity, 2 + 2 * ((width * height) >> 9))
          for (let i = 0; i < lists.count; i++) {
            const at = (peaks + i * peakBytes) >> 2
            i32[at] = Math.floor(random() * width)
            i32[at + 1] = Math.floor(random() * height)
            f32[at + 2] = f32[16 + i32[at + 1] * width + i32[at]]
            f32[at + 3] = 395 + 10 * random()
            f32[at + 4] = 20
            u32[(list >> 2) + i] = peaks + i * peakBytes
            u32[(numbers >> 2) + i] = i ^ 1
          }
        },
        run: kernels => {
          const blobs = [plane, width, height, list, lists.count, taken, stack, spots, capacity] as const
          const found = kernels.fillBlobs(...blobs)
          const half = found >> 1
          const picture = [plane, width, height, spots, numbers] as const
          kernels.measureStars(...picture, half, found, 5, scratch, shapes)
          kernels.measureStars(...picture, 0, half, 5, scratch, shapes)
          return found
        },
      },
      `spots and shapes of ${width} × ${height}`,
      seed + 10,
    )
  }
})
