// INDI properties as last heard, and the messages that define, change and delete them. INDI white paper, protocol 1.7.
import { Fault } from '../../../ports/fault.js'
import type { Element } from './tokenizer.js'

export type IndiState = 'Idle' | 'Ok' | 'Busy' | 'Alert'
export type IndiKind = 'number' | 'text' | 'switch' | 'light' | 'blob'
export type IndiValue = number | string | boolean

export interface IndiItem {
  readonly name: string
  readonly label: string
  /** A number (NaN where unreadable), text, whether a switch is on, or a light's state. Absent in BLOBs. */
  readonly value: IndiValue | undefined
  readonly min?: number
  readonly max?: number
}

export interface IndiProperty {
  readonly device: string
  readonly name: string
  readonly kind: IndiKind
  readonly label: string
  /** Heading under which the driver puts it: `Main Control`. */
  readonly group: string
  readonly state: IndiState
  readonly permission: 'ro' | 'wo' | 'rw'
  readonly rule: 'OneOfMany' | 'AtMostOne' | 'AnyOfMany'
  readonly items: ReadonlyMap<string, IndiItem>
  /** When the driver said so, by its own clock, Unix ms UTC; whole seconds. */
  readonly driverMs?: number
}

/** What a message did to a device. `gone`: the device itself was deleted, its driver died or was stopped. */
export type IndiChange =
  | { readonly kind: 'defined' | 'set'; readonly property: IndiProperty }
  | { readonly kind: 'deleted'; readonly name: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'message'; readonly text: string }

const kinds: Readonly<Record<string, IndiKind>> = {
  Number: 'number',
  Text: 'text',
  Switch: 'switch',
  Light: 'light',
  BLOB: 'blob',
}
const vectorName = /^(def|set)(Number|Text|Switch|Light|BLOB)Vector$/

// Bounds on what a server can make us keep. The largest real device (a CCD with a streamer) has 80 properties.
const maxDevices = 200
const maxProperties = 1000
const maxItems = 1000

export interface IndiTree {
  /** Takes one message in. Undefined when it is about no device (a ping reply); no changes where it changes nothing. */
  apply(message: Element): { readonly device: string; readonly changes: readonly IndiChange[] } | undefined
  devices(): string[]
  property(device: string, name: string): IndiProperty | undefined
  properties(device: string): IndiProperty[]
}

export function indiTree(): IndiTree {
  const devices = new Map<string, Map<string, IndiProperty>>()

  const define = (device: string, kind: IndiKind, message: Element): IndiChange => {
    const properties = devices.get(device) ?? new Map<string, IndiProperty>()
    const property = defined(device, kind, message)
    if (!devices.has(device) && devices.size >= maxDevices) throw tooMany('devices', maxDevices)
    if (!properties.has(property.name) && properties.size >= maxProperties) throw tooMany('properties', maxProperties)
    devices.set(device, properties)
    properties.set(property.name, property)
    return { kind: 'defined', property }
  }
  const set = (device: string, kind: IndiKind, message: Element): IndiChange | undefined => {
    const before = devices.get(device)?.get(message.attributes.get('name') ?? '')
    if (before?.kind !== kind) return undefined
    const property = changed(before, message)
    devices.get(device)!.set(property.name, property)
    return { kind: 'set', property }
  }
  const remove = (device: string, name: string | undefined): IndiChange | undefined => {
    if (name === undefined) return devices.delete(device) ? { kind: 'gone' } : undefined
    return devices.get(device)?.delete(name) ? { kind: 'deleted', name } : undefined
  }

  return {
    apply(message) {
      const device = message.attributes.get('device')
      if (device === undefined) return undefined
      const changes: (IndiChange | undefined)[] = []
      const words = message.attributes.get('message')
      if (words) changes.push({ kind: 'message', text: words })
      const vector = vectorName.exec(message.name)
      if (vector) changes.push((vector[1] === 'def' ? define : set)(device, kinds[vector[2]], message))
      else if (message.name === 'delProperty') changes.push(remove(device, message.attributes.get('name')))
      return { device, changes: changes.filter(change => change !== undefined) }
    },
    devices: () => [...devices.keys()].sort(),
    property: (device, name) => devices.get(device)?.get(name),
    properties: device => [...(devices.get(device)?.values() ?? [])],
  }
}

