// A stack growing in a pixel thread's memory: frames in by their files, outcomes, pictures and the saved file out.
import { basename, join } from 'node:path'
import { nominalWeight } from '../kernels/fold.js'
import { kernelModule } from '../kernels/kernel-module.js'
import { Fault } from '../ports/fault.js'
import type { StackOutcome, StackRefusal, StackSettings } from '../ports/pixels.js'
import { storedBayer } from '../science/bayer.js'
import { betterReference, type FrameLook } from '../science/better-reference.js'
import { calibrateStrips, type PackedMasters } from '../science/calibration.js'
import { collectStars } from '../science/collect-stars.js'
import { type Card, textOf } from '../science/fits-header.js'
import { type FrameLight, type FrameWorth, frameWorth } from '../science/frame-worth.js'
import { addToMeter, makeNoiseMeter, measuredGain, meterBands, type NoiseMeter } from '../science/noise-meter.js'
import { skyOfPlanes } from '../science/plane-sky.js'
import { makeReference, mostStars, type Reference } from '../science/reference.js'
import { register } from '../science/register.js'
import type { Image } from '../science/samples.js'
import { identity, turnOf } from '../science/similarity.js'
import { finishSkyMesh } from '../science/sky-mesh.js'
import { clearStack, rejectedShare, stackFactor, stackImage, stripsOf } from '../science/stack-places.js'
import type { StarOrder } from '../science/star-places.js'
import { gatherSpots } from '../science/star-steps.js'
import type { StarOptions, Stars } from '../science/stars.js'
import { transparency } from '../science/transparency.js'
import { type PixelBox, type WarpOrder, wholeFrame } from '../science/warp-tile.js'
import { type Crew, openCrew } from './crew.js'
import { type StackKind, unlike, unusable } from './fit-frame.js'
import { type FrameFile, openFrameFile, type RawFile } from './frame-file.js'
import { loadMasters, type MasterFile } from './load-masters.js'
import { writeStackFile } from './stack-file.js'
import { layOutStackMemory, type StackMemory, seedFrames } from './stack-memory.js'
import { type FirstFrame, seedStack } from './stack-seed.js'
import { type OpenView, openView } from './view-work.js'

export interface OpenStack {
  add(path: string, id: string): Promise<StackOutcome>
  /** The stack as it is now, to be looked at. @throws Fault `not-found` before the first frame */
  view(): OpenView
  gain(): { frames: number; snrGain: number; measuredGain?: number }
  /** A 32-bit float FITS file; `cards` and the list of what went in stand in its header. */
  save(aside: string, cards: readonly Card[]): void
  close(): Promise<void>
}

export interface StackPlan extends StackSettings {
  /** Folder that paths of frames and masters start from. */
  readonly archive: string
  readonly threads: number
  readonly memoryBytes: number
}

const detectionSigma = 5
/** Spots of a frame that are measured, the brightest; not all of them are stars. */
const mostMeasured = 1000
/** A reference needs so many stars, and a frame so many pairs with it. */
const minStars = 6
/** Fewer frames than this have no middle that could tell which of them is wrong. */
const fewestToSeed = 3

type Accepted = Extract<StackOutcome, { accepted: true }>

/** Memory and threads for frames of one kind. */
interface Open extends StackKind {
  readonly memory: StackMemory
  readonly crew: Crew
  readonly masters: PackedMasters
}

/** What is there once the first frame has been taken. */
interface Begun extends Open {
  readonly meter: NoiseMeter
  readonly light: FrameLight // of the first frame
  reference: Reference
  referenceId: string
  referenceLook: FrameLook
}

