// A camera of an INDI server: what it can do is looked up in its properties at each use, since drivers define, change
// and delete them as they like.
import { type Camera, type Cooler, demandReadout, type Sensor2D } from '../../../ports/camera.js'
import { Fault } from '../../../ports/fault.js'
import type { ExposureOrder, Frame, FrameType, Lend } from '../../../ports/frame.js'
import { bayerNamed, shiftBayer } from '../../../science/bayer.js'
import { indiCooler } from './cooler.js'
import { openIndiShutter } from './exposure.js'
import { frameOf } from './frame.js'
import { indiGuidePort } from './guide-port.js'
import { knobOf } from './knobs.js'
import { indiReadout } from './readout.js'
import type { IndiSession, Values } from './session.js'

const setMs = 5000
const frameTypes: Readonly<Record<FrameType, string>> = {
  light: 'FRAME_LIGHT',
  dark: 'FRAME_DARK',
  bias: 'FRAME_BIAS',
  flat: 'FRAME_FLAT',
}
/** @param readoutSeconds longest time from shutter close to the last byte */
export async function openIndiCamera(
  session: IndiSession,
  readoutSeconds: number,
  signal: AbortSignal,
): Promise<{ camera: Camera; close(): Promise<void> }> {
  await prepare(session, signal)
  const shutter = await openIndiShutter(session, readoutSeconds, signal)
  const cooling = indiCooler(session)
  let exposing = false
  const set = settings(session)

  const camera: Camera = {
    get sensor() {
      return sensorOf(session, readoutSeconds)
    },
    get gain() {
      return knobOf(session, 'gain')
    },
    get offset() {
      return knobOf(session, 'offset')
    },
    get readout() {
      return indiReadout(session)
    },
    get cooler(): Cooler | undefined {
      return cooling.cooler()
    },
    get guidePort() {
      return indiGuidePort(session)
    },
    onPhase: shutter.onPhase,
    async expose(order: ExposureOrder, lend: Lend, abort: AbortSignal): Promise<Frame> {
      if (exposing) throw new Fault('busy', `INDI camera "${session.name}" is exposing`, 'Wait or abort it')
      exposing = true
      try {
        checkOrder(order, camera, session)
        const startMs = session.clock.monotonicMs()
        shutter.setPhase('waiting')
        await shutter.free(abort)
        await setUp(order, session, set, abort)
        const seconds = secondsOf(order, session)
        const taken = await shutter.take(
          { seconds, lend, spentMs: Math.min(9000, session.clock.monotonicMs() - startMs) },
          abort,
        )
        const frame = await frameOf(
          taken,
          { order, session, setCelsius: cooling.target(), readout: camera.readout?.read() },
          lend,
          abort,
        )
        shutter.setPhase('idle')
        return frame
      } catch (error) {
        shutter.setPhase(abort.aborted ? 'idle' : 'error')
        throw error
      } finally {
        exposing = false
      }
    },
  }
  return { camera, close: async () => shutter.close() }
}

/** Images uncompressed (Node has no Rice decoder; the setting outlives clients), as FITS, to us. */
async function prepare(session: IndiSession, signal: AbortSignal): Promise<void> {
  // A DSLR whose pictures stay on its card gives none away, and refuses the upload as well.
  if (session.isOn('CCD_SD_CARD_ACTION', 'Ignore')) {
    await session.settle('CCD_SD_CARD_ACTION', { Save: true }, { what: 'asking for its pictures', ms: setMs, signal })
  }
  const wanted: [string, string][] = [
    ...rawFormat(session),
    ['CCD_COMPRESSION', 'INDI_DISABLED'],
    ['UPLOAD_MODE', 'UPLOAD_CLIENT'],
    ['CCD_TRANSFER_FORMAT', 'FORMAT_FITS'],
    ['CCD_VIDEO_STREAM', 'STREAM_OFF'],
    ['CCD_FAST_TOGGLE', 'INDI_DISABLED'],
  ]
  for (const [property, item] of wanted) {
    if (!session.item(property, item) || session.isOn(property, item)) continue
    await session.settle(property, { [item]: true }, { what: `setting ${property}`, ms: setMs, signal })
  }
}

