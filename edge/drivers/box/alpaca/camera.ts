// An Alpaca camera. What it can do is asked once, when it is opened.
import { type Camera, demandReadout, type Sensor2D } from '../../../ports/camera.js'
import { Fault } from '../../../ports/fault.js'
import type { ExposureOrder, Frame, Region } from '../../../ports/frame.js'
import { shiftBayer } from '../../../science/bayer.js'
import { dateObsMs } from '../../../science/fits-date.js'
import type { BayerPattern } from '../../../science/samples.js'
import type { Picture } from './columns.js'
import { alpacaCooler, coolerMembers } from './cooler.js'
import { alpacaShutter } from './exposure.js'
import { alpacaGuidePort } from './guide-port.js'
import { type Knob, type KnobName, knobOf, turnKnob } from './knobs.js'
import { type AlpacaReadout, alpacaReadout } from './readout.js'
import { type AlpacaSession, maybe } from './session.js'
import { type DeviceState, keepState, type Member } from './state.js'

const everyMs = 2_000
/** A camera whose clock differs from ours by more is not believed about the time, ms. */
const clockMs = 2_000
const knobNames = ['gain', 'offset'] as const

interface Facts {
  readonly sensor: Sensor2D & { readonly width: number; readonly height: number }
  readonly pixelMicrons: { readonly x: number; readonly y: number } | undefined
  readonly electronsPerAdu: number | undefined
  readonly knobs: Readonly<Partial<Record<KnobName, Knob>>>
  readonly readout: AlpacaReadout | undefined
  readonly cools: boolean
}

/** @param readoutSeconds longest time from shutter close to the last byte */
export async function openAlpacaCamera(
  session: AlpacaSession,
  readoutSeconds: number,
  signal: AbortSignal,
): Promise<Camera> {
  const facts = await factsOf(session, readoutSeconds)
  const { sensor, knobs } = facts
  const can = async (member: string) => (await maybe(session.flag(member))) ?? false
  const [pulses, canAbort, canStop] = [
    await can('canpulseguide'),
    await can('canabortexposure'),
    await can('canstopexposure'),
  ]
  const members: Readonly<Record<string, Member>> = {
    ...(facts.cools ? coolerMembers : { CCDTemperature: { type: 'number' } }),
    ...(pulses && { IsPulseGuiding: { type: 'flag' } }),
  }
  const state = await keepState(session, members, everyMs, signal)
  const cooler = facts.cools ? alpacaCooler(session, state) : undefined
  const shutter = alpacaShutter(session, { readoutSeconds, sensor, maxAdu: sensor.maxAdu, canAbort, canStop })
  let exposing = false

  return {
    sensor,
    gain: knobs.gain,
    offset: knobs.offset,
    readout: facts.readout,
    cooler,
    guidePort: pulses ? alpacaGuidePort(session, state) : undefined,
    onPhase: shutter.onPhase,
    async expose(order, lend, abort): Promise<Frame> {
      if (exposing) throw new Fault('busy', `${session.name} is exposing`, 'Wait or abort it')
      checkOrder(session, order, facts)
      exposing = true
      try {
        const startMs = session.clock.monotonicMs()
        shutter.setPhase('waiting')
        await shutter.free(abort)
        const { width, height } = await setUp(session, order, facts, abort)
        const seconds = Math.max(order.exposureSeconds, sensor.minExposureSeconds ?? 0)
        const light = order.frameType === 'light' || order.frameType === 'flat'
        const spentMs = Math.min(9_000, session.clock.monotonicMs() - startMs)
        const taken = await shutter.take({ seconds, light, width, height, lend, spentMs }, abort)
        const frame = await described(session, taken, { order, facts, state, seconds, beganMs: taken.beganMs }, abort)
        shutter.setPhase('idle')
        return frame
      } catch (error) {
        // An order that the camera does not take says nothing against the camera.
        const refused = error instanceof Fault && error.code === 'bad-input'
        shutter.setPhase(abort.aborted || refused ? 'idle' : 'error')
        throw error
      } finally {
        exposing = false
      }
    },
  }
}

