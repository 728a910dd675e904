// A camera on a CSI ribbon, through the programs of rpicam-apps: raw frames, or a stream of JPEGs as pier camera.
import { type Camera, demandReadout, type Sensor2D } from '../../ports/camera.js'
import { driver, type Tools } from '../../ports/driver.js'
import { asFault, Fault, reasonOf } from '../../ports/fault.js'
import type { ExposureOrder, Frame } from '../../ports/frame.js'
import { z } from '../../ports/schema.js'
import { viewSamples } from '../../science/samples.js'
import { csiVideo } from '../video/csi-video.js'
import { type CsiPrograms, findPrograms, listCameras, type SeenCamera } from './csi-programs.js'
import { csiSensors } from './csi-sensors.data.js'
import { csiStill, type TakenStill } from './csi-still.js'
import { exposurePhases } from './phases.js'

const options = z.strictObject({
  camera: z
    .string()
    .regex(/^(\d|\/base\/[^\s]+)$/, 'must be a number, or a name that begins with /base/')
    .default('0')
    .describe('Which one: its place, /base/…, as rpicam-still --list-cameras says it, or its number there'),
  as: z
    .enum(['camera', 'video'])
    .default('camera')
    .describe('camera: takes frames, raw; video: the pier camera. A sensor cannot be both at once'),
  immediate: z
    .boolean()
    .default(true)
    .describe(
      'Expose at once; false where long exposures hang (rpicam-apps of 2023): each then takes several times as long',
    ),
  size: z
    .string()
    .regex(/^[1-9]\d{1,3}x[1-9]\d{1,3}$/, 'must be like 1280x720')
    .default('1280x720')
    .describe('Picture size as pier camera, px'),
  readout_seconds: z
    .number()
    .min(2)
    .max(600)
    .default(15)
    .describe('Longest time that the program may take beside the exposure, s'),
  folder: z
    .string()
    .regex(/^\/[^\0]*$/, 'must be a path from /')
    .optional()
    .describe('Folder of rpicam-still and rpicam-vid, where they are in no usual place'),
})
type Options = z.output<typeof options>

/** Analogue gain of a sensor that is not in the table. */
const usualMaxGain = 16
const usualMaxSeconds = 200
/** Beside the time of exposure and readout: the program's own start and end. */
const slackMs = 8_000

export const csiDriver = driver<typeof options>({
  id: 'csi',
  summary: 'A Raspberry Pi camera (CSI), through rpicam-apps: raw frames, or the pier camera',
  options,
  ports: ({ as }) => [as],
  async open(given, tools, signal) {
    const programs = await tools.clock.outside(findPrograms(given.folder))
    const seen = await listCameras(programs, tools, signal)
    const camera = seen.find(({ id, number }) => given.camera === id || given.camera === String(number))
    if (!camera) {
      const there = seen.map(({ number, id }) => `${number} (${id})`).join(', ')
      throw new Fault('offline', `there is no CSI camera ${given.camera}`, `There are: ${there}`)
    }
    if (given.as === 'video') {
      const { video, close } = csiVideo({ programs, camera, size: given.size, maxGain: maxGainOf(camera) }, tools)
      return { ports: { video }, close }
    }
    const opened = csiCamera(programs, camera, given, tools)
    return { ports: { camera: opened.camera }, close: opened.close }
  },
})

/** `imx708_wide` is an imx708. */
const factsOf = ({ sensor }: SeenCamera) => csiSensors[sensor.split('_')[0]]
const maxGainOf = (camera: SeenCamera) => factsOf(camera)?.maxGain ?? usualMaxGain

