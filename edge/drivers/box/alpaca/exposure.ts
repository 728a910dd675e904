// One exposure of an Alpaca camera after the other: begun, waited for, fetched, or stopped with whatever the camera has
// for that.
import type { IncomingMessage } from 'node:http'
import type { ExposurePhase } from '../../../ports/camera.js'
import { asFault, Fault, reasonOf } from '../../../ports/fault.js'
import type { Lend } from '../../../ports/frame.js'
import { alpacaErrorOf, alpacaErrors } from '../../link/alpaca/answer.js'
import { bodyOf } from '../../link/alpaca/exchange.js'
import { listeners } from '../../listeners.js'
import type { Picture } from './columns.js'
import { readImageBytes } from './image-bytes.js'
import { noPicture, readImageJson } from './image-json.js'
import type { AlpacaSession } from './session.js'

export interface AlpacaShutter {
  /** Settles when the camera takes an order: what was stopped before has ended. */
  free(signal: AbortSignal): Promise<void>
  take(order: TakeOrder, signal: AbortSignal): Promise<Picture & { readonly beganMs: number }>
  onPhase(listener: (phase: ExposurePhase) => void): () => void
  setPhase(phase: ExposurePhase): void
}

export interface TakeOrder {
  readonly seconds: number
  /** Whether the shutter, where there is one, opens. */
  readonly light: boolean
  /** Size of what was ordered, px as binned. */
  readonly width: number
  readonly height: number
  readonly lend: Lend
  /** Of the time that an exposure may take as a whole, ms. */
  readonly spentMs: number
}

export interface ShutterFacts {
  readonly readoutSeconds: number
  readonly sensor: { readonly width: number; readonly height: number }
  readonly maxAdu: number | undefined
  readonly canAbort: boolean
  readonly canStop: boolean
}

const slackMs = 10_000
const stopMs = 10_000
const lookMs = 100
const slowLookMs = 500
/** Idle without an image for so long after its time is over, and none will come. */
const emptyMs = 3_000
const patience = 3

/** By CameraState (ICamera, CameraStates). */
const phases: readonly ExposurePhase[] = ['idle', 'waiting', 'exposing', 'reading', 'downloading', 'error']
const [idle, failed] = [0, 5]