/** A DSLR left at JPEG is set to raw; one format of several raw ones is the owner's choice, by `properties`. */
function rawFormat(session: IndiSession): [string, string][] {
  const items = [...(session.property('CCD_CAPTURE_FORMAT')?.items.values() ?? [])]
  const on = items.find(({ name }) => session.isOn('CCD_CAPTURE_FORMAT', name))
  if (!on || !/jpe?g|fine|normal|basic|std|standard/i.test(on.label)) return []
  const raw = items.find(({ label }) => /raw|nef|arw|cr\d/i.test(label) && !/jpe?g/i.test(label))
  return raw ? [['CCD_CAPTURE_FORMAT', raw.name]] : []
}

function sensorOf(session: IndiSession, readoutSeconds: number): Sensor2D {
  const positive = (property: string, item: string) => {
    const value = session.number(property, item)
    return value !== undefined && value > 0 ? value : undefined
  }
  const bits = positive('CCD_INFO', 'CCD_BITSPERPIXEL')
  const pixelMicrons = positive('CCD_INFO', 'CCD_PIXEL_SIZE_X') ?? positive('CCD_INFO', 'CCD_PIXEL_SIZE')
  const exposure = session.item('CCD_EXPOSURE', 'CCD_EXPOSURE_VALUE')
  const colours = bayerNamed(String(session.item('CCD_CFA', 'CFA_TYPE')?.value ?? ''))
  const bayer = colours && shiftBayer(colours, cfaOffset(session, 'CFA_OFFSET_X'), cfaOffset(session, 'CFA_OFFSET_Y'))
  return {
    width: positive('CCD_INFO', 'CCD_MAX_X'),
    height: positive('CCD_INFO', 'CCD_MAX_Y'),
    pixelMicrons: pixelMicrons && Math.round(pixelMicrons * 1e4) / 1e4, // drivers hold it as float32
    maxBinning: Math.max(1, Math.floor(session.item('CCD_BINNING', 'HOR_BIN')?.max ?? 1)),
    bayer,
    maxAdu: bits === undefined ? undefined : 2 ** Math.min(bits, 32) - 1,
    minExposureSeconds: exposure?.min,
    maxExposureSeconds: exposure?.max,
    readoutSeconds,
    regions: session.property('CCD_FRAME')?.permission === 'rw',
  }
}

function cfaOffset(session: IndiSession, item: string): number {
  const offset = Number(session.item('CCD_CFA', item)?.value ?? 0)
  return Number.isInteger(offset) ? offset : 0
}

