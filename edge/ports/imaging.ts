// What services need of the one that exposes: frames that are safe on disk before anything else happens to them.
import type { Camera } from './camera.js'
import type { Device } from './device.js'
import type { ExposureOrder } from './frame.js'
import type { Lease } from './lease.js'
import type { FrameSource } from './pixels.js'
import type { Exposure } from './store.js'

export interface TakeOrder extends ExposureOrder {
  readonly object?: string
  /** Name of a filter; needs a wheel. */
  readonly filter?: string
  /** 1-based place in a run of `total`; `total` 0: without end. */
  readonly number: number
  readonly total: number
  readonly activity?: string
}

export interface Taken {
  readonly exposure: Exposure
  /** In memory while the pool allows, its file otherwise. Call `release` when done, always. */
  readonly source: FrameSource
  release(): void
}

export interface Imaging {
  /**
   * One exposure: space, shutter, FITS on disk with its row, event; the measuring follows by itself.
   * @param lease holds `camera/<name>`
   * @throws Fault: what the camera or the disk says, or the signal's reason; then nothing is kept of the frame
   */
  take(lease: Lease, camera: Device<Camera>, order: TakeOrder, signal: AbortSignal): Promise<Taken>
}
