// One run of the live stack, from its first exposure to the saved file: frames are exposed and kept like any other,
// folded in the pixel workers while the next is exposed, and shown as the stack grows.
import type { ActivityReport } from '../ports/action.js'
import type { Calibration, ChosenMaster } from '../ports/calibration.js'
import type { Camera } from '../ports/camera.js'
import type { Clock } from '../ports/clock.js'
import type { Device } from '../ports/device.js'
import type { Views } from '../ports/display.js'
import { asFault, type Fault, reasonOf } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Imaging, Taken } from '../ports/imaging.js'
import type { Lease } from '../ports/lease.js'
import type { Log } from '../ports/log.js'
import type { Pictures } from '../ports/pictures.js'
import type { PixelStack, Pixels, StackOutcome, StackSettings } from '../ports/pixels.js'
import type { Exposure, Store } from '../ports/store.js'
import type { Card } from '../science/fits-header.js'
import { patienceWith } from './camera-return.js'

export interface StackParts {
  readonly imaging: Imaging
  readonly pixels: Pixels
  readonly pictures: Pictures
  readonly views: Views
  readonly store: Store
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly calibration: Calibration
  cards(object: string | undefined, camera: string): Card[]
  /** `YYYY-MM-DD` of the night that `atMs` falls in. */
  night(atMs: number): string
}

const path = 'stack/main'
/** Refusals that mean that the sky is hidden, not that the frame is odd. */
const hidden = new Set(['too-few-stars', 'no-match'])

/** All that decides a stack besides its frames: what a crash must not take. */
export interface StackOrder extends Omit<StackSettings, 'masters'> {
  /** The activity that its exposures carry; the one that goes on after a crash is another. */
  readonly activity: string
  readonly startedMs: number
  readonly camera: string
  readonly frames: number
  readonly exposureSeconds: number
  readonly previewEvery: number
  readonly binning: number
  readonly gain?: number
  readonly filter?: string
  readonly object?: string
  readonly calibrate: boolean
  /** Those that were chosen with the first frame. */
  readonly masters?: readonly ChosenMaster[]
}

export interface StackRun {
  readonly lease: Lease
  /** Abort, safety, shutdown: the stack is saved and ends with the reason. */
  readonly signal: AbortSignal
  /** Stopped by hand: the stack is saved and ends well. */
  readonly finish: AbortSignal
  readonly activity: ActivityReport
  /** A stack that was broken off: its frames are put together again, then more are taken, or not. */
  readonly again?: 'go-on' | 'finish'
  /** Called with the first frame, before it goes in. */
  chose(masters: readonly ChosenMaster[]): Promise<void>
  /** Called when nothing of it can be lost any more: it is saved, or there is nothing to save. */
  over(): Promise<void>
}

/** What the state says of a stack before its first frame. */
export function announced(order: StackOrder) {
  const { camera, object, exposureSeconds, frames, combine, kappa, kernel, startedMs } = order
  return {
    ...{ camera, object, exposureSeconds, combine, kappa, kernel, startedMs, framesTarget: frames },
    ...{ framesTaken: 0, framesAccepted: 0, framesRefused: 0, refusals: {} },
  }
}

