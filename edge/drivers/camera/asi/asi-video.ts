// An ASI camera as pier camera: the library's video mode, whose pictures are only looked at. The camera is open while
// somebody looks, and free for other programs between.
import { pause } from '../../../ports/clock.js'
import type { Tools } from '../../../ports/driver.js'
import { Fault } from '../../../ports/fault.js'
import type { VideoOrder, VideoSource } from '../../../ports/video-source.js'
import { type AsiControls, asiControls } from './asi-controls.js'
import { type CameraInfo, imageTypes, controls as named } from './asi-layout.js'
import type { AsiProcess } from './asi-process.js'
import { formatFor } from './asi-region.js'
import type { AsiChoice, OpenedCamera } from './asi-words.js'

const orderMs = 5_000
/** Its process starts, its library is loaded, and large cameras take their seconds. */
export const openMs = 20_000
/** One wait for a picture; a stop is heard after it. */
const waitMs = 1_000
/** Silence after an exposure that is a camera which gives no pictures any more. */
const silentMs = 10_000
/** A picture older than this is thrown away for a fresh one. */
const staleMs = 500
const fastestPerSecond = 30

export interface AsiVideoParts {
  /** For messages: `camera pier`. */
  readonly name: string
  readonly child: AsiProcess
  readonly tools: Pick<Tools, 'clock' | 'encodeJpeg'>
  /** The camera of that number where the owner names none. */
  choice(index: number | undefined): AsiChoice
  /** What the owner wants of its controls. */
  prepare(controls: AsiControls): Promise<void>
}

export function asiVideo(parts: AsiVideoParts): VideoSource {
  const { name, child } = parts
  let running = false
  return {
    async run(order, onPicture, signal) {
      child.gone.throwIfAborted()
      if (signal.aborted) return
      if (running) throw new Fault('busy', `${name} is running`, 'Stop it first')
      running = true
      try {
        const opened = await child.ask('open', parts.choice(order.deviceIndex), openMs)
        try {
          await show(parts, opened, order, onPicture, signal)
        } finally {
          if (!child.gone.aborted) await child.ask('leave', {}, orderMs)
        }
      } finally {
        running = false
      }
    },
  }
}

async function show(
  { name, child, tools, prepare }: AsiVideoParts,
  opened: OpenedCamera,
  order: VideoOrder,
  onPicture: Parameters<VideoSource['run']>[1],
  signal: AbortSignal,
): Promise<void> {
  const { clock, encodeJpeg } = tools
  const { info } = opened
  const controls = asiControls(name, opened, child)
  await prepare(controls)
  const exposureMs = order.exposureMs ?? 80
  await nearest(controls, named.EXPOSURE, exposureMs * 1000)
  if (order.gain !== undefined) await nearest(controls, named.GAIN, order.gain)
  const colour = info.bayer !== undefined
  const format = formatFor(
    info,
    { binning: binningOf(info, order.binning) },
    colour ? imageTypes.RGB24 : imageTypes.RAW8,
  )
  if (!format) throw new Fault('unsupported', `${name} has too small a sensor`, 'Use another camera')
  await child.ask('format', format, orderMs)
  await child.ask('film', { on: true }, orderMs)
  const { width, height } = format
  const rgb = new Uint8Array(width * height * 3)
  const periodMs = 1000 / Math.min(fastestPerSecond, order.framesPerSecond)
  let lastMs = clock.monotonicMs()
  while (!signal.aborted) {
    const fresh = clock.monotonicMs() - lastMs > staleMs + exposureMs
    if (await child.ask('picture', { width, height, colour, waitMs, fresh }, orderMs + waitMs)) {
      const atMs = clock.now()
      lastMs = clock.monotonicMs()
      await child.pixels(rgb)
      const jpeg = await clock.outside(encodeJpeg(rgb, width, height, order.jpegQuality))
      if (signal.aborted) return
      onPicture({ jpeg, atMs, width, height })
      await pause(clock, Math.max(0, lastMs + periodMs - clock.monotonicMs()), signal)
    } else if (clock.monotonicMs() - lastMs > silentMs + exposureMs) {
      throw new Fault('timeout', `${name} gives no pictures`, 'Lower its USB bandwidth, or use another socket or cable')
    }
  }
}

/** Settings of the pier camera serve any camera: what this one cannot do, it does as nearly as it can. */
async function nearest(controls: AsiControls, control: number, wanted: number): Promise<void> {
  const caps = controls.has(control)
  if (caps) await controls.set(control, Math.min(caps.max, Math.max(caps.min, Math.round(wanted))))
}

const binningOf = ({ bins }: CameraInfo, wanted = 1): number => Math.max(1, ...bins.filter(bin => bin <= wanted))
