// What one can ask of calibration: take darks, bias frames or flats and make a master of them, make one of frames on
// the shelf, take one in that was made elsewhere, choose and forget.
import { type Action, type ActivityReport, action } from '../ports/action.js'
import { uploadName } from '../ports/calibration.js'
import type { Camera } from '../ports/camera.js'
import type { Clock } from '../ports/clock.js'
import type { Device, Devices } from '../ports/device.js'
import { Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Imaging } from '../ports/imaging.js'
import type { Lease } from '../ports/lease.js'
import type { Pixels } from '../ports/pixels.js'
import { z } from '../ports/schema.js'
import type { Exposure, Store } from '../ports/store.js'
import { masterKinds } from '../science/master-cards.js'
import { type CalibrationSettings, type Library, libraryPath } from './calibration-library.js'
import { cameraOr, exposureClaims, orderFields } from './camera-actions.js'
import { demandPossible } from './possible-exposure.js'

export interface CalibrationActionParts {
  readonly devices: Devices
  readonly imaging: Imaging
  readonly pixels: Pixels
  readonly store: Store
  readonly feed: Feed
  readonly clock: Clock
  readonly library: Library
  readonly settings: CalibrationSettings
  readonly next: { readonly exposureSeconds: number; readonly binning: number }
  readonly use: { readonly camera?: string; readonly wheel?: string }
}

const takenKinds = ['dark', 'bias', 'flat'] as const
type TakenKind = (typeof takenKinds)[number]

/** Hot pixels are no stars, but a few noise peaks may be taken for some. */
const mostDarkStars = 12
/** Flats between these parts of full scale have light enough and are not yet bent by saturation. */
const [dimFlat, brightFlat] = [0.2, 0.7]
const [darkFlat, burntFlat] = [0.03, 0.92]
const shortMs = 60_000

const made = z.object({ path: z.string(), frames: z.number(), warning: z.string().optional() })