/**
 * A number as INDI writes it: decimal, or sexagesimal with `:`, `;` or blanks (`-5:23:28.2` is −5.3912), else NaN.
 */
export function parseIndiNumber(text: string): number {
  const trimmed = text.trim()
  const found = /^([+-]?)([\d.]+(?:e[+-]?\d+)?)(?:[:; ]\s*([\d.]+))?(?:[:; ]\s*([\d.]+))?$/i.exec(trimmed)
  if (!found) return Number.NaN
  const [, sign, whole, minutes = '0', seconds = '0'] = found
  const size = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600
  return sign === '-' ? -size : size
}

/** Shortest decimal that reads back the same, without an exponent: old drivers scan for digits only. */
export function formatIndiNumber(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text
}

function defined(device: string, kind: IndiKind, message: Element): IndiProperty {
  const { attributes, children } = message
  const name = attributes.get('name')
  if (!name) throw new Fault('broken', `INDI device "${device}" defines a property without a name`, 'Update its driver')
  const items = new Map<string, IndiItem>()
  for (const child of children) {
    const itemName = child.attributes.get('name')
    if (!child.name.startsWith('def') || !itemName) continue
    if (items.size >= maxItems) throw tooMany('elements', maxItems)
    const item = { name: itemName, label: child.attributes.get('label') || itemName, value: readValue(kind, child) }
    items.set(itemName, { ...item, ...rangeOf(child) })
  }
  const rule = attributes.get('rule')
  const permission = attributes.get('perm')
  return {
    device,
    name,
    kind,
    label: attributes.get('label') || name,
    group: attributes.get('group') ?? '',
    state: stateOf(attributes.get('state')) ?? 'Idle',
    permission: permission === 'wo' || permission === 'rw' ? permission : 'ro',
    rule: rule === 'AtMostOne' || rule === 'AnyOfMany' ? rule : 'OneOfMany',
    items,
    ...stampOf(message),
  }
}

function changed(before: IndiProperty, message: Element): IndiProperty {
  const items = new Map(before.items)
  for (const child of message.children) {
    const item = items.get(child.attributes.get('name') ?? '')
    if (item) items.set(item.name, { ...item, ...rangeOf(child), value: readValue(before.kind, child) })
  }
  const state = stateOf(message.attributes.get('state')) ?? before.state
  return { ...before, state, items, ...stampOf(message) }
}

function readValue(kind: IndiKind, child: Element): IndiValue | undefined {
  if (kind === 'number') return parseIndiNumber(child.text)
  if (kind === 'switch') return child.text.trim() === 'On'
  return kind === 'blob' ? undefined : child.text.trim()
}

function rangeOf(child: Element): { min?: number; max?: number } {
  const min = parseIndiNumber(child.attributes.get('min') ?? '')
  const max = parseIndiNumber(child.attributes.get('max') ?? '')
  return max > min ? { min, max } : {}
}

function stateOf(text: string | undefined): IndiState | undefined {
  return text === 'Idle' || text === 'Ok' || text === 'Busy' || text === 'Alert' ? text : undefined
}

function stampOf(message: Element): { driverMs?: number } {
  const text = message.attributes.get('timestamp')
  const ms = text && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN
  return Number.isNaN(ms) ? {} : { driverMs: ms }
}

function tooMany(what: string, most: number): Fault {
  return new Fault(
    'broken',
    `the INDI server defines more than ${most} ${what}`,
    'Check that the port is an INDI server',
  )
}
