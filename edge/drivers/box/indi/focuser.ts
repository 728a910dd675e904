// A focuser of an INDI server that knows its absolute position.
import { Fault } from '../../../ports/fault.js'
import type { Focuser } from '../../../ports/focuser.js'
import type { IndiSession } from './session.js'

const property = 'ABS_FOCUS_POSITION'
const item = 'FOCUS_ABSOLUTE_POSITION'
const moveMs = 300_000 // the slowest gear trains need minutes from end to end
const haltMs = 3000

export function openIndiFocuser(session: IndiSession): Focuser {
  const halt = async () => {
    await session.settle('FOCUS_ABORT_MOTION', { ABORT: true }, { what: 'halting', ms: haltMs })
  }
  return {
    get minSteps() {
      return session.item(property, item)?.min ?? 0
    },
    get maxSteps() {
      return session.number('FOCUS_MAX', 'FOCUS_MAX_VALUE') ?? session.item(property, item)?.max ?? 0
    },
    position: () => session.number(property, item) ?? Number.NaN,
    moving: () => session.property(property)?.state === 'Busy',
    celsius: () => session.number('FOCUS_TEMPERATURE', 'TEMPERATURE'),
    async moveTo(steps, signal) {
      const { minSteps, maxSteps } = this
      if (!Number.isInteger(steps) || steps < minSteps || steps > maxSteps) {
        const fix = `Give a whole number from ${minSteps} to ${maxSteps}`
        throw new Fault('bad-input', `focuser "${session.name}" cannot go to ${steps} steps`, fix)
      }
      try {
        const wait = { what: `moving to ${steps} steps`, ms: moveMs, signal, polled: true }
        await session.settle(property, { [item]: steps }, wait)
      } catch (error) {
        // Some focusers cannot be halted; the one who asked still hears why it was given up.
        const haltable = session.property('FOCUS_ABORT_MOTION') !== undefined
        if (signal.aborted && !session.gone.aborted && haltable) await halt()
        throw error
      }
    },
    halt,
  }
}
