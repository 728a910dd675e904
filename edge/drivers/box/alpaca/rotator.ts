// An Alpaca rotator.
import { Fault } from '../../../ports/fault.js'
import { type Rotator, wholeTurn } from '../../../ports/rotator.js'
import { isAbsent } from '../../link/alpaca/answer.js'
import type { AlpacaSession } from './session.js'
import { keepState } from './state.js'

const everyMs = 2_000
const turnMs = 300_000
const haltMs = 5_000
const nearDeg = 0.5
/** From this InterfaceVersion on it can be told where it stands (IRotatorV3, Sync). */
const syncsFrom = 3

export async function openAlpacaRotator(session: AlpacaSession, signal: AbortSignal): Promise<Rotator> {
  const state = await keepState(
    session,
    { Position: { type: 'number' }, IsMoving: { type: 'flag', alone: true } },
    everyMs,
    signal,
  )
  const angle = () => wholeTurn(state.number('Position') ?? Number.NaN)
  const moving = () => state.flag('IsMoving') ?? false
  const off = (angleDeg: number) => Math.abs(((angle() - angleDeg + 540) % 360) - 180)
  const checked = (angleDeg: number) => {
    if (angleDeg >= 0 && angleDeg < 360) return
    const fix = 'Give an angle from 0 to below 360°'
    throw new Fault('bad-input', `${session.name} cannot stand at ${angleDeg}°`, fix)
  }
  const stands = (wait: { what: string; ms: number; signal?: AbortSignal }) =>
    state.until(wait, () => (moving() ? undefined : true))
  const halt = async () => {
    await session.put('halt', {}, { ms: haltMs })
    await stands({ what: 'halting', ms: haltMs })
  }
  const sync = async (angleDeg: number, until: AbortSignal) => {
    checked(angleDeg)
    await session.put('sync', { Position: angleDeg }, { signal: until })
    await state.refresh(until)
    if (off(angleDeg) <= nearDeg) return
    const words = `${session.name} took ${angleDeg}° as where it stands, and says ${angle()}°`
    throw new Fault('broken', words, 'Look into its driver')
  }
  return {
    angleDeg: angle,
    moving,
    async moveTo(angleDeg, until) {
      checked(angleDeg)
      const what = `turning to ${angleDeg}°`
      try {
        await session.put('moveabsolute', { Position: angleDeg }, { ms: turnMs, signal: until })
        await stands({ what, ms: turnMs, signal: until })
      } catch (error) {
        if (until.aborted && !session.gone.aborted) {
          await halt().catch(why => (isAbsent(why) ? undefined : Promise.reject(why)))
        }
        throw error
      }
      if (off(angleDeg) <= nearDeg) return
      const fix = 'Look whether its cables hold it, then try again'
      throw new Fault('broken', `${session.name}, ${what}: it stopped at ${angle()}°`, fix)
    },
    sync: session.interfaceVersion >= syncsFrom ? sync : undefined,
    halt,
  }
}
