// A USB video camera (or any other that Video4Linux shows) as a camera that takes frames: raw where it gives raw.
import { type Camera, demandReadout, type ExposurePhase, type Sensor2D } from '../../ports/camera.js'
import type { Clock, Timer } from '../../ports/clock.js'
import { type Driver, driver, type Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { ExposureOrder, Frame, Lend } from '../../ports/frame.js'
import type { RawProperties } from '../../ports/raw-properties.js'
import { z } from '../../ports/schema.js'
import type { Card } from '../../science/fits-header.js'
import { viewSamples } from '../../science/samples.js'
import { type VideoFormat, videoFormats } from '../../science/video-samples.js'
import { propertiesOf, setProperty } from '../link/v4l2/v4l2-controls.js'
import {
  formatsOf,
  intervalsOf,
  openVideoDevice,
  ownKernel,
  type PixelLayout,
  pictureInterval,
  setLayout,
  setPictureInterval,
  sizesOf,
  type VideoDevice,
  type VideoKernel,
} from '../link/v4l2/v4l2-device.js'
import { faultOf } from '../link/v4l2/v4l2-fault.js'
import { type LightControls, lightControlsOf } from '../link/v4l2/v4l2-light.js'
import { exposurePhases } from './phases.js'
import { type TakenPictures, takePictures } from './v4l2-pictures.js'
import { type Plan, planOf, type Reach, stackings, tidy } from './v4l2-plan.js'

const options = z.strictObject({
  device: z
    .string()
    .regex(/^\/[^\s]+$/, 'must be a path that begins with /')
    .describe(
      'The camera by its lasting name, /dev/v4l/by-id/…-video-index0; twins by their socket, /dev/v4l/by-path/…',
    ),
  format: z
    .string()
    .regex(/^[A-Za-z0-9]{3,4}$/, 'must be a four-letter name such as GREY or YUYV')
    .optional()
    .describe('Pixel format by its four letters (v4l2-ctl --list-formats); the rawest it has when absent'),
  size: z
    .string()
    .regex(/^[1-9]\d{0,4}x[1-9]\d{0,4}$/, 'must be like 1280x720')
    .optional()
    .describe('Picture size, px; the largest when absent'),
  fps: z
    .number()
    .min(0.01)
    .max(1000)
    .optional()
    .describe(
      'Pictures per second, for a camera whose exposure cannot be set: each picture is exposed at most so long',
    ),
  stack: z
    .enum(stackings)
    .default('none')
    .describe(
      'Exposures longer than the camera can do. none: refused; sum, mean: of several pictures, and the header says ' +
        'of how many',
    ),
  skip_frames: z
    .int()
    .min(0)
    .max(30)
    .default(2)
    .describe('Pictures thrown away before each exposure, until new settings count'),
  pixel_microns: z.number().min(0.1).max(100).optional().describe('Size of a pixel, µm; the camera does not say it'),
})
type Options = z.output<typeof options>

/** Where the kernel says nothing of pace. */
const usualInterval = 1 / 30
const slackMs = 8_000
const openMs = 20_000
/** For all its properties. */
const askMs = 10_000
/** A call into the kernel has this long to come back when all is over; closing may take 5 s. */
const stuckMs = 3_000
/** A picture of 64 megapixels, whatever it is made of. */
const mostImageBytes = 2 ** 28

export const v4l2Driver = v4l2On(ownKernel)

/** @param kernel what is spoken to; this machine's own, or what stands in for it in a test */
export function v4l2On(kernel: () => VideoKernel): Driver {
  return driver<typeof options>({
    id: 'v4l2',
    summary: 'A USB video camera as a camera that takes frames, raw where it gives raw, with all its controls',
    options,
    ports: () => ['camera', 'raw'],
    async open(given, tools, signal) {
      const { clock } = tools
      const limit = clock.deadline(openMs, `opening ${given.device}`, signal)
      const opening = openVideoDevice(given.device, kernel())
      try {
        const device = await limit.race(clock.outside(opening))
        const { camera, raw, close } = await limit.race(clock.outside(openCamera(device, given, tools)))
        return { ports: { camera, raw }, close }
      } catch (error) {
        // Also when it comes too late; of one that never opened there is nothing to close.
        opening.then(device => device.close()).catch(() => undefined)
        throw faultOf(error, given.device)
      } finally {
        limit.cancel()
      }
    },
  })
}

interface Setup {
  readonly layout: PixelLayout
  readonly format: VideoFormat
  readonly light: LightControls
  /** From one picture to the next, s, ascending. */
  readonly intervals: readonly number[]
  readonly reach: Reach
}

async function openCamera(device: VideoDevice, given: Options, tools: Tools) {
  const { clock } = tools
  const setup = await setUp(device, given)
  const { layout, format, light, reach } = setup
  const phases = exposurePhases(clock)
  const closing = new AbortController()
  let gain = await light.gain?.read()
  let running: Promise<Frame> | undefined
  const sensor: Sensor2D = {
    width: layout.width,
    height: layout.height,
    ...(given.pixel_microns ? { pixelMicrons: given.pixel_microns } : {}),
    maxBinning: 1,
    ...(format.bayer ? { bayer: format.bayer } : {}),
    ...(given.stack === 'sum' ? {} : { maxAdu: 2 ** format.bits - 1 }),
    minExposureSeconds: tidy(reach.minSeconds),
    ...(given.stack === 'none' ? { maxExposureSeconds: tidy(reach.maxSeconds) } : {}),
    readoutSeconds: 2 + (given.skip_frames + 2) * Math.max(reach.maxSeconds, setup.intervals.at(-1)!),
    regions: false,
  }

  const take = async (
    order: ExposureOrder,
    plan: Plan,
    lend: Lend,
    enter: (phase: ExposurePhase) => void,
    signal: AbortSignal,
  ): Promise<Frame> => {
    enter('waiting')
    if (order.gain !== undefined && light.gain) gain = await light.gain.set(order.gain)
    const interval = await paceFor(device, setup, plan.eachSeconds)
    const eachSeconds = light.exposure ? await light.exposure.set(plan.eachSeconds) : plan.eachSeconds
    const taken = await takePictures(
      {
        ...{ device, layout, format, eachSeconds, pictures: plan.pictures, stacking: given.stack },
        skip: given.skip_frames,
        decodeJpeg: tools.decodeJpeg,
      },
      clock,
      lend,
      enter,
      signal,
    )
    return frameOf(taken, { ...setup, given, device, plan: { ...plan, eachSeconds }, interval, gain })
  }

  const camera: Camera = {
    sensor,
    ...(light.gain && { gain: { min: light.gain.min, max: light.gain.max, read: () => gain ?? Number.NaN } }),
    onPhase: phases.onPhase,
    async expose(order, lend, signal) {
      if (closing.signal.aborted) throw reasonOf(closing.signal)
      if (signal.aborted) throw reasonOf(signal)
      if (running) throw new Fault('busy', `the camera ${device.card} is exposing`, 'Wait for the frame, or abort it')
      const plan = checkedPlan(order, setup, given)
      const allowedMs = (plan.eachSeconds * plan.pictures + sensor.readoutSeconds) * 1000 + slackMs
      const limit = clock.deadline(allowedMs, `an exposure by ${device.card}`, signal, closing.signal)
      const phase = phases.begin()
      const work = take(order, plan, lend, phase.enter, limit.signal).finally(() => {
        running = undefined
      })
      running = work
      try {
        return await cameBack(work, limit.signal, clock, device)
      } catch (error) {
        const fault = faultOf(error, device.path)
        const stuck = running !== undefined && !closing.signal.aborted
        if (stuck || (fault.code === 'offline' && !limit.signal.aborted)) tools.lost(fault)
        throw fault
      } finally {
        limit.cancel()
        phase.end()
      }
    },
  }
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closing.signal.aborted) throw reasonOf(closing.signal)
    const limit = clock.deadline(askMs, `asking the camera ${device.card}`, closing.signal)
    try {
      return await limit.race(work())
    } catch (error) {
      throw faultOf(error, device.path)
    } finally {
      limit.cancel()
    }
  }
  const raw: RawProperties = {
    list: () => asked(() => propertiesOf(device)),
    set: (property, values) =>
      asked(async () => {
        await setProperty(device, property, values)
        gain = await light.gain?.read()
      }),
  }
  return {
    camera,
    raw,
    async close() {
      if (closing.signal.aborted) return
      closing.abort(new Fault('offline', `the camera ${device.card} is closed`, 'Open it again'))
      // Why it failed is told to whoever asked for it; here it only has to be over.
      if (running) await cameBack(running, closing.signal, clock, device).catch(() => undefined)
      device.close()
    },
  }
}

