// The worker thread that paints: whole-frame arithmetic must not hold up the event loop.
import { parentPort } from 'node:worker_threads'
import { renderPier } from '../../../science/pier-picture.js'
import { renderSky, skyScratch } from '../../../science/sky-maker.js'
import type { PaintAnswer, PaintOrder } from './studio.js'

const scratch = skyScratch()

parentPort?.on('message', ({ id, job, buffer }: PaintOrder) => {
  let answer: PaintAnswer = { id }
  try {
    if (job.kind === 'sky') {
      const { width, height, binning } = job.order.window
      const count = Math.floor(width / binning) * Math.floor(height / binning)
      renderSky(job.order, new Uint16Array(buffer, 0, count), scratch)
    } else {
      renderPier(job.order, new Uint8Array(buffer, 0, job.order.width * job.order.height * 3), scratch)
    }
  } catch (error) {
    answer = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  parentPort?.postMessage(answer)
})
