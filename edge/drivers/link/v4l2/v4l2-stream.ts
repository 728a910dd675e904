// Pictures of a video device, one after another, out of buffers that the kernel fills and we give back.
import { type Clock, pause } from '../../../ports/clock.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { Mapping } from '../ioctl.js'
import type { VideoDevice } from './v4l2-device.js'
import { faultOf, goneCodes } from './v4l2-fault.js'
import { bufferFlags, memoryMapped, offsets, requests, sizes, videoCapture } from './v4l2-structs.js'

export interface VideoStream {
  /**
   * Waits for the next whole picture and copies it. Rejects with the signal's reason, `offline` when the device is
   * gone, `broken` when what comes is damaged again and again.
   * @param into as long as the longest picture
   * @param leastBytes a picture with less is damaged
   * @returns how many bytes it has, and how many pictures were lost or damaged since the one before
   */
  next(
    into: Uint8Array,
    leastBytes: number,
    signal: AbortSignal,
  ): Promise<{ readonly byteLength: number; readonly lost: number }>
  /** Waits for the next one and gives it back unseen. */
  skip(signal: AbortSignal): Promise<void>
  /** Stops the device and lets its memory go. */
  stop(): Promise<void>
}

/** Enough that one is always being filled while another is copied. */
const bufferCount = 4
/** Between two looks whether a picture is there: a small part of the shortest time between two. */
const lookMs = 5
const mostDamaged = 30

/** `busy` when another program has its pictures. */
export async function startStream(device: VideoDevice, clock: Clock): Promise<VideoStream> {
  const { ioctl, fd, path } = device
  const mappings: Mapping[] = []
  let lastSequence: number | undefined

  const ask = async (request: number, bytes: Uint8Array) => {
    try {
      return await ioctl(fd, request, bytes)
    } catch (error) {
      throw faultOf(error, path)
    }
  }
  /** A device that is gone has stopped, and let its memory go. */
  const end = async (request: number, bytes: Uint8Array) => {
    try {
      await ioctl(fd, request, bytes)
    } catch (error) {
      if (!goneCodes.has((error as NodeJS.ErrnoException).code ?? '')) throw faultOf(error, path)
    }
  }
  const letGo = async () => {
    for (const mapping of mappings.splice(0)) mapping.unmap()
    await end(requests.requestBuffers, buffersOf(0))
  }
  const queue = (index: number) => ask(requests.queueBuffer, bufferOf(index))
  const type = Buffer.alloc(4)
  type.writeInt32LE(videoCapture)

  const begin = async () => {
    const given = buffersOf(bufferCount)
    await ask(requests.requestBuffers, given)
    const count = given.readUInt32LE(0)
    for (let index = 0; index < count; index++) {
      const buffer = bufferOf(index)
      await ask(requests.queryBuffer, buffer)
      const [length, offset] = [offsets.bufferLength, offsets.bufferOffset].map(at => buffer.readUInt32LE(at))
      mappings.push(device.map(fd, length, offset))
      await queue(index)
    }
    await ask(requests.streamOn, type)
  }
  try {
    await begin()
  } catch (error) {
    await letGo().catch(() => {}) // the first reason is the one to tell
    throw error
  }

  /** The next filled buffer; undefined when none is there yet. */
  const take = async (): Promise<Buffer | undefined> => {
    const buffer = bufferOf(0)
    try {
      await ioctl(fd, requests.takeBuffer, buffer)
      return buffer
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
      throw faultOf(error, path)
    }
  }
  const wait = async (signal: AbortSignal): Promise<Buffer> => {
    for (;;) {
      if (signal.aborted) throw reasonOf(signal)
      const buffer = await take()
      if (buffer) return buffer
      await pause(clock, lookMs, signal)
    }
  }

  return {
    async next(into, leastBytes, signal) {
      for (let damaged = 0; damaged < mostDamaged; damaged++) {
        const buffer = await wait(signal)
        const index = buffer.readUInt32LE(0)
        const sequence = buffer.readUInt32LE(offsets.bufferSequence)
        const whole = !(buffer.readUInt32LE(offsets.bufferFlags) & bufferFlags.error)
        const byteLength = Math.min(into.byteLength, buffer.readUInt32LE(offsets.bufferUsed))
        const usable = whole && byteLength >= leastBytes
        if (usable) await mappings[index].copy(into.subarray(0, byteLength))
        await queue(index)
        if (!usable) continue
        const lost = lastSequence === undefined ? 0 : Math.max(0, sequence - lastSequence - 1)
        lastSequence = sequence
        return { byteLength, lost }
      }
      const fix = 'Check its cable, and whether its bus carries so much: a smaller size: or another socket'
      throw new Fault('broken', `the camera ${path} sent ${mostDamaged} damaged pictures one after another`, fix)
    },
    async skip(signal) {
      const buffer = await wait(signal)
      lastSequence = buffer.readUInt32LE(offsets.bufferSequence)
      await queue(buffer.readUInt32LE(0))
    },
    async stop() {
      try {
        await end(requests.streamOff, type)
      } finally {
        await letGo()
      }
    },
  }
}

function buffersOf(count: number): Buffer {
  const bytes = Buffer.alloc(sizes.requestBuffers)
  bytes.writeUInt32LE(count, 0)
  bytes.writeUInt32LE(videoCapture, offsets.buffersType)
  bytes.writeUInt32LE(memoryMapped, offsets.buffersMemory)
  return bytes
}

function bufferOf(index: number): Buffer {
  const bytes = Buffer.alloc(sizes.buffer)
  bytes.writeUInt32LE(index, 0)
  bytes.writeUInt32LE(videoCapture, offsets.bufferType)
  bytes.writeUInt32LE(memoryMapped, offsets.bufferMemory)
  return bytes
}