/**
 * Settles like `work`, which ends by itself when the signal fires. Where it does not, the kernel holds a call back:
 * that is `timeout`.
 */
async function cameBack(
  work: Promise<Frame>,
  signal: AbortSignal,
  clock: Clock,
  { card }: VideoDevice,
): Promise<Frame> {
  let patience: Timer | undefined
  let giveUp = () => {}
  const stuck = new Promise<never>((_, reject) => {
    giveUp = () => {
      patience = clock.after(stuckMs, () => {
        const fault = new Fault(
          'timeout',
          `a call to the camera ${card} does not come back`,
          'Unplug it and plug it in again',
        )
        // A frame that comes all the same is nobody's any more.
        work.then(frame => frame.memory.release()).catch(() => undefined)
        reject(fault)
      })
    }
  })
  if (signal.aborted) giveUp()
  else signal.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([work, stuck])
  } finally {
    patience?.cancel()
    signal.removeEventListener('abort', giveUp)
  }
}

/** The rawest format it has of those that are wanted, in its largest size. */
async function setUp(device: VideoDevice, given: Options): Promise<Setup> {
  const offered = (await formatsOf(device)).map(one => one.fourcc.trimEnd())
  const known = videoFormats.filter(({ fourcc }) => offered.includes(fourcc.trimEnd()))
  const format = given.format ? known.find(one => one.fourcc.trimEnd() === given.format) : known[0]
  if (!format) {
    const words = given.format ? `no format ${given.format} that can be read here` : 'no format that can be read here'
    const names = known.map(one => one.fourcc.trimEnd()).join(', ')
    const fix = names ? `Use one of: ${names}` : 'Use it as pier camera (driver: ffmpeg)'
    throw new Fault('unsupported', `the camera ${device.card} has ${words}, only ${offered.join(', ')}`, fix)
  }
  const [width, height] = given.size?.split('x').map(Number) ?? []
  const all = await sizesOf(device, format.fourcc)
  const largest = all.sort((a, b) => b.width * b.height - a.width * a.height)[0] ?? { width: 640, height: 480 }
  const wanted = width === undefined ? largest : { width, height }
  const layout = await setLayout(device, { ...wanted, fourcc: format.fourcc })
  if (layout.width !== wanted.width || layout.height !== wanted.height || layout.fourcc !== format.fourcc) {
    const made = `${layout.width}×${layout.height} ${layout.fourcc}`
    const words = `${device.card} makes ${made} of ${wanted.width}×${wanted.height} ${format.fourcc}`
    const fix = `Use one of: ${all.map(one => `${one.width}x${one.height}`).join(', ')}`
    throw new Fault('bad-input', `the camera ${words}`, fix)
  }
  if (layout.imageBytes > mostImageBytes) {
    const words = `the camera ${device.card} says that a picture of ${format.fourcc} has ${layout.imageBytes} bytes`
    throw new Fault('broken', words, 'Choose another format: or size: in the config')
  }
  const light = await lightControlsOf(device)
  const now = given.fps ? await setPictureInterval(device, 1 / given.fps) : await pictureInterval(device)
  const listed = await intervalsOf(device, layout)
  const intervals = listed.length > 0 ? listed : [now ?? usualInterval]
  return { layout, format, light, intervals, reach: reachOf(light, intervals, now ?? usualInterval) }
}