/** Its state stands in the feed already: see `announced`. */
export async function runStack(parts: StackParts, camera: Device<Camera>, order: StackOrder, run: StackRun) {
  const { feed, log } = parts
  await feed.event('stack-started', { camera: camera.name, frames: order.frames, activity: run.activity.id })
  const tally = new Tally()
  let fault: Fault | undefined
  try {
    let open: OpenStack | undefined
    // With the first frame, for that says which masters fit.
    const stackFor = async (exposure: Exposure) => {
      open ??= await openStack(parts, order, run, tally, exposure)
      return open.stack
    }
    let saved: string | undefined
    try {
      fault = await takeUntilDone(parts, camera, order, run, stackFor, tally).then(
        () => undefined,
        error => endOf(error, run),
      )
      feed.patch(path, { finishing: true })
      // Whatever ended it: what has been stacked is kept. Of what had been before a crash a part alone is not: that
      // would be lost for the next try.
      if (!tally.incomplete) {
        saved = open && tally.accepted > 0 ? await saveStack(parts, open, tally, order) : undefined
        await run.over()
      }
    } finally {
      open?.hide(saved)
      await open?.stack.close()
    }
    feed.patch(path, { path: saved })
    await feed.event('stack-finished', {
      path: saved,
      frames: tally.accepted,
      activity: run.activity.id,
      error: fault?.message,
    })
    if (fault) throw fault
    return { frames: tally.accepted, path: saved }
  } catch (error) {
    fault ??= asFault(error, 'live stack')
    log.warn(`the live stack ended: ${fault.message}`)
    throw fault
  } finally {
    feed.patch(path, {
      running: false,
      ...{ finishing: undefined, refolding: undefined },
      waitingSinceMs: undefined,
      finished: fault === undefined && !run.finish.aborted,
      cancelled: run.finish.aborted || run.signal.aborted,
      error: fault && fault.code !== 'aborted' ? fault.message : undefined,
    })
  }
}

/** A stack in the workers' memory, and what its header says of the masters it is made with. */
interface OpenStack {
  readonly stack: PixelStack
  readonly cards: readonly Card[]
  hide(path: string | undefined): void
}

async function openStack(parts: StackParts, order: StackOrder, run: StackRun, tally: Tally, exposure: Exposure) {
  const { maxShiftPx, combine, kappa, kernel, calibrate, activity } = order
  const none = { masters: [], missing: [], cards: [] }
  // After a crash the very same ones: only then comes the very same stack.
  const chosen = calibrate ? await parts.calibration.choose(exposure, order.masters) : none
  const { masters } = chosen
  if (order.masters?.some(({ path }) => !masters.some(one => one.path === path))) {
    parts.log.warn('masters that the stack began with are gone: all its frames are calibrated with what fits now')
  }
  await run.chose(masters)
  const lack = chosen.missing.map(({ words }) => words).join('; ')
  parts.feed.patch(path, { calibration: masters.map(({ kind }) => kind).join(', ') || 'none', uncalibrated: lack })
  const stack = await parts.pixels.stack({ maxShiftPx, combine, kappa, kernel, masters })
  const hide = parts.views.showStack(stack, () => `${activity}-${tally.accepted}`)
  return { stack, hide, cards: chosen.cards }
}

/** Why a stack ended early; stopping by hand is no fault. */
function endOf(error: unknown, { finish }: StackRun): Fault | undefined {
  const fault = asFault(error, 'live stack')
  return finish.aborted && fault.code === 'aborted' ? undefined : fault
}

/** A frame that is being folded goes in, and is counted, whoever ends the stack meanwhile. */
const toTheEnd = () => new AbortController().signal

type StackFor = (exposure: Exposure) => Promise<PixelStack>

/** What has gone in and what has not. */
class Tally {
  taken = 0
  accepted = 0
  refused = 0
  integratedSeconds = 0
  /** While frames from before a crash are missing. */
  incomplete = false
  readonly reasons: Record<string, number> = {}
  refuse(reason: string) {
    this.refused++
    this.reasons[reason] = (this.reasons[reason] ?? 0) + 1
  }
}