export function alpacaShutter(session: AlpacaSession, facts: ShutterFacts): AlpacaShutter {
  const { clock, name, gone } = session
  const { readoutSeconds, canAbort, canStop } = facts
  const told = listeners<ExposurePhase>()
  let phase: ExposurePhase = 'idle'
  let letGo: Promise<void> = Promise.resolve()
  const setPhase = (next: ExposurePhase) => {
    phase = next
    told.tell(next)
  }

  /** Ends what the camera is exposing. One that can neither abort nor stop is waited for. */
  const stop = async (secondsLeft: number) => {
    try {
      if (canAbort) await session.put('abortexposure', {}, { ms: stopMs })
      else if (canStop) await session.put('stopexposure', {}, { ms: stopMs })
    } catch (error) {
      // Over just now, by itself.
      if (gone.aborted || alpacaErrorOf(error) !== alpacaErrors.invalidOperation) throw error
    }
    const waits = canAbort ? stopMs : (readoutSeconds + (canStop ? 0 : secondsLeft)) * 1000 + slackMs
    const limit = clock.deadline(waits, `${name}, stopping its exposure`, gone)
    try {
      for (;;) {
        const state = await session.number('camerastate', {}, limit.signal)
        if (state === idle || state === failed) return
        await clock.sleep(lookMs, limit.signal)
      }
    } finally {
      limit.cancel()
    }
  }

  const imaged = async (order: TakeOrder, beganMs: number, signal: AbortSignal) => {
    const overMs = order.seconds * 1000
    let missed = 0
    let emptySinceMs: number | undefined
    for (;;) {
      const over = clock.monotonicMs() - beganMs >= overMs
      let state: number | undefined
      try {
        state = await session.number('camerastate', {}, signal)
        // Before its time is over, an image is the one before it.
        if (over && (await session.flag('imageready', {}, signal))) return
        missed = 0
      } catch (error) {
        // One answer that is lost or garbled is not yet the end of a long exposure.
        if (signal.aborted || gone.aborted || ++missed >= patience) throw error
      }
      if (state === failed) throw ended(name, 'its driver says that the exposure failed')
      if (state !== undefined) setPhase(phases[state] ?? phase)
      if (state === idle && over) emptySinceMs ??= clock.monotonicMs()
      else if (state !== undefined) emptySinceMs = undefined
      if (emptySinceMs !== undefined && clock.monotonicMs() - emptySinceMs > emptyMs) {
        throw ended(name, 'it is idle, and has no image')
      }
      const leftMs = overMs - (clock.monotonicMs() - beganMs)
      await clock.sleep(leftMs > 2 * slowLookMs ? slowLookMs : lookMs, signal)
    }
  }

  const fetched = async (order: TakeOrder, ms: number, signal: AbortSignal): Promise<Picture> => {
    const { lend, width, height } = order
    const { sensor, maxAdu } = facts
    const path = session.path('imagearray')
    const read = (answer: IncomingMessage, transaction: number, until: AbortSignal) => {
      const about = { who: name, transaction, sensor, maxAdu, clock, lend }
      const body = bodyOf(answer, name, until)
      const type = String(answer.headers['content-type'] ?? '').toLowerCase()
      if (type.includes('imagebytes')) return readImageBytes(body, about, until)
      if (type.includes('json')) return readImageJson(body, { ...about, width, height }, until)
      throw noPicture(name, type)
    }
    const asking = { what: `${name}, its image`, ms, signals: [signal] }
    try {
      return await session.server.fetch(path, 'application/imagebytes', asking, read)
    } catch (error) {
      // A server without ImageBytes may say so instead of answering in JSON.
      if (!(error instanceof Fault && error.detail?.['httpStatus'] === 406)) throw error
      return await session.server.fetch(path, 'application/json', asking, read)
    }
  }

  return {
    async free(signal) {
      const wait = clock.deadline(readoutSeconds * 1000 + slackMs, `${name}, stopping`, signal, gone)
      await wait.race(letGo).finally(() => wait.cancel())
    },
    onPhase: told.add,
    setPhase,
    async take(order, outer) {
      const { seconds, light, spentMs } = order
      const whole = (seconds + readoutSeconds) * 1000 + slackMs - spentMs
      const orderedMs = clock.monotonicMs()
      const limit = clock.deadline(whole, `${name}, exposing ${seconds} s`, outer, gone)
      const tick = clock.every(1000, () => setPhase(phase))
      let begun = false
      try {
        if (limit.signal.aborted) throw reasonOf(limit.signal)
        const beganMs = clock.now()
        begun = true
        await session.put('startexposure', { Duration: seconds, Light: light }, { signal: limit.signal })
        setPhase('exposing')
        await imaged(order, orderedMs, limit.signal)
        setPhase('downloading')
        const leftMs = Math.max(1, whole - (clock.monotonicMs() - orderedMs))
        return { ...(await fetched(order, leftMs, limit.signal)), beganMs }
      } catch (error) {
        // Also when its answer was not heard: it may have begun all the same.
        if (begun && !gone.aborted) {
          const left = Math.max(0, seconds - (clock.monotonicMs() - orderedMs) / 1000)
          letGo = stop(left).catch(why => {
            if (!gone.aborted) session.fail(asFault(why, name))
          })
        }
        throw error
      } finally {
        tick.cancel()
        limit.cancel()
      }
    },
  }
}

function ended(name: string, words: string): Fault {
  return new Fault('broken', `${name} gave no image: ${words}`, 'Take it again; if it stays so, restart its driver')
}
