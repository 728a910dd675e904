// Takes frames and sends them on. The raw file comes first: whatever fails later, the photons are kept.
import assert from 'node:assert/strict'
import type { Camera } from '../ports/camera.js'
import type { Clock } from '../ports/clock.js'
import type { Device, Devices } from '../ports/device.js'
import { asFault, reasonOf } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import { slotOf } from '../ports/filter-wheel.js'
import type { Frame } from '../ports/frame.js'
import type { Imaging, Taken, TakeOrder } from '../ports/imaging.js'
import type { Log } from '../ports/log.js'
import type { Pictures } from '../ports/pictures.js'
import type { FrameSource, Pixels } from '../ports/pixels.js'
import type { Exposure, Store } from '../ports/store.js'
import type { Card } from '../science/fits-header.js'
import { frameTrends } from './frame-trends.js'

export interface ExposureParts {
  readonly devices: Devices
  readonly store: Store
  readonly pixels: Pixels
  readonly pictures: Pictures
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  /**
   * Cards of the observatory for a frame of `object` taken now with that camera.
   * @param clockSteppedSeconds how far the clock was set while it was exposed
   */
  cards(object: string | undefined, camera: string, clockSteppedSeconds: number): Card[]
  /** The wheel stands before the main camera. */
  readonly use: { readonly camera?: string; readonly wheel?: string }
}

/** Frames waiting to be measured keep their memory up to this number; further ones are read from disk again. */
const measuredFromMemory = 2
/** And at most so many wait at all: further ones are kept like any other, but not measured. */
const waitingAtMost = 20
const wheelMs = 60_000
/** A clock that is further back than this was set. */
const setBackMs = 1_000

export interface ExposureService extends Imaging {
  /** Gives up what waits to be measured; settles when the workers have let go. */
  stop(reason: Error): Promise<void>
}

export function exposureService(parts: ExposureParts): ExposureService {
  const { devices, store, pixels, pictures, feed, clock, log, use } = parts
  let lastMs = 0
  let waiting = 0
  let tail: Promise<void> = Promise.resolve()
  const closing = new AbortController()
  const trends = frameTrends(feed)

  /** Sortable and never the same twice, even within a millisecond; of a clock that was set back, by the new time. */
  const nextId = (camera: string) => {
    const nowMs = clock.now()
    lastMs = nowMs < lastMs - setBackMs ? nowMs : Math.max(lastMs + 1, nowMs)
    return `${new Date(lastMs).toISOString().replace(/[-:.]/g, '')}-${camera}`
  }

  /** The filter in the light of that camera, by the wheel's own name for it. */
  const turnWheel = async (camera: string, filter: string | undefined, signal: AbortSignal) => {
    if (filter === undefined) return camera === use.camera ? filterNow(devices, use.wheel) : undefined
    const wheel = devices.device('wheel', use.wheel).current()
    const slot = slotOf(wheel, filter)
    const name = wheel.names[slot]
    if (wheel.position() === slot) return name
    const deadline = clock.deadline(wheelMs, 'filter wheel', signal)
    try {
      await deadline.race(wheel.select(slot, deadline.signal))
      return name
    } finally {
      deadline.cancel()
    }
  }

  const measure = (exposure: Exposure, frame: Frame) => {
    if (waiting >= waitingAtMost) {
      log.warn('the pixel workers are far behind: a frame is not measured', { id: exposure.id })
      return
    }
    const source: FrameSource = waiting < measuredFromMemory ? { frame } : { path: exposure.path }
    const held = 'frame' in source
    if (held) frame.memory.hold()
    waiting++
    tail = tail.then(async () => {
      try {
        const { measured, preview, thumbnail } = await pixels.measure(source, closing.signal)
        const { bytes, type, width, height } = preview
        pictures.put('frame', { bytes, type, width, height, of: exposure.id, atMs: endOf(exposure) })
        await store.measured(exposure.id, measured, thumbnail.bytes)
        feed.patch(`camera/${exposure.camera}`, {
          lastStars: measured.stars,
          lastHfdPx: measured.hfdPx,
          lastBackgroundAdu: measured.backgroundAdu,
        })
        await feed.event('frame-measured', { id: exposure.id, ...measured })
        await trends.see(exposure, measured)
      } catch (error) {
        log.warn(`frame ${exposure.id} could not be measured: ${asFault(error, 'pixels').message}`)
      } finally {
        waiting--
        if (held) frame.memory.release()
      }
    })
  }

  const take = async (device: Device<Camera>, order: TakeOrder, signal: AbortSignal): Promise<Taken> => {
    const path = `camera/${device.name}`
    const camera = device.current()
    await store.demandSpace(frameBytes(camera, order), 1)
    const filter = await turnWheel(device.name, order.filter, signal)
    const told = {
      exposureSeconds: order.exposureSeconds,
      number: order.number,
      total: order.total,
      object: order.object,
      frameType: order.frameType,
      filter,
    }
    const skewMs = clock.now() - clock.monotonicMs()
    feed.patch(path, { ...told, exposing: true, phase: 'exposing', exposureStartedMs: clock.now() })
    const deaf = camera.onPhase?.(phase => feed.patch(path, { phase }))
    let frame: Frame
    try {
      frame = await exposeOrFault(device, camera, order, pixels, signal)
    } finally {
      deaf?.()
      feed.patch(path, { exposing: false, phase: 'idle', exposureStartedMs: undefined })
    }
    try {
      if (signal.aborted) throw reasonOf(signal)
      const { number, total, object, activity, frameType } = order
      const exposure = await store.archive(
        frame,
        { id: nextId(device.name), camera: device.name, frameType, object, filter, number, total, activity },
        parts.cards(object, device.name, steppedSeconds(clock.now() - clock.monotonicMs() - skewMs)),
      )
      feed.patch(path, { lastId: exposure.id })
      await feed.event('frame-archived', announcement(exposure))
      measure(exposure, frame)
      return { exposure, source: { frame }, release: () => frame.memory.release() }
    } catch (error) {
      frame.memory.release()
      throw error
    }
  }

  return {
    async take(lease, device, order, signal) {
      const claim = `camera/${device.name}`
      assert(
        lease.claims.some(({ name }) => name === claim),
        `${lease.holder.action} exposes without holding ${claim}`,
      )
      try {
        return await take(device, order, signal)
      } catch (error) {
        const { code, message } = asFault(error, `camera ${device.name}`)
        // Whoever asked hears of it without waiting for the disk, which may be what failed.
        if (code === 'aborted') void feed.event('exposure-aborted', { camera: device.name })
        else void feed.event('exposure-failed', { camera: device.name, error: message, code })
        throw error
      }
    },
    stop(reason) {
      closing.abort(reason)
      return tail.then(trends.end)
    },
  }
}

