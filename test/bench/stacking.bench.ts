// Stacking 16-megapixel frames from disk to disk, beside siril on the same files and beside the bytes that must be
// moved whoever does it. All in one run, alternated, so that all meet the same neighbours.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readFitsImage } from '../../edge/science/fits-read.js'
import { has } from '../support/bench-run.js'
import { type BenchSky, benchSky, earlyTrails, nightShots } from '../support/bench-sky.js'
import { bytesPerPixel, memcpyMsPerByte, type StackTask, stackFiles, stackMemoryMB } from '../support/bench-stack.js'
import { trailResidual } from '../support/bench-trails.js'
import { type SirilRuns, siril, yardstickFolder } from '../support/bench-yardsticks.js'
import { type Bench, benchmark, median, rounds, to2 } from '../support/benchmark.js'

const frames = 20
const sirilAlso = 'siril also writes calibrated and registered frames and reads them again, and cannot be told not to'

type Kind = 'sum' | 'sumCubic' | 'reject' | 'rejectCubic' | 'sumTwo' | 'rejectTwo'
const kinds: Readonly<Record<Kind, Pick<StackTask, 'combine' | 'kernel' | 'threads'>>> = {
  sum: { combine: 'sum', kernel: 'bilinear', threads: 1 },
  sumCubic: { combine: 'sum', kernel: 'cubic', threads: 1 },
  reject: { combine: 'reject', kernel: 'bilinear', threads: 1 },
  rejectCubic: { combine: 'reject', kernel: 'cubic', threads: 1 },
  sumTwo: { combine: 'sum', kernel: 'bilinear', threads: 2 },
  rejectTwo: { combine: 'reject', kernel: 'bilinear', threads: 2 },
}

interface Cost {
  readonly cpuMs: number // a frame, of the process and its threads, its start included
  readonly wallMs: number // a frame, from the order to the saved file
}

await benchmark(async bench => {
  const sky = await benchSky({ shots: nightShots(frames) })
  const megapixels = (sky.width * sky.height) / 1e6
  const floors: number[] = []
  const ours = Object.fromEntries(Object.keys(kinds).map(kind => [kind, [] as Cost[]])) as Record<Kind, Cost[]>
  const theirs: { sum: number[]; reject: number[]; memory: number[] } = { sum: [], reject: [], memory: [] }
  const withSiril = has('siril-cli')
  for (let round = 0; round < rounds; round++) {
    floors.push(memcpyMsPerByte())
    for (const kind of Object.keys(kinds) as Kind[]) ours[kind].push(await costOf(sky, kinds[kind]))
    if (!withSiril) continue
    const runs = await sirilOn(sky, 16)
    theirs.sum.push(cpuMs(runs, 'sum'))
    theirs.reject.push(cpuMs(runs, 'reject'))
    runs.clean()
  }
  const msPerByte = median(floors)
  const cpu = (kind: Kind) => median(ours[kind].map(cost => cost.cpuMs))
  const wall = (kind: Kind) => median(ours[kind].map(cost => cost.wallMs))
  if (withSiril) {
    const wide = await sirilOn(sky, 32)
    wide.clean()
    const against = (name: string, kind: Kind, their: 'sum' | 'reject', gate?: number) =>
      bench.tell({
        name,
        value: to2(median(theirs[their]) / cpu(kind)),
        unit: '× less CPU than siril',
        ...(gate === undefined ? {} : { gate, atLeast: true }),
        oursMs: to2(cpu(kind)),
        theirsMs: to2(median(theirs[their])),
        theirsMs32Bits: to2(cpuMs(wide, their)),
        frames,
        megapixels: to2(megapixels),
        rounds,
        note: `${sirilAlso}; it is measured with 16 bits between the steps, which costs it less than its own 32`,
      })
    against('stack-sum', 'sum', 'sum', 15)
    against('stack-sum-cubic', 'sumCubic', 'sum', 15)
    against('stack-reject', 'reject', 'reject', 25)
    against('stack-reject-cubic', 'rejectCubic', 'reject')
  } else {
    for (const name of ['stack-sum', 'stack-sum-cubic', 'stack-reject', 'stack-reject-cubic']) {
      bench.tellAbsent(name, 'siril-cli')
    }
  }
  for (const combine of ['sum', 'reject'] as const) {
    const bytes = bytesPerPixel(combine)
    const floorMs = bytes * sky.width * sky.height * msPerByte
    const figures = { floorMs: to2(floorMs), bytesPerPixel: bytes, memcpyGBs: to2(1e-6 / msPerByte), frames }
    const both = combine === 'sum' ? (['sum', 'sumTwo'] as const) : (['reject', 'rejectTwo'] as const)
    bench.tell({
      name: `stack-${combine}-floor`,
      value: to2(cpu(both[0]) / floorMs),
      unit: '× the time memcpy takes for the bytes it must move',
      gate: 3,
      oursMs: to2(cpu(both[0])),
      ...figures,
    })
    bench.tell({
      name: `stack-${combine}-two-threads`,
      value: to2(wall(both[1]) / floorMs),
      unit: '× the floor, wall time on two threads',
      gate: 2,
      oursMs: to2(wall(both[1])),
      oneThreadMs: to2(wall(both[0])),
      ...figures,
    })
  }
  await tellTrails(bench, sky)
  await tellMemory(bench, sky)
})

