// All properties of an INDI device as its driver names them, to look at and to set; but what moves a mount or a dome,
// or feeds one, only stands there: the limits hold nothing that goes past them.
import { Fault } from '../../../ports/fault.js'
import type { RawProperties, RawProperty, RawValue } from '../../../ports/raw-properties.js'
import { interfaceOf } from '../../link/indi/found.js'
import type { IndiProperty } from '../../link/indi/property.js'
import type { IndiSession } from './session.js'

const setMs = 30_000
/** Where drivers put what moves; and what moves wherever it is put. */
const movingGroups = new Set(['Main Control', 'Motion Control', 'Guide', 'Presets', 'Sync', 'Slaving'])
const movingNames = /COORD|MOTION|PARK|HOME|GOTO|GUIDE|SLEW|TRACK|SHUTTER|DOME_|AUTOSYNC|PRESET|JOYSTICK|SYNC/i
/** What makes the driver tell of something else than what stands there: a parked mount that is none, say. */
const pretending = new Set(['SIMULATION', 'ACTIVE_DEVICES'])
/** Of those groups, what only connects. */
const still = new Set(['CONNECTION', 'GEOGRAPHIC_COORD', 'TIME_UTC'])

/** @param switched properties whose elements are channels of a switch bank: what they feed is guarded there */
export function openIndiRaw(session: IndiSession, switched: ReadonlySet<string>): RawProperties {
  const lockedBy = (property: IndiProperty): { readonly locked: string } | undefined => {
    const { mount, dome } = interfaceOf(session.property('DRIVER_INFO'))
    const dangerous = (mount || dome) && !still.has(property.name)
    if (dangerous && pretending.has(property.name)) {
      return { locked: 'Set it under properties: of the device in the settings, while nothing moves' }
    }
    if (dangerous && (movingGroups.has(property.group) || movingNames.test(property.name)))
      return { locked: 'Use the Mount page: there the limits hold' }
    return switched.has(property.name) ? { locked: 'Use its switch: there is watched what it feeds' } : undefined
  }
  const shown = (property: IndiProperty): RawProperty => {
    const { name, label, group, kind, state, permission, items } = property
    const writable = permission !== 'ro' && kind !== 'light' && kind !== 'blob'
    return {
      ...{ name, label, group, kind, state, writable },
      ...(writable && lockedBy(property)),
      items: [...items.values()].map(({ name, label, value, min, max }) => ({ name, label, value, min, max })),
    }
  }
  return {
    list: () => session.client.properties(session.name).map(shown),
    async set(name, values, signal) {
      const property = session.property(name)
      const fix = 'See the names in the list of its properties'
      if (!property) throw new Fault('not-found', `INDI device "${session.name}" has no property ${name}`, fix)
      if (Object.keys(values).length === 0) throw new Fault('bad-input', `nothing is to be set of ${name}`, fix)
      for (const [item, value] of Object.entries(values)) checkItem(session.name, property, item, value)
      await session.settle(name, values, { what: `setting ${name}`, ms: setMs, signal, busyIsTaken: true })
    },
  }
}

function checkItem(device: string, property: IndiProperty, item: string, value: RawValue): void {
  const found = property.items.get(item)
  if (!found) {
    const fix = `Use some of: ${[...property.items.keys()].join(', ')}`
    throw new Fault('not-found', `${property.name} of "${device}" has no element ${item}`, fix)
  }
  const wanted = { number: 'number', text: 'string', switch: 'boolean' }[property.kind as 'number' | 'text' | 'switch']
  if (typeof value !== wanted) {
    const words = `${property.name}.${item} of "${device}" cannot be set to ${JSON.stringify(value)}`
    throw new Fault('bad-input', words, wanted ? `Give a ${wanted}` : 'It can only be read')
  }
  const { min, max } = found
  if (typeof value !== 'number' || min === undefined || max === undefined || (value >= min && value <= max)) return
  const words = `${value} is outside ${min} to ${max} for ${property.name}.${item} of "${device}"`
  throw new Fault('bad-input', words, 'Give a value in range')
}
