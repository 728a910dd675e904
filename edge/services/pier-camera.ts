// The pier camera: runs at full pace while somebody looks, slowly otherwise; nothing of it is ever kept.
import type { Clock, Timer } from '../ports/clock.js'
import type { Devices } from '../ports/device.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import type { Pictures } from '../ports/pictures.js'
import type { PierView } from '../ports/pier-view.js'
import type { Pixels } from '../ports/pixels.js'
import { z } from '../ports/schema.js'
import type { Picture } from '../ports/video-source.js'
import { jpegQuality, jpegSize } from '../science/jpeg-quality.js'

export const pierCamSettings = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether the pier camera runs'),
    device_index: z.int().min(0).default(0).describe('Which camera, where a driver finds several'),
    exposure_ms: z.number().positive().max(10_000).default(80).describe('Exposure, ms'),
    gain: z.number().min(0).default(200).describe('Gain'),
    bin: z.int().min(1).max(4).default(2).describe('Binning'),
    target_fps: z.number().min(0.1).max(60).default(10).describe('Pictures per second at most'),
    jpeg_quality: z.int().min(1).max(100).default(75).describe('JPEG quality, 1 to 100'),
  })
  .describe('The pier camera')

export type PierCamSettings = z.output<typeof pierCamSettings>

export interface PierCameraParts {
  readonly devices: Devices
  readonly pixels: Pixels
  readonly pictures: Pictures
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly settings: PierCamSettings
  readonly use: { readonly pier_cam?: string }
}

/** After an error it is tried again (row N44). */
const retryMs = 5_000
/** A source that gives no picture for so long is broken. */
const silentMs = 10_000
/** Without viewers, for dashboards and the first look. */
const idlePerSecond = 0.2
/** So long after the last viewer left it slows down. */
const lingerMs = 15_000
/** Compressed less than this much above the wish is still left alone. */
const qualitySlack = 10

export interface PierCamera extends PierView {
  stop(): Promise<void>
}

export function startPierCamera(parts: PierCameraParts): PierCamera {
  const { devices, feed, clock, log, settings, use, pictures } = parts
  const device = devices.device('video', use.pier_cam)
  const path = `video/${device.name}`
  const stopping = new AbortController()
  let viewers = 0
  let linger: Timer | undefined
  let watched = false
  /** Ends the present run, so that the next one has the right pace. */
  let pace = new AbortController()

  const setWatched = (now: boolean) => {
    if (watched === now) return
    watched = now
    pace.abort(new Fault('aborted', 'the pace changes', 'Wait a moment'))
  }
  const work = settings.enabled && use.pier_cam !== undefined ? run() : Promise.resolve()

  async function run() {
    feed.patch(path, { enabled: true, streaming: false, viewers: 0 })
    while (!stopping.signal.aborted) {
      pace = new AbortController()
      const stop = () => pace.abort(stopping.signal.reason)
      stopping.signal.addEventListener('abort', stop, { once: true })
      try {
        await runOnce(parts, path, watched ? settings.target_fps : Math.min(idlePerSecond, settings.target_fps), pace)
      } catch (error) {
        if (!pace.signal.aborted) {
          const fault = asFault(error, 'pier camera')
          feed.patch(path, { streaming: false, error: fault.message })
          log.debug(`pier camera: ${fault.message}`)
          await clock.sleep(retryMs, stopping.signal).catch(() => undefined)
        }
      } finally {
        stopping.signal.removeEventListener('abort', stop)
      }
    }
    feed.patch(path, { streaming: false })
  }

  return {
    watch() {
      viewers++
      linger?.cancel()
      setWatched(true)
      feed.patch(path, { viewers })
      let left = false
      return () => {
        if (left) return
        left = true
        viewers--
        feed.patch(path, { viewers })
        linger?.cancel()
        if (viewers === 0) linger = clock.after(lingerMs, () => setWatched(false))
      }
    },
    async stop() {
      linger?.cancel()
      stopping.abort(new Fault('aborted', 'the pier camera is stopped', 'Start the agent again'))
      await work
      feed.drop(path)
      pictures.drop('pier')
    },
  }
}

