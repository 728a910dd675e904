// One run of the live stack, from its first exposure to the saved file: frames are exposed and kept like any other,
// folded in the pixel workers while the next is exposed, and shown as the stack grows.
import type { ActivityReport } from '../ports/action.js'
import type { Camera } from '../ports/camera.js'
import type { Clock } from '../ports/clock.js'
import type { Device } from '../ports/device.js'
import { asFault, type Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Imaging, Taken } from '../ports/imaging.js'
import type { Lease } from '../ports/lease.js'
import type { Log } from '../ports/log.js'
import type { Pictures } from '../ports/pictures.js'
import type { PixelStack, Pixels, StackOutcome } from '../ports/pixels.js'
import type { Store } from '../ports/store.js'
import type { Card } from '../science/fits-header.js'
import { patienceWith } from './camera-return.js'

export interface StackParts {
  readonly imaging: Imaging
  readonly pixels: Pixels
  readonly pictures: Pictures
  readonly store: Store
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly maxShiftPx: number
  cards(object: string | undefined, camera: string): Card[]
  /** `YYYY-MM-DD` of the night that `atMs` falls in. */
  night(atMs: number): string
}

const path = 'stack/main'
/** Refusals that mean that the sky is hidden, not that the frame is odd. */
const hidden = new Set(['too-few-stars', 'no-match'])

export interface StackOrder {
  readonly frames: number
  readonly exposureSeconds: number
  readonly previewEvery: number
  readonly binning: number
  readonly gain?: number
  readonly filter?: string
  readonly object?: string
}

export interface StackRun {
  readonly lease: Lease
  /** Abort, safety, shutdown: the stack is saved and ends with the reason. */
  readonly signal: AbortSignal
  /** Stopped by hand: the stack is saved and ends well. */
  readonly finish: AbortSignal
  readonly activity: ActivityReport
}

export async function runStack(parts: StackParts, camera: Device<Camera>, order: StackOrder, run: StackRun) {
  const { feed, clock, pixels, log } = parts
  const startedMs = clock.now()
  feed.set(path, {
    activity: run.activity.id,
    running: true,
    camera: camera.name,
    object: order.object,
    exposureSeconds: order.exposureSeconds,
    framesTarget: order.frames,
    framesTaken: 0,
    framesAccepted: 0,
    framesRefused: 0,
    refusals: {},
    startedMs,
  })
  await feed.event('stack-started', { camera: camera.name, frames: order.frames, activity: run.activity.id })
  const tally = new Tally()
  let fault: Fault | undefined
  try {
    const stack = await pixels.stack({ maxShiftPx: parts.maxShiftPx })
    let saved: string | undefined
    try {
      fault = await takeUntilDone(parts, camera, order, run, stack, tally).then(
        () => undefined,
        error => endOf(error, run),
      )
      feed.patch(path, { finishing: true })
      // Whatever ended it: what has been stacked is kept.
      saved =
        tally.accepted > 0
          ? await saveStack(parts, stack, tally, { ...order, camera: camera.name, startedMs })
          : undefined
    } finally {
      await stack.close()
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
      finishing: undefined,
      waitingSinceMs: undefined,
      finished: fault === undefined && !run.finish.aborted,
      cancelled: run.finish.aborted || run.signal.aborted,
      error: fault && fault.code !== 'aborted' ? fault.message : undefined,
    })
  }
}

/** Why a stack ended early; stopping by hand is no fault. */
function endOf(error: unknown, { finish }: StackRun): Fault | undefined {
  const fault = asFault(error, 'live stack')
  return finish.aborted && fault.code === 'aborted' ? undefined : fault
}

/** What has gone in and what has not. */
class Tally {
  taken = 0
  accepted = 0
  refused = 0
  readonly reasons: Record<string, number> = {}
  lastStartedMs: number | undefined
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
  stack: PixelStack,
  tally: Tally,
) {
  const { feed, clock, imaging } = parts
  const either = AbortSignal.any([run.signal, run.finish])
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
            activity: run.activity.id,
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
      feed.patch(path, { framesTaken: tally.taken })
      await folding
      if (foldFault) {
        taken.release()
        throw foldFault
      }
      folding = fold(parts, order, run, stack, tally, taken).then(
        () => taken.release(),
        error => {
          taken.release()
          foldFault = asFault(error, 'live stack')
        },
      )
      // The last frames are awaited one by one, so that no frame more is taken than is wanted.
      if (order.frames > 0 && tally.accepted + 1 >= order.frames) await folding
    }
  } finally {
    await folding
  }
  if (foldFault) throw foldFault
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
  stack: PixelStack,
  tally: Tally,
  taken: Taken,
) {
  const { feed, clock, pictures } = parts
  const { id, startedMs, exposureSeconds } = taken.exposure
  const outcome = await stack.add(taken.source, id, run.signal)
  if (!outcome.accepted) return refuse(parts, outcome, tally, id)

  tally.accepted++
  tally.lastStartedMs = startedMs
  if (feed.get(path)?.value.waitingSinceMs !== undefined) await feed.event('stack-resumed', { id })
  const { snrGain, measuredGain } = await stack.gain()
  feed.patch(path, {
    framesAccepted: tally.accepted,
    waitingSinceMs: undefined,
    offsetXPx: outcome.offsetPx[0],
    offsetYPx: outcome.offsetPx[1],
    rotationDeg: outcome.rotationDeg,
    stars: outcome.stars,
    hfdPx: outcome.hfdPx,
    snrGain,
    measuredGain,
    integratedSeconds: tally.accepted * exposureSeconds,
  })
  const { rotationDeg, matched, rmsPx, offsetPx } = outcome
  const told = {
    id,
    offsetXPx: offsetPx[0],
    offsetYPx: offsetPx[1],
    rotationDeg,
    matched,
    rmsPx,
    snrGain,
    measuredGain,
  }
  await feed.event('stack-accepted', told)
  const last = order.frames > 0 && tally.accepted >= order.frames
  if (last || (tally.accepted - 1) % order.previewEvery === 0) {
    const { bytes, type, width, height } = await stack.picture({ stretch: 'auto', maxWidth: 720, as: 'jpeg' })
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

interface Saving extends StackOrder {
  readonly camera: string
  readonly startedMs: number
}

async function saveStack(parts: StackParts, stack: PixelStack, tally: Tally, saving: Saving) {
  const { object, exposureSeconds, camera, startedMs } = saving
  const stamp = new Date(startedMs).toISOString().replace(/[-:]/g, '').slice(0, 15)
  const cards: Card[] = [
    ...parts.cards(object, camera),
    { keyword: 'EXPTIME', value: tally.accepted * exposureSeconds, comment: '[s] integrated' },
    { keyword: 'DATE-OBS', value: new Date(startedMs).toISOString().slice(0, -1), comment: 'UTC, start of the stack' },
    { keyword: 'IMAGETYP', value: 'Light Frame', comment: 'mean of aligned frames' },
  ]
  const bytes = await stack.save(cards)
  const name = `stack_${object ?? 'sky'}_${tally.accepted}x${exposureSeconds}s_${stamp}.fits`
  return parts.store.saveProduct(name, bytes, parts.night(startedMs))
}
