// One exposure as the sensor (or the file) gave it, in lent memory. Never changed after it leaves the driver.
import type { Card } from '../science/fits-header.js'
import type { Image } from '../science/samples.js'

/** Memory lent by Pixels from a bounded pool. Counted: whoever needs it longer holds it, and lets go when done. */
export interface Lent {
  readonly buffer: SharedArrayBuffer
  /** Bytes asked for; the buffer may be longer. */
  readonly byteLength: number
  hold(): void
  /** The last release gives the memory back to the pool. One release too many is a bug and asserts. */
  release(): void
}

/**
 * Settles when the pool has room; rejects with the signal's reason, or `bad-input` when more than the pool is asked.
 */
export type Lend = (byteLength: number, signal: AbortSignal) => Promise<Lent>

export type FrameType = 'light' | 'dark' | 'bias' | 'flat'

/** In unbinned sensor pixels, (0,0) the top-left one. */
export interface Region {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** What is asked of a camera. What is absent, the camera keeps as it is. */
export interface ExposureOrder {
  readonly exposureSeconds: number
  readonly binning: number
  readonly frameType: FrameType
  readonly region?: Region
  readonly gain?: number
  readonly offset?: number
  /** Name of a readout mode. */
  readonly readout?: string
}

export interface Frame extends Image {
  readonly memory: Lent
  /** Unix ms UTC of shutter open, as the camera or the file says. */
  readonly startedMs: number
  readonly exposureSeconds: number
  readonly binning: { readonly x: number; readonly y: number }
  readonly region?: Region
  readonly gain?: number
  readonly offset?: number
  /** Name of the readout mode, where the camera has several. */
  readonly readout?: string
  readonly sensorCelsius?: number
  readonly setCelsius?: number
  /** Unbinned pixel size. */
  readonly pixelMicrons?: { readonly x: number; readonly y: number }
  /** Electrons per ADU. */
  readonly electronsPerAdu?: number
  /**
   * Header cards of the source (INDI's, a replayed file's) that go into the archive unless a value of ours replaces
   * them.
   */
  readonly cards: readonly Card[]
}