/** One run of the source at one pace; settles or rejects when `pace` fires or the source breaks or falls silent. */
async function runOnce(parts: PierCameraParts, path: string, framesPerSecond: number, pace: AbortController) {
  const { devices, feed, clock, settings, use } = parts
  const source = devices.device('video', use.pier_cam).current()
  const show = shower(parts, path, framesPerSecond)
  const allowedMs = silentMs + 2_000 / framesPerSecond
  let lastMs = clock.monotonicMs()
  const silence = new AbortController()
  const watch = clock.every(1_000, () => {
    if (clock.monotonicMs() - lastMs < allowedMs) return
    silence.abort(
      new Fault('timeout', `no picture for ${Math.round(allowedMs / 1000)} s`, 'Check its cable; it is tried again'),
    )
  })
  const end = new AbortController()
  const stop = (event: Event) => end.abort((event.target as AbortSignal).reason)
  pace.signal.addEventListener('abort', stop, { once: true })
  silence.signal.addEventListener('abort', stop, { once: true })
  if (pace.signal.aborted) end.abort(pace.signal.reason)
  try {
    await source.run(
      {
        exposureMs: settings.exposure_ms,
        gain: settings.gain,
        binning: settings.bin,
        framesPerSecond,
        jpegQuality: settings.jpeg_quality,
      },
      picture => {
        lastMs = clock.monotonicMs()
        show(picture)
      },
      end.signal,
    )
    if (silence.signal.aborted) throw silence.signal.reason
    feed.patch(path, { streaming: false })
  } finally {
    watch.cancel()
    pace.signal.removeEventListener('abort', stop)
  }
}

/** Thins to the pace, passes through what is good enough, encodes anew what is not, never two at a time. */
function shower(
  { pixels, pictures, feed, clock, log, settings }: PierCameraParts,
  path: string,
  framesPerSecond: number,
) {
  const gapMs = 1000 / framesPerSecond
  let nextMs = 0
  let encoding = false
  let shown: number[] = []
  let toldMs = 0

  const put = (bytes: Uint8Array, picture: Picture, untouched: boolean) => {
    const size = picture.width === undefined ? jpegSize(bytes) : { width: picture.width, height: picture.height }
    pictures.put('pier', { bytes, type: 'image/jpeg', atMs: picture.atMs, ...size })
    const nowMs = clock.monotonicMs()
    shown = [...shown.filter(ms => nowMs - ms < 5_000), nowMs]
    // The feed hears of it once a second at most; the picture itself tells the rest.
    if (nowMs - toldMs < 1_000 && toldMs > 0) return
    toldMs = nowMs
    const perSecond = shown.length > 1 ? ((shown.length - 1) * 1000) / (nowMs - shown[0]) : framesPerSecond
    feed.patch(path, {
      streaming: true,
      error: undefined,
      pictureAtMs: picture.atMs,
      framesPerSecond: Math.round(perSecond * 10) / 10,
      widthPx: size?.width,
      heightPx: size?.height,
      untouched,
    })
  }
  return (picture: Picture) => {
    const nowMs = clock.monotonicMs()
    // A tenth of the gap is forgiven: a source at just this pace must not lose every other picture to jitter.
    if (nowMs < nextMs - gapMs * 0.1) return
    nextMs = Math.max(nextMs + gapMs, nowMs)
    const quality = jpegQuality(picture.jpeg)
    if (quality !== undefined && quality <= settings.jpeg_quality + qualitySlack) {
      put(picture.jpeg, picture, true)
      return
    }
    if (encoding) return
    encoding = true
    pixels
      .convert(picture.jpeg, { as: 'jpeg', quality: settings.jpeg_quality }, new AbortController().signal)
      .then(
        bytes => put(bytes, picture, false),
        error => log.warn(`a picture of the pier camera could not be encoded: ${asFault(error, 'pixels').message}`),
      )
      .finally(() => {
        encoding = false
      })
  }
}
