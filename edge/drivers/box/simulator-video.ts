// The simulated pier camera: pictures of the mount as it stands, one after another.
import type { OpenBox, Tools } from '../../ports/driver.js'
import { Fault } from '../../ports/fault.js'
import type { VideoSource } from '../../ports/video-source.js'
import type { Observatory } from '../link/simulator/observatory.js'
import { presence } from './simulator-presence.js'

const width = 1280
const height = 960
const fastestPerSecond = 30
/** Without a picture for so long the source counts as dead. */
const patienceMs = 10_000

export function openSimulatedPierCamera(place: Observatory, tools: Tools): OpenBox {
  const box = presence(place, 'pier-camera', tools)
  box.check()
  let running = false
  const video: VideoSource = {
    adjustable: true,
    async run(order, onPicture, signal) {
      box.check()
      if (running) throw new Fault('busy', 'the simulated pier camera is running', 'Stop it first')
      const perSecond = Math.min(fastestPerSecond, Math.max(0.01, order.framesPerSecond))
      const exposureMs = Math.min(60_000, Math.max(1, order.exposureMs ?? 80))
      const periodMs = Math.max(1000 / perSecond, exposureMs)
      const binning = Math.min(4, Math.max(1, Math.round(order.binning ?? 1)))
      const size = { width: Math.floor(width / binning), height: Math.floor(height / binning) }
      // 80 ms at gain 200 looks right; gain in tenths of a decibel. Nothing comes out wholly black or white.
      const brightness = Math.min(20, Math.max(0.05, (exposureMs / 80) * 10 ** (((order.gain ?? 200) - 200) / 200)))
      const rgb = new Uint8Array(new SharedArrayBuffer(size.width * size.height * 3))
      running = true
      try {
        let nextMs = tools.clock.monotonicMs()
        while (!signal.aborted) {
          const atMs = tools.clock.now()
          await place.studio.paint({ kind: 'pier', order: place.pier(size, brightness) }, rgb.buffer)
          const jpeg = await tools.clock.outside(tools.encodeJpeg(rgb, size.width, size.height, order.jpegQuality))
          if (signal.aborted) return
          onPicture({ jpeg, atMs, ...size })
          // A slow machine leaves pictures out rather than falling behind.
          nextMs = Math.max(nextMs + periodMs, tools.clock.monotonicMs())
          const waitMs = nextMs - tools.clock.monotonicMs()
          await box.work(waitMs, patienceMs, 'the next picture of the simulated pier camera', signal)
        }
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        running = false
      }
    },
  }
  return { ports: { video }, close: async () => box.close() }
}