async function takeUntilDone(
  parts: StackParts,
  camera: Device<Camera>,
  order: StackOrder,
  run: StackRun,
  stackFor: StackFor,
  tally: Tally,
) {
  const { feed, clock, imaging } = parts
  const either = AbortSignal.any([run.signal, run.finish])
  if (run.again) await foldAgain(parts, order, run, stackFor, tally)
  if (run.again === 'finish') return
  const patience = patienceWith(camera, clock)
  // The next exposure runs while the last frame is folded: photons are not lost to arithmetic.
  let folding: Promise<void> = Promise.resolve()
  let foldFault: Fault | undefined
  let productBytes = 0
  try {
    while (order.frames === 0 || tally.accepted < order.frames) {
      let taken: Taken
      try {
        // The next frame must leave room for the stack itself, or it could not be saved when the disk is full.
        if (productBytes > 0) await parts.store.demandSpace(productBytes, 1)
        const { exposureSeconds, binning, gain, filter, object } = order
        taken = await imaging.take(
          run.lease,
          camera,
          {
            exposureSeconds,
            binning,
            gain,
            filter,
            object,
            frameType: 'light',
            number: tally.taken + 1,
            total: order.frames,
            activity: order.activity,
          },
          either,
        )
        patience.well()
      } catch (error) {
        if (either.aborted) throw error
        const fault = asFault(error, 'live stack')
        await patience.afterFailure(fault, either)
        parts.log.warn(`the live stack goes on after: ${fault.message}`)
        continue
      }
      tally.taken++
      productBytes = taken.exposure.bytes + stackBytes(taken)
      // The stack reads the file, which is still in the system's memory; the frame's own goes back to the camera.
      taken.release()
      feed.patch(path, { framesTaken: tally.taken })
      await folding
      if (foldFault) throw foldFault
      folding = fold(parts, order, run, stackFor, tally, taken.exposure).catch(error => {
        foldFault = asFault(error, 'live stack')
      })
      // The last frames are awaited one by one, so that no frame more is taken than is wanted.
      if (order.frames > 0 && tally.accepted + 1 >= order.frames) await folding
    }
  } finally {
    await folding
  }
  if (foldFault) throw foldFault
}

/**
 * The frames of a stack that was broken off, from the shelf and in order: the same frames give the same stack, bit for
 * bit, so nothing but the order had to be kept.
 */
async function foldAgain(parts: StackParts, order: StackOrder, run: StackRun, stackFor: StackFor, tally: Tally) {
  const { feed, store } = parts
  tally.incomplete = true
  const frames = await framesOf(store, order.activity)
  feed.patch(path, { refolding: frames.length })
  await feed.event('stack-refolding', { frames: frames.length, activity: run.activity.id })
  for (const exposure of frames) {
    if (run.signal.aborted) throw reasonOf(run.signal)
    tally.taken++
    const stack = await stackFor(exposure)
    const outcome = await stack.add(exposure.path, exposure.id, toTheEnd())
    if (outcome.accepted) await accept(parts, order, run, stack, tally, exposure, outcome, 'again')
    else tally.refuse(outcome.reason)
    feed.patch(path, { framesTaken: tally.taken, framesRefused: tally.refused, refusals: { ...tally.reasons } })
    if (order.frames > 0 && tally.accepted >= order.frames) break
  }
  tally.incomplete = false
  feed.patch(path, { refolding: undefined })
}

/** Oldest first. */
async function framesOf(store: Store, activity: string): Promise<Exposure[]> {
  const found: Exposure[] = []
  for (let before: string | undefined; ; before = found.at(-1)?.id) {
    const page = await store.exposures({ activity, before, limit: 500 })
    found.push(...page)
    if (page.length === 0) return found.reverse()
  }
}

/** Of the saved file: 32-bit samples, in colour when the frames have any, and the list in its header. */
function stackBytes({ source, exposure }: Taken): number {
  const planes = 'frame' in source && source.frame.bayer === undefined ? source.frame.planes : 3
  return exposure.width * exposure.height * planes * 4 + 10_000 * 80
}

async function fold(
  parts: StackParts,
  order: StackOrder,
  run: StackRun,
  stackFor: StackFor,
  tally: Tally,
  exposure: Exposure,
) {
  const stack = await stackFor(exposure)
  const outcome = await stack.add(exposure.path, exposure.id, toTheEnd())
  if (!outcome.accepted) return refuse(parts, outcome, tally, exposure.id)
  await accept(parts, order, run, stack, tally, exposure, outcome, 'fresh')
}

