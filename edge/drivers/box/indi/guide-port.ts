// Guide pulses through INDI: the same two properties on cameras with an ST-4 socket and on mounts.
import type { GuidePort } from '../../../ports/camera.js'
import { Fault } from '../../../ports/fault.js'
import type { IndiSession } from './session.js'

const axes = {
  north: { property: 'TELESCOPE_TIMED_GUIDE_NS', item: 'TIMED_GUIDE_N', other: 'TIMED_GUIDE_S' },
  south: { property: 'TELESCOPE_TIMED_GUIDE_NS', item: 'TIMED_GUIDE_S', other: 'TIMED_GUIDE_N' },
  west: { property: 'TELESCOPE_TIMED_GUIDE_WE', item: 'TIMED_GUIDE_W', other: 'TIMED_GUIDE_E' },
  east: { property: 'TELESCOPE_TIMED_GUIDE_WE', item: 'TIMED_GUIDE_E', other: 'TIMED_GUIDE_W' },
} as const

/** Undefined where the device takes no pulses now. */
export function indiGuidePort(session: IndiSession): GuidePort | undefined {
  if (!session.property('TELESCOPE_TIMED_GUIDE_NS') || !session.property('TELESCOPE_TIMED_GUIDE_WE')) return undefined
  return {
    async pulse(direction, ms, signal) {
      const { property, item, other } = axes[direction]
      const most = session.item(property, item)?.max ?? 10_000
      if (!(ms >= 0 && ms <= most)) {
        const fix = `Give a pulse from 0 to ${most} ms`
        throw new Fault('bad-input', `a guide pulse of ${ms} ms is not possible on "${session.name}"`, fix)
      }
      if (ms === 0) return
      const { clock } = session
      const startMs = clock.monotonicMs()
      try {
        await session.settle(property, { [item]: ms, [other]: 0 }, { what: 'a guide pulse', ms: ms + 5000, signal })
        // Some drivers say Ok as soon as they have taken the order.
        const leftMs = ms - (clock.monotonicMs() - startMs)
        if (leftMs > 0) await clock.sleep(leftMs, signal)
      } catch (error) {
        if (signal.aborted && !session.gone.aborted) session.order(property, { [item]: 0, [other]: 0 })
        throw error
      }
    },
  }
}