/** The camera's frame; what goes wrong is a Fault, and a camera that went quiet is put on the supervisor's ladder. */
async function exposeOrFault(
  device: Device<Camera>,
  camera: Camera,
  order: TakeOrder,
  pixels: Pixels,
  signal: AbortSignal,
): Promise<Frame> {
  try {
    return await camera.expose(order, pixels.lend, signal)
  } catch (error) {
    const fault = asFault(error, `camera ${device.name}`)
    if (fault.code === 'timeout' || fault.code === 'broken') device.distrust(fault)
    throw fault
  }
}

/** Of how far wall clock and stopwatch have moved apart; below half a second they are only being adjusted. */
const steppedSeconds = (ms: number) => (Math.abs(ms) < 500 ? 0 : Math.round(ms) / 1000)

function filterNow(devices: Devices, name: string | undefined): string | undefined {
  const wheel = devices.device('wheel', name)
  if (wheel.condition !== 'ready') return undefined
  const port = wheel.current()
  const slot = port.position()
  return slot === undefined ? undefined : port.names[slot]
}

/** Bytes of the file to come: 16-bit samples and the header's blocks. */
function frameBytes(camera: Camera, order: TakeOrder): number {
  const width = order.region?.width ?? camera.sensor.width ?? 4096
  const height = order.region?.height ?? camera.sensor.height ?? 4096
  const samples = Math.floor(width / order.binning) * Math.floor(height / order.binning)
  return samples * 2 + 4 * 2880
}

const endOf = ({ startedMs, exposureSeconds }: Exposure) => startedMs + exposureSeconds * 1000

function announcement(exposure: Exposure) {
  const { id, path, camera, exposureSeconds, object, frameType, filter, number, total, night, activity, bytes } =
    exposure
  return { id, path, camera, exposureSeconds, object, frameType, filter, number, total, night, activity, bytes }
}
