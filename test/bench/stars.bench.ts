// What finding and measuring stars costs, step by step, on 1, 4 and 16 megapixels of one sky: CPU of this process, one
// thread, with a copy of the same frame beside it as a measure of the machine's memory. The gate is on how the cost
// grows: a pixel of a large frame may not cost more than one of a small frame.
import { readFileSync } from 'node:fs'
import { kernelModule } from '../../edge/kernels/kernel-module.js'
import { collectStars } from '../../edge/science/collect-stars.js'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { finishSkyMesh, skyMeshStrip } from '../../edge/science/sky-mesh.js'
import { makeStarRoom } from '../../edge/science/star-room.js'
import { gatherSpots, measureChunk, peaksStrip } from '../../edge/science/star-steps.js'
import { benchSky, light } from '../support/bench-sky.js'
import { recallOf } from '../support/bench-stars.js'
import { type Bench, benchmark, median, to2 } from '../support/benchmark.js'

const sizes = [
  [1164, 880],
  [2328, 1760],
  [4656, 3520],
] as const
/** Over the large frame; smaller ones are looked at as many times more. */
const passes = 12
/** Of the smallest frame's cost a pixel: a frame that no cache holds waits for memory. */
const gate = 2

await benchmark(async bench => {
  const room = makeStarRoom(kernelModule())
  const costs: number[] = []
  for (const [width, height] of sizes) costs.push(await stagesOf(bench, room, width, height))
  bench.tell({
    name: 'stars-growth',
    value: to2(Math.max(...costs.map(cost => cost / costs[0]))),
    unit: '× the CPU a pixel of 1 MP, at most',
    gate,
    nanosecondsPerPx: costs.map(to2),
  })
})

/** @returns ns a pixel */
async function stagesOf(
  bench: Bench,
  room: ReturnType<typeof makeStarRoom>,
  width: number,
  height: number,
): Promise<number> {
  const share = (width * height) / (4656 * 3520)
  const trails = [
    { angleRad: 0.6, offsetPx: height / 18, electronsPerPx: 800 },
    { angleRad: 2.1, offsetPx: -height / 12, electronsPerPx: 1500 },
  ]
  const shot = light('stars', { fwhmPx: 2.7, cosmics: Math.round(300 * share), trails })
  const crowd = { stars: Math.round(3000 * share), hotPixels: Math.round(2500 * share) }
  const sky = await benchSky({ width, height, ...crowd, shots: [shot] })
  const { samples } = readFitsImage(readFileSync(sky.frames[0].file))
  const { hand, plane, places } = room.frame({ width, height, kind: 'mono' })
  const order = { places, plane, sigma: 5 }
  hand.views.f32.set(samples, plane >> 2)
  const light32 = hand.views.f32.subarray(plane >> 2, (plane >> 2) + width * height)
  const copy = new Float32Array(width * height)
  const strips = (step: typeof peaksStrip, count: number) => {
    for (let strip = 0; strip < count; strip++) step(hand, order, strip)
  }
  let chunks = 0
  let stars = collectStars(hand.views, order)
  const stages: readonly (readonly [string, () => void])[] = [
    ['copyMs', () => copy.set(light32)],
    ['meshMs', () => strips(skyMeshStrip, places.rows)],
    ['finishMs', () => void finishSkyMesh(hand.views, order)],
    ['peaksMs', () => strips(peaksStrip, places.rows)],
    ['spotsMs', () => void (chunks = gatherSpots(hand, order))],
    ['shapesMs', () => strips(measureChunk, chunks)],
    ['collectMs', () => void (stars = collectStars(hand.views, order, { maxStars: 20_000 }))],
  ]
  const spent = stages.map(() => [] as number[])
  for (let pass = 0; pass < passes / share; pass++) {
    for (const [i, [, run]] of stages.entries()) {
      const start = process.cpuUsage()
      run()
      const { user, system } = process.cpuUsage(start)
      spent[i].push((user + system) / 1000)
    }
  }
  const figures = Object.fromEntries(stages.map(([name], i) => [name, to2(median(spent[i]))]))
  const totalMs = spent.slice(1).reduce((sum, times) => sum + median(times), 0)
  const recall = recallOf(sky, sky.frames[0], stars.stars, 4000)
  bench.tell({
    name: `stars-${to2((width * height) / 1e6)}MP`,
    value: to2(totalMs),
    unit: 'ms CPU, mesh to list',
    ...figures,
    stars: stars.found,
    expected: recall.expected,
    found: recall.found,
    false: recall.false,
    sigma: order.sigma,
    note: 'uncalibrated; a trail hides the few stars under it',
  })
  return (1e6 * totalMs) / (width * height)
}
