// What can be switched or set on an INDI device: power outlets and dew heaters by the names that drivers share, and
// whatever else the owner names.
import { Fault } from '../../../ports/fault.js'
import type { SwitchBank, SwitchChannel } from '../../../ports/switch.js'
import type { IndiValue } from '../../link/indi/property.js'
import type { IndiSession, Values } from './session.js'

/** Where power boxes keep their outlets (Pegasus, Astromi.ch, DeepSkyDad …). */
export const usualOutlets = [
  'POWER_CONTROL',
  'POWER_CHANNELS',
  'DEW_PWM',
  'DEW_CHANNELS',
  'USB_PORT_CONTROL',
  'USB_PORTS',
  'LED',
]
const setMs = 5_000
const firstWordMs = 2_500
const readBackMs = 3_000 // for a driver that tells with its next poll

interface Place {
  readonly property: string
  readonly item: string
}

/** @param named `PROPERTY.ELEMENT` each; none: the usual ones that are there */
export async function openIndiSwitches(
  session: IndiSession,
  named: readonly string[],
  signal: AbortSignal,
): Promise<SwitchBank> {
  const places = new Map<string, Place>()
  const channels: SwitchChannel[] = []
  for (const place of named.length > 0 ? named.map(placeOf) : usualPlaces(session)) {
    const channel = channelAt(session, place)
    if (channel.id === '' || places.has(channel.id)) channels.push({ ...channel, id: `channel-${channels.length + 1}` })
    else channels.push(channel)
    places.set(channels.at(-1)!.id, place)
  }
  if (channels.length === 0) {
    const fix = 'Name what shall be switched under channels:, as in POWER_CONTROL.POWER_CONTROL_1'
    throw new Fault('unsupported', `INDI device "${session.name}" has nothing to switch that is known`, fix)
  }
  await firstWord(session, new Set([...places.values()].map(({ property }) => property)), signal)
  const read = ({ property, item }: Place): number | undefined => {
    const value = session.item(property, item)?.value
    return typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? value : undefined
  }
  const at = (id: string): Place => {
    const place = places.get(id)
    if (place) return place
    const fix = `Use one of: ${[...places.keys()].join(', ')}`
    throw new Fault('not-found', `INDI device "${session.name}" has no channel "${id}"`, fix)
  }
  return {
    channels,
    value: id => read(at(id)),
    async set(id, value, signal) {
      const place = at(id)
      const { min, max } = channels.find(channel => channel.id === id)!.range ?? { min: 0, max: 1 }
      const whole = channels.find(channel => channel.id === id)!.range
        ? Number.isFinite(value)
        : Number.isInteger(value)
      if (!(whole && value >= min && value <= max)) {
        throw new Fault('bad-input', `${id} cannot be set to ${value}`, `Give a value from ${min} to ${max}`)
      }
      const onOff = session.property(place.property)?.kind === 'switch'
      const what = `setting ${id} to ${value}`
      const wait = { what, ms: setMs, signal, busyIsTaken: true }
      await session.settle(place.property, wholeWith(session, place, onOff ? value > 0 : value), wait)
      const holds = () => Math.abs((read(place) ?? Number.NaN) - value) <= 1e-3 * Math.max(1, Math.abs(value))
      await session
        .until({ what, ms: readBackMs, signal }, () => holds() || undefined)
        .catch(error => {
          if (!(error instanceof Fault && error.code === 'timeout')) throw error
          const fix = 'Look at the device and its cable'
          throw new Fault('broken', `${id} was set to ${value} and reads back ${read(place) ?? 'nothing'}`, fix)
        })
    },
    onChange(listener) {
      const last = new Map([...places].map(([id, place]) => [id, read(place)]))
      return session.watch(change => {
        if (change.kind !== 'set') return
        for (const [id, place] of places) {
          const now = read(place)
          if (place.property !== change.property.name || now === last.get(id)) continue
          last.set(id, now)
          listener(id)
        }
      })
    },
  }
}

/** A definition shows everything off; the first poll brings the truth, where it differs. */
async function firstWord(session: IndiSession, awaited: Set<string>, signal: AbortSignal): Promise<void> {
  try {
    await session.until({ what: 'its first word', ms: firstWordMs, signal }, change => {
      if (change?.kind === 'set') awaited.delete(change.property.name)
      return awaited.size === 0 || undefined
    })
  } catch (error) {
    if (signal.aborted || session.gone.aborted) throw error
  }
}

/**
 * The whole property with one element changed. Drivers of power boxes count elements by their place in the order, and
 * take one alone for the first (Pegasus), or refuse what is not all of it (its dew heaters).
 */
function wholeWith(session: IndiSession, { property, item }: Place, value: IndiValue): Values {
  const values: Record<string, IndiValue> = {}
  for (const { name, value: now } of session.property(property)?.items.values() ?? []) {
    const wanted = name === item ? value : now
    if (wanted !== undefined) values[name] = wanted
  }
  return values
}

function placeOf(name: string): Place {
  const dot = name.indexOf('.')
  return { property: name.slice(0, dot), item: name.slice(dot + 1) }
}

function usualPlaces(session: IndiSession): Place[] {
  return usualOutlets.flatMap(property => {
    const found = session.property(property)
    if (!found || found.permission === 'ro' || (found.kind === 'switch' && found.rule === 'OneOfMany')) return []
    return [...found.items.keys()].map(item => ({ property, item }))
  })
}

function channelAt(session: IndiSession, { property, item }: Place): SwitchChannel {
  const found = session.item(property, item)
  const kind = session.property(property)?.kind
  if (!found || (kind !== 'switch' && kind !== 'number') || session.property(property)?.permission === 'ro') {
    const what = `INDI device "${session.name}" has no ${property}.${item} to set`
    throw new Fault('unsupported', what, 'See the names in the list of its own properties')
  }
  const id = item
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  if (kind === 'switch') return { id, name: found.label }
  const { min = 0, max = 100 } = found
  const unit = /%|percent|pwm|dew/i.test(`${found.label} ${property}`) ? '%' : ''
  return { id, name: found.label, range: { min, max, step: 1, unit } }
}