type Accepted = Extract<StackOutcome, { accepted: true }>

/** @param how  frames that are put together again were told of before the crash */
async function accept(
  parts: StackParts,
  order: StackOrder,
  run: StackRun,
  stack: PixelStack,
  tally: Tally,
  { id, exposureSeconds }: Exposure,
  outcome: Accepted,
  how: 'fresh' | 'again',
) {
  const { feed, clock, pictures } = parts
  tally.accepted++
  tally.integratedSeconds += exposureSeconds
  if (feed.get(path)?.value.waitingSinceMs !== undefined) await feed.event('stack-resumed', { id })
  const { snrGain, measuredGain } = await stack.gain()
  const { rotationDeg, matched, rmsPx, offsetPx, weight, transparency, rejectedShare } = outcome
  const moved = { offsetXPx: offsetPx[0], offsetYPx: offsetPx[1], rotationDeg }
  const numbers = { ...moved, weight, transparency, rejectedShare, snrGain, measuredGain }
  feed.patch(path, {
    ...numbers,
    framesAccepted: tally.accepted,
    waitingSinceMs: undefined,
    reference: outcome.reference,
    stars: outcome.stars,
    hfdPx: outcome.hfdPx,
    integratedSeconds: tally.integratedSeconds,
  })
  if (how === 'fresh') await feed.event('stack-accepted', { id, ...numbers, matched, rmsPx })
  const last = order.frames > 0 && tally.accepted >= order.frames
  if (last || (tally.accepted - 1) % order.previewEvery === 0) {
    const { bytes, type, width, height } = await stack.preview({ stretch: 'auto' }, 720, run.signal)
    pictures.put('stack', { bytes, type, width, height, atMs: clock.now(), of: run.activity.id })
    feed.patch(path, { pictureVersion: pictures.latest('stack')?.version })
  }
  run.activity.progress({ done: tally.accepted, total: order.frames, summary: `${tally.accepted} frames stacked` })
}

async function refuse(
  { feed, clock }: StackParts,
  outcome: Extract<StackOutcome, { accepted: false }>,
  tally: Tally,
  id: string,
) {
  tally.refuse(outcome.reason)
  const waiting = hidden.has(outcome.reason)
  const before = feed.get(path)?.value.waitingSinceMs as number | undefined
  const waitingSinceMs = waiting ? (before ?? clock.now()) : before
  feed.patch(path, {
    framesRefused: tally.refused,
    refusals: { ...tally.reasons },
    lastRefusal: outcome.words,
    waitingSinceMs,
  })
  await feed.event('stack-refused', { id, reason: outcome.reason, words: outcome.words })
  if (waiting && before === undefined) await feed.event('stack-waiting', { id, reason: outcome.reason })
}

async function saveStack(parts: StackParts, { stack, cards: calibration }: OpenStack, tally: Tally, order: StackOrder) {
  const { object, exposureSeconds, camera, startedMs } = order
  const stamp = new Date(startedMs).toISOString().replace(/[-:]/g, '').slice(0, 15)
  const cards: Card[] = [
    ...parts.cards(object, camera),
    { keyword: 'EXPTIME', value: tally.integratedSeconds, comment: '[s] integrated' },
    { keyword: 'DATE-OBS', value: new Date(startedMs).toISOString().slice(0, -1), comment: 'UTC, start of the stack' },
    { keyword: 'IMAGETYP', value: 'Light Frame', comment: 'aligned frames combined' },
    ...calibration,
  ]
  const name = `stack_${object ?? 'sky'}_${tally.accepted}x${exposureSeconds}s_${stamp}.fits`
  const aside = await parts.store.productAside(name)
  await stack.save(aside, cards)
  return parts.store.saveProduct(name, { aside }, parts.night(startedMs))
}
