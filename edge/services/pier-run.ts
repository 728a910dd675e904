// One run of the pier camera's source at one pace, watched: who falls silent or hangs is found out, and the supervisor
// hears of it.
import type { Clock } from '../ports/clock.js'
import type { Device } from '../ports/device.js'
import { asFault, Fault, reasonOf } from '../ports/fault.js'
import type { VideoOrder, VideoSource } from '../ports/video-source.js'
import type { PierCamSettings } from './pier-camera-settings.js'
import type { LightOrder } from './pier-light.js'
import { type PierPictureParts, pierPictures } from './pier-pictures.js'

/** A source that gives no picture for so long, and for twice the gap between two, is broken. */
const silentMs = 10_000
/** A source that was told to stop and has not by then is left to the supervisor. */
const stopMs = 5_000

export interface PierRun {
  readonly device: Device<VideoSource>
  /** Of the state in the feed. */
  readonly path: string
  readonly framesPerSecond: number
  readonly light: LightOrder
  readonly onPicture: () => void
}

/** Settles when `pace` fires; rejects with a Fault when the source breaks, falls silent or hangs. */
export async function runPierSource(
  parts: PierPictureParts & { readonly settings: PierCamSettings },
  run: PierRun,
  pace: AbortSignal,
): Promise<void> {
  const { clock } = parts
  const source = run.device.current()
  if (pace.aborted) return
  const end = new AbortController()
  let failure: Fault | undefined
  const fail = (fault: Fault) => {
    failure ??= fault
    end.abort(fault)
  }
  const distrust = (fault: Fault) => {
    fail(fault)
    run.device.distrust(fault)
  }
  const slow = () => end.abort(reasonOf(pace))
  pace.addEventListener('abort', slow, { once: true })
  const shown = pierPictures(parts, run, fail)
  const silence = silenceWatch(clock, silentMs + 2_000 / run.framesPerSecond, distrust)
  const hanging = hangWatch(clock, end.signal, distrust)
  try {
    const running = source.run(
      orderOf(parts.settings, run),
      picture => {
        silence.heard()
        if (end.signal.aborted) return
        run.onPicture()
        shown.take(picture)
      },
      end.signal,
    )
    await Promise.race([running, hanging.hung])
    if (!end.signal.aborted) failure = new Fault('broken', 'the pier camera ended its pictures', 'It is tried again')
  } catch (error) {
    if (!end.signal.aborted) failure = asFault(error, 'pier camera')
  } finally {
    silence.cancel()
    hanging.cancel()
    shown.close()
    pace.removeEventListener('abort', slow)
  }
  if (failure) throw failure
}

function orderOf(settings: PierCamSettings, { framesPerSecond, light }: PierRun): VideoOrder {
  return {
    ...light,
    binning: settings.bin,
    framesPerSecond,
    jpegQuality: settings.jpeg_quality,
    deviceIndex: settings.device_index,
  }
}

function silenceWatch(clock: Clock, allowedMs: number, tell: (fault: Fault) => void) {
  let lastMs = clock.monotonicMs()
  const watch = clock.every(1_000, () => {
    if (clock.monotonicMs() - lastMs < allowedMs) return
    watch.cancel()
    const words = `no picture for ${Math.round(allowedMs / 1000)} s`
    tell(new Fault('timeout', words, 'Check its cable; it is opened again by itself'))
  })
  return {
    heard() {
      lastMs = clock.monotonicMs()
    },
    cancel: () => watch.cancel(),
  }
}

/** `hung` settles when the source is still running so long after it was told to end. */
function hangWatch(clock: Clock, ending: AbortSignal, tell: (fault: Fault) => void) {
  const done = new AbortController()
  const hung = new Promise<void>(settle => {
    ending.addEventListener(
      'abort',
      () => {
        const timer = clock.after(stopMs, () => {
          tell(new Fault('timeout', 'the pier camera does not stop', 'Unplug it and plug it in again'))
          settle()
        })
        done.signal.addEventListener('abort', () => timer.cancel(), { once: true })
      },
      { once: true },
    )
  })
  return { hung, cancel: () => done.abort() }
}