/** A picture is exposed no longer than until the next one, unless the camera slows down for it. */
function reachOf({ exposure, slows }: LightControls, intervals: readonly number[], now: number): Reach {
  if (!exposure) return { minSeconds: now, maxSeconds: now }
  const { minSeconds, maxSeconds } = exposure
  return { minSeconds, maxSeconds: slows ? maxSeconds : Math.max(minSeconds, Math.min(maxSeconds, intervals.at(-1)!)) }
}

/** The quickest pace that leaves time for the exposure. @returns s from one picture to the next, as far as is known */
async function paceFor(device: VideoDevice, { light, intervals, reach }: Setup, eachSeconds: number): Promise<number> {
  if (!light.exposure) return reach.maxSeconds
  const wanted = intervals.find(seconds => seconds >= eachSeconds - 1e-6) ?? intervals.at(-1)!
  return Math.max((await setPictureInterval(device, wanted)) ?? wanted, eachSeconds)
}

function checkedPlan(order: ExposureOrder, { reach, light }: Setup, given: Options): Plan {
  if (order.binning !== 1) {
    throw new Fault('bad-input', `a video camera cannot be binned by ${order.binning}`, 'Choose binning 1')
  }
  if (order.region) throw new Fault('bad-input', 'a video camera gives its whole picture', 'Leave the region out')
  if (order.gain !== undefined) {
    if (!light.gain) throw new Fault('bad-input', 'this camera has no gain to set', 'Leave the gain out')
    const { min, max } = light.gain
    if (!(order.gain >= min && order.gain <= max)) {
      throw new Fault('bad-input', `gain ${order.gain} is not possible with this camera`, `Choose ${min} to ${max}`)
    }
  }
  if (order.offset !== undefined) {
    throw new Fault('bad-input', 'a video camera has no offset to set', 'Leave the offset out')
  }
  if (order.readout !== undefined) demandReadout('a video camera', undefined, order.readout)
  const seconds = order.frameType === 'bias' && order.exposureSeconds === 0 ? reach.minSeconds : order.exposureSeconds
  return planOf(seconds, reach, given.stack)
}

