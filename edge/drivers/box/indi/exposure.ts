// The life of one exposure after another on an INDI camera: order, countdown, image line, abort. The hard part is the
// aborted one: its image may still come, and must never be taken for the next.
import type { ExposurePhase } from '../../../ports/camera.js'
import type { Deadline } from '../../../ports/clock.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { Lend, Lent } from '../../../ports/frame.js'
import { dateObsMs } from '../../../science/fits-date.js'
import { type FitsHeader, readFitsHeader } from '../../../science/fits-layout.js'
import { ScienceError } from '../../../science/science-error.js'
import type { ImageHead, ImageLine } from '../../link/indi/client.js'
import type { IndiChange } from '../../link/indi/property.js'
import { type IndiSession, refused } from './session.js'

/** A whole FITS file in lent memory, from its first byte. */
export interface TakenImage {
  readonly memory: Lent
  readonly byteLength: number
  readonly header: FitsHeader
  /** Our own time when the driver said that the exposure had begun, Unix ms UTC. */
  readonly beganMs: number
}

export interface ShutterOrder {
  readonly seconds: number
  readonly lend: Lend
  /** Of the 10 s that a device may stay quiet, what setting it up has used. */
  readonly spentMs: number
}

export interface IndiShutter {
  /** Settles when the camera has let go of an earlier, aborted exposure; within 2 s where it can abort. */
  free(signal: AbortSignal): Promise<void>
  /**
   * Opens the shutter and settles with the image, whose memory is then the caller's. Rejects with `broken` when the
   * driver or its image is at fault, `aborted` when somebody else stopped it, `timeout`, `offline`, or the signal's
   * reason; the camera is then told to stop.
   */
  take(order: ShutterOrder, signal: AbortSignal): Promise<TakenImage>
  onPhase(listener: (phase: ExposurePhase) => void): () => void
  setPhase(phase: ExposurePhase): void
  close(): void
}

const image = 'CCD1'
/** 200 megapixels at 16 bit and a header. More is no camera's. */
const maxImageBytes = 512 * 2 ** 20
const slackMs = 10_000
const stopMs = 1300 // for a driver's answer to an abort, of the 2 s that the next order may wait
const lateImageMs = 500 // an image that was on its way when the abort came
const lendMs = 60_000
const finishMs = 5000

interface Run {
  readonly seconds: number
  readonly lend: Lend
  readonly orderedMs: number // monotonic
  readonly control: AbortController
  /** The driver's words counted when it was ordered. */
  readonly heard: number
  deadline: Deadline | undefined
  deliver(taken: TakenImage): void
  /** Given up or handed over. */
  over: boolean
  /** The driver itself ended it: there is nothing to stop. */
  ended: boolean
  /** Its image began to come in: none will come later. */
  came: boolean
  began?: { readonly driverMs: number | undefined; readonly nowMs: number }
}

/** An aborted exposure whose image may still come. */
interface Ghost {
  readonly driverMs: number | undefined
  readonly untilMs: number // monotonic
}

interface Arriving {
  readonly run: Run
  readonly memory: Lent
}

