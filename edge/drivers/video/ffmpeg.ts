// The pier camera by way of ffmpeg: USB cameras (V4L2), network cameras, and a test pattern where there is neither.
import { access, readdir } from 'node:fs/promises'
import path from 'node:path'
import { driver, type Tools } from '../../ports/driver.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { VideoOrder, VideoSource } from '../../ports/video-source.js'
import { type Ending, findProgram, runProgram } from '../link/program.js'
import { type FfmpegOptions, ffmpegArguments, ffmpegOptions } from './ffmpeg-arguments.js'
import { mjpegSplitter } from './mjpeg-splitter.js'
import { setUsbLight, usbControls } from './usb-light.js'

/** So much without even the beginning of a picture is no MJPEG, bytes. */
const strayLimitBytes = 64 * 1024
/** So much without a whole picture is nonsense too, however it began: several that were cut short. */
const brokenLimitBytes = 16 * 1024 * 1024
const byId = '/dev/v4l/by-id'

export const ffmpegDriver = driver<typeof ffmpegOptions>({
  id: 'ffmpeg',
  summary: 'A USB or network camera as pier camera, through ffmpeg; a USB camera with all its controls',
  options: ffmpegOptions,
  ports: ({ source }) => (source === 'v4l2' ? ['video', 'raw'] : ['video']),
  async open(options, tools) {
    if (options.source === 'url' && options.url === undefined) {
      throw new Fault('bad-input', 'a network camera needs its url', 'Set url: under the device in the config')
    }
    await programOf(options)
    if (options.source === 'v4l2') await cameraOf(options, undefined)
    const closing = new AbortController()
    let running: Promise<Ending> | undefined
    /** Which one it was when it ran last. */
    let index: number | undefined
    const video: VideoSource = {
      adjustable: options.source === 'v4l2',
      async run(order, onPicture, signal) {
        if (closing.signal.aborted) throw reasonOf(closing.signal)
        if (signal.aborted) return
        if (running) throw new Fault('busy', 'the camera is running already', 'Stop it first')
        index = order.deviceIndex
        const end = new AbortController()
        const stop = (event: Event) => end.abort(reasonOf(event.target as AbortSignal))
        signal.addEventListener('abort', stop, { once: true })
        closing.signal.addEventListener('abort', stop, { once: true })
        try {
          running = runOnce(options, tools, order, onPicture, end)
          const ending = await running
          if (signal.aborted) return
          if (end.signal.aborted) throw reasonOf(end.signal)
          throw await why(options, ending, tools)
        } finally {
          signal.removeEventListener('abort', stop)
          closing.signal.removeEventListener('abort', stop)
          running = undefined
        }
      },
    }
    const controls = usbControls(() => cameraOf(options, index))
    return {
      ports: { video, ...(options.source === 'v4l2' && { raw: controls }) },
      async close() {
        closing.abort(new Fault('offline', 'the camera is closed', 'Open it again'))
        // Why a run failed is told to whoever asked for it; here it only has to be over.
        await running?.catch(() => undefined)
      },
    }
  },
})

/** @param end ends the run; fired here when what comes is not MJPEG */
async function runOnce(
  options: FfmpegOptions,
  { clock, log }: Tools,
  order: VideoOrder,
  onPicture: Parameters<VideoSource['run']>[1],
  end: AbortController,
): Promise<Ending> {
  const program = await programOf(options)
  const device = options.source === 'v4l2' ? await cameraOf(options, order.deviceIndex) : undefined
  if (device !== undefined) await setUsbLight(device, order)
  const splitter = mjpegSplitter((jpeg, atMs) => onPicture({ jpeg, atMs }))
  const onBytes = (bytes: Uint8Array) => {
    splitter.push(bytes, clock.now())
    const { begun, strayBytes } = splitter
    if (strayBytes <= (begun ? brokenLimitBytes : strayLimitBytes)) return
    const words = 'the camera sends something else than JPEGs'
    end.abort(new Fault('broken', words, 'Set jpeg: ffmpeg for it in the config'))
  }
  const args = ffmpegArguments(options, device, order)
  return runProgram({ program, args, clock, log, onBytes }, end.signal)
}

async function programOf({ ffmpeg }: FfmpegOptions): Promise<string> {
  const found = await findProgram(ffmpeg)
  if (found) return found
  throw new Fault(
    'not-found',
    `the program ${ffmpeg} is not there`,
    'Install it (sudo apt install ffmpeg), or name its path under ffmpeg: in the config',
  )
}

/** The device's path, seen to be there; the one named, or else the USB camera of that number. */
async function cameraOf({ device }: FfmpegOptions, index = 0): Promise<string> {
  const there = await camerasHere()
  if (device === undefined) {
    const found = there[index]
    if (found !== undefined) return found
    const count = there.length === 0 ? 'no USB camera is plugged in' : `there are ${there.length} USB cameras`
    throw new Fault(
      'offline',
      `${count}; number ${index} is wanted`,
      'Plug it in, or choose another device_index (0 …)',
    )
  }
  const present = await access(device).then(
    () => true,
    () => false,
  )
  if (present) return device
  const others = there.length > 0 ? `, or name one of: ${there.join(', ')}` : ''
  throw new Fault('offline', `the camera ${device} is not plugged in`, `Plug it in${others}`)
}

/** A camera has several nodes; the first of them gives pictures. */
async function camerasHere(): Promise<string[]> {
  // Without a camera there is no such folder.
  const names = await readdir(byId).catch(() => [])
  return names
    .filter(name => name.endsWith('-video-index0'))
    .sort()
    .map(name => path.join(byId, name))
}

/** What ended it, and what a person can do. A USB camera that is gone is handed to the supervisor. */
async function why(options: FfmpegOptions, { how, words }: Ending, tools: Tools): Promise<Fault> {
  const said = `ffmpeg ${how}${words ? `: ${words}` : ''}`
  if (/resource busy/i.test(words)) {
    return new Fault('busy', said, 'Another program uses the camera: close it')
  }
  if (/permission denied/i.test(words)) {
    return new Fault('offline', said, 'Add the agent’s user to the group video, then start the agent again')
  }
  if (options.source === 'url') {
    return new Fault('offline', said, 'Check that the camera has power and network, and its address in the config')
  }
  if (options.source === 'test') return new Fault('broken', said, 'It is started again; see the log if it stays so')
  try {
    await cameraOf(options, undefined)
  } catch (error) {
    const fault = error as Fault
    tools.lost(fault)
    return fault
  }
  return new Fault('offline', said, 'Check the camera’s USB cable; see size: and input_fps: in the config too')
}
