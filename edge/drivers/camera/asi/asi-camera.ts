// An ASI camera's exposures: ordered from its process, waited for here, and read once from the memory both share.
import { type Camera, demandReadout, type Readout, type Sensor2D } from '../../../ports/camera.js'
import type { Clock } from '../../../ports/clock.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { ExposureOrder, Frame, Lend } from '../../../ports/frame.js'
import { bayerNamed, shiftBayer } from '../../../science/bayer.js'
import type { BayerPattern } from '../../../science/samples.js'
import { exposurePhases } from '../phases.js'
import { type AsiControls, checkControl } from './asi-controls.js'
import { asiCooler, coolerReadings, sensorCelsiusOf } from './asi-cooler.js'
import { asiGuidePort } from './asi-guide-port.js'
import { bayerPatterns, type CameraInfo, exposureStates, imageTypes, controls as named } from './asi-layout.js'
import type { AsiProcess } from './asi-process.js'
import { formatFor, regionOf } from './asi-region.js'
import type { AsiFormat, OpenedCamera } from './asi-words.js'

const orderMs = 5_000
/** After the camera itself had all the time it may take. */
const slackMs = 10_000
/** Between two looks at an exposure that should be over; and at one that goes on, so that its end is not missed. */
const soonMs = 25
const lookMs = 1_000
const readingsMs = 2_000
const sampleBits = 16
const bytesPerSample = 2
/** What comes through at the least: a USB 2 socket of which the camera may use a quarter. */
const slowestBytesPerSecond = 10e6
const readoutNames = ['Normal', 'High speed'] as const

export interface AsiCameraParts {
  /** For messages: `camera main`. */
  readonly name: string
  readonly opened: OpenedCamera
  readonly child: AsiProcess
  readonly controls: AsiControls
  readonly clock: Clock
  readonly folder: string
}

export interface AsiCamera {
  readonly camera: Camera
  exposing(): boolean
  close(): void
}

/** Takes a cooler up again that was left a moment ago. */
export async function openAsiCamera(parts: AsiCameraParts): Promise<AsiCamera> {
  const { name, opened, child, controls, clock } = parts
  const { info } = opened
  const phases = exposurePhases(clock)
  const guide = asiGuidePort(name, child, clock)
  const sensor = sensorOf(opened)
  const cooler = info.cooled ? asiCooler(name, controls, parts.folder) : undefined
  await cooler?.resume()
  const readings = info.cooled ? coolerReadings : [named.TEMPERATURE]
  const readout = readoutOf(controls)
  let electronsPerAdu: number | undefined
  let exposing = false

  const look = clock.every(readingsMs, () => {
    // Nothing waits for it, and where it fails the process is gone already, or the next look will tell.
    if (child.idle()) controls.refresh(readings).catch(() => undefined)
  })
  const setUp = async (order: ExposureOrder) => {
    const put = async (control: number, value: number | undefined) => {
      if (value === undefined || controls.value(control) === value) return
      await controls.set(control, value)
      electronsPerAdu = undefined
    }
    await put(named.GAIN, order.gain)
    await put(named.OFFSET, order.offset)
    if (order.readout !== undefined) await put(named.HIGH_SPEED_MODE, readoutNames.indexOf(order.readout as never))
    await put(named.EXPOSURE, microsOf(order, controls))
    electronsPerAdu ??= await child.ask('electrons', {}, orderMs)
  }
  /** Settles when the frame can be fetched. */
  const over = async (seconds: number, signal: AbortSignal) => {
    const dueMs = clock.monotonicMs() + seconds * 1000
    for (;;) {
      const leftMs = dueMs - clock.monotonicMs()
      await clock.sleep(leftMs > lookMs ? lookMs : Math.max(soonMs, leftMs), signal)
      const state = await child.ask('state', {}, orderMs)
      if (state === exposureStates.SUCCESS) return
      if (state !== exposureStates.WORKING) throw failed(name, seconds)
      if (clock.monotonicMs() < dueMs + sensor.readoutSeconds * 1000 + slackMs) continue
      throw new Fault('timeout', `${name} does not end its exposure of ${seconds} s`, 'It is opened again by itself')
    }
  }
  const take = async (order: ExposureOrder, format: AsiFormat, lend: Lend, signal: AbortSignal): Promise<Frame> => {
    const phase = phases.begin()
    try {
      await setUp(order)
      const begin = await child.ask('format', format, orderMs)
      if (signal.aborted) throw reasonOf(signal)
      const startedMs = clock.now()
      await child.ask('start', { dark: order.frameType === 'dark' || order.frameType === 'bias' }, orderMs)
      phase.enter('exposing')
      const exposureSeconds = controls.value(named.EXPOSURE) / 1e6
      try {
        await over(exposureSeconds, signal)
      } catch (error) {
        if (signal.aborted) await child.ask('stop', {}, orderMs)
        throw error
      }
      phase.enter('reading')
      const { width, height } = format
      const byteLength = width * height * bytesPerSample
      const memory = await lend(byteLength, signal)
      try {
        const fetch = () => child.ask('fetch', { byteLength }, sensor.readoutSeconds * 1000 + slackMs)
        await guide.without(fetch, signal)
        phase.enter('downloading')
        await child.pixels(new Uint8Array(memory.buffer, 0, byteLength))
        if (signal.aborted) throw reasonOf(signal)
      } catch (error) {
        memory.release()
        throw error
      }
      const { x, y } = begin
      const { binning } = order
      const bayer = binning === 1 ? mosaicOf(info) : undefined
      return {
        ...{ memory, width, height, planes: 1, type: 'u16', topDown: true },
        samples: new Uint16Array(memory.buffer, 0, width * height),
        ...(bayer && { bayer: shiftBayer(bayer, x, y) }),
        ...{ startedMs, exposureSeconds, binning: { x: binning, y: binning } },
        ...(order.region && { region: regionOf({ ...format, x, y }) }),
        gain: controls.knob(named.GAIN)?.read(),
        offset: controls.knob(named.OFFSET)?.read(),
        readout: readout?.read(),
        sensorCelsius: sensorCelsiusOf(controls),
        setCelsius: cooler?.targetCelsius(),
        pixelMicrons: { x: info.pixelMicrons, y: info.pixelMicrons },
        // Samples are the converter's steps, moved up to sixteen bits; binned ones are sums or means, as the camera
        // likes.
        ...(binning === 1 && { electronsPerAdu: electronsPerAdu! / 2 ** (sampleBits - info.bitDepth) }),
        cards: [{ keyword: 'INSTRUME', value: info.name }],
      }
    } finally {
      phase.end()
    }
  }

  const camera: Camera = {
    sensor,
    gain: controls.knob(named.GAIN),
    offset: controls.knob(named.OFFSET),
    readout,
    cooler,
    guidePort: info.guidePort ? guide.port : undefined,
    onPhase: phases.onPhase,
    async expose(order, lend, signal) {
      child.gone.throwIfAborted()
      if (signal.aborted) throw reasonOf(signal)
      if (exposing) throw new Fault('busy', `${name} is exposing`, 'Wait for the frame, or abort it')
      const format = checkOrder(name, order, { info, controls, sensor, readout })
      exposing = true
      try {
        return await take(order, format, lend, signal)
      } finally {
        exposing = false
      }
    },
  }
  return { camera, exposing: () => exposing, close: () => look.cancel() }
}

