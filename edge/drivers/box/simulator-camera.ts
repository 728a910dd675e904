// The simulated camera: exposures that take their time by the clock, of whatever the simulated observatory looks at.
import { type Camera, demandReadout, type ExposurePhase, type Readout } from '../../ports/camera.js'
import type { OpenBox, Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { ExposureOrder, Frame, Lend, Region } from '../../ports/frame.js'
import { shiftBayer } from '../../science/bayer.js'
import type { Card } from '../../science/fits-header.js'
import type { Observatory } from '../link/simulator/observatory.js'
import { listeners } from '../listeners.js'
import { simulatedCooler } from './simulator-cooler.js'
import { simulatedGuidePort } from './simulator-guide-port.js'
import { presence } from './simulator-presence.js'
import { electronsPerAdu, maxAdu, skyOrderOf, type View } from './simulator-view.js'

export interface CameraTraits extends View {
  readonly part: 'camera' | 'guide-camera'
  readonly cooled: boolean
  readonly readoutSeconds: number
}

const maxBinning = 4
const gainRange = { min: 0, max: 500 }
const offsetRange = { min: 0, max: 255 }
const minExposureSeconds = 0.0001
const maxExposureSeconds = 3600
const defaultGain = 100
const defaultOffset = 30
/** By name, and how much of the readout time each takes. */
const readouts: Readonly<Record<string, number>> = { 'Low noise': 1, Fast: 0.25 }
/** Silence after the readout that still counts as an answer to come. */
const patienceMs = 10_000

export function openSimulatedCamera(place: Observatory, traits: CameraTraits, tools: Tools): OpenBox {
  const box = presence(place, traits.part, tools)
  box.check()
  const phases = listeners<ExposurePhase>()
  const cooler = traits.cooled ? simulatedCooler(tools.clock, () => place.weather().ambientCelsius) : undefined
  let gain = defaultGain
  let offset = defaultOffset
  let readoutMode = Object.keys(readouts)[0]
  const readout: Readout = { names: Object.keys(readouts), read: () => readoutMode }
  let exposing = false

  const take = async (order: ExposureOrder, lend: Lend, signal: AbortSignal): Promise<Frame> => {
    const region = order.region ?? { x: 0, y: 0, width: traits.width, height: traits.height }
    gain = order.gain ?? gain
    offset = order.offset ?? offset
    readoutMode = order.readout ?? readoutMode
    const settings = { gain, offset, readout: readoutMode }
    const readoutMs = traits.readoutSeconds * readouts[readoutMode] * 1000
    let phase: ExposurePhase = 'exposing'
    const enter = (next: ExposurePhase) => {
      phase = next
      phases.tell(phase)
    }
    const reminder = tools.clock.every(1000, () => phases.tell(phase))
    try {
      const startMs = tools.clock.monotonicMs()
      const startedMs = tools.clock.now()
      enter('exposing')
      await box.work(
        order.exposureSeconds * 1000,
        readoutMs + patienceMs,
        `an exposure of ${order.exposureSeconds} s by the simulated ${traits.part}`,
        signal,
      )
      const sensorCelsius = cooler?.sensorCelsius() ?? place.weather().ambientCelsius + 4
      enter('reading')
      const width = Math.floor(region.width / order.binning)
      const height = Math.floor(region.height / order.binning)
      const memory = await lend(width * height * 2, signal)
      const sky = skyOrderOf(place, traits, { order, region, ...settings, sensorCelsius, startMs, startedMs })
      // The painter writes into the memory until it is done, so it is given back then and not sooner.
      const painted = place.studio.paint({ kind: 'sky', order: sky }, memory.buffer)
      try {
        await untilSignal(Promise.all([painted, box.work(readoutMs, patienceMs, 'reading')]), signal)
      } catch (error) {
        void Promise.allSettled([painted]).then(() => memory.release())
        throw error
      }
      enter('downloading')
      return {
        memory,
        width,
        height,
        planes: 1,
        type: 'u16',
        samples: new Uint16Array(memory.buffer, 0, width * height),
        topDown: true,
        ...(traits.bayer && order.binning === 1 ? { bayer: shiftBayer(traits.bayer, region.x, region.y) } : {}),
        startedMs,
        exposureSeconds: order.exposureSeconds,
        binning: { x: order.binning, y: order.binning },
        ...(order.region ? { region } : {}),
        ...settings,
        sensorCelsius,
        ...(cooler?.targetCelsius() === undefined ? {} : { setCelsius: cooler.targetCelsius() }),
        pixelMicrons: { x: traits.pixelMicrons, y: traits.pixelMicrons },
        electronsPerAdu: electronsPerAdu(traits, settings.gain),
        cards: cardsOf(place, traits),
      }
    } finally {
      reminder.cancel()
      phases.tell('idle')
    }
  }

  const camera: Camera = {
    sensor: {
      width: traits.width,
      height: traits.height,
      pixelMicrons: traits.pixelMicrons,
      maxBinning,
      ...(traits.bayer ? { bayer: traits.bayer } : {}),
      maxAdu: maxAdu(traits),
      minExposureSeconds,
      maxExposureSeconds,
      readoutSeconds: traits.readoutSeconds + 2,
      regions: true,
    },
    async expose(order, lend, signal) {
      box.check()
      if (signal.aborted) throw reasonOf(signal)
      if (exposing) {
        throw new Fault('busy', `the simulated ${traits.part} is exposing`, 'Wait for the frame, or abort it')
      }
      checkOrder(order, traits)
      if (order.readout !== undefined) demandReadout(`the simulated ${traits.part}`, readout, order.readout)
      exposing = true
      try {
        return await take(order, lend, signal)
      } finally {
        exposing = false
      }
    },
    onPhase: phases.add,
    gain: { ...gainRange, read: () => gain },
    offset: { ...offsetRange, read: () => offset },
    readout,
    ...(cooler ? { cooler } : {}),
    ...(traits.part === 'guide-camera' ? { guidePort: simulatedGuidePort(place, box) } : {}),
  }
  return {
    ports: { camera },
    close: async () => box.close(),
  }
}

/** Like `work`, unless the signal fires first. */
async function untilSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw reasonOf(signal)
  let stop: (() => void) | undefined
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(reasonOf(signal))
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, stopped])
  } finally {
    if (stop) signal.removeEventListener('abort', stop)
  }
}