async function factsOf(session: AlpacaSession, readoutSeconds: number): Promise<Facts> {
  const [width, height] = [await session.number('cameraxsize'), await session.number('cameraysize')]
  if (!(width >= 1 && height >= 1 && width * height <= 2 ** 30)) {
    throw new Fault('broken', `${session.name} has a sensor of ${width}×${height}`, 'Look into its driver')
  }
  const positive = async (member: string) => {
    const value = await maybe(session.number(member))
    return value !== undefined && value > 0 ? value : undefined
  }
  const [x, y] = [await positive('pixelsizex'), await positive('pixelsizey')]
  // Binning is the same both ways here, so one that can do less in one direction can do less.
  const maxBinning = Math.min((await positive('maxbinx')) ?? 1, (await positive('maxbiny')) ?? 1)
  const knobs: Partial<Record<KnobName, Knob>> = {}
  for (const which of knobNames) knobs[which] = await knobOf(session, which)
  return {
    sensor: {
      width,
      height,
      pixelMicrons: x,
      maxBinning: Math.max(1, Math.floor(maxBinning)),
      bayer: await bayerOf(session),
      maxAdu: await positive('maxadu'),
      minExposureSeconds: await maybe(session.number('exposuremin')),
      maxExposureSeconds: await positive('exposuremax'),
      readoutSeconds,
      regions: true,
    },
    pixelMicrons: x === undefined ? undefined : { x, y: y ?? x },
    electronsPerAdu: await positive('electronsperadu'),
    knobs,
    readout: await alpacaReadout(session),
    cools: (await maybe(session.flag('cansetccdtemperature'))) ?? false,
  }
}

/** SensorType 2 is RGGB, from where the offsets say; 0 is mono, 1 gives planes, the others have no pattern of ours. */
async function bayerOf(session: AlpacaSession): Promise<BayerPattern | undefined> {
  if ((await maybe(session.number('sensortype'))) !== 2) return undefined
  const x = (await maybe(session.number('bayeroffsetx'))) ?? 0
  const y = (await maybe(session.number('bayeroffsety'))) ?? 0
  return shiftBayer('rggb', Math.round(x), Math.round(y))
}

function checkOrder(session: AlpacaSession, order: ExposureOrder, { sensor, knobs, readout }: Facts): void {
  const wrong = (what: string, fix: string) => new Fault('bad-input', `${session.name} ${what}`, fix)
  const { exposureSeconds, binning, region } = order
  const { minExposureSeconds: least = 0, maxExposureSeconds: most = 86_400, maxBinning } = sensor
  if (!(exposureSeconds >= (order.frameType === 'bias' ? 0 : least) && exposureSeconds <= most)) {
    throw wrong(`cannot expose ${exposureSeconds} s`, `Give a time from ${least} to ${most} s`)
  }
  if (!Number.isInteger(binning) || binning < 1 || binning > maxBinning) {
    throw wrong(`cannot bin ${binning}×${binning}`, `Give a whole number from 1 to ${maxBinning}`)
  }
  for (const which of knobNames) {
    const value = order[which]
    if (value === undefined) continue
    const knob = knobs[which]
    if (!knob) throw wrong(`has no ${which} to set`, `Leave the ${which} out`)
    knob.order(value)
  }
  if (order.readout !== undefined) demandReadout(session.name, readout, order.readout)
  if (!region) return
  const { x, y, width, height } = region
  const whole = [x, y, width, height].every(Number.isInteger)
  const inside = x >= 0 && y >= 0 && x + width <= sensor.width && y + height <= sensor.height
  if (!whole || !inside || width < binning || height < binning) {
    const fix = `Give whole pixels inside ${sensor.width}×${sensor.height}`
    throw wrong(`cannot read the region ${width}×${height} at ${x},${y}`, fix)
  }
}