interface Facts extends Setup {
  readonly given: Options
  readonly device: VideoDevice
  /** As it was taken. */
  readonly plan: Plan
  readonly interval: number
  readonly gain: number | undefined
}

function frameOf(taken: TakenPictures, facts: Facts): Frame {
  const { layout, format, given, plan, gain } = facts
  const { width, height } = layout
  const count = width * height * format.planes
  return {
    memory: taken.memory,
    width,
    height,
    planes: format.planes,
    type: taken.type,
    samples: viewSamples(taken.type, taken.memory.buffer, 0, count),
    topDown: true,
    ...(format.bayer ? { bayer: format.bayer } : {}),
    startedMs: taken.startedMs,
    exposureSeconds: tidy(plan.eachSeconds * plan.pictures),
    binning: { x: 1, y: 1 },
    ...(gain === undefined ? {} : { gain }),
    ...(given.pixel_microns ? { pixelMicrons: { x: given.pixel_microns, y: given.pixel_microns } } : {}),
    cards: cardsOf(taken, facts),
  }
}

/** What the pictures are: a reader of the file must not have to guess. */
function cardsOf({ lost }: TakenPictures, { device, format, given, light, plan }: Facts): Card[] {
  const { pictures, eachSeconds } = plan
  const cards: Card[] = [
    { keyword: 'INSTRUME', value: device.card, comment: 'camera, as it calls itself' },
    { keyword: 'PIXFMT', value: format.fourcc.trimEnd(), comment: format.words },
  ]
  if (!light.exposure) {
    cards.push({ keyword: 'COMMENT', value: 'The camera chose its exposure itself: EXPTIME is the most it can be.' })
  }
  if (pictures === 1) return cards
  const how = given.stack === 'sum' ? 'sum' : 'mean'
  return [
    ...cards,
    { keyword: 'NCOMBINE', value: pictures, comment: `video pictures in this ${how}` },
    { keyword: 'COMBTYPE', value: how.toUpperCase(), comment: 'how they were put together' },
    { keyword: 'SUBEXP', value: tidy(eachSeconds), real: true, comment: 's, exposure of each of them' },
    { keyword: 'LOSTPICS', value: lost, comment: 'pictures that did not come between them' },
  ]
}
