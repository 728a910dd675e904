// A CSI camera as pier camera: rpicam-vid gives JPEGs one after another, supervised as ffmpeg is.
import type { Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { VideoOrder, VideoSource } from '../../ports/video-source.js'
import { type CsiPrograms, crashed, faultOfEnding, type SeenCamera } from '../camera/csi-programs.js'
import { runProgram } from '../link/program.js'
import { mjpegSplitter } from './mjpeg-splitter.js'

export interface CsiVideoParts {
  readonly programs: CsiPrograms
  readonly camera: SeenCamera
  /** `1280x720`. */
  readonly size: string
  readonly maxGain: number
}

/** So much without a whole picture is nonsense, bytes. */
const brokenBytes = 16 * 1024 * 1024
/** What the sensors do in any mode; below it they are asked for this, and who listens thins. */
const slowestFps = 1

export function csiVideo(parts: CsiVideoParts, tools: Tools): { video: VideoSource; close(): Promise<void> } {
  const { programs, camera } = parts
  const { clock, log } = tools
  const closing = new AbortController()
  let running: Promise<unknown> | undefined
  let nopreview = true
  const video: VideoSource = {
    adjustable: true,
    async run(order, onPicture, signal) {
      if (closing.signal.aborted) throw reasonOf(closing.signal)
      if (signal.aborted) return
      if (running) throw new Fault('busy', 'the camera is running already', 'Stop it first')
      const end = new AbortController()
      const stop = (event: Event) => end.abort(reasonOf(event.target as AbortSignal))
      signal.addEventListener('abort', stop, { once: true })
      closing.signal.addEventListener('abort', stop, { once: true })
      const splitter = mjpegSplitter((jpeg, atMs) => onPicture({ jpeg, atMs }))
      const onBytes = (bytes: Uint8Array) => {
        splitter.push(bytes, clock.now())
        if (splitter.strayBytes <= brokenBytes) return
        end.abort(new Fault('broken', 'the camera sends something else than JPEGs', 'Update rpicam-apps'))
      }
      try {
        const run = { program: programs.vid, args: vidArguments({ ...parts, nopreview }, order), clock, log, onBytes }
        const work = runProgram(run, end.signal)
        running = work
        const ending = await work
        if (signal.aborted) return
        if (end.signal.aborted) throw reasonOf(end.signal)
        if (crashed(ending)) nopreview = false
        const fault = faultOfEnding(ending, `${camera.sensor} gives no pictures`)
        if (fault.code === 'offline') tools.lost(fault)
        throw fault
      } finally {
        signal.removeEventListener('abort', stop)
        closing.signal.removeEventListener('abort', stop)
        running = undefined
      }
    },
  }
  return {
    video,
    async close() {
      closing.abort(new Fault('offline', 'the camera is closed', 'Open it again'))
      // Why a run failed is told to whoever asked for it; here it only has to be over.
      await running?.catch(() => undefined)
    },
  }
}

function vidArguments(
  { camera, size, maxGain, nopreview }: Omit<CsiVideoParts, 'programs'> & { readonly nopreview: boolean },
  order: VideoOrder,
): string[] {
  const [width, height] = size.split('x')
  const { automatic, exposureMs, gain } = order
  const byHand = automatic === false
  // The program stays at the pace it is told, so a long exposure needs a slow one.
  const pace = Math.max(slowestFps, order.framesPerSecond)
  const fps = byHand && exposureMs ? Math.min(pace, 1000 / exposureMs) : pace
  return [
    ...['--camera', String(camera.number), '--timeout', '0'],
    ...(nopreview ? ['--nopreview'] : []),
    ...['--codec', 'mjpeg', '--quality', String(order.jpegQuality)],
    ...['--width', width, '--height', height, '--framerate', String(Math.round(fps * 1000) / 1000)],
    ...(byHand && exposureMs ? ['--shutter', String(Math.round(exposureMs * 1000))] : []),
    ...(byHand && gain ? ['--gain', String(Math.min(maxGain, Math.max(1, gain)))] : []),
    ...['--flush', '--output', '-'],
  ]
}
