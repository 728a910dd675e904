// The ST-4 socket of an ASI camera. Its process ends each pulse by itself: a contact that the agent forgets would send
// the mount away.
import type { GuidePort } from '../../../ports/camera.js'
import type { Clock } from '../../../ports/clock.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import { guideDirections } from './asi-layout.js'
import type { AsiProcess } from './asi-process.js'

const longestMs = 10_000
const orderMs = 5_000
const directions = {
  north: guideDirections.NORTH,
  south: guideDirections.SOUTH,
  east: guideDirections.EAST,
  west: guideDirections.WEST,
} as const

/** @param camera for messages: `camera main` */
export function asiGuidePort(camera: string, process: AsiProcess, clock: Clock): GuidePort {
  return {
    async pulse(way, ms, signal) {
      if (!(ms >= 0 && ms <= longestMs)) {
        const fix = `Give a pulse from 0 to ${longestMs} ms`
        throw new Fault('bad-input', `a guide pulse of ${ms} ms is not possible on ${camera}`, fix)
      }
      if (signal.aborted) throw reasonOf(signal)
      if (ms === 0) return
      const direction = directions[way]
      await process.ask('pulse', { direction, ms }, orderMs)
      try {
        await clock.sleep(ms, signal)
      } finally {
        await process.ask('pulseOff', { direction }, orderMs)
      }
    },
  }
}
