// Stars of raw 16-megapixel frames beside ASTAP, source-extractor and sep on the same files, all in one run and
// alternated; and whether what we say of them is true: found, not made up, as wide as they are.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Star } from '../../edge/science/stars.js'
import { has } from '../support/bench-run.js'
import { type BenchSky, benchSky, light, nightShots } from '../support/bench-sky.js'
import { recallOf, starsOfFiles, trueStars } from '../support/bench-stars.js'
import { astap, hasModule, pythonStars, sourceExtractor, yardstickFolder } from '../support/bench-yardsticks.js'
import { type Bench, benchmark, median, rounds, to2 } from '../support/benchmark.js'

/** The threshold of source-extractor and sep; ASTAP's is a signal of 10 times the noise. */
const sigma = 5
const frames = 20
/** Sharp to blurred; half-flux diameters are a fourth larger. */
const widthsPx = [1.7, 2, 2.5, 3, 4, 5, 6.2, 8]

interface Cost {
  readonly cpuMs: number
  readonly stars: number
  readonly medianHfdPx?: number
}

await benchmark(async bench => {
  const sky = await benchSky({ shots: nightShots(frames) })
  await compareCosts(bench, sky)
  await tellRecall(bench, sky)
  await tellWidths(bench)
})

async function compareCosts(bench: Bench, sky: BenchSky): Promise<void> {
  const files = sky.frames.map(({ file }) => file)
  const folder = yardstickFolder('stars')
  const one = files[3]
  const yardsticks: { name: string; gate: number; measure: () => Promise<Cost>; here: boolean; note?: string }[] = [
    {
      name: 'astap',
      gate: 20,
      here: has('astap_cli'),
      measure: async () => costOf(await astap(one)),
      note: 'one process a frame; ours one for all',
    },
    {
      name: 'source-extractor',
      gate: 10,
      here: has('source-extractor'),
      measure: async () => costOf(await sourceExtractor(one, folder)),
      note: 'one process a frame; ours one for all',
    },
    {
      name: 'sep',
      gate: 10,
      here: await hasModule('sep'),
      async measure() {
        const said = await pythonStars<{ cpuSeconds: number; stars: number; medianHfdPx: number }>('sep', one, one)
        return { ...said, cpuMs: said.cpuSeconds * 1000 }
      },
      note: 'without the start of Python',
    },
  ]
  const ours: Cost[] = []
  const theirs = yardsticks.map(() => [] as Cost[])
  for (let round = 0; round < rounds; round++) {
    const { run, report } = await starsOfFiles({ files, sigma })
    const cpuMs = (run.cpuSeconds * 1000) / frames
    ours.push({ cpuMs, stars: report.stars[3], medianHfdPx: report.medianHfdPx[3] })
    for (const [i, { here, measure }] of yardsticks.entries()) if (here) theirs[i].push(await measure())
  }
  const oursMs = median(ours.map(cost => cost.cpuMs))
  yardsticks.forEach(({ name, gate, here, note }, i) => {
    if (!here) {
      bench.tellAbsent(`stars-${name}`, name)
      return
    }
    const theirsMs = median(theirs[i].map(cost => cost.cpuMs))
    bench.tell({
      name: `stars-${name}`,
      value: to2(theirsMs / oursMs),
      unit: `× less CPU than ${name}`,
      gate,
      atLeast: true,
      oursMs: to2(oursMs),
      theirsMs: to2(theirsMs),
      oursStars: ours[0].stars,
      theirsStars: theirs[i][0].stars,
      oursHfdPx: to2(ours[0].medianHfdPx ?? Number.NaN),
      theirsHfdPx: to2(theirs[i][0].medianHfdPx ?? Number.NaN),
      sigma,
      note,
    })
  })
}

function costOf({ run, stars, medianHfdPx }: Awaited<ReturnType<typeof astap>>): Cost {
  return { cpuMs: run.cpuSeconds * 1000, stars, medianHfdPx }
}

