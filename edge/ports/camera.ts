// Anything that turns light into a Frame. What a camera cannot do, it leaves undefined; looked up at each use.
import type { BayerPattern } from '../science/samples.js'
import { Fault } from './fault.js'
import type { ExposureOrder, Frame, Lend } from './frame.js'

export interface Camera {
  readonly sensor: Sensor2D
  /**
   * One exposure. The frame's memory is lent and belongs to the caller, who releases it. Rejects with `busy` while
   * exposing, `bad-input` for an order the sensor cannot do, the signal's reason when aborted (the frame is thrown away
   * and the camera takes the next order within 2 s), `timeout` or `offline` if the device goes quiet: exposure time
   * plus `readoutSeconds` plus 10 s at most.
   */
  expose(order: ExposureOrder, lend: Lend, signal: AbortSignal): Promise<Frame>
  /** Called while exposing, about once a second: `waiting exposing reading downloading`. */
  onPhase?(listener: (phase: ExposurePhase) => void): () => void
  readonly gain?: Adjustable
  readonly offset?: Adjustable
  readonly readout?: Readout
  readonly cooler?: Cooler
  readonly guidePort?: GuidePort
}

export type ExposurePhase = 'idle' | 'waiting' | 'exposing' | 'reading' | 'downloading' | 'error'

export interface Sensor2D {
  /** Unbinned; absent until the camera has told (a replay before its first file, say). */
  readonly width?: number // px
  readonly height?: number // px
  readonly pixelMicrons?: number
  readonly maxBinning: number
  readonly bayer?: BayerPattern
  readonly maxAdu?: number
  readonly minExposureSeconds?: number
  readonly maxExposureSeconds?: number
  /** Longest wait from shutter close to the last byte. */
  readonly readoutSeconds: number
  readonly regions: boolean
}

/** A number a device has, with its range. */
export interface Adjustable {
  readonly min: number
  readonly max: number
  read(): number
}

/** Ways to read the sensor out, such as fast or with little noise; only where there are several. */
export interface Readout {
  /** In the camera's own words, each another. */
  readonly names: readonly string[]
  /** The one that holds now; undefined while that is not known. */
  read(): string | undefined
}

/**
 * @param camera as messages call it: `camera "X"`
 * @throws Fault `bad-input` with the names there are
 */
export function demandReadout(camera: string, readout: Readout | undefined, wanted: string): void {
  if (readout?.names.includes(wanted)) return
  const fix = readout ? `Use one of: ${readout.names.join(', ')}` : 'Leave the readout mode out'
  throw new Fault('bad-input', `${camera} has no readout mode "${wanted}"`, fix)
}

export interface Cooler {
  /** NaN while the sensor is not heard. */
  sensorCelsius(): number
  targetCelsius(): number | undefined
  powerPercent?(): number
  on(): boolean
  /** `undefined` switches the cooler off. */
  cool(targetCelsius: number | undefined, signal: AbortSignal): Promise<void>
}

export interface GuidePort {
  /** Moves the mount for `ms`; settles when the pulse is over. */
  pulse(direction: 'north' | 'south' | 'east' | 'west', ms: number, signal: AbortSignal): Promise<void>
}
