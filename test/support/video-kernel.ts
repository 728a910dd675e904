// The kernel's side of a video device, as uvcvideo behaves: formats, sizes, paces, controls and buffers by the
// structures of <linux/videodev2.h>, whose layout test/drivers/v4l2.test.ts holds against the compilers. Each picture
// shows how it was exposed, so that what comes of it can be counted.
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import koffi from 'koffi'
import type { VideoKernel } from '../../edge/drivers/link/v4l2/v4l2-device.js'
import * as v4l2 from '../../edge/drivers/link/v4l2/v4l2-structs.js'
import type { Teardown } from './bench-devices.js'

export interface FakeControl {
  readonly id: number
  readonly name: string
  readonly type: number
  readonly min: number
  readonly max: number
  readonly step?: number
  flags?: number
  value: number
  readonly choices?: Readonly<Record<number, string>>
}

export interface FakeCamera {
  readonly card: string
  /** Four letters, and what a picture of it is made of. */
  readonly formats: Readonly<Record<string, (width: number, height: number, value: number) => Buffer>>
  readonly sizes: readonly (readonly [number, number])[]
  /** From one picture to the next, ms. */
  readonly intervalsMs: readonly number[]
  readonly controls: FakeControl[]
  /** What a pixel's value is, of the exposure (in 100 µs) and gain. */
  light(exposure: number, gain: number): number
}

/** What went on, and what goes wrong when a test says so. */
export interface VideoKernelState {
  unplugged: boolean
  /** Somebody else has its pictures. */
  taken: boolean
  /** So many of the next pictures are damaged. */
  damaged: number
  /** No more pictures come. */
  silent: boolean
  streaming: boolean
  mapped: number
  format: string
  width: number
  height: number
  intervalMs: number
}

const { offsets, requests } = v4l2
const bytesOfLine = (format: string, width: number) => (/^(GREY|RGGB|GRBG|GBRG|BA81)$/.test(format) ? width : 2 * width)
/** The control that a list points to. */
const memory = (at: bigint) => Buffer.from(koffi.view(at, v4l2.sizes.control))
const refuse = (code: string) => Object.assign(new Error(code), { code })

export const exposureControl = (max: number, value = 156): FakeControl => ({
  ...{ id: v4l2.controlIds.exposureAbsolute, name: 'Exposure Time, Absolute', type: v4l2.controlTypes.integer },
  ...{ min: 1, max, value },
})

export const exposureMode = (value = v4l2.exposureModes.aperturePriority): FakeControl => ({
  ...{ id: v4l2.controlIds.exposureAuto, name: 'Auto Exposure', type: v4l2.controlTypes.menu },
  ...{ min: 0, max: 3, value, choices: { 1: 'Manual Mode', 3: 'Aperture Priority Mode' } },
})

export const gainControl = (): FakeControl => ({
  ...{ id: v4l2.controlIds.gain, name: 'Gain', type: v4l2.controlTypes.integer, min: 0, max: 100, value: 10 },
})

export const slowing = (): FakeControl => ({
  ...{ id: v4l2.controlIds.exposureAutoPriority, name: 'Exposure, Dynamic Framerate' },
  ...{ type: v4l2.controlTypes.boolean, min: 0, max: 1, value: 0 },
})