export function openStack(plan: StackPlan): OpenStack {
  const { archive, threads, memoryBytes, combine, kappa, kernel, maxShiftPx } = plan
  const wentIn: string[] = []
  /** Kept open until there are enough to begin anew with them. */
  let first: FirstFrame[] = []
  let begun: Begun | undefined
  /** Made for the last frame that came, while none has been good enough to begin with. */
  let ready: Open | undefined
  let shown: OpenView | undefined
  /** Why beginning anew broke off: what is there is then half of one thing and half of another. */
  let spoiled: Fault | undefined

  async function add(path: string, id: string): Promise<StackOutcome> {
    const file = join(archive, path)
    let opened: FrameFile
    try {
      opened = openFrameFile(file)
    } catch (error) {
      return unreadable(error, file)
    }
    let outcome: StackOutcome | undefined
    try {
      outcome = await take(opened, id)
      return outcome
    } catch (error) {
      return unreadable(error, file)
    } finally {
      if (!outcome?.accepted || !first.some(one => one.file === opened)) opened.close()
    }
  }

  async function take(file: FrameFile, id: string): Promise<StackOutcome> {
    const unfit = begun && unlike(begun, file)
    if (unfit) return refusal(...unfit)
    if (ready && unlike(ready, file)) {
      await ready.crew.close()
      ready = undefined
    }
    ready ??= await prepare(file)
    return fold(ready, file, id)
  }

  async function prepare(file: FrameFile): Promise<Open> {
    const { raw, bayer } = file
    const stored = storedBayer({ bayer, height: raw.height, topDown: file.topDown })
    const frame = { width: raw.width, height: raw.height, planes: raw.planes, ...(stored ? { bayer: stored } : {}) }
    const memory = layOutStackMemory(raw, frame, combine, threads, memoryBytes)
    const crew = openCrew({ module: kernelModule(), memory: memory.memory, scratch: memory.scratch })
    clearStack(crew.hand.views, memory.stack)
    const files = plan.masters.map((master): MasterFile => ({ ...master, file: join(archive, master.path) }))
    const served = { bayer: bayer !== undefined, topDown: file.topDown }
    try {
      const masters = loadMasters(crew.hand, memory.masters, files, served, memory.plane)
      return { frame, topDown: file.topDown, camera: textOf(file.cards, 'INSTRUME'), memory, crew, masters }
    } catch (error) {
      await crew.close()
      throw error
    }
  }

  function fold(here: Open, file: FrameFile, id: string): StackOutcome {
    const { frame, memory, crew } = here
    const unfit = unusable(crew.hand, file)
    if (unfit) return refusal(...unfit)
    const stars = develop(here, file.raw)
    if (!begun && stars.stars.length < minStars) {
      const words = `a reference needs ${minStars} stars, this frame has ${stars.stars.length}`
      return refusal('too-few-stars', words, stars.found)
    }
    const { width, height } = frame
    const found = begun
      ? register(begun.reference, stars.stars, { width, height, maxShiftPx, minInliers: minStars })
      : { ok: true as const, transform: identity, offsetPx: [0, 0] as const, matched: stars.stars.length, rmsPx: 0 }
    if (!found.ok) return refusal(found.reason, found.words, stars.found)
    const { transform, offsetPx, matched, rmsPx } = found
    const through = begun ? transparency(begun.reference, stars.stars, transform).ratio : 1
    const sky = skyOfPlanes(crew.hand, frame, memory.plane)
    const light = { sky, transparency: through, hfdPx: stars.medianHfdPx }
    begun ??= {
      ...here,
      light,
      ...{ reference: makeReference(stars.stars), referenceId: id, referenceLook: stars },
      meter: makeNoiseMeter(width, height, stars.stars),
    }
    if (betterReference(begun.referenceLook, stars)) {
      // The grid stays the first frame's, so that nothing of the stack is lost.
      begun.reference = makeReference(stars.stars, transform, through)
      begun.referenceId = id
      begun.referenceLook = stars
    }
    const worth = frameWorth(light, begun.light)
    const order = { frame, transform, kernel, ...worth }
    const box = wholeFrame(memory.plane, frame)
    // The first frames are folded in again: what is shown until then need not be told from satellites.
    const early = combine === 'reject' && wentIn.length < seedFrames
    const mode = early ? 'mean' : combine
    crew.run('foldStrip', { ...order, box, mode, kappa, stack: memory.stack }, stripsOf(height))
    measureNoise(begun, order, box)
    wentIn.push(id)
    shown = undefined
    const share = mode === 'reject' ? rejectedShare(crew.hand.views, memory.stack) : 0
    if (early) {
      first.push({ file, transform, ...worth })
      if (wentIn.length === seedFrames) beginAnew()
    }
    return {
      accepted: true,
      ...{ offsetPx, matched, rmsPx, rotationDeg: (turnOf(transform) * 180) / Math.PI },
      ...{ stars: stars.found, hfdPx: stars.medianHfdPx },
      ...{ weight: worth.weight / nominalWeight, transparency: light.transparency, rejectedShare: share },
      reference: begun.referenceId,
    } satisfies Accepted
  }

  /** Folds the first frames in again: what only one of them has goes. */
  function beginAnew() {
    if (!begun || first.length < fewestToSeed) return
    const { crew, memory, frame, masters } = begun
    try {
      seedStack(crew, memory, first, { frame, kernel, kappa, masters })
    } catch (error) {
      const words = `the stack broke off while its first frames were read again: ${(error as Error).message}`
      spoiled = new Fault('broken', words, 'Its frames are kept: put them together again with stack-resume', {
        cause: error,
      })
      throw spoiled
    }
    if (wentIn.length >= seedFrames) letGo()
    shown = undefined
  }
  function letGo() {
    for (const { file } of first) file.close()
    first = []
  }

  const soFar = () => {
    if (spoiled) throw spoiled
    if (begun && wentIn.length > 0) return begun
    throw new Fault('not-found', 'no frame has been stacked yet', 'Wait for the first one with stars')
  }

  return {
    add,
    view() {
      const now = soFar()
      shown ??= openView(
        imageOf(now),
        () => now.crew.hand,
        () => starsOfStack(now),
      )
      return shown
    },
    gain() {
      const measured = begun && measuredGain(begun.meter)
      return { frames: wentIn.length, snrGain: Math.sqrt(wentIn.length), measuredGain: measured }
    },
    save(aside, cards) {
      const now = soFar()
      if (first.length > 0) beginAnew()
      const list: Card[] = [
        { keyword: 'STACKCNT', value: wentIn.length, comment: `frames in this ${combine === 'sum' ? 'sum' : 'mean'}` },
        ...wentIn.map((id): Card => ({ keyword: 'HISTORY', value: `stacked ${id}` })),
      ]
      writeStackFile(aside, imageOf(now), stackFactor(now.memory.stack, wentIn.length), [...cards, ...list])
    },
    async close() {
      letGo()
      await ready?.crew.close()
      ready = undefined
      begun = undefined
    },
  }
}

