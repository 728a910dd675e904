// A filter wheel of an INDI server; slots count from 1 there and from 0 here.
import { Fault } from '../../../ports/fault.js'
import type { FilterWheel } from '../../../ports/filter-wheel.js'
import type { IndiSession } from './session.js'

const property = 'FILTER_SLOT'
const item = 'FILTER_SLOT_VALUE'
const turnMs = 60_000

export function openIndiWheel(session: IndiSession): FilterWheel {
  const slots = () => session.item(property, item)?.max ?? session.property('FILTER_NAME')?.items.size ?? 0
  return {
    get names() {
      const given = [...(session.property('FILTER_NAME')?.items.values() ?? [])]
      return Array.from({ length: slots() }, (_, slot) => String(given[slot]?.value || `Slot ${slot + 1}`))
    },
    position() {
      const slot = session.number(property, item)
      return slot === undefined || session.property(property)?.state === 'Busy' ? undefined : Math.round(slot) - 1
    },
    async select(slot, signal) {
      if (!Number.isInteger(slot) || slot < 0 || slot >= slots()) {
        const fix = `Give a slot from 0 to ${slots() - 1}`
        throw new Fault('bad-input', `filter wheel "${session.name}" has no slot ${slot}`, fix)
      }
      const wait = { what: `turning to slot ${slot}`, ms: turnMs, signal, polled: true }
      await session.settle(property, { [item]: slot + 1 }, wait)
    },
  }
}
