// The ST-4 socket of an ASI camera. Its process ends each pulse by itself: a contact that the agent forgets would send
// the mount away. That process does one thing at a time, so no pulse runs beside what takes long.
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

export interface AsiGuidePort {
  readonly port: GuidePort
  /** Does what takes long, after the pulses that run; those that are ordered meanwhile are `busy`. */
  without<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

/** @param camera for messages: `camera main` */
export function asiGuidePort(camera: string, child: AsiProcess, clock: Clock): AsiGuidePort {
  const running = new Set<Promise<void>>()
  let barred = false

  const press = async (direction: number, ms: number, signal: AbortSignal) => {
    try {
      await child.ask('pulse', { direction, ms }, orderMs)
      await clock.sleep(ms, signal)
    } finally {
      await child.ask('pulseOff', { direction }, orderMs)
    }
  }
  const port: GuidePort = {
    async pulse(way, ms, signal) {
      if (!(ms >= 0 && ms <= longestMs)) {
        const fix = `Give a pulse from 0 to ${longestMs} ms`
        throw new Fault('bad-input', `a guide pulse of ${ms} ms is not possible on ${camera}`, fix)
      }
      if (signal.aborted) throw reasonOf(signal)
      if (ms === 0) return
      if (barred) throw new Fault('busy', `${camera} is being read`, 'Guide again when its frame is here')
      const pulse = press(directions[way], ms, signal)
      running.add(pulse)
      try {
        await pulse
      } finally {
        running.delete(pulse)
      }
    },
  }
  return {
    port,
    async without(work, signal) {
      barred = true
      const limit = clock.deadline(longestMs + 2 * orderMs, `the guide pulses of ${camera}`, signal)
      try {
        await limit.race(Promise.allSettled(running))
        return await work()
      } finally {
        limit.cancel()
        barred = false
      }
    },
  }
}