function checkOrder(order: ExposureOrder, traits: CameraTraits): void {
  within('exposure', order.exposureSeconds, minExposureSeconds, maxExposureSeconds, ' s')
  within('binning', order.binning, 1, maxBinning, '', true)
  if (order.gain !== undefined) within('gain', order.gain, gainRange.min, gainRange.max, '')
  if (order.offset !== undefined) within('offset', order.offset, offsetRange.min, offsetRange.max, '')
  if (order.region) checkRegion(order.region, order.binning, traits)
}

function checkRegion({ x, y, width, height }: Region, binning: number, traits: CameraTraits): void {
  const whole = [x, y, width, height].every(Number.isInteger)
  const inside = x >= 0 && y >= 0 && x + width <= traits.width && y + height <= traits.height
  if (whole && inside && width >= binning && height >= binning) return
  const sensor = `${traits.width}×${traits.height} sensor`
  throw new Fault(
    'bad-input',
    `the region ${width}×${height} at ${x},${y} with binning ${binning} is not a part of the ${sensor}`,
    'Choose whole pixels inside the sensor, at least one binned pixel wide and high',
  )
}

function within(what: string, value: number, least: number, most: number, unit: string, whole = false): void {
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return
  throw new Fault(
    'bad-input',
    `${what} ${value}${unit} is not possible with the simulated camera`,
    `Choose ${whole ? 'a whole number ' : ''}from ${least} to ${most}${unit}`,
  )
}

function cardsOf(place: Observatory, traits: CameraTraits): Card[] {
  const name = traits.part === 'camera' ? 'Simulated camera' : 'Simulated guide camera'
  return [
    { keyword: 'INSTRUME', value: name },
    { keyword: 'TELESCOP', value: traits.part === 'camera' ? 'Simulated telescope' : 'Simulated guide telescope' },
    { keyword: 'FOCALLEN', value: traits.focalLengthMm, real: true, comment: '[mm] focal length' },
    { keyword: 'APTDIA', value: traits.apertureMm, real: true, comment: '[mm] aperture diameter' },
    { keyword: 'SIMSEED', value: place.seed, comment: 'seed of the simulated sky: no real light' },
  ]
}