/** @param readoutSeconds longest time from shutter close to the last byte */
export async function openIndiShutter(
  session: IndiSession,
  readoutSeconds: number,
  signal: AbortSignal,
): Promise<IndiShutter> {
  const { client, clock, name } = session
  const listeners = new Set<(phase: ExposurePhase) => void>()
  let phase: ExposurePhase = 'idle'
  let run: Run | undefined
  let ghost: Ghost | undefined
  let arriving: Arriving | undefined
  let letGo: Promise<void> = Promise.resolve()

  const setPhase = (next: ExposurePhase) => {
    phase = next
    for (const listener of [...listeners]) listener(next)
  }
  const fail = (failed: Run, fault: Fault) => {
    if (!failed.over) failed.control.abort(fault)
  }
  /** (Re)starts the clock of a run: the device must do something within `ms`. */
  const expect = (of: Run, ms: number, what: string) => {
    of.deadline?.cancel()
    of.deadline = clock.deadline(ms, `INDI camera "${name}", ${what}`)
    const { signal: late } = of.deadline
    late.addEventListener('abort', () => fail(of, reasonOf(late)), { once: true })
  }
  const haunted = () => ghost !== undefined && clock.monotonicMs() < ghost.untilMs

  const starts = ({ byteLength, format }: ImageHead): Promise<Uint8Array | undefined> | undefined => {
    const now = run
    if (!now || dead(now)) {
      ghost = undefined // here it is, and nobody wants it
      return undefined
    }
    const elapsed = clock.monotonicMs() - now.orderedMs
    if (haunted() && elapsed < now.seconds * 950 - 100) {
      ghost = undefined
      return undefined
    }
    now.came = true
    if (!/^\.fits?$/i.test(format.trim())) {
      fail(
        now,
        strange(name, `sent a "${format}" image instead of .fits`, 'Switch its compression and native format off'),
      )
      return undefined
    }
    if (!(byteLength >= 2880 && byteLength <= maxImageBytes)) {
      fail(now, strange(name, `announced an image of ${byteLength} bytes`, 'Restart its INDI driver'))
      return undefined
    }
    return (async () => {
      const memory = await borrow(now, byteLength)
      if (!memory) return undefined
      setPhase('downloading')
      expect(now, readoutSeconds * 1000 + slackMs, 'sending its image')
      arriving = { run: now, memory }
      return new Uint8Array(memory.buffer, 0, byteLength)
    })()
  }
  /** Memory may be scarce for a while; that is not the camera's fault, so its deadline rests meanwhile. */
  const borrow = async (of: Run, byteLength: number): Promise<Lent | undefined> => {
    of.deadline?.cancel()
    const wait = clock.deadline(lendMs, 'memory for a frame', of.control.signal)
    try {
      const memory = await of.lend(byteLength, wait.signal)
      if (!dead(of)) return memory
      memory.release()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      fail(of, error)
    } finally {
      wait.cancel()
    }
    return undefined
  }
  const ends = (bytes: Uint8Array) => {
    if (!arriving) return
    const { run: of, memory } = arriving
    arriving = undefined
    const header = dead(of) ? undefined : checked(of, memory, bytes)
    if (!header) {
      memory.release()
      return
    }
    of.deadline?.cancel()
    const beganMs = of.began?.nowMs ?? clock.now() - of.seconds * 1000
    of.deliver({ memory, byteLength: bytes.length, header, beganMs })
  }
  const checked = (of: Run, memory: Lent, bytes: Uint8Array): FitsHeader | undefined => {
    if (bytes.length < memory.byteLength) {
      fail(of, strange(name, `sent ${bytes.length} of ${memory.byteLength} bytes of its image`, 'Take it again'))
      return undefined
    }
    try {
      const header = readFitsHeader(bytes)
      if (haunted() && isGhost(header, of)) {
        ghost = undefined
        of.came = false
        const leftMs = of.seconds * 1000 - (clock.monotonicMs() - of.orderedMs)
        expect(of, Math.max(0, leftMs) + readoutSeconds * 1000 + slackMs, 'exposing')
        setPhase('exposing')
        return undefined
      }
      return header
    } catch (error) {
      if (!(error instanceof ScienceError)) throw error
      fail(of, strange(name, `sent an image that cannot be read: ${error.message}`, 'Take it again', error))
      return undefined
    }
  }
  /** Both started by the driver's clock: the image belongs to the nearer start. */
  const isGhost = (header: FitsHeader, of: Run): boolean => {
    const startedMs = dateObsMs(header.cards)
    if (startedMs === undefined || ghost?.driverMs === undefined || of.began?.driverMs === undefined) return false
    return Math.abs(startedMs - ghost.driverMs) < Math.abs(startedMs - of.began.driverMs)
  }

  const lost = (fault: Fault) => {
    dropArriving()
    session.fail(fault)
  }
  const dropArriving = () => {
    arriving?.memory.release()
    arriving = undefined
  }
  const hear = (change: IndiChange) => {
    if (!run || dead(run) || change.kind !== 'set' || change.property.name !== 'CCD_EXPOSURE') return
    const { state, driverMs } = change.property
    if (state === 'Busy') {
      run.began ??= { driverMs, nowMs: clock.now() }
      const leftSeconds = session.number('CCD_EXPOSURE', 'CCD_EXPOSURE_VALUE') ?? 0
      if (arriving?.run !== run) setPhase(leftSeconds > 0 ? 'exposing' : 'reading')
    } else if (state === 'Alert') {
      run.ended = true
      fail(run, refused(name, `exposing ${run.seconds} s`, session.words(run.heard)))
    } else if (state === 'Idle' && run.began && arriving?.run !== run) {
      run.ended = true
      fail(run, new Fault('aborted', `another program stopped the exposure of "${name}"`, 'Start it again'))
    }
  }

  /** Told to stop, the camera gets a moment to say so; an image on its way gets one to come and be thrown away. */
  const stop = (of: Run) => {
    if (of.ended || session.gone.aborted || (of.came && idle())) return
    const elapsed = clock.monotonicMs() - of.orderedMs
    const untilMs = clock.monotonicMs() + 2 * (readoutSeconds * 1000 + slackMs)
    ghost = of.came ? undefined : { driverMs: of.began?.driverMs, untilMs }
    const late = elapsed > of.seconds * 1000 - 500
    letGo = release(of.seconds * 1000 - elapsed, late)
  }
  const release = async (leftMs: number, late: boolean) => {
    const canStop = session.property('CCD_ABORT_EXPOSURE') !== undefined
    const mostMs = canStop ? stopMs : Math.max(0, leftMs) + readoutSeconds * 1000
    let answered = !canStop
    const wait = { what: 'stopping its exposure', ms: mostMs }
    const stopped = session.until(wait, change => {
      if (change?.kind === 'set' && change.property.name === 'CCD_ABORT_EXPOSURE') {
        answered ||= change.property.state !== 'Busy'
      }
      return answered && idle() ? true : undefined
    })
    stopped.catch(() => {}) // awaited below, unless the order itself throws
    try {
      if (canStop) session.order('CCD_ABORT_EXPOSURE', { ABORT: true })
      await stopped
      const until = clock.monotonicMs() + lateImageMs
      while (late && (ghost || arriving) && clock.monotonicMs() < until) await clock.sleep(50, session.gone)
    } catch (error) {
      if (session.gone.aborted || idle()) return
      const fix = 'It is opened again by itself; if it stays so, restart its INDI driver'
      session.fail(new Fault('timeout', `INDI camera "${name}" did not stop exposing`, fix, { cause: error }))
    }
  }
  const idle = () => session.property('CCD_EXPOSURE')?.state !== 'Busy'

  const stopWatching = session.watch(hear)
  let imageLine: ImageLine
  try {
    imageLine = await client.images(name, image, { starts, ends, lost }, signal)
  } catch (error) {
    stopWatching()
    throw error
  }
  const close = () => {
    stopWatching()
    imageLine.close()
    dropArriving()
  }
  session.gone.addEventListener('abort', close, { once: true })
  // What it is exposing now nobody waits for: an agent before us, or before the line was lost.
  if (!idle()) letGo = release(readoutSeconds * 1000, true)

  return {
    async free(of) {
      const wait = clock.deadline(readoutSeconds * 1000 + slackMs, `INDI camera "${name}" stopping`, of, session.gone)
      await wait.race(letGo).finally(() => wait.cancel())
      // Drivers send the image first and leave Busy a moment later.
      await session.until({ what: 'finishing its exposure', ms: finishMs, signal: of }, () => idle() || undefined)
    },
    onPhase(listener) {
      const own = (next: ExposurePhase) => listener(next)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    setPhase,
    async take({ seconds, lend, spentMs }, outer) {
      const control = new AbortController()
      const pass = () => control.abort(reasonOf(outer.aborted ? outer : session.gone))
      outer.addEventListener('abort', pass, { once: true })
      session.gone.addEventListener('abort', pass, { once: true })
      let deliver: Run['deliver'] = () => {}
      const taken = new Promise<TakenImage>((settle, reject) => {
        deliver = settle
        control.signal.addEventListener('abort', () => reject(reasonOf(control.signal)), { once: true })
      })
      const own: Run = {
        seconds,
        lend,
        orderedMs: clock.monotonicMs(),
        heard: session.wordsHeard(),
        control,
        deadline: undefined,
        deliver,
        over: false,
        ended: false,
        came: false,
      }
      run = own
      const tick = clock.every(1000, () => setPhase(phase))
      try {
        expect(own, (seconds + readoutSeconds) * 1000 + slackMs - spentMs, `exposing ${seconds} s`)
        if (outer.aborted || session.gone.aborted) pass()
        else session.order('CCD_EXPOSURE', { CCD_EXPOSURE_VALUE: seconds })
        return await clock.outside(taken)
      } catch (error) {
        own.over = true
        stop(own)
        throw error
      } finally {
        own.over = true
        run = undefined
        own.deadline?.cancel()
        tick.cancel()
        outer.removeEventListener('abort', pass)
        session.gone.removeEventListener('abort', pass)
      }
    },
    close,
  }
}

function dead(run: Run): boolean {
  return run.over || run.control.signal.aborted
}

function strange(name: string, what: string, fix: string, cause?: unknown): Fault {
  return new Fault('broken', `INDI camera "${name}" ${what}`, fix, { cause })
}