async function tellRecall(bench: Bench, sky: BenchSky): Promise<void> {
  const { report } = await starsOfFiles({ files: sky.frames.map(({ file }) => file), sigma, list: true })
  const all = report.found.map(({ stars }, i) => recallOf(sky, sky.frames[i], stars, 4000))
  const sum = (pick: (one: (typeof all)[number]) => number) => all.reduce((so, one) => so + pick(one), 0)
  const figures = { frames, hotPixels: sky.hotPixels, calibrated: false, sigma }
  bench.tell({
    name: 'stars-recall',
    value: to2((100 * sum(one => one.found)) / sum(one => one.expected)),
    unit: '% of the stars above 4000 e⁻ found',
    gate: 99,
    atLeast: true,
    worstFrame: to2(Math.min(...all.map(one => (100 * one.found) / one.expected))),
    expected: sum(one => one.expected),
    found: sum(one => one.found),
    ...figures,
  })
  const finds = report.stars.reduce((so, count) => so + count, 0)
  bench.tell({
    name: 'stars-false',
    value: to2((100 * sum(one => one.false)) / finds),
    unit: '% of what was found is no star',
    gate: 1,
    worstFrame: to2(Math.max(...all.map((one, i) => (100 * one.false) / report.stars[i]))),
    false: sum(one => one.false),
    finds,
    ...figures,
  })
}

async function tellWidths(bench: Bench): Promise<void> {
  const sky = await benchSky({
    ...{ width: 2328, height: 1760, stars: 500, hotPixels: 600 },
    ...{ faintestElectrons: 5000, brightestElectrons: 300_000 },
    shots: widthsPx.map(fwhmPx => light(`width-${fwhmPx}`, { fwhmPx })),
  })
  const { report } = await starsOfFiles({ files: sky.frames.map(({ file }) => file), sigma, list: true })
  const said = report.found.map(({ stars }) => {
    const good = stars.filter(star => !star.saturated && star.snr > 30)
    const middle = (pick: (star: Star) => number) => median(good.map(pick))
    return { hfdPx: middle(star => star.hfdPx), fwhmPx: middle(star => star.fwhmPx), stars: good.length }
  })
  const photutils = (await hasModule('photutils')) ? await photutilsOn(sky) : undefined
  if (!photutils) bench.tellAbsent('stars-widths', 'photutils')
  for (const [name, seen, pick] of [
    ['hfd', 'seenHfdPx', 'hfdPx'],
    ['fwhm', 'seenFwhmPx', 'fwhmPx'],
  ] as const) {
    const inRange = sky.frames
      .map((frame, i) => ({ truth: frame[seen], i }))
      .filter(({ truth }) => truth >= 2 && truth <= 8)
    const offPercent = (of: readonly { hfdPx: number; fwhmPx: number }[]) =>
      inRange.map(({ truth, i }) => to2(100 * (of[i][pick] / truth - 1)))
    const ours = offPercent(said)
    const theirs = photutils && offPercent(photutils)
    bench.tell({
      name: `stars-${name}`,
      value: Math.max(...ours.map(Math.abs)),
      unit: '% off the truth at most, median of a frame',
      gate: 3,
      ours,
      theirs,
      theirsWorst: theirs && Math.max(...theirs.map(Math.abs)),
      truthPx: inRange.map(({ truth }) => to2(truth)),
      stars: Math.min(...said.map(one => one.stars)),
      yardstick: 'photutils',
      note: 'the truth is the light averaged over pixels, as any fit to pixels sees it',
    })
  }
}

async function photutilsOn(sky: BenchSky): Promise<{ fwhmPx: number; hfdPx: number }[]> {
  const folder = yardstickFolder('stars')
  mkdirSync(folder, { recursive: true })
  const answers: { fwhmPx: number; hfdPx: number }[] = []
  for (const frame of sky.frames) {
    const list = path.join(folder, 'places.json')
    const all = trueStars(sky, frame)
    const bright = all.filter(
      star =>
        star.electrons > 20_000 &&
        star.electrons < 150_000 &&
        !all.some(other => other !== star && Math.hypot(other.x - star.x, other.y - star.y) < 8 * frame.fwhmPx),
    )
    writeFileSync(list, JSON.stringify(bright.slice(0, 60).map(({ x, y }) => [x, y])))
    answers.push(await pythonStars('photutils', frame.file, list, String(frame.fwhmPx)))
  }
  return answers
}
