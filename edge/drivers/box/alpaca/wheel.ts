// An Alpaca filter wheel; slots count from 0 there as here, and −1 is a wheel that turns.
import { Fault } from '../../../ports/fault.js'
import type { FilterWheel } from '../../../ports/filter-wheel.js'
import type { AlpacaSession } from './session.js'
import { keepState } from './state.js'

const everyMs = 2_000
const turnMs = 60_000

export async function openAlpacaWheel(session: AlpacaSession, signal: AbortSignal): Promise<FilterWheel> {
  const names = (await session.texts('names')).map((name, slot) => name.trim() || `Slot ${slot + 1}`)
  const state = await keepState(session, { Position: { type: 'number', alone: true } }, everyMs, signal)
  const position = () => {
    const slot = state.number('Position')
    return slot === undefined || slot < 0 ? undefined : slot
  }
  return {
    names,
    position,
    async select(slot, until) {
      if (!Number.isInteger(slot) || slot < 0 || slot >= names.length) {
        const fix = `Give a slot from 0 to ${names.length - 1}`
        throw new Fault('bad-input', `${session.name} has no slot ${slot}`, fix)
      }
      await session.put('position', { Position: slot }, { ms: turnMs, signal: until })
      const wait = { what: `turning to slot ${slot}`, ms: turnMs, signal: until }
      await state.until(wait, () => (position() === slot ? true : undefined))
    },
  }
}