/** @returns the path of the camera, and the kernel that answers for it */
export function videoKernel(test: Teardown, camera: FakeCamera) {
  const folder = mkdtempSync(join(tmpdir(), 'pierside-video-'))
  const path = join(folder, 'video0')
  writeFileSync(path, '')
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [width, height] = camera.sizes[0]
  const state: VideoKernelState = {
    ...{ unplugged: false, taken: false, damaged: 0, silent: false, streaming: false, mapped: 0 },
    ...{ format: Object.keys(camera.formats)[0], width, height, intervalMs: camera.intervalsMs[0] },
  }
  const control = (id: number) => camera.controls.find(one => one.id === id)
  const nowOf = (id: number, instead: number) => control(id)?.value ?? instead
  const imageBytes = () => bytesOfLine(state.format, state.width) * state.height
  let buffers: Buffer[] = []
  const queued: number[] = []
  let sequence = 0
  let nextMs = 0

  /** A picture takes as long as its pace, or its exposure where that is longer and the pace may drop. */
  const pictureMs = () => {
    const exposureMs = nowOf(v4l2.controlIds.exposureAbsolute, 0) / 10
    return nowOf(v4l2.controlIds.exposureAutoPriority, 0) ? Math.max(state.intervalMs, exposureMs) : state.intervalMs
  }
  const paint = () => {
    const exposure = Math.min(nowOf(v4l2.controlIds.exposureAbsolute, 0), pictureMs() * 10)
    const value = camera.light(exposure, nowOf(v4l2.controlIds.gain, 0))
    return camera.formats[state.format](state.width, state.height, value)
  }
  const buffer = (bytes: Buffer): number => {
    if (!state.streaming) throw refuse('EINVAL')
    if (state.silent || Date.now() < nextMs || queued.length === 0) throw refuse('EAGAIN')
    const index = queued.shift()!
    const damaged = state.damaged > 0
    if (damaged) state.damaged--
    nextMs += pictureMs()
    const picture = paint()
    picture.copy(buffers[index])
    bytes.writeUInt32LE(index, 0)
    bytes.writeUInt32LE(picture.length, offsets.bufferUsed)
    bytes.writeUInt32LE(damaged ? v4l2.bufferFlags.error : 0, offsets.bufferFlags)
    bytes.writeUInt32LE(sequence++, offsets.bufferSequence)
    return 0
  }
  const list = (bytes: Buffer): FakeControl & { at: bigint } => {
    const at = bytes.readBigUInt64LE(offsets.controlsAt)
    const one = control(memory(at).readUInt32LE(0))
    if (!one) throw refuse('EINVAL')
    return Object.assign(one, { at })
  }
  const answers: Readonly<Record<number, (bytes: Buffer) => number>> = {
    [requests.queryCap](bytes) {
      bytes.write(camera.card, offsets.capCard)
      bytes.write('usb-0000:01:00.0-1.3', offsets.capBus)
      const { videoCapture, streaming, deviceCaps } = v4l2.capabilities
      bytes.writeUInt32LE((videoCapture | streaming | deviceCaps) >>> 0, offsets.capAll)
      bytes.writeUInt32LE(videoCapture | streaming, offsets.capDevice)
      return 0
    },
    [requests.enumFormat](bytes) {
      const name = Object.keys(camera.formats)[bytes.readUInt32LE(0)]
      if (!name) throw refuse('EINVAL')
      bytes.writeUInt32LE(v4l2.fourcc(name.padEnd(4)), offsets.fmtPixel)
      return 0
    },
    [requests.enumSize](bytes) {
      const size = camera.sizes[bytes.readUInt32LE(0)]
      if (!size) throw refuse('EINVAL')
      bytes.writeUInt32LE(v4l2.discrete, offsets.sizeType)
      bytes.writeUInt32LE(size[0], offsets.sizeWidth)
      bytes.writeUInt32LE(size[1], offsets.sizeHeight)
      return 0
    },
    [requests.enumInterval](bytes) {
      const interval = camera.intervalsMs[bytes.readUInt32LE(0)]
      if (!interval) throw refuse('EINVAL')
      bytes.writeUInt32LE(v4l2.discrete, offsets.ivalType)
      bytes.writeUInt32LE(interval, offsets.ivalNumerator)
      bytes.writeUInt32LE(1000, offsets.ivalNumerator + 4)
      return 0
    },
    [requests.setFormat](bytes) {
      if (state.taken) throw refuse('EBUSY')
      state.format = v4l2.fourccOf(bytes.readUInt32LE(offsets.pixFormat)).trimEnd()
      const wanted = [offsets.pixWidth, offsets.pixHeight].map(at => bytes.readUInt32LE(at))
      const [w, h] = camera.sizes.find(([a, b]) => a === wanted[0] && b === wanted[1]) ?? camera.sizes[0]
      Object.assign(state, { width: w, height: h })
      bytes.writeUInt32LE(w, offsets.pixWidth)
      bytes.writeUInt32LE(h, offsets.pixHeight)
      bytes.writeUInt32LE(bytesOfLine(state.format, w), offsets.pixBytesPerLine)
      bytes.writeUInt32LE(imageBytes(), offsets.pixSizeImage)
      return 0
    },
    [requests.getPace]: bytes => pace(bytes),
    [requests.setPace](bytes) {
      if (state.streaming) throw refuse('EBUSY')
      const wantedMs = (1000 * bytes.readUInt32LE(offsets.paceNumerator)) / bytes.readUInt32LE(offsets.paceDenominator)
      const nearest = [...camera.intervalsMs].sort((a, b) => Math.abs(a - wantedMs) - Math.abs(b - wantedMs))[0]
      state.intervalMs = nearest
      return pace(bytes)
    },
    [requests.queryControl](bytes) {
      const asked = bytes.readUInt32LE(0)
      const after = (asked & ~v4l2.controlFlags.next) >>> 0
      const one = [...camera.controls].sort((a, b) => a.id - b.id).find(({ id }) => id > after)
      if (!one) throw refuse('EINVAL')
      bytes.writeUInt32LE(one.id, 0)
      bytes.writeUInt32LE(one.type, offsets.controlType)
      bytes.write(one.name, offsets.controlName)
      bytes.writeBigInt64LE(BigInt(one.min), offsets.controlMin)
      bytes.writeBigInt64LE(BigInt(one.max), offsets.controlMax)
      bytes.writeBigUInt64LE(BigInt(one.step ?? 1), offsets.controlStep)
      bytes.writeUInt32LE(one.flags ?? 0, offsets.controlFlags)
      return 0
    },
    [requests.queryMenu](bytes) {
      const choice = control(bytes.readUInt32LE(0))?.choices?.[bytes.readUInt32LE(offsets.menuIndex)]
      if (choice === undefined) throw refuse('EINVAL')
      bytes.write(choice, offsets.menuName)
      return 0
    },
    [requests.getControls](bytes) {
      const { at, value } = list(bytes)
      memory(at).writeInt32LE(value, offsets.value)
      return 0
    },
    [requests.setControls](bytes) {
      const one = list(bytes)
      const value = memory(one.at).readInt32LE(offsets.value)
      if (one.type !== v4l2.controlTypes.button && (value < one.min || value > one.max)) throw refuse('ERANGE')
      one.value = value
      return 0
    },
    [requests.requestBuffers](bytes) {
      if (state.taken) throw refuse('EBUSY')
      const count = bytes.readUInt32LE(0)
      if (state.mapped > 0) throw refuse('EBUSY')
      buffers = Array.from({ length: count }, () => Buffer.alloc(imageBytes()))
      queued.length = 0
      return 0
    },
    [requests.queryBuffer](bytes) {
      const index = bytes.readUInt32LE(0)
      bytes.writeUInt32LE(buffers[index].length, offsets.bufferLength)
      bytes.writeUInt32LE(index * 4096, offsets.bufferOffset)
      return 0
    },
    [requests.queueBuffer](bytes) {
      queued.push(bytes.readUInt32LE(0))
      return 0
    },
    [requests.takeBuffer]: buffer,
    [requests.streamOn]() {
      state.streaming = true
      sequence = 0
      nextMs = Date.now() + pictureMs()
      return 0
    },
    [requests.streamOff]() {
      state.streaming = false
      queued.length = 0
      return 0
    },
  }
  function pace(bytes: Buffer): number {
    bytes.writeUInt32LE(v4l2.timePerFrame, offsets.paceCan)
    bytes.writeUInt32LE(state.intervalMs, offsets.paceNumerator)
    bytes.writeUInt32LE(1000, offsets.paceDenominator)
    return 0
  }
  const kernel: VideoKernel = {
    async ioctl(fd, request, argument) {
      if (readlinkSync(`/proc/self/fd/${fd}`) !== path) throw refuse('EBADF')
      if (state.unplugged) throw refuse('ENODEV')
      const answer = answers[request]
      if (!answer) throw refuse('ENOTTY')
      return answer(argument as Buffer)
    },
    map(_fd, byteLength, offset) {
      const piece = buffers[offset / 4096]
      state.mapped++
      return {
        async copy(into) {
          if (into.byteLength > byteLength) throw new RangeError('outside of what is mapped')
          into.set(piece.subarray(0, into.byteLength))
        },
        unmap: () => void state.mapped--,
      }
    },
  }
  return { path, kernel: () => kernel, state, camera }
}