function checkOrder(order: ExposureOrder, camera: Camera, session: IndiSession): void {
  const { sensor } = camera
  const wrong = (what: string, fix: string) => new Fault('bad-input', `INDI camera "${session.name}" ${what}`, fix)
  const { exposureSeconds, binning, region } = order
  // indi-gphoto takes no picture until it has been told, and says so in its log alone.
  const size = session.item('CCD_INFO', 'CCD_PIXEL_SIZE_X')
  if (size?.value === 0 && session.property('CCD_INFO')?.permission === 'rw') {
    const fix =
      'Set it under properties: {CCD_INFO: {CCD_PIXEL_SIZE: 4.3, CCD_PIXEL_SIZE_X: 4.3, CCD_PIXEL_SIZE_Y: 4.3}}, in µm'
    throw wrong('does not know the size of its pixels', fix)
  }
  const { minExposureSeconds: least = 0, maxExposureSeconds: most = 86_400, maxBinning } = sensor
  if (!(exposureSeconds >= (order.frameType === 'bias' ? 0 : least) && exposureSeconds <= most)) {
    throw wrong(`cannot expose ${exposureSeconds} s`, `Give a time from ${least} to ${most} s`)
  }
  if (!Number.isInteger(binning) || binning < 1 || binning > maxBinning) {
    throw wrong(`cannot bin ${binning}×${binning}`, `Give a whole number from 1 to ${maxBinning}`)
  }
  for (const which of ['gain', 'offset'] as const) {
    const value = order[which]
    if (value === undefined) continue
    const knob = knobOf(session, which)
    if (!knob) throw wrong(`has no ${which} to set`, `Leave the ${which} out`)
    knob.order(value)
  }
  if (order.readout !== undefined) demandReadout(`INDI camera "${session.name}"`, camera.readout, order.readout)
  if (!region) return
  const { width = 0, height = 0 } = sensor
  const whole = [region.x, region.y, region.width, region.height].every(Number.isInteger)
  const inside =
    region.x >= 0 && region.y >= 0 && region.x + region.width <= width && region.y + region.height <= height
  if (!sensor.regions || !whole || !inside || region.width < binning || region.height < binning) {
    const { x, y } = region
    throw wrong(
      `cannot read the region ${region.width}×${region.height} at ${x},${y}`,
      sensor.regions ? `Give whole pixels inside ${width}×${height}` : 'Leave the region out',
    )
  }
}

function secondsOf(order: ExposureOrder, session: IndiSession): number {
  return Math.max(order.exposureSeconds, session.item('CCD_EXPOSURE', 'CCD_EXPOSURE_VALUE')?.min ?? 0)
}

type Setter = (property: string, values: Values, what: string, signal: AbortSignal) => Promise<void>

/** Sends only what is not so already: each setting is a round trip, and some drivers restart their sensor for it. */
function settings(session: IndiSession): Setter {
  // Ordered and not answered, since an abort came between: what the property shows may be about to change.
  const unsure = new Set<string>()
  return async (property, values, what, signal) => {
    const same = Object.entries(values).every(([item, value]) => session.item(property, item)?.value === value)
    if (same && !unsure.has(property)) return
    unsure.add(property)
    await session.settle(property, values, { what, ms: setMs, signal })
    unsure.delete(property)
  }
}

async function setUp(order: ExposureOrder, session: IndiSession, apply: Setter, signal: AbortSignal): Promise<void> {
  const set = (property: string, values: Values, what: string) => apply(property, values, what, signal)
  const frameType = frameTypes[order.frameType]
  if (session.item('CCD_FRAME_TYPE', frameType))
    await set('CCD_FRAME_TYPE', { [frameType]: true }, 'setting frame type')
  if (session.property('CCD_BINNING')?.permission === 'rw') {
    const binning = { HOR_BIN: order.binning, VER_BIN: order.binning }
    await set('CCD_BINNING', binning, `binning ${order.binning}×${order.binning}`)
  }
  const width = session.number('CCD_INFO', 'CCD_MAX_X')
  const height = session.number('CCD_INFO', 'CCD_MAX_Y')
  // An exposure without a region is of the whole sensor, whoever used it before.
  const region = order.region ?? (width && height ? { x: 0, y: 0, width, height } : undefined)
  if (region && session.property('CCD_FRAME')?.permission === 'rw') {
    const frame = { X: region.x, Y: region.y, WIDTH: region.width, HEIGHT: region.height }
    await set('CCD_FRAME', frame, `setting the region ${region.width}×${region.height} at ${region.x},${region.y}`)
  }
  for (const which of ['gain', 'offset'] as const) {
    const value = order[which]
    const knob = value === undefined ? undefined : knobOf(session, which)
    if (value === undefined || !knob) continue
    const { property, values } = knob.order(value)
    await set(property, values, `setting ${which} ${value}`)
  }
  const readout = order.readout === undefined ? undefined : indiReadout(session)
  if (!readout || order.readout === undefined) return
  const { property, values } = readout.order(order.readout)
  await set(property, values, `setting the readout mode ${order.readout}`)
}
