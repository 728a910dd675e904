// How the cost of a stack grows with the size of its frames and with their number: a pixel more costs the same
// everywhere, beside what a frame costs however small it is.
import path from 'node:path'
import { benchSky, nightShots } from '../support/bench-sky.js'
import { stackFiles } from '../support/bench-stack.js'
import { yardstickFolder } from '../support/bench-yardsticks.js'
import { benchmark, median, rounds, to2 } from '../support/benchmark.js'

/** Dearest further pixel over the cheapest. */
const gate = 1.5
const sizes = [
  { width: 1164, height: 880 },
  { width: 2328, height: 1760 },
  { width: 4656, height: 3520 },
]
const few = 10
const many = 100

await benchmark(async bench => {
  const skies = await Promise.all(
    sizes.map(({ width, height }) => {
      const part = (width * height) / (4656 * 3520)
      return benchSky({
        ...{ width, height, stars: Math.round(3000 * part), hotPixels: Math.round(2500 * part) },
        shots: nightShots(20),
      })
    }),
  )
  /** Seconds of processor time for so many frames; the same ones come round again. */
  const cost = async (size: number, frames: number): Promise<number> => {
    const { frames: all, darkFile, flatFile } = skies[size]
    const files = Array.from({ length: frames }, (_, i) => all[i % all.length].file)
    const out = path.join(yardstickFolder('stacks'), 'growth.fits')
    const task = { files, darkFile, flatFile, combine: 'reject', kernel: 'bilinear', threads: 1, out } as const
    return (await stackFiles(task)).run.cpuSeconds
  }
  const taken = skies.map(() => ({ few: [] as number[], middle: [] as number[], many: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    for (const [size, of] of taken.entries()) {
      of.few.push(await cost(size, few))
      of.middle.push(await cost(size, few + 20))
      of.many.push(await cost(size, many))
    }
  }
  /** Of one more frame, without the start, the masters and the saving; ns a pixel. */
  const perPixel = (size: number, from: number[], to: number[], frames: number) =>
    ((median(to) - median(from)) * 1e9) / frames / (sizes[size].width * sizes[size].height)
  // Small frames need more of them before the compiler has settled.
  const later = (size: number) => perPixel(size, taken[size].middle, taken[size].many, many - few - 20)
  const pixels = sizes.map(({ width, height }) => width * height)
  const oneMoreMs = sizes.map((_, size) => (later(size) * pixels[size]) / 1e6)
  const between = (size: number) => ((oneMoreMs[size + 1] - oneMoreMs[size]) * 1e6) / (pixels[size + 1] - pixels[size])
  const bySize = [between(0), between(1)]
  bench.tell({
    name: 'growth-size',
    value: to2(Math.max(...bySize) / Math.min(...bySize)),
    unit: '× the cheapest further pixel costs the dearest, from 1 to 4 and from 4 to 16 megapixels',
    gate,
    nsPerFurtherPixel: bySize.map(to2),
    oneMoreMs: oneMoreMs.map(to2),
    emptyFrameMs: to2(oneMoreMs[0] - (bySize[0] * pixels[0]) / 1e6),
    wholeMsPerFrame: taken.map(of => to2((median(of.middle) * 1000) / (few + 20))),
  })
  const byNumber = [perPixel(2, taken[2].few, taken[2].middle, 20), later(2)]
  bench.tell({
    name: 'growth-number',
    value: to2(Math.max(...byNumber) / Math.min(...byNumber)),
    unit: `× the cheapest pixel costs the dearest, ${few} to ${few + 20} and ${few + 20} to ${many} frames`,
    gate,
    nsPerPixel: byNumber.map(to2),
  })
})
