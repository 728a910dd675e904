// Pictures of a video camera made into one frame: unpacked line by line, and added up where the order asks for several.
import type { Clock } from '../../ports/clock.js'
import type { Tools } from '../../ports/driver.js'
import { Fault } from '../../ports/fault.js'
import type { Lend, Lent } from '../../ports/frame.js'
import { bytesPerSample, type SampleType, viewSamples } from '../../science/samples.js'
import type { VideoFormat } from '../../science/video-samples.js'
import type { PixelLayout, VideoDevice } from '../link/v4l2/v4l2-device.js'
import { startStream } from '../link/v4l2/v4l2-stream.js'
import type { Stacking } from './v4l2-plan.js'

export interface PictureOrder {
  readonly device: VideoDevice
  readonly layout: PixelLayout
  readonly format: VideoFormat
  /** How many are put on top of each other. */
  readonly pictures: number
  readonly stacking: Stacking
  /** Of each, s. */
  readonly eachSeconds: number
  /** So many are thrown away before the first: a sensor takes some until new settings count. */
  readonly skip: number
  readonly decodeJpeg?: Tools['decodeJpeg']
}

export interface TakenPictures {
  readonly memory: Lent
  readonly type: SampleType
  /** When the light of the first began, Unix ms UTC. */
  readonly startedMs: number
  /** Between the first and the last: the camera or the bus dropped them. */
  readonly lost: number
}

/** Worked on in one go before others get their turn of the event loop: some 5 ms on a Pi 4. */
const stripBytes = 2 ** 20

/** @param tell called when the light of the first picture begins, and again when the last one is read */
export async function takePictures(
  order: PictureOrder,
  clock: Clock,
  lend: Lend,
  tell: (phase: 'exposing' | 'reading') => void,
  signal: AbortSignal,
): Promise<TakenPictures> {
  const { device, layout, format, pictures, stacking, eachSeconds, skip } = order
  const { width, height } = layout
  const count = width * height * format.planes
  const type = typeFor(format.bits, pictures, stacking)
  const stride = format.jpeg ? format.lineBytes(width) : Math.max(layout.bytesPerLine, format.lineBytes(width))
  const rawBytes = stride * (height - 1) + format.lineBytes(width)
  const picture = new Uint8Array(format.jpeg ? layout.imageBytes : rawBytes)
  const memory = await lend(count * bytesPerSample[type], signal)
  const samples = viewSamples(type, memory.buffer, 0, count).fill(0) as Float32Array
  const add = async (lines: Uint8Array) => {
    const rows = Math.max(1, Math.floor(stripBytes / stride))
    for (let y = 0; y < height; y++) {
      if (y > 0 && y % rows === 0) await clock.sleep(0, signal)
      const line = lines.subarray(y * stride, y * stride + format.lineBytes(width))
      format.add(line, samples, { at: y * width, width, planeSize: width * height })
    }
  }
  let startedMs = 0
  let lost = 0
  try {
    const stream = await startStream(device, clock)
    try {
      for (let skipped = 0; skipped < skip; skipped++) await stream.skip(signal)
      tell('exposing')
      for (let taken = 0; taken < pictures; taken++) {
        const told = await stream.next(picture, format.jpeg ? 2 : rawBytes, signal)
        if (taken === 0) startedMs = clock.now() - eachSeconds * 1000
        else lost += told.lost
        if (taken === pictures - 1) tell('reading')
        await add(format.jpeg ? await unpacked(order, picture.subarray(0, told.byteLength)) : picture)
      }
    } finally {
      await stream.stop()
    }
    if (stacking === 'mean' && pictures > 1) await divide(samples, pictures, clock, signal)
    return { memory, type, startedMs, lost }
  } catch (error) {
    memory.release()
    throw error
  }
}

/** The lines of a JPEG's RGB. Rejects with `broken` when it is none, or of another size. */
async function unpacked({ decodeJpeg, layout, device }: PictureOrder, jpeg: Uint8Array): Promise<Uint8Array> {
  const words = `the camera ${device.card} sent a JPEG that cannot be used`
  const fix = 'Take it again; or choose another format: in the config'
  if (!decodeJpeg) throw new Fault('unsupported', `${words} here`, fix)
  let picture: Awaited<ReturnType<typeof decodeJpeg>>
  try {
    picture = await decodeJpeg(jpeg)
  } catch (cause) {
    throw new Fault('broken', words, fix, { cause })
  }
  if (picture.width === layout.width && picture.height === layout.height) return picture.data
  throw new Fault('broken', `${words}: it is ${picture.width}×${picture.height}`, fix)
}

/** The smallest type that holds every sum. */
export function typeFor(bits: number, pictures: number, stacking: Stacking): SampleType {
  if (stacking === 'mean' && pictures > 1) return 'f32'
  const most = (2 ** bits - 1) * pictures
  return most < 2 ** 8 ? 'u8' : most < 2 ** 16 ? 'u16' : 'i32'
}

async function divide(samples: Float32Array, by: number, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let from = 0; from < samples.length; from += stripBytes) {
    if (from > 0) await clock.sleep(0, signal)
    const to = Math.min(samples.length, from + stripBytes)
    for (let i = from; i < to; i++) samples[i] /= by
  }
}
