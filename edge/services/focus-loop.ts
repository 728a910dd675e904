// The focus loop: short exposures, measured and shown, none of them kept.
import { type Action, action } from '../ports/action.js'
import type { Camera } from '../ports/camera.js'
import type { Clock } from '../ports/clock.js'
import type { Device, Devices } from '../ports/device.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { ExposureOrder, Region } from '../ports/frame.js'
import type { Claims } from '../ports/lease.js'
import type { Log } from '../ports/log.js'
import type { Pictures } from '../ports/pictures.js'
import type { Pixels } from '../ports/pixels.js'
import { z } from '../ports/schema.js'
import { type CameraSettings, cameraOr, deviceName, regionFields } from './camera-actions.js'
import { patienceWith } from './camera-return.js'
import { demandPossible } from './possible-exposure.js'

export interface FocusParts {
  readonly devices: Devices
  readonly pixels: Pixels
  readonly pictures: Pictures
  readonly feed: Feed
  readonly claims: Claims
  readonly clock: Clock
  readonly log: Log
  readonly camera: CameraSettings
  readonly use: { readonly camera?: string }
}

const path = 'focus/main'
/** Star sizes shown in the graph. */
const seriesLength = 60

const region = regionFields.describe('Where to look, px of the frame as shown')

export function focusActions(parts: FocusParts): Action[] {
  const { claims, use } = parts
  let looking: { region: Region | undefined; finish: AbortController } | undefined

  const start = action({
    name: 'focus-start',
    summary: 'Loops short exposures and shows how large the stars are',
    input: z.strictObject({
      camera: deviceName.optional().describe('Camera; the one under use: when absent'),
      exposureSeconds: z.number().positive().max(60).default(2).describe('Exposure, s'),
      binning: z.int().min(1).max(8).optional().describe('Binning'),
      gain: z.number().optional().describe('Gain'),
      region: region.optional(),
    }),
    output: z.object({ frames: z.number() }),
    role: 'observer',
    check(input) {
      const name = cameraOr(input.camera, use)
      const { exposureSeconds: seconds, binning = parts.camera.binning, gain } = input
      demandPossible(name, parts.devices.device('camera', name).current(), { seconds, binning, gain })
    },
    // Mount and wheel may be moved meanwhile: this is how a star is brought to the middle, and seen in every colour.
    claims: input => [{ name: 'focus' }, { name: `camera/${cameraOr(input.camera, use)}` }],
    settles: { kind: 'activity', resumes: false },
    async run({ input, signal, activity }) {
      const mine = { region: input.region, finish: new AbortController() }
      looking = mine
      const stop = () => mine.finish.abort(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
      const camera = parts.devices.device('camera', cameraOr(input.camera, use))
      const order: ExposureOrder = {
        exposureSeconds: input.exposureSeconds,
        binning: input.binning ?? parts.camera.binning,
        gain: input.gain,
        frameType: 'light',
      }
      parts.feed.set(path, {
        running: true,
        activity: activity!.id,
        camera: camera.name,
        exposureSeconds: input.exposureSeconds,
        region: input.region && { ...input.region },
        frames: 0,
        series: [],
      })
      let error: Fault | undefined
      try {
        return { frames: await loop(parts, camera, order, mine) }
      } catch (thrown) {
        error = asFault(thrown, 'focus loop')
        throw error
      } finally {
        signal.removeEventListener('abort', stop)
        if (looking === mine) looking = undefined
        parts.feed.patch(path, { running: false, error: error?.code === 'aborted' ? undefined : error?.message })
      }
    },
  })

  const aim = action({
    name: 'focus-region',
    summary: 'Looks at another part of the frame, or at all of it',
    input: z.strictObject({ region: region.optional() }),
    output: z.object({}),
    role: 'observer',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: 2_000 },
    async run({ input }) {
      if (!looking) throw new Fault('not-found', 'the focus loop does not run', 'Start it first')
      // A slip of the finger must not end the loop, as it would when no pixel is left to look at.
      const { widthPx = Infinity, heightPx = Infinity } = (parts.feed.get(path)?.value ?? {}) as Record<string, number>
      if (input.region && (input.region.x + 8 > widthPx || input.region.y + 8 > heightPx)) {
        throw new Fault('bad-input', `the frame has only ${widthPx}×${heightPx} px`, 'Tap on the picture again')
      }
      looking.region = input.region
      parts.feed.patch(path, { region: input.region && { ...input.region }, bestHfdPx: undefined, series: [] })
      return {}
    },
  })

  const stop = action({
    name: 'focus-stop',
    summary: 'Ends the focus loop',
    input: z.strictObject({}),
    output: z.object({ stopped: z.boolean() }),
    role: 'observer',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: 5_000 },
    harmlessWhenLate: true,
    async run({ who }) {
      const running = looking
      running?.finish.abort(new Fault('aborted', `stopped by ${who.name}`, 'Start it again when you are ready'))
      if (running) await untilFree(claims, parts.clock)
      return { stopped: running !== undefined }
    },
  })
  return [start, aim, stop]
}

/** So that the next exposure may be asked for as soon as the stop has answered. */
async function untilFree(claims: Claims, clock: Clock) {
  for (let tries = 0; tries < 40 && claims.holderOf('focus'); tries++) await clock.sleep(50)
}

async function loop(
  { pixels, pictures, feed, clock, log }: FocusParts,
  camera: Device<Camera>,
  order: ExposureOrder,
  looking: { readonly region: Region | undefined; readonly finish: AbortController },
): Promise<number> {
  const { signal } = looking.finish
  let best: number | undefined
  let series: { atMs: number; hfdPx?: number }[] = []
  let aimedAt = looking.region
  const patience = patienceWith(camera, clock)
  let frames = 0
  while (!signal.aborted) {
    try {
      const frame = await camera.current().expose(order, pixels.lend, signal)
      patience.well()
      try {
        const { region } = looking
        if (region !== aimedAt) {
          aimedAt = region
          best = undefined
          series = []
        }
        const seen = await pixels.focus(frame, region, signal)
        frames++
        const { bytes, type, width, height } = seen.picture
        pictures.put('focus', { bytes, type, width, height, atMs: frame.startedMs })
        if (seen.hfdPx !== undefined) best = Math.min(best ?? seen.hfdPx, seen.hfdPx)
        series = [...series, { atMs: frame.startedMs, hfdPx: seen.hfdPx }].slice(-seriesLength)
        feed.patch(path, {
          frames,
          hfdPx: seen.hfdPx,
          bestHfdPx: best,
          peakAdu: seen.peakAdu,
          stars: seen.stars,
          saturated: seen.saturated,
          series,
          widthPx: frame.width,
          heightPx: frame.height,
          pictureVersion: pictures.latest('focus')?.version,
        })
      } finally {
        frame.memory.release()
      }
    } catch (error) {
      if (signal.aborted) break
      const fault = asFault(error, 'focus loop')
      if (fault.code === 'timeout' || fault.code === 'broken') camera.distrust(fault)
      try {
        await patience.afterFailure(fault, signal)
      } catch (final) {
        if (signal.aborted) break
        throw final
      }
      log.warn(`the focus loop goes on after: ${fault.message}`)
    }
  }
  return frames
}
