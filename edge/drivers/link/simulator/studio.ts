// The near side of the painting thread: one picture at a time, a short queue, and nothing that can hang.
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../../ports/clock.js'
import { Fault } from '../../../ports/fault.js'
import { afterRest } from '../../../ports/rest.js'
import type { PierOrder } from '../../../science/pier-picture.js'
import type { SkyOrder } from '../../../science/sky-maker.js'

export type PaintJob =
  | { readonly kind: 'sky'; readonly order: SkyOrder }
  | { readonly kind: 'pier'; readonly order: PierOrder }

export interface PaintOrder {
  readonly id: number
  readonly job: PaintJob
  readonly buffer: SharedArrayBuffer
}

export interface PaintAnswer {
  readonly id: number
  readonly error?: string
}

export interface Studio {
  /**
   * Paints into `buffer` from offset 0: u16 samples for a sky, interleaved RGB for a pier. The buffer must stay
   * untouched until this settles; there is no way to stop a picture half done. Rejects with a Fault.
   */
  paint(job: PaintJob, buffer: SharedArrayBuffer): Promise<void>
  close(): Promise<void>
}

const mostWaiting = 16
/** A hundred times what the largest frame takes on a Pi. */
const longestMs = 120_000
/**
 * So long after its last sky the thread is ended, for skies leave much behind; one that painted none, after any rest.
 */
const restMs = 45_000

/** The thread starts with the first picture. */
export function studio(clock: Clock): Studio {
  let worker: Worker | undefined
  let ids = 0
  let closed = false
  let paintedSky = false
  const waiting = new Map<number, { settle(): void; fail(fault: Fault): void }>()

  /** Only when the thread is gone for certain may those who wait take their buffers back. */
  const retire = async (fault: Fault) => {
    const old = worker
    const left = [...waiting.values()]
    worker = undefined
    paintedSky = false
    await old?.terminate()
    for (const { fail } of left) fail(fault)
  }
  const closing = new Fault('aborted', 'the simulated observatory is being closed', 'Open it again')
  const rest = afterRest(
    clock,
    restMs,
    () => waiting.size > 0,
    () => void retire(closing),
  )
  const start = (): Worker => {
    const fresh = new Worker(new URL('./render-thread.js', import.meta.url), {
      name: 'simulator',
      // Frames lie outside the heap, which therefore may stay small.
      resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 },
    })
    fresh.on('message', ({ id, error }: PaintAnswer) => {
      const entry = waiting.get(id)
      if (!entry) return
      if (error === undefined) entry.settle()
      else entry.fail(new Fault('broken', `the simulated sky could not be painted: ${error}`, 'Report it with the log'))
    })
    const died = (why: string) => {
      if (worker !== fresh) return
      void retire(new Fault('broken', `the thread that paints the simulated sky died: ${why}`, 'Try again'))
    }
    fresh.on('error', error => died(error.message))
    fresh.on('exit', code => died(`exit code ${code}`))
    return fresh
  }

  return {
    paint(job, buffer) {
      if (closed) return Promise.reject(new Fault('offline', 'the simulated observatory is closed', 'Open it again'))
      if (waiting.size >= mostWaiting) {
        return Promise.reject(new Fault('busy', `${mostWaiting} simulated pictures wait already`, 'Ask less often'))
      }
      worker ??= start()
      paintedSky ||= job.kind === 'sky'
      if (job.kind === 'sky' || !paintedSky) rest.used()
      const painter = worker
      const id = ++ids
      const work = new Promise<void>((resolve, reject) => {
        const over = () => {
          waiting.delete(id)
          limit.cancel()
          if (waiting.size === 0) painter.unref()
        }
        const limit = clock.after(longestMs, () => {
          const fault = new Fault('timeout', `a simulated picture took longer than ${longestMs / 1000} s`, 'Try again')
          if (worker === painter) void retire(fault)
        })
        waiting.set(id, {
          settle() {
            over()
            resolve()
          },
          fail(fault) {
            over()
            reject(fault)
          },
        })
        painter.ref()
        painter.postMessage({ id, job, buffer } satisfies PaintOrder)
      })
      return clock.outside(work)
    },
    async close() {
      closed = true
      rest.cancel()
      // The thread ends in its own time, which simulated time has to wait for.
      await clock.outside(retire(closing))
    },
  }
}
