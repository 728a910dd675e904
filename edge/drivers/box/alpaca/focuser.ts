// An Alpaca focuser that knows its absolute position.
import { Fault } from '../../../ports/fault.js'
import type { Focuser } from '../../../ports/focuser.js'
import { isAbsent } from '../../link/alpaca/answer.js'
import { type AlpacaSession, maybe } from './session.js'
import { keepState } from './state.js'

const everyMs = 2_000
const moveMs = 300_000 // the slowest gear trains need minutes from end to end
const haltMs = 5_000
/** A gear train that ends closer than this has arrived, steps. */
const nearSteps = 5

export async function openAlpacaFocuser(session: AlpacaSession, signal: AbortSignal): Promise<Focuser> {
  if (!((await maybe(session.flag('absolute'))) ?? true)) {
    const fix = 'Use a focuser that knows its position; this one only knows in and out'
    throw new Fault('unsupported', `${session.name} does not know where it stands`, fix)
  }
  const maxSteps = await session.number('maxstep')
  const hop = Math.max(1, (await maybe(session.number('maxincrement'))) ?? maxSteps)
  const state = await keepState(
    session,
    {
      Position: { type: 'number' },
      IsMoving: { type: 'flag', alone: true },
      Temperature: { type: 'number' },
    },
    everyMs,
    signal,
  )
  const position = () => state.number('Position') ?? Number.NaN
  const moving = () => state.flag('IsMoving') ?? false
  const stands = (wait: { what: string; ms: number; signal?: AbortSignal }) =>
    state.until(wait, () => (moving() ? undefined : true))
  const halt = async () => {
    await session.put('halt', {}, { ms: haltMs })
    await stands({ what: 'halting', ms: haltMs })
  }
  return {
    minSteps: 0,
    maxSteps,
    position,
    moving,
    celsius: () => state.number('Temperature'),
    async moveTo(steps, until) {
      if (!Number.isInteger(steps) || steps < 0 || steps > maxSteps) {
        const fix = `Give a whole number from 0 to ${maxSteps}`
        throw new Fault('bad-input', `${session.name} cannot go to ${steps} steps`, fix)
      }
      const what = `moving to ${steps} steps`
      try {
        await state.refresh(until)
        // Some take no more than so many steps at once.
        for (let at = position(); ; ) {
          const next = Number.isFinite(at) ? Math.min(at + hop, Math.max(at - hop, steps)) : steps
          await session.put('move', { Position: Math.round(next) }, { ms: moveMs, signal: until })
          await stands({ what, ms: moveMs, signal: until })
          if (Math.abs(position() - next) > nearSteps) {
            const fix = 'Look whether it is stuck or its temperature compensation moves it'
            throw new Fault('broken', `${session.name}, ${what}: it stopped at ${position()}`, fix)
          }
          if (next === steps) return
          at = next
        }
      } catch (error) {
        // Some focusers cannot be halted; the one who asked still hears why it was given up.
        if (until.aborted && !session.gone.aborted) {
          await halt().catch(why => (isAbsent(why) ? undefined : Promise.reject(why)))
        }
        throw error
      }
    },
    halt,
  }
}