export function calibrationActions(parts: CalibrationActionParts): Action[] {
  const { devices, store, feed, pixels, library, settings, next, use } = parts
  const masterPath = z.string().max(300).describe('Path of the master, as the list of the library gives it')

  const secondsOf = ({ kind, seconds }: { kind: TakenKind; seconds?: number }, { sensor }: Camera) =>
    kind === 'bias' ? Math.max(sensor.minExposureSeconds ?? 0.001, 1e-6) : (seconds ?? next.exposureSeconds)

  const take = action({
    name: 'calibration-take',
    summary: 'Takes darks, bias frames or flats and makes a master of them',
    input: z.strictObject({
      camera: orderFields.camera,
      kind: z.enum(takenKinds).default('dark').describe('What is taken; cap the telescope for darks and bias frames'),
      frames: z.int().min(3).max(100).optional().describe('How many frames'),
      seconds: z.number().positive().max(3600).optional().describe('Exposure, s; that of the stack when absent'),
      binning: orderFields.binning,
      gain: orderFields.gain,
      offset: z.number().optional().describe('Offset, ADU'),
      filter: orderFields.filter,
    }),
    output: made,
    role: 'observer',
    check(input) {
      const name = cameraOr(input.camera, use)
      const camera = devices.device('camera', name).current()
      const { binning = next.binning, gain, offset } = input
      demandPossible(name, camera, { seconds: secondsOf(input, camera), binning, gain, offset })
    },
    claims: input => [{ name: 'calibration' }, ...exposureClaims(cameraOr(input.camera, use), input.filter, use)],
    settles: { kind: 'activity', resumes: false },
    async run({ input, lease, signal, activity }) {
      const camera = devices.device('camera', cameraOr(input.camera, use))
      const { kind, binning = next.binning, gain, offset, filter } = input
      const total = input.frames ?? settings.frames
      const exposureSeconds = secondsOf(input, camera.current())
      const order = { ...{ exposureSeconds, binning, gain, offset, filter }, frameType: kind, total }
      return working(feed, { activity: activity!.id, kind, total }, () =>
        takeAndCombine(parts, { camera, lease, signal, activity: activity! }, order),
      )
    },
  })

  const make = action({
    name: 'calibration-make',
    summary: 'Makes a master of frames that are kept',
    input: z.strictObject({
      kind: z.enum(takenKinds).describe('What the frames are'),
      ids: z.array(z.string().max(100)).min(1).max(100).describe('Ids of the exposures'),
    }),
    output: made,
    role: 'observer',
    claims: () => [{ name: 'calibration' }],
    settles: { kind: 'activity', resumes: false },
    run: ({ input: { kind, ids }, signal, activity }) =>
      working(feed, { activity: activity!.id, kind, total: ids.length }, async () => {
        const frames: Exposure[] = []
        for (const id of ids) {
          const found = await store.exposure(id)
          if (!found) throw new Fault('not-found', `there is no exposure ${id}`, 'Reload the list')
          if (found.frameType !== kind) {
            throw new Fault('bad-input', `${id} is a ${found.frameType}, not a ${kind}`, `Choose ${kind} frames only`)
          }
          demandDark(kind, id, found.measured?.stars ?? 0)
          frames.push(found)
        }
        return combine(parts, kind, frames, signal)
      }),
  })

  const adopt = action({
    name: 'calibration-adopt',
    summary: 'Takes an uploaded master into the library',
    input: z.strictObject({
      upload: z
        .string()
        .regex(/^[a-z0-9-]{1,60}$/, 'use a-z, 0-9 and -')
        .describe('Name of the upload'),
      name: z.string().min(1).max(120).describe('File name it shall have'),
      kind: z.enum(masterKinds).optional().describe('What it is, where its header does not say so'),
    }),
    output: z.object({ path: z.string() }),
    role: 'observer',
    claims: () => [{ name: 'calibration' }],
    settles: { kind: 'deed', deadlineMs: shortMs },
    async run({ input: { upload, name, kind }, signal }) {
      const aside = await store.productAside(uploadName(upload))
      const path = await store.saveMaster(`${name.replace(/\.(fits|fit|fts)$/i, '')}.fits`, { aside })
      try {
        if (kind) await library.note(path, { kind })
        const master = await library.find(path)
        demandUsable(devices, master)
        await pixels.checkMaster(path, master.kind, signal)
      } catch (error) {
        await store.removeMaster(path)
        await library.note(path, undefined)
        throw error
      }
      await library.refresh()
      await feed.event('master-loaded', { path })
      return { path }
    },
  })

  const choose = action({
    name: 'calibration-choose',
    summary: 'Uses a master wherever its size and exposure fit, nowhere, or as it fits best',
    input: z.strictObject({
      path: masterPath,
      use: z.enum(['always', 'never', 'fitting']).describe('always, never, or fitting: the best one is taken'),
    }),
    output: z.object({}),
    role: 'observer',
    claims: () => [{ name: 'calibration' }],
    settles: { kind: 'deed', deadlineMs: shortMs },
    async run({ input }) {
      const master = await library.find(input.path)
      if (input.use === 'always') demandUsable(devices, master)
      await library.note(input.path, { use: input.use === 'fitting' ? undefined : input.use })
      await library.refresh()
      return {}
    },
  })

  const forget = action({
    name: 'calibration-forget',
    summary: 'Deletes a master from the library',
    input: z.strictObject({ path: masterPath }),
    output: z.object({}),
    role: 'observer',
    claims: () => [{ name: 'calibration' }],
    settles: { kind: 'deed', deadlineMs: shortMs },
    async run({ input }) {
      await store.removeMaster(input.path)
      await library.note(input.path, undefined)
      await library.refresh()
      await feed.event('master-forgotten', { path: input.path })
      return {}
    },
  })

  const refresh = action({
    name: 'calibration-refresh',
    summary: 'Looks at the folder of the library again',
    input: z.strictObject({}),
    output: z.object({}),
    role: 'observer',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: shortMs },
    async run() {
      await library.refresh()
      return {}
    },
  })
  return [take, make, adopt, choose, forget, refresh]
}

/** The library's state says what is being worked on. */
async function working<T>(
  feed: Feed,
  { activity, kind, total }: { activity: string; kind: TakenKind; total: number },
  work: () => Promise<T>,
): Promise<T> {
  feed.patch(libraryPath, { activity, taking: kind, number: 0, total, warning: undefined, error: undefined })
  try {
    return await work()
  } catch (error) {
    feed.patch(libraryPath, { error: (error as Error).message })
    throw error
  } finally {
    feed.patch(libraryPath, { activity: undefined, taking: undefined, number: undefined, total: undefined })
  }
}

interface TakeRun {
  readonly camera: Device<Camera>
  readonly lease: Lease
  readonly signal: AbortSignal
  readonly activity: ActivityReport
}

interface TakeSeries {
  readonly exposureSeconds: number
  readonly binning: number
  readonly gain?: number
  readonly offset?: number
  readonly filter?: string
  readonly frameType: TakenKind
  readonly total: number
}

async function takeAndCombine(parts: CalibrationActionParts, run: TakeRun, series: TakeSeries) {
  const { imaging, pixels, feed } = parts
  const { camera, lease, signal, activity } = run
  const { frameType: kind, total, exposureSeconds } = series
  const frames: Exposure[] = []
  for (let number = 1; number <= total; number++) {
    activity.progress({ number, total, summary: `Taking ${kind} ${number} of ${total}, ${exposureSeconds} s` })
    feed.patch(libraryPath, { number })
    const taken = await imaging.take(lease, camera, { ...series, number, activity: activity.id }, signal)
    try {
      // Light that leaks in is told after the first frame, and what came on meanwhile after the last.
      if (kind !== 'flat' && (number === 1 || number === total)) {
        const { measured } = await pixels.measure(taken.source, signal)
        demandDark(kind, taken.exposure.id, measured.stars)
      }
    } finally {
      taken.release()
    }
    frames.push(taken.exposure)
  }
  activity.progress({ done: total, summary: `Combining ${total} frames` })
  return combine(parts, kind, frames, signal)
}

