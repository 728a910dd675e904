// Guide pulses through Alpaca: the same on cameras with an ST-4 socket and on mounts.
import type { GuidePort } from '../../../ports/camera.js'
import { Fault } from '../../../ports/fault.js'
import type { AlpacaSession } from './session.js'
import type { DeviceState } from './state.js'

/** ICamera and ITelescope, GuideDirections. */
const directions = { north: 0, south: 1, east: 2, west: 3 } as const
const mostMs = 10_000
const overMs = 5_000

export function alpacaGuidePort(session: AlpacaSession, state: DeviceState): GuidePort {
  const { clock } = session
  return {
    async pulse(direction, ms, signal) {
      if (!(ms >= 0 && ms <= mostMs)) {
        const fix = `Give a pulse from 0 to ${mostMs} ms`
        throw new Fault('bad-input', `a guide pulse of ${ms} ms is not possible on ${session.name}`, fix)
      }
      if (ms === 0) return
      const startMs = clock.monotonicMs()
      // Some answer at once, and some when the pulse is over.
      const order = { Direction: directions[direction], Duration: Math.round(ms) }
      await session.put('pulseguide', order, { ms: ms + overMs, signal })
      const leftMs = ms - (clock.monotonicMs() - startMs)
      if (leftMs > 0) await clock.sleep(leftMs, signal)
      const over = { what: 'ending its guide pulse', ms: overMs, signal }
      await state.until(over, () => (state.flag('IsPulseGuiding') === true ? undefined : true))
    },
  }
}