function csiCamera(programs: CsiPrograms, seen: SeenCamera, given: Options, tools: Tools) {
  const { clock } = tools
  const still = csiStill()
  const phases = exposurePhases(clock)
  const closing = new AbortController()
  const facts = factsOf(seen)
  let gain = 1
  let running: Promise<unknown> | undefined
  let sensor: Sensor2D = {
    width: seen.width,
    height: seen.height,
    ...(facts && { pixelMicrons: facts.pixelMicrons }),
    maxBinning: 1,
    maxExposureSeconds: facts?.maxSeconds ?? usualMaxSeconds,
    // Without --immediate the program looks through the camera first, with the same exposure.
    readoutSeconds: given.readout_seconds,
    regions: false,
  }

  const camera: Camera = {
    get sensor() {
      return sensor
    },
    gain: { min: 1, max: maxGainOf(seen), read: () => gain },
    onPhase: phases.onPhase,
    async expose(order, lend, signal) {
      if (closing.signal.aborted) throw reasonOf(closing.signal)
      if (signal.aborted) throw reasonOf(signal)
      if (running) throw new Fault('busy', `the camera ${seen.sensor} is exposing`, 'Wait for the frame, or abort it')
      checkOrder(order, camera)
      gain = order.gain ?? gain
      const looked = given.immediate ? 1 : looks
      const allowedMs = (order.exposureSeconds * looked + sensor.readoutSeconds) * 1000 + slackMs
      const limit = clock.deadline(allowedMs, `an exposure by ${seen.sensor}`, signal, closing.signal)
      const phase = phases.begin()
      const one = { seconds: order.exposureSeconds, gain, immediate: given.immediate }
      try {
        const work = still.take(
          one,
          { programs, camera: seen, clock, log: tools.log, lend, tell: phase.enter },
          limit.signal,
        )
        running = work
        const frame = frameOf(await work, seen, order, facts?.pixelMicrons)
        sensor = { ...sensor, width: frame.width, height: frame.height, bayer: frame.bayer, maxAdu: frame.maxAdu }
        return frame.frame
      } catch (error) {
        throw told(error, given, tools)
      } finally {
        running = undefined
        limit.cancel()
        phase.end()
      }
    },
  }
  return {
    camera,
    async close() {
      if (closing.signal.aborted) return
      closing.abort(new Fault('offline', `the camera ${seen.sensor} is closed`, 'Open it again'))
      // Why it failed is told to whoever asked for it; here it only has to be over.
      await running?.catch(() => undefined)
    },
  }
}

/** So many exposures the program looks through before it takes one, when it is not told to take it at once. */
const looks = 5

/** A camera that is gone is handed to the supervisor; of one that hangs it is said what may help. */
function told(error: unknown, given: Options, tools: Tools): Fault {
  const fault = asFault(error, 'CSI camera')
  if (fault.code === 'offline') tools.lost(fault)
  if (fault.code !== 'timeout' || !given.immediate) return fault
  const fix = 'Check its ribbon cable; where long exposures hang, set immediate: false for it in the config'
  return new Fault('timeout', fault.message, fix, { cause: fault })
}

function checkOrder(order: ExposureOrder, { sensor, gain }: Camera): void {
  const { maxExposureSeconds: most = usualMaxSeconds } = sensor
  const wrong = (what: string, fix: string) => new Fault('bad-input', `a CSI camera ${what}`, fix)
  if (!(order.exposureSeconds >= 0 && order.exposureSeconds <= most)) {
    throw wrong(`cannot expose ${order.exposureSeconds} s`, `Choose 0 to ${most} s`)
  }
  if (order.binning !== 1) throw wrong(`cannot be binned by ${order.binning}`, 'Choose binning 1')
  if (order.region) throw wrong('gives its whole picture', 'Leave the region out')
  if (order.offset !== undefined) throw wrong('has no offset to set', 'Leave the offset out')
  if (order.readout !== undefined) demandReadout('a CSI camera', undefined, order.readout)
  const { min = 1, max = 1 } = gain ?? {}
  if (order.gain !== undefined && !(order.gain >= min && order.gain <= max)) {
    throw wrong(`cannot have gain ${order.gain}`, `Choose ${min} to ${max}`)
  }
}

/** As the file says it was taken, whatever was ordered. */
function frameOf({ memory, dng, startedMs }: TakenStill, seen: SeenCamera, order: ExposureOrder, microns?: number) {
  const { width, height, sampleBytes, whiteLevel, blackLevel, iso } = dng
  const type = sampleBytes === 1 ? 'u8' : 'u16'
  // The programs write a colour pattern for sensors that have none.
  const bayer = seen.mono ? undefined : dng.bayer
  const black = blackLevel === undefined ? [] : [{ keyword: 'BLKLEVEL', value: blackLevel, comment: 'ADU, black' }]
  const frame: Frame = {
    memory,
    ...{ width, height, planes: 1, type, topDown: true, startedMs },
    samples: viewSamples(type, memory.buffer, 0, width * height),
    ...(bayer ? { bayer } : {}),
    // A 32-bit float in the file: the nearest microsecond is what was meant.
    exposureSeconds: Math.round((dng.exposureSeconds ?? order.exposureSeconds) * 1e6) / 1e6,
    binning: { x: 1, y: 1 },
    ...(iso === undefined ? {} : { gain: iso / 100 }),
    ...(microns === undefined ? {} : { pixelMicrons: { x: microns, y: microns } }),
    cards: [{ keyword: 'INSTRUME', value: dng.model ?? seen.sensor, comment: 'camera, as it calls itself' }, ...black],
  }
  return { frame, width, height, bayer, maxAdu: whiteLevel }
}