async function combine(
  parts: CalibrationActionParts,
  kind: TakenKind,
  frames: readonly Exposure[],
  signal: AbortSignal,
) {
  const { store, pixels, feed, library } = parts
  const [first] = frames
  await store.demandSpace(first.width * first.height * 4 + 4 * 2880, 1)
  const name = `${nameOf(kind, first, frames.length)}.fits`
  const aside = await store.productAside(name)
  const pedestal = kind === 'flat' ? await pedestalOf(library, first) : undefined
  const paths = frames.map(({ path }) => path)
  const result = await pixels.makeMaster({ kind, frames: paths, pedestal, aside, cards: [] }, signal)
  const path = await store.saveMaster(name, { aside })
  const warning = kind === 'flat' ? flatWarning(result.levelShare, pedestal) : undefined
  // Light that hardly came, or that burned out, says nothing of the glass: better no flat than such a one.
  if (kind === 'flat' && isUseless(result.levelShare)) await library.note(path, { use: 'never' })
  feed.patch(libraryPath, { warning })
  await library.refresh()
  const { levelAdu, noiseAdu, badPixels } = result
  await feed.event('master-made', { path, master: kind, frames: frames.length, levelAdu, noiseAdu, badPixels, warning })
  return { path, frames: frames.length, ...(warning ? { warning } : {}) }
}

/** What is taken off each frame of a flat: a dark of its exposure, else a bias. */
async function pedestalOf(library: Library, flat: Exposure): Promise<string | undefined> {
  const { masters } = await library.choose(flat)
  return masters.find(({ kind, scale }) => scale === undefined && (kind === 'dark' || kind === 'bias'))?.path
}

function isUseless(share: number | undefined): boolean {
  return share !== undefined && (share < darkFlat || share > burntFlat)
}

function flatWarning(share: number | undefined, pedestal: string | undefined): string | undefined {
  if (share !== undefined && (share < dimFlat || share > brightFlat)) {
    const advice = share < dimFlat ? 'expose longer' : 'expose shorter'
    const used = isUseless(share) ? '; they are kept and not used' : ''
    return `the flats are at ${Math.round(100 * share)} % of full scale; 20 to 70 % are good: ${advice}${used}`
  }
  return pedestal === undefined ? 'no bias and no dark of this exposure was there to be taken off the flats' : undefined
}

function nameOf(kind: TakenKind, one: Exposure, frames: number): string {
  const { camera, binning, exposureSeconds, gain, sensorCelsius, filter, startedMs } = one
  const parts = [
    ...[kind, camera, `bin${binning}`],
    ...(kind === 'bias' ? [] : [`${Number(exposureSeconds.toPrecision(4))}s`]),
    ...(gain === undefined ? [] : [`gain${gain}`]),
    ...(sensorCelsius === undefined || kind === 'flat' ? [] : [`${Math.round(sensorCelsius)}C`]),
    ...(filter === undefined || kind !== 'flat' ? [] : [filter]),
    `${frames}x`,
    new Date(startedMs).toISOString().slice(0, 19).replace(/[-:]/g, ''),
  ]
  return parts.join('_')
}

function demandDark(kind: TakenKind, id: string, stars: number): void {
  if (kind === 'flat' || stars <= mostDarkStars) return
  const fix = 'Cap the telescope and take them again'
  throw new Fault('bad-input', `the ${kind} frame ${id} shows ${stars} stars: light falls in`, fix)
}

/** A master of a size that no camera here gives is of no use to anybody. */
function demandUsable(devices: Devices, master: Awaited<ReturnType<Library['find']>>): void {
  const { kind, path, width, height, binning, camera } = master
  const sizes = devices.having('camera').flatMap(device => {
    if (device.condition !== 'ready' || (camera !== undefined && camera !== device.name)) return []
    const { sensor } = device.current()
    if (sensor.width === undefined || sensor.height === undefined) return []
    return [
      { name: device.name, width: Math.floor(sensor.width / binning), height: Math.floor(sensor.height / binning) },
    ]
  })
  if (sizes.length === 0 || sizes.some(size => size.width === width && size.height === height)) return
  const has = sizes.map(size => `camera ${size.name} gives ${size.width}×${size.height}`).join(', ')
  const words = `the ${kind} ${path.slice(path.lastIndexOf('/') + 1)} has ${width}×${height} px at binning ${binning}`
  throw new Fault('bad-input', `${words}; ${has}`, 'Take one with this camera')
}
