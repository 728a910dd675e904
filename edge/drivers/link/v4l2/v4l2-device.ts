// A video device of the kernel: what it is, which formats, sizes and paces it has, and how it is set to one of each.
import { closeSync, constants, openSync } from 'node:fs'
import { Fault } from '../../../ports/fault.js'
import { type Ioctl, loadIoctl, loadMapMemory, type MapMemory } from '../ioctl.js'
import { faultOf } from './v4l2-fault.js'
import {
  capabilities,
  discrete,
  fourcc,
  fourccOf,
  offsets,
  progressive,
  requests,
  sizes,
  text,
  timePerFrame,
  videoCapture,
} from './v4l2-structs.js'

/** What is spoken to; this machine's own when absent. */
export interface VideoKernel {
  readonly ioctl: Ioctl
  readonly map: MapMemory
}

export interface VideoDevice extends VideoKernel {
  readonly path: string
  readonly fd: number
  /** As the camera calls itself. */
  readonly card: string
  /** `usb-0000:01:00.0-1.3`: where it is plugged in. */
  readonly bus: string
  close(): void
}

export interface PixelLayout {
  readonly fourcc: string
  readonly width: number
  readonly height: number
  readonly bytesPerLine: number
  readonly imageBytes: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

/** More of a list than a sound driver has: it would never end. */
const mostRows = 256

export const ownKernel = (): VideoKernel => ({ ioctl: loadIoctl(), map: loadMapMemory() })

/** `offline` when it is not there or not ours to open, `unsupported` when it gives no pictures. */
export async function openVideoDevice(path: string, kernel: VideoKernel): Promise<VideoDevice> {
  let fd: number
  try {
    // Without waiting: whether a picture is there is asked again and again, so that nothing hangs on a device.
    fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const fix =
      code === 'EACCES'
        ? 'Add the agent’s user to the group video, then start the agent again'
        : 'Plug it in, or name it as it stands under /dev/v4l/by-id or /dev/v4l/by-path'
    throw new Fault('offline', `the camera ${path} cannot be opened (${code})`, fix, { cause })
  }
  try {
    const told = Buffer.alloc(sizes.capability)
    await kernel.ioctl(fd, requests.queryCap, told)
    const all = told.readUInt32LE(offsets.capAll)
    const can = all & capabilities.deviceCaps ? told.readUInt32LE(offsets.capDevice) : all
    if (!(can & capabilities.videoCapture) || !(can & capabilities.streaming)) {
      const fix = 'A camera often has several nodes: choose the first, …-video-index0'
      throw new Fault('unsupported', `${path} gives no pictures`, fix)
    }
    const words = { card: text(told, offsets.capCard, 32), bus: text(told, offsets.capBus, 32) }
    let open = true
    return {
      ...{ path, fd, ...words, map: kernel.map },
      // Its number may be another file's by then.
      ioctl: (...call) => (open ? kernel.ioctl(...call) : Promise.reject(closed())),
      close() {
        if (open) closeSync(fd)
        open = false
      },
    }
  } catch (error) {
    closeSync(fd)
    if (error instanceof Fault) throw error
    if ((error as NodeJS.ErrnoException).code !== 'ENOTTY') throw faultOf(error, path)
    throw new Fault('unsupported', `${path} is no video device`, 'Name a camera under /dev/v4l', { cause: error })
  }
}

const closed = () => Object.assign(new Error('the device is closed'), { code: 'ENODEV' })

/** Rows of a list that the kernel gives one by one until it says EINVAL. */
async function rows<T>(
  { ioctl, fd }: VideoDevice,
  request: number,
  ask: (index: number) => Buffer,
  read: (bytes: Buffer) => T,
): Promise<T[]> {
  const all: T[] = []
  for (let index = 0; index < mostRows; index++) {
    const bytes = ask(index)
    try {
      await ioctl(fd, request, bytes)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // ENOTTY: the driver has no such list at all.
      if (code === 'EINVAL' || code === 'ENOTTY') return all
      throw error
    }
    all.push(read(bytes))
  }
  return all
}

export function formatsOf(device: VideoDevice): Promise<{ fourcc: string; words: string }[]> {
  const ask = (index: number) => {
    const bytes = Buffer.alloc(sizes.fmtdesc)
    bytes.writeUInt32LE(index, 0)
    bytes.writeUInt32LE(videoCapture, 4)
    return bytes
  }
  return rows(device, requests.enumFormat, ask, bytes => ({
    fourcc: fourccOf(bytes.readUInt32LE(offsets.fmtPixel)),
    words: text(bytes, offsets.fmtWords, 32),
  }))
}

/** Of a device that takes any size in a range, the largest. */
export function sizesOf(device: VideoDevice, format: string): Promise<Size[]> {
  const ask = (index: number) => {
    const bytes = Buffer.alloc(sizes.frmsize)
    bytes.writeUInt32LE(index, 0)
    bytes.writeUInt32LE(fourcc(format), offsets.sizePixel)
    return bytes
  }
  return stepless(device, requests.enumSize, ask, offsets.sizeType, bytes =>
    bytes.readUInt32LE(offsets.sizeType) === discrete
      ? { width: bytes.readUInt32LE(offsets.sizeWidth), height: bytes.readUInt32LE(offsets.sizeHeight) }
      : { width: bytes.readUInt32LE(offsets.sizeMostWidth), height: bytes.readUInt32LE(offsets.sizeMostHeight) },
  )
}

/**
 * Seconds from one picture to the next that it can do with this layout, shortest first. Of a device that takes any in a
 * range, its ends.
 */
export async function intervalsOf(device: VideoDevice, layout: PixelLayout): Promise<number[]> {
  const ask = (index: number) => {
    const bytes = Buffer.alloc(sizes.frmival)
    bytes.writeUInt32LE(index, 0)
    bytes.writeUInt32LE(fourcc(layout.fourcc), offsets.ivalPixel)
    bytes.writeUInt32LE(layout.width, offsets.ivalWidth)
    bytes.writeUInt32LE(layout.height, offsets.ivalHeight)
    return bytes
  }
  const fraction = (bytes: Buffer, at: number) => bytes.readUInt32LE(at) / bytes.readUInt32LE(at + 4)
  const found = await stepless(device, requests.enumInterval, ask, offsets.ivalType, bytes => {
    const first = fraction(bytes, offsets.ivalNumerator)
    return bytes.readUInt32LE(offsets.ivalType) === discrete ? [first] : [first, fraction(bytes, offsets.ivalMost)]
  })
  return found
    .flat()
    .filter(seconds => Number.isFinite(seconds) && seconds > 0)
    .sort((a, b) => a - b)
}

/** A list whose single row is a range where the rows are not discrete: to ask for a second one is then wrong. */
async function stepless<T>(
  device: VideoDevice,
  request: number,
  ask: (index: number) => Buffer,
  typeAt: number,
  read: (bytes: Buffer) => T,
): Promise<T[]> {
  const all = await rows(device, request, ask, bytes => ({ range: bytes.readUInt32LE(typeAt) !== discrete, bytes }))
  return (all[0]?.range ? all.slice(0, 1) : all).map(({ bytes }) => read(bytes))
}

/** Asks for a layout; the driver may give another, which is what comes back. */
export async function setLayout(device: VideoDevice, wanted: Size & { readonly fourcc: string }): Promise<PixelLayout> {
  const bytes = Buffer.alloc(sizes.format)
  bytes.writeUInt32LE(videoCapture, 0)
  bytes.writeUInt32LE(wanted.width, offsets.pixWidth)
  bytes.writeUInt32LE(wanted.height, offsets.pixHeight)
  bytes.writeUInt32LE(fourcc(wanted.fourcc), offsets.pixFormat)
  bytes.writeUInt32LE(progressive, offsets.pixField)
  try {
    await device.ioctl(device.fd, requests.setFormat, bytes)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const words = `the camera ${device.path} does not take ${wanted.width}×${wanted.height} ${wanted.fourcc} (${code})`
    if (code === 'EBUSY') throw new Fault('busy', words, 'Another program uses the camera: close it', { cause })
    throw new Fault('bad-input', words, 'Choose another format: or size: in the config', { cause })
  }
  return layoutOf(bytes)
}

function layoutOf(bytes: Buffer): PixelLayout {
  return {
    fourcc: fourccOf(bytes.readUInt32LE(offsets.pixFormat)),
    width: bytes.readUInt32LE(offsets.pixWidth),
    height: bytes.readUInt32LE(offsets.pixHeight),
    bytesPerLine: bytes.readUInt32LE(offsets.pixBytesPerLine),
    imageBytes: bytes.readUInt32LE(offsets.pixSizeImage),
  }
}

/**
 * Asks for a time from one picture to the next, s.
 * @returns what the driver made of it; undefined where it has no such setting
 */
export async function setPictureInterval(device: VideoDevice, seconds: number): Promise<number | undefined> {
  const bytes = Buffer.alloc(sizes.streamparm)
  bytes.writeUInt32LE(videoCapture, 0)
  bytes.writeUInt32LE(Math.round(seconds * 1e7), offsets.paceNumerator)
  bytes.writeUInt32LE(1e7, offsets.paceDenominator)
  return intervalOf(device, requests.setPace, bytes)
}

export async function pictureInterval(device: VideoDevice): Promise<number | undefined> {
  const bytes = Buffer.alloc(sizes.streamparm)
  bytes.writeUInt32LE(videoCapture, 0)
  return intervalOf(device, requests.getPace, bytes)
}

async function intervalOf(device: VideoDevice, request: number, bytes: Buffer): Promise<number | undefined> {
  try {
    await device.ioctl(device.fd, request, bytes)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTTY' || code === 'EINVAL') return undefined
    throw error
  }
  if (!(bytes.readUInt32LE(offsets.paceCan) & timePerFrame)) return undefined
  const [numerator, denominator] = [offsets.paceNumerator, offsets.paceDenominator].map(at => bytes.readUInt32LE(at))
  return numerator > 0 && denominator > 0 ? numerator / denominator : undefined
}
