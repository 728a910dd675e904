// Seeded sequences of whole frames for the benchmarks, as FITS files with their truth beside them. What was made once
// stays in build/bench-sky, in a folder named for everything that decides it.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  hotOf,
  type SkyField,
  type SkyPose,
  type SkyShot,
  type SkyStar,
  sensor,
  starsOf,
  widthsOf,
} from './bench-sky-frame.js'

/** Counted up when the same order makes other frames. */
const edition = 1

export interface TrueFrame extends SkyShot {
  readonly file: string // full path
  /** Of a star as pixels see it. */
  readonly seenFwhmPx: number
  readonly seenHfdPx: number
}

export interface BenchSky extends SkyField {
  readonly folder: string
  readonly frames: readonly TrueFrame[]
  /** Master dark (with bias) and master flat (dark taken off), 16-bit. */
  readonly darkFile: string
  readonly flatFile: string
  readonly starsTrue: readonly SkyStar[]
  readonly hotTrue: readonly { readonly x: number; readonly y: number; readonly electrons: number }[]
}

export interface BenchSkyOrder extends Partial<SkyField> {
  readonly shots: readonly SkyShot[]
}

/** What a thread is asked to write. */
export interface SkyTask {
  readonly field: SkyField
  readonly folder: string
  readonly shots: readonly { readonly shot: SkyShot; readonly index: number }[]
}

/** 16 megapixels, 3000 stars of which a fourth has more than 4000 e⁻, 2500 hot pixels. */
const standardField: SkyField = {
  width: 4656,
  height: 3520,
  seed: 20260321,
  stars: 3000,
  faintestElectrons: 1000,
  brightestElectrons: 400_000,
  hotPixels: 2500,
}

const still: SkyPose = { dx: 0, dy: 0, turnDeg: 0, scale: 1, mirrored: false }

/** A light under a clear sky; `pose` and the rest as told. */
export function light(name: string, told: Partial<Omit<SkyShot, 'pose'>> & { pose?: Partial<SkyPose> } = {}): SkyShot {
  return {
    name,
    kind: 'light',
    fwhmPx: 3,
    transparency: 1,
    skyElectrons: 400,
    cosmics: 60,
    trails: [],
    meanOf: 1,
    ...told,
    pose: { ...still, ...told.pose },
  }
}

/** How many frames of `nightShots` cross the whole frame with a satellite, from the first. */
export const earlyTrails = 3

/**
 * Frames of one night: a few px of drift each, a slow turn, changing seeing, transparency and sky; satellites through
 * the first three, two more in the tenth.
 */
export function nightShots(count: number): SkyShot[] {
  return Array.from({ length: count }, (_, k) => {
    const trail = (which: number, electronsPerPx: number) => ({
      angleRad: 0.25 + 0.37 * ((k * 2 + which) % 7),
      offsetPx: (which - 0.5) * 90 + 31 * k - 100,
      electronsPerPx,
    })
    const trails = k < earlyTrails ? [trail(0, 2500)] : k === 9 ? [trail(0, 2500), trail(1, 1200)] : []
    return light(`light-${String(k + 1).padStart(3, '0')}`, {
      pose: { dx: -2.37 * k + 1.3 * Math.sin(2.1 * k), dy: 1.71 * k + 1.1 * Math.sin(1.3 * k), turnDeg: 0.004 * k },
      fwhmPx: 3 + 0.35 * Math.sin(0.9 * k),
      transparency: 1 - 0.12 * Math.sin(0.6 * k) ** 2,
      skyElectrons: 400 + 60 * Math.sin(0.35 * k),
      trails,
    })
  })
}

/**
 * The frames of an order with two masters, made now or found.
 * @param threads one per processor unless told; 0 makes them in this thread's time, one after the other
 */
export async function benchSky(order: BenchSkyOrder, threads = availableParallelism()): Promise<BenchSky> {
  const { shots, ...rest } = order
  const field: SkyField = { ...standardField, ...rest }
  const masters: SkyShot[] = [
    { ...light('master-dark'), kind: 'dark', meanOf: 25 },
    { ...light('master-flat'), kind: 'flat', meanOf: 25 },
  ]
  const all = [...shots, ...masters].map((shot, index) => ({ shot, index }))
  const key = createHash('sha256')
    .update(JSON.stringify([edition, sensor, field, all]))
    .digest('hex')
    .slice(0, 12)
  const folder = path.resolve('build', 'bench-sky', `${field.width}x${field.height}-${field.bayer ?? 'mono'}-${key}`)
  if (!existsSync(path.join(folder, 'truth.json'))) await make(field, all, folder, shots, threads)
  return JSON.parse(readFileSync(path.join(folder, 'truth.json'), 'utf8'))
}

async function make(
  field: SkyField,
  all: SkyTask['shots'],
  folder: string,
  shots: readonly SkyShot[],
  threads: number,
): Promise<void> {
  const aside = `${folder}.${process.pid}`
  mkdirSync(aside, { recursive: true })
  try {
    const hands = Math.max(1, Math.min(threads, all.length))
    const lists = Array.from({ length: hands }, (_, hand) => all.filter(({ index }) => index % hands === hand))
    await Promise.all(lists.map(list => onThread({ field, folder: aside, shots: list })))
    const place = (name: string) => path.join(folder, `${name}.fits`)
    const widths = new Map([...new Set(shots.map(shot => shot.fwhmPx))].map(fwhmPx => [fwhmPx, widthsOf(fwhmPx)]))
    const truth: BenchSky = {
      ...field,
      folder,
      frames: shots.map(shot => {
        const { fwhmPx: seenFwhmPx, hfdPx: seenHfdPx } = widths.get(shot.fwhmPx)!
        return { ...shot, file: place(shot.name), seenFwhmPx, seenHfdPx }
      }),
      darkFile: place('master-dark'),
      flatFile: place('master-flat'),
      starsTrue: starsOf(field),
      hotTrue: hotOf(field),
    }
    writeFileSync(path.join(aside, 'truth.json'), JSON.stringify(truth))
    // Two at once make the same: the later one finds it there.
    if (!existsSync(folder)) renameSync(aside, folder)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

function onThread(task: SkyTask): Promise<void> {
  return new Promise((settle, reject) => {
    const worker = new Worker(new URL('./bench-sky-thread.js', import.meta.url), { workerData: task })
    worker.once('error', reject)
    worker.once('exit', code => (code === 0 ? settle() : reject(new Error(`the sky's thread ended with ${code}`))))
  })
}
