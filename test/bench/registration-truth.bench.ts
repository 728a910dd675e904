// How far off registrations are from the truth, ours beside siril's on the same calibrated frames: over a night of
// drift, and after a turn, a meridian flip, another focal length, a mirror.

import { has } from '../support/bench-run.js'
import { type BenchSky, benchSky, light, nightShots } from '../support/bench-sky.js'
import { similarityMoves, starsOfFiles, transformErrors } from '../support/bench-stars.js'
import { siril, sirilMoves, yardstickFolder } from '../support/bench-yardsticks.js'
import { type Bench, benchmark, median } from '../support/benchmark.js'

const poses = {
  'turned 10°': { turnDeg: 10 },
  'flipped 180°': { turnDeg: 180, dx: 11.3, dy: -7.8 },
  'scaled 0.97': { scale: 0.97, dx: 3.4 },
  'turned −90°': { turnDeg: -90, dx: 4.2, dy: 5.1 },
  'moved 600 px': { dx: 512.4, dy: -318.7 },
  mirrored: { mirrored: true, dx: 6.6 },
} as const
const gated = ['turned 10°', 'flipped 180°', 'scaled 0.97']

await benchmark(async bench => {
  const night = await benchSky({ shots: nightShots(20) })
  const posed = await benchSky({
    shots: [
      light('still'),
      ...Object.entries(poses).map(([name, pose]) => light(name.replaceAll(/\W+/g, '-'), { pose })),
    ],
  })
  const ours = await errorsOfOurs(night)
  const theirs = has('siril-cli') ? await errorsOfSiril(night) : undefined
  if (!theirs) bench.tellAbsent('registration', 'siril-cli')
  tellErrors(bench, 'registration-median', 0.005, median(ours.flat()), theirs && median(theirs.flat()))
  tellErrors(bench, 'registration-worst', 0.02, Math.max(...ours.flat()), theirs && Math.max(...theirs.flat()))
  const oursPosed = await errorsOfOurs(posed)
  const theirsPosed = theirs && (await errorsOfSiril(posed))
  Object.keys(poses).forEach((name, i) => {
    const gate = gated.includes(name) ? 0.05 : undefined
    const worst = (errors: number[][] | undefined) => (errors?.[i]?.length ? Math.max(...errors[i]) : undefined)
    tellErrors(bench, `registration, ${name}`, gate, worst(oursPosed) ?? Number.NaN, worst(theirsPosed))
  })
})

function tellErrors(bench: Bench, name: string, gate: number | undefined, ours: number, theirs?: number): void {
  const to4 = (value: number) => Math.round(value * 10_000) / 10_000
  bench.tell({
    name,
    value: to4(ours),
    unit: 'px off the truth, middle and near the corners',
    gate,
    siril: theirs === undefined ? 'not registered' : to4(theirs),
  })
}

/** Of all frames but the first, which the others are brought to; an empty list for one that is refused. */
async function errorsOfOurs(sky: BenchSky): Promise<number[][]> {
  const { darkFile, flatFile } = sky
  const files = sky.frames.map(({ file }) => file)
  const { report } = await starsOfFiles({ files, darkFile, flatFile, sigma: 5, register: true })
  return sky.frames.slice(1).map((frame, i) => {
    const said = report.registrations[i + 1]
    return said.ok ? transformErrors(sky, frame, similarityMoves(said.transform)) : []
  })
}

async function errorsOfSiril(sky: BenchSky): Promise<number[][]> {
  const runs = await siril({
    folder: yardstickFolder('siril-registration'),
    lights: sky.frames.map(({ file }) => file),
    darkFile: sky.darkFile,
    flatFile: sky.flatFile,
    bits: 32,
    stacks: [],
  })
  runs.clean()
  return sky.frames.slice(1).map((frame, i) => {
    const transform = runs.transforms[i + 1]
    if (!transform) return []
    return transformErrors(sky, frame, (x, y) => sirilMoves(transform, sky.height, x, y))
  })
}