function sensorOf({ info, caps }: OpenedCamera): Sensor2D {
  const { width, height, pixelMicrons, bitDepth } = info
  const exposure = caps.find(({ control }) => control === named.EXPOSURE)
  const bayer = mosaicOf(info)
  return {
    ...{ width, height, pixelMicrons },
    maxBinning: Math.max(1, ...info.bins),
    ...(bayer && { bayer }),
    maxAdu: (2 ** bitDepth - 1) * 2 ** (sampleBits - bitDepth),
    ...(exposure && { minExposureSeconds: exposure.min / 1e6, maxExposureSeconds: exposure.max / 1e6 }),
    readoutSeconds: 2 + Math.ceil((width * height * bytesPerSample) / slowestBytesPerSecond),
    regions: true,
  }
}

/** The library names the first row's first two colours; the second row follows from them. */
function mosaicOf({ bayer }: CameraInfo): BayerPattern | undefined {
  const row = Object.keys(bayerPatterns).find(name => bayerPatterns[name as keyof typeof bayerPatterns] === bayer)
  const other: Readonly<Record<string, string>> = { RG: 'GB', BG: 'GR', GR: 'BG', GB: 'RG' }
  return row === undefined ? undefined : bayerNamed(row + other[row])
}

function readoutOf(controls: AsiControls): Readout | undefined {
  if (controls.has(named.HIGH_SPEED_MODE)?.max !== 1) return undefined
  return { names: readoutNames, read: () => readoutNames[controls.value(named.HIGH_SPEED_MODE)] }
}

/** A bias frame is as short as the camera can. */
function microsOf({ exposureSeconds, frameType }: ExposureOrder, controls: AsiControls): number {
  const least = controls.has(named.EXPOSURE)?.min ?? 0
  return frameType === 'bias' ? least : Math.max(least, Math.round(exposureSeconds * 1e6))
}

interface Abilities {
  readonly info: CameraInfo
  readonly controls: AsiControls
  readonly sensor: Sensor2D
  readonly readout: Readout | undefined
}

/** What is read for the order, cut down to what the library can. */
function checkOrder(name: string, order: ExposureOrder, { info, controls, sensor, readout }: Abilities): AsiFormat {
  const wrong = (what: string, fix: string) => new Fault('bad-input', `${name} ${what}`, fix)
  const { exposureSeconds, frameType, binning, region } = order
  const { minExposureSeconds: least = 0, maxExposureSeconds: most = 0 } = sensor
  if (!(exposureSeconds >= (frameType === 'bias' ? 0 : least) && exposureSeconds <= most)) {
    throw wrong(`cannot expose ${exposureSeconds} s`, `Give a time from ${least} to ${most} s`)
  }
  if (!info.bins.includes(binning)) {
    throw wrong(`cannot bin ${binning}×${binning}`, `Use one of: ${info.bins.join(', ')}`)
  }
  for (const [word, control] of [['gain', named.GAIN] as const, ['offset', named.OFFSET] as const]) {
    const value = order[word]
    if (value === undefined) continue
    const caps = controls.has(control)
    if (!caps) throw wrong(`has no ${word} to set`, `Leave the ${word} out`)
    checkControl(name, caps, value)
  }
  if (order.readout !== undefined) demandReadout(name, readout, order.readout)
  if (region) {
    const { x, y, width, height } = region
    const inside = x >= 0 && y >= 0 && x + width <= info.width && y + height <= info.height
    if (![x, y, width, height].every(Number.isInteger) || !inside) {
      const fix = `Give whole pixels inside ${info.width}×${info.height}`
      throw wrong(`cannot read the region ${width}×${height} at ${x},${y}`, fix)
    }
  }
  const format = formatFor(info, order, imageTypes.RAW16)
  if (format) return format
  throw wrong('cannot read so small a region', 'Give at least 8 × 2 binned pixels')
}

const failed = (name: string, seconds: number) =>
  new Fault(
    'broken',
    `${name} says that its exposure of ${seconds} s has failed`,
    'Lower its USB bandwidth, use another socket or cable, and see that usbfs has its 200 MB (udev rule)',
  )