/** Always set, since other programs use the camera as well. @returns the size of the picture, px as binned */
async function setUp(
  session: AlpacaSession,
  order: ExposureOrder,
  { sensor, knobs, readout }: Facts,
  signal: AbortSignal,
): Promise<{ width: number; height: number }> {
  const { binning } = order
  // An exposure without a region is of the whole sensor, whoever used it before.
  const region = order.region ?? { x: 0, y: 0, width: sensor.width, height: sensor.height }
  const part = (px: number) => Math.floor(px / binning)
  const [width, height] = [part(region.width), part(region.height)]
  const values = [
    ...[['BinX', binning] as const, ['BinY', binning] as const],
    ...[['StartX', part(region.x)] as const, ['StartY', part(region.y)] as const],
    ...[['NumX', width] as const, ['NumY', height] as const],
  ]
  // First, since what the sensor can do may hang on it.
  if (order.readout !== undefined) await readout?.choose(order.readout, signal)
  for (const [name, value] of values) await session.put(name.toLowerCase(), { [name]: value }, { signal })
  for (const which of knobNames) {
    const [value, knob] = [order[which], knobs[which]]
    if (value !== undefined && knob) await turnKnob(session, { which, knob, value }, signal)
  }
  return { width, height }
}

interface Taking {
  readonly order: ExposureOrder
  readonly facts: Facts
  readonly state: DeviceState
  readonly seconds: number
  readonly beganMs: number
}

/** The picture as a frame; its memory is back when that fails. */
async function described(
  session: AlpacaSession,
  { width, height, planes, type, samples, memory }: Picture,
  { order, facts, state, seconds, beganMs }: Taking,
  signal: AbortSignal,
): Promise<Frame> {
  const { sensor, knobs, readout, pixelMicrons, electronsPerAdu, cools } = facts
  const { binning } = order
  try {
    const lasted = await maybe(session.number('lastexposureduration', {}, signal))
    const stamp = await maybe(session.text('lastexposurestarttime', {}, signal))
    for (const which of knobNames) {
      const now = knobs[which] && (await maybe(session.number(which, {}, signal)))
      if (now !== undefined) knobs[which]?.heard(now)
    }
    await readout?.ask(signal)
    const region = order.region && regionOf(order.region, { width, height, binning })
    const mosaic = binning === 1 && planes === 1 ? sensor.bayer : undefined
    return {
      ...{ width, height, planes, type, samples, memory, topDown: true, pixelMicrons, electronsPerAdu, region },
      ...(mosaic && { bayer: shiftBayer(mosaic, region?.x ?? 0, region?.y ?? 0) }),
      startedMs: openedMs(stamp, beganMs),
      exposureSeconds: lasted !== undefined && lasted > 0 ? lasted : seconds,
      binning: { x: binning, y: binning },
      gain: knobs.gain?.read(),
      offset: knobs.offset?.read(),
      readout: readout?.read(),
      sensorCelsius: state.number('CCDTemperature'),
      setCelsius: cools && state.flag('CoolerOn') !== false ? state.number('SetCCDTemperature') : undefined,
      cards: [],
    }
  } catch (error) {
    memory.release()
    throw error
  }
}

/** The camera's own word, which leaves the network out, unless its clock is wrong. */
function openedMs(stamp: string | undefined, beganMs: number): number {
  const said = stamp === undefined ? undefined : dateObsMs([{ keyword: 'DATE-OBS', value: stamp }])
  return said !== undefined && Math.abs(said - beganMs) <= clockMs ? said : beganMs
}

/** Where the sensor read; drivers round sizes to what it can. */
function regionOf(region: Region, { width, height, binning }: { width: number; height: number; binning: number }) {
  const near =
    Math.abs(width * binning - region.width) < 2 * binning && Math.abs(height * binning - region.height) < 2 * binning
  return near ? region : { ...region, width: width * binning, height: height * binning }
}