/** Lets the meter see the frame as it went in. */
function measureNoise({ crew, memory, meter }: Begun, order: WarpOrder & FrameWorth, box: PixelBox): void {
  const { width, height, columns } = meter
  const bands = meterBands(height)
  crew.run('meterBand', { ...order, box, width, height, blocks: memory.meter }, bands)
  const blocks = crew.hand.views.f32.subarray(memory.meter >> 2, (memory.meter >> 2) + bands * columns)
  addToMeter(meter, blocks, order.weight, order.transform, order.kernel)
}

/** The stack itself, not a copy. */
function imageOf({ memory, crew, topDown }: Begun): Image {
  return stackImage(crew.hand.views, memory.stack, topDown)
}

/** Brings a frame into the stack's plane, calibrated, and finds its stars. */
function develop({ frame, memory, crew, masters }: Open, raw: RawFile): Stars {
  const { plane, rowsPerStrip, stars: places } = memory
  const stars = { places, plane, sigma: detectionSigma, most: mostMeasured }
  const atOnce = places.kind !== 'colour'
  const order = { raw, places: memory.masters, masters, plane, rowsPerStrip, ...(atOnce ? { stars } : {}) }
  crew.run('develop', order, calibrateStrips(frame, rowsPerStrip))
  if (!atOnce) crew.run('lookAtSky', stars, places.rows)
  return findStars(crew, stars, { maxStars: mostStars })
}

/** Stars of the stack as it is now: between frames there is memory for that. */
function starsOfStack({ crew, memory }: Open): Stars {
  const order = { places: memory.stackStars, plane: memory.stack.mean, sigma: detectionSigma }
  crew.run('lookAtSky', order, order.places.rows)
  return findStars(crew, order, {})
}

/** When the sky has been looked at. */
function findStars({ hand, run }: Crew, order: StarOrder, options: StarOptions): Stars {
  finishSkyMesh(hand.views, order)
  run('peaksStrip', order, order.places.rows)
  run('measureChunk', order, gatherSpots(hand, order))
  return collectStars(hand.views, order, options)
}

/** What the file is guilty of. @throws whatever else went wrong */
function unreadable(error: unknown, file: string): StackOutcome {
  const { code, name, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return refusal('unreadable', `the file ${basename(file)} is gone`)
  // By name: what another thread has thrown is not of that class any more.
  if (name === 'ScienceError') return refusal('unreadable', `${basename(file)}: ${message}`)
  throw error
}

function refusal(reason: StackRefusal, words: string, stars?: number): StackOutcome {
  return { accepted: false, reason, words, stars }
}
