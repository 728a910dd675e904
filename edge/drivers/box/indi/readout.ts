// The readout modes of an INDI camera. Its drivers have no common property for them: these are the names they use.
import type { Readout } from '../../../ports/camera.js'
import type { IndiSession, Values } from './session.js'

/** A choice of one: Moravian; QSI and Apogee; others. */
const choices = ['CCD_READ_MODE', 'READOUT_QUALITY', 'CCD_READOUT_SPEED']
/** ASI cameras have it as a number, 0 or 1, among the controls. */
const fast = { property: 'CCD_CONTROLS', item: 'HighSpeedMode', names: ['Normal', 'High speed'] } as const

export interface IndiReadout extends Readout {
  /** The property to set for one of the names, and what to set in it. */
  order(name: string): { readonly property: string; readonly values: Values }
}

/** Undefined where the camera offers no choice now. */
export function indiReadout(session: IndiSession): IndiReadout | undefined {
  for (const name of choices) {
    const property = session.property(name)
    const items = [...(property?.items.values() ?? [])]
    if (property?.kind !== 'switch' || property.permission === 'ro' || items.length < 2) continue
    return {
      names: items.map(({ label }) => label),
      read: () => items.find(item => session.isOn(name, item.name))?.label,
      order: wanted => ({ property: name, values: { [items.find(({ label }) => label === wanted)!.name]: true } }),
    }
  }
  const { property, item, names } = fast
  if (session.item(property, item)?.max !== 1 || session.property(property)?.permission === 'ro') return undefined
  return {
    names,
    read: () => names[session.number(property, item) ?? 0],
    order: wanted => ({ property, values: { [item]: names.indexOf(wanted as (typeof names)[number]) } }),
  }
}