function out(name: string): string {
  return path.join(yardstickFolder('stacks'), `${name}.fits`)
}

async function costOf(sky: BenchSky, how: Pick<StackTask, 'combine' | 'kernel' | 'threads'>): Promise<Cost> {
  const { run, report } = await stackFiles(taskOf(sky, how))
  return { cpuMs: (run.cpuSeconds * 1000) / sky.frames.length, wallMs: report.stackingMs / sky.frames.length }
}

function taskOf(sky: BenchSky, how: Pick<StackTask, 'combine' | 'kernel' | 'threads'>): StackTask {
  const { darkFile, flatFile, frames: all } = sky
  return { ...how, files: all.map(({ file }) => file), darkFile, flatFile, out: out(how.combine) }
}

function sirilOn({ frames: all, darkFile, flatFile }: BenchSky, bits: 16 | 32): Promise<SirilRuns> {
  return siril({ folder: yardstickFolder('siril'), lights: all.map(({ file }) => file), darkFile, flatFile, bits })
}

function cpuMs(runs: SirilRuns, kind: 'sum' | 'reject'): number {
  return ((runs.registered.cpuSeconds + (runs[kind]?.cpuSeconds ?? 0)) * 1000) / frames
}

async function tellTrails(bench: Bench, sky: BenchSky): Promise<void> {
  const clean = await benchSky({ shots: nightShots(frames).map(shot => ({ ...shot, trails: [] })) })
  const stackOf = async (of: BenchSky, name: string) => {
    const task = { ...taskOf(of, kinds.reject), out: out(name) }
    await stackFiles(task)
    return readFitsImage(readFileSync(task.out)).samples as Float32Array
  }
  const stacks = [await stackOf(sky, 'trails'), await stackOf(clean, 'no-trails')] as const
  const early = trailResidual(sky, sky.frames.slice(0, earlyTrails), ...stacks)
  const late = trailResidual(sky, sky.frames.slice(earlyTrails), ...stacks)
  for (const [name, { perNoise, pixels, noiseAdu }] of Object.entries({ early, late })) {
    bench.tell({
      name: `satellite-${name}`,
      value: to2(Math.abs(perNoise)),
      unit: 'σ of the stack, mean over the pixels of the trails',
      gate: 0.2,
      pixels,
      stackNoiseAdu: to2(noiseAdu),
      frames: name === 'early' ? `the first ${earlyTrails} of ${frames}` : `the tenth of ${frames}`,
    })
  }
}

async function tellMemory(bench: Bench, sky: BenchSky): Promise<void> {
  const colour = await benchSky({ bayer: 'rggb', shots: nightShots(6) })
  for (const [name, of, gate] of [
    ['mono', sky, 450],
    ['colour', colour, 700],
  ] as const) {
    const task = taskOf(of, kinds.rejectTwo)
    bench.tell({
      name: `stack-memory-${name}`,
      value: Math.round(await stackMemoryMB(task)),
      unit: 'MB, most of the process tree (Pss)',
      gate,
      cubicMB: Math.round(await stackMemoryMB({ ...task, kernel: 'cubic' })),
      threads: 2,
      frames: of.frames.length,
    })
  }
}
