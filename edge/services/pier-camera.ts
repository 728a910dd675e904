// The pier camera: runs at full pace while somebody looks, slowly otherwise; nothing of it is ever kept.
import type { Action } from '../ports/action.js'
import type { Clock, Timer } from '../ports/clock.js'
import type { Condition, Device, Devices } from '../ports/device.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import type { Pictures } from '../ports/pictures.js'
import type { PierView } from '../ports/pier-view.js'
import type { Pixels } from '../ports/pixels.js'
import type { Timekeeping } from '../ports/timekeeping.js'
import type { VideoSource } from '../ports/video-source.js'
import type { PierCamSettings } from './pier-camera-settings.js'
import { type LightOrder, lightOf, lightOrder } from './pier-light.js'
import { pierLightAction } from './pier-light-action.js'
import { runPierSource } from './pier-run.js'
import type { Site } from './site-settings.js'

export interface PierCameraParts {
  readonly devices: Devices
  readonly pixels: Pick<Pixels, 'convert'>
  readonly pictures: Pictures
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly settings: PierCamSettings
  readonly use: { readonly pier_cam?: string }
  readonly site: Site
  readonly time: Timekeeping
}

/** After an error it is tried again (row N44), or at once when its device has come back. */
const retryMs = 5_000
/** Without viewers, for dashboards and the first look. */
const idlePerSecond = 0.2
/** So long after the last viewer left it slows down. */
const lingerMs = 15_000
/** Dusk and dawn are looked for so often. */
const duskMs = 60_000

export interface PierCamera extends PierView {
  readonly actions: readonly Action[]
  stop(): Promise<void>
}

export function startPierCamera(parts: PierCameraParts): PierCamera {
  const { devices, feed, clock, settings, use, pictures } = parts
  const device = devices.device('video', use.pier_cam)
  const path = `video/${device.name}`
  const refusal = whyNot(parts)
  const stopping = new AbortController()
  const viewers = new Set<{ readonly ended: (() => void) | undefined }>()
  let linger: Timer | undefined
  let watched = false
  /** Ends the present run, so that the next one has the right pace. */
  let pace = new AbortController()

  const framesPerSecond = () => (watched ? settings.target_fps : Math.min(idlePerSecond, settings.target_fps))
  const setWatched = (now: boolean) => {
    const before = framesPerSecond()
    watched = now
    if (framesPerSecond() !== before) pace.abort(new Fault('aborted', 'the pace changes', 'Wait a moment'))
  }
  let light = lightOf(settings)
  const orderNow = () => lightOrder(light, parts.site, parts.time.quality(), clock)
  let told: LightOrder = orderNow()
  const tellLight = () => feed.patch(path, { ...light, automatic: told.automatic })
  /** The next run is told how to catch the light, and this one ends. */
  const relight = () => {
    const now = orderNow()
    if (now.automatic === told.automatic && now.exposureMs === told.exposureMs && now.gain === told.gain) return
    told = now
    tellLight()
    pace.abort(new Fault('aborted', 'the light is caught another way', 'Wait a moment'))
  }
  const dusk = clock.every(duskMs, relight)
  const report = () =>
    feed.patch(path, {
      ...{ condition: device.condition, reason: device.fault?.message },
      adjustable: device.condition === 'ready' ? device.current().adjustable === true : undefined,
    })
  const trouble = troubles(parts, path)

  async function run() {
    while (!stopping.signal.aborted) {
      pace = new AbortController()
      try {
        if (device.condition === 'opening') await turns(device, now => now !== 'opening', clock, stopping.signal)
        await runPierSource(
          parts,
          { device, path, framesPerSecond: framesPerSecond(), light: told, onPicture: trouble.over },
          pace.signal,
        )
      } catch (error) {
        if (stopping.signal.aborted) break
        trouble.tell(asFault(error, 'pier camera'))
        await turns(device, now => now === 'ready', clock, stopping.signal)
      }
    }
  }

  const configured = use.pier_cam !== undefined
  const deaf = configured ? device.onChange(report) : () => undefined
  if (configured) {
    feed.patch(path, { enabled: settings.enabled, streaming: false, viewers: 0 })
    tellLight()
    report()
  }
  const work = refusal ? Promise.resolve() : run()

  const set = pierLightAction({
    now: () => light,
    refusal: () => refusal,
    device,
    set(next) {
      light = next
      tellLight()
      relight()
    },
  })

  return {
    actions: [set],
    refusal: () => refusal,
    watch(ended) {
      if (refusal || stopping.signal.aborted) return () => undefined
      const viewer = { ended }
      viewers.add(viewer)
      linger?.cancel()
      setWatched(true)
      feed.patch(path, { viewers: viewers.size })
      return () => {
        if (!viewers.delete(viewer)) return
        feed.patch(path, { viewers: viewers.size })
        if (viewers.size === 0) linger = clock.after(lingerMs, () => setWatched(false))
      }
    },
    async stop() {
      linger?.cancel()
      dusk.cancel()
      deaf()
      const reason = new Fault('aborted', 'the pier camera is stopped', 'Start the agent again')
      stopping.abort(reason)
      pace.abort(reason)
      await work
      const left = [...viewers]
      viewers.clear()
      for (const { ended } of left) ended?.()
      if (configured) feed.drop(path)
      pictures.drop('pier')
    },
  }
}

function whyNot({ settings, use }: PierCameraParts): Fault | undefined {
  if (use.pier_cam === undefined) {
    return new Fault(
      'offline',
      'no pier camera is configured',
      'Add one on the Devices page, or under devices: and use:',
    )
  }
  if (settings.enabled) return undefined
  return new Fault('offline', 'the pier camera is switched off', 'Set enabled: true under pier_cam: in the config')
}

/** An error into the state at every try, into the log when it is another one; and when it is over. */
function troubles({ feed, log }: PierCameraParts, path: string) {
  let last: string | undefined
  return {
    tell(fault: Fault) {
      feed.patch(path, { streaming: false, error: fault.message, framesPerSecond: undefined })
      if (fault.message !== last) log.warn(`no pictures from the pier camera: ${fault.message}`, { fix: fault.fix })
      last = fault.message
    },
    over() {
      if (last !== undefined) log.info('the pier camera gives pictures again')
      last = undefined
    },
  }
}

/** Settles when the device's condition turns as wanted, after the time between two tries, or when stopped. */
function turns(
  device: Device<VideoSource>,
  wanted: (now: Condition) => boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  return new Promise(settle => {
    const done = () => {
      timer.cancel()
      deaf()
      signal.removeEventListener('abort', done)
      settle()
    }
    const timer = clock.after(retryMs, done)
    const deaf = device.onChange(() => {
      if (wanted(device.condition)) done()
    })
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
}
