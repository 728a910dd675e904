// What registration costs on lists of stars, from the very first frame on, and how often it is right where it is hard:
// seeded lists without pixels. How exact it is on whole frames stands in registration-truth.bench.ts.
import { makeReference } from '../../edge/science/reference.js'
import { register } from '../../edge/science/register.js'
import { identity } from '../../edge/science/similarity.js'
import { type Bench, benchmark, median, to2 } from '../support/benchmark.js'
import { seeded } from '../support/star-field.js'
import { errorsPx, makeSky, type PoseOnSky, poseOf, type Sight, sight } from '../support/star-lists.js'

const gateMs = 2
const firstFrames = 20
const batches = 9
const batch = 20
const skies = 100
const frame = { width: 4656, height: 3520 }

const anyhow = (uniform: () => number): PoseOnSky => ({
  turnDeg: 360 * uniform(),
  scale: 0.5 * 4 ** uniform(),
  mirrored: uniform() < 0.3,
  dx: 400 * (uniform() - 0.5),
  dy: 400 * (uniform() - 0.5),
})

const hard: Record<string, { pose?: (uniform: () => number) => PoseOnSky; seen: Sight; perFrame?: number }> = {
  'any turn, scale, mirror': { seen: {} },
  'a third missing, a third strangers': { seen: { missing: 0.33, strangers: 200 } },
  'four fifths of the frame gone': { pose: () => ({ dx: 0.8 * frame.width, turnDeg: 0.3 }), seen: {} },
  'a tenth of the light': { seen: { transparency: 0.1 } },
  'half clouded': { seen: { clear: x => x < 2000 } },
  'twenty stars': { pose: uniform => ({ turnDeg: 360 * uniform() }), seen: {}, perFrame: 20 },
}

await benchmark(async bench => {
  tellFirst(bench)
  for (const stars of [100, 300, 1000]) tellCost(bench, stars)
  for (const name of Object.keys(hard)) tellHard(bench, name)
})

function cpuMs(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function lists(stars: number, count: number) {
  const sky = makeSky(frame.width, frame.height, 2 * stars, 5)
  const pose = poseOf(sky, { dx: 3.3, dy: -2.1, turnDeg: 0.02 })
  const list = (i: number) => sight(sky, i === 0 ? identity : pose, { seed: i + 1, most: stars })
  return Array.from({ length: count }, (_, i) => list(i))
}

/** Cold: what the compiler takes while it learns which code is hot is in it. */
function tellFirst(bench: Bench): void {
  const [first, ...others] = lists(500, firstFrames + 1)
  let reference = makeReference([])
  const referenceMs = cpuMs(() => {
    reference = makeReference(first)
  })
  const costs = others.map(list => cpuMs(() => void register(reference, list, frame)))
  bench.tell({
    name: 'registration-first-frames',
    value: to2(costs.reduce((sum, ms) => sum + ms, 0) / costs.length),
    unit: `ms CPU a frame over the first ${firstFrames} of a process, the compiler's time with it`,
    median: to2(median(costs)),
    most: to2(Math.max(...costs)),
    makeReferenceMs: to2(referenceMs),
  })
}

function tellCost(bench: Bench, stars: number): void {
  const [first, ...others] = lists(stars, batch + 1)
  const reference = makeReference(first)
  const costs = Array.from({ length: batches }, () =>
    cpuMs(() => {
      for (const list of others) register(reference, list, frame)
    }),
  )
  bench.tell({
    name: `registration-cpu, ${stars} stars`,
    value: to2(median(costs) / batch),
    unit: 'ms CPU a frame',
    gate: gateMs,
  })
}

function tellHard(bench: Bench, name: string): void {
  const { pose = anyhow, seen, perFrame = 600 } = hard[name]
  let [right, wrong] = [0, 0]
  for (let n = 0; n < skies; n++) {
    const { uniform } = seeded(1000 + n)
    const sky = makeSky(frame.width, frame.height, perFrame, 5 + n)
    const truth = poseOf(sky, pose(uniform))
    const reference = makeReference(sight(sky, identity, { seed: 2 * n + 1 }))
    const found = register(reference, sight(sky, truth, { seed: 2 * n + 2, ...seen }), sky)
    if (!found.ok) continue
    if (errorsPx(sky, found.transform, truth)[4] < 1) right++
    else wrong++
  }
  bench.tell({
    name: `registration where it is hard: ${name}`,
    value: wrong,
    unit: `of ${skies} wrong`,
    gate: 0,
    right,
    refused: skies - right - wrong,
  })
}
