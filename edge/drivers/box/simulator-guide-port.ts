// Guide pulses of the simulated mount, by its own port or through the guide camera's cable.
import type { GuidePort } from '../../ports/camera.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { Observatory } from '../link/simulator/observatory.js'
import type { Presence } from './simulator-presence.js'

/** Half the sidereal rate, as mounts come. */
const guideDegPerSecond = 7.52 / 3600
const longestMs = 10_000

export function simulatedGuidePort(place: Observatory, box: Presence): GuidePort {
  const busy = new Set<'ra' | 'dec'>()
  return {
    async pulse(direction, ms, signal) {
      box.check()
      if (signal.aborted) throw reasonOf(signal)
      if (!(ms >= 0 && ms <= longestMs)) {
        throw new Fault('bad-input', `a guide pulse of ${ms} ms cannot be given`, `Choose from 0 to ${longestMs} ms`)
      }
      const axis = direction === 'east' || direction === 'west' ? 'ra' : 'dec'
      if (busy.has(axis)) {
        throw new Fault('busy', `a guide pulse in ${axis} is still going on`, 'Wait until it is over')
      }
      const rate = direction === 'east' || direction === 'north' ? guideDegPerSecond : -guideDegPerSecond
      busy.add(axis)
      place.telescope.nudge(axis, rate)
      try {
        await box.work(ms, 2000, `guide pulse ${direction}`, signal)
      } finally {
        place.telescope.nudge(axis, 0)
        busy.delete(axis)
      }
    },
  }
}
