// What others make of the same files: siril stacks, ASTAP, source-extractor and sep look at stars. Each is started as
// its authors mean it to be from a command line; one thread, for that costs the least processor time.
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { has, type Run, run } from './bench-run.js'

export interface SirilOrder {
  /** Emptied before and after. */
  readonly folder: string
  readonly lights: readonly string[]
  readonly darkFile?: string
  readonly flatFile?: string
  /** What it writes between the steps; its own standard is 32, and 16 costs it less. */
  readonly bits: 16 | 32
  readonly threads?: number
  /** Both unless told. */
  readonly stacks?: readonly ('sum' | 'reject')[]
  /** Colour frames are debayered after calibration. */
  readonly bayer?: boolean
}

export interface SirilRuns {
  /** Calibration and registration, which both kinds of stack build on. */
  readonly registered: Run
  readonly sum?: Run
  readonly reject?: Run
  /** Of each frame, in order; undefined where it would not take one. */
  readonly transforms: readonly (SirilTransform | undefined)[]
  readonly sumFile: string
  readonly rejectFile: string
  clean(): void
}

/** Frame to reference: x' = a + b·x + c·y, y' = d + e·x + f·y in its own pixels, which count upwards. */
export type SirilTransform = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

/** Calibrates, registers and stacks twice: a plain sum, and 3 sigma rejection with scale and offset evened out. */
export async function siril(order: SirilOrder): Promise<SirilRuns> {
  const { folder, lights, darkFile, flatFile, bits, threads = 1, bayer = false, stacks = ['sum', 'reject'] } = order
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(path.join(folder, 'in'), { recursive: true })
  lights.forEach((file, i) => {
    symlinkSync(path.resolve(file), path.join(folder, 'in', `light-${String(i + 1).padStart(4, '0')}.fits`))
  })
  const calibrated = darkFile !== undefined || flatFile !== undefined || bayer
  const masters = [darkFile && `-dark=${bare(darkFile)}`, flatFile && `-flat=${bare(flatFile)}`]
  const preprocess = ['preprocess light', ...masters, bayer ? '-cfa -debayer' : undefined].filter(Boolean).join(' ')
  const sequence = calibrated ? 'pp_light' : 'light'
  const script = async (name: string, lines: readonly string[]) => {
    const file = path.join(folder, `${name}.ssf`)
    const head = ['requires 1.0.0', 'setext fits', `setcpu ${threads}`, `set${bits}bits`]
    writeFileSync(file, `${[...head, ...lines].join('\n')}\n`)
    return run('siril-cli', ['-s', file, '-d', folder], { folder })
  }
  const registered = await script('register', [
    'cd in',
    'link light -out=../process',
    'cd ../process',
    ...(calibrated ? [preprocess] : []),
    `register ${sequence}`,
  ])
  const how = { sum: 'sum', reject: 'rej 3 3 -norm=addscale' }
  const stack = async (kind: 'sum' | 'reject') =>
    stacks.includes(kind) ? script(kind, ['cd process', `stack r_${sequence} ${how[kind]} -out=../${kind}`]) : undefined
  const sum = await stack('sum')
  const reject = await stack('reject')
  return {
    registered,
    sum,
    reject,
    transforms: transformsIn(registered.out, lights.length),
    sumFile: path.join(folder, 'sum.fits'),
    rejectFile: path.join(folder, 'reject.fits'),
    clean: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const bare = (file: string) => file.replace(/\.[a-z]+$/i, '')

/** The fits that its log tells to ten figures; the reference has none. */
function transformsIn(log: string, frames: number): (SirilTransform | undefined)[] {
  const found: (SirilTransform | undefined)[] = Array.from({ length: frames }, () => undefined)
  found[0] = [0, 1, 0, 0, 0, 1]
  let last: SirilTransform | undefined
  for (const line of log.split('\n')) {
    const fit = /^TRANS: a=(\S+) b=(\S+) c=(\S+) d=(\S+) e=(\S+) f=(\S+)/.exec(line)
    if (fit) last = fit.slice(1, 7).map(Number) as unknown as SirilTransform
    const done = /Matching stars in image (\d+): done/.exec(line)
    if (done) found[Number(done[1]) - 1] = last
  }
  return found
}

/** Moves a point of the frame as siril's fit does; px from the centre of the first pixel, rows downwards. */
export function sirilMoves([a, b, c, d, e, f]: SirilTransform, height: number, x: number, y: number) {
  const u = x + pixelCentre
  const v = height - pixelCentre - y
  return { x: a + b * u + c * v - pixelCentre, y: height - pixelCentre - (d + e * u + f * v) }
}

/** Where siril counts the centre of the first pixel. */
const pixelCentre = 0.5

export interface StarCount {
  readonly run: Run
  readonly stars: number
  readonly medianHfdPx?: number
}

/** Stars with a signal of 10 times their noise, and their median half-flux diameter. */
export async function astap(file: string): Promise<StarCount> {
  const done = await run('astap_cli', ['-f', file, '-analyse', '10'], { anyExit: true })
  const figure = (name: string) => Number(new RegExp(`^${name}=([\\d.]+)`, 'm').exec(done.out)?.[1] ?? Number.NaN)
  return { run: done, stars: figure('STARS'), medianHfdPx: figure('HFD_MEDIAN') }
}

/** Objects of five pixels above 5 sigma, with half-light radius, width and shape. */
export async function sourceExtractor(file: string, folder: string): Promise<StarCount> {
  mkdirSync(folder, { recursive: true })
  const wanted = 'X_IMAGE Y_IMAGE FLUX_AUTO FLUX_RADIUS FWHM_IMAGE ELLIPTICITY THETA_IMAGE FLAGS'
  writeFileSync(path.join(folder, 'stars.param'), wanted.replaceAll(' ', '\n'))
  const settings = {
    CATALOG_NAME: 'stars.cat',
    CATALOG_TYPE: 'ASCII',
    PARAMETERS_NAME: 'stars.param',
    DETECT_THRESH: 5,
    ANALYSIS_THRESH: 5,
    DETECT_MINAREA: 5,
    FILTER: 'N',
    BACK_SIZE: 64,
    PHOT_FLUXFRAC: 0.5,
    VERBOSE_TYPE: 'QUIET',
  }
  const words = Object.entries(settings).map(([key, value]) => `${key} ${value}`)
  writeFileSync(path.join(folder, 'stars.sex'), `${words.join('\n')}\n`)
  const done = await run('source-extractor', [file, '-c', 'stars.sex'], { folder })
  const counted = await run('wc', ['-l', 'stars.cat'], { folder })
  return { run: done, stars: Number.parseInt(counted.out, 10) }
}

/** Debian's Python has sep, photutils and astropy; another in the path may not. */
const python = '/usr/bin/python3'
const starsScript = 'test/support/bench-stars.py'

/** Whether a module of Python is there. */
export async function hasModule(name: string): Promise<boolean> {
  if (!has(python)) return false
  const { out } = await run(python, ['-c', `import importlib.util as u; print(bool(u.find_spec("${name}")))`])
  return out.trim() === 'True'
}

/** @param task  see the script */
export async function pythonStars<Answer>(
  task: 'sep' | 'photutils' | 'agree' | 'compare',
  ...args: string[]
): Promise<Answer> {
  const { out } = await run(python, [path.resolve(starsScript), task, ...args])
  return JSON.parse(out) as Answer
}

/** Folder for what yardsticks leave, beside the frames. */
export const yardstickFolder = (name: string): string => path.resolve('build', 'bench-work', name)

/** For programs of ours that are started by their compiled file. */
export const beside = (url: string, file: string): string => fileURLToPath(new URL(file, url))

/** FITS files of a folder, sorted. */
export const fitsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter(name => /\.fits?$/i.test(name))
    .sort()
    .map(name => path.join(folder, name))
