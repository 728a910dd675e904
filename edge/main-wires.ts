// Devices that are made of channels of other devices: whose a channel is, and what the configuration says of it that
// cannot be.
import { drivers } from './drivers/index.js'
import type { PortName } from './ports/device.js'
import type { Wires } from './ports/driver.js'

/** The parts of the settings that matter here. */
interface Wired {
  readonly devices: Readonly<Record<string, unknown>>
  readonly power: {
    readonly channels: Readonly<Record<string, object>>
    readonly up?: readonly string[]
    readonly down?: readonly string[]
  }
  readonly heaters: Readonly<Record<string, { readonly device: string; readonly channel: string }>>
}

type Entry = { readonly driver: string }

const driverOf = (entry: unknown) => drivers.find(({ id }) => id === (entry as Entry).driver)

function wiresOf(entry: unknown): Wires {
  const { driver: _, ...options } = entry as Entry
  return driverOf(entry)?.wires?.(options as never) ?? { drives: [], reads: [] }
}

/** The device that alone may switch on that channel. */
export function drivenBy(devices: Wired['devices'], device: string, channel: string): string | undefined {
  return Object.keys(devices).find(name => wiresOf(devices[name]).drives.includes(`${device}/${channel}`))
}

interface WireComplaint {
  readonly path: readonly string[]
  readonly words: string
}

/** A channel that moves something has no other use, and is off whenever nobody watches over it. */
export function wireComplaints({ devices, power, heaters }: Wired): WireComplaint[] {
  const complaints: WireComplaint[] = []
  const owners = new Map<string, string>()
  for (const [name, entry] of Object.entries(devices)) {
    const { drives, reads } = wiresOf(entry)
    const keyOf = (wanted: string) =>
      Object.entries(entry as Readonly<Record<string, unknown>>).find(([, value]) => value === wanted)?.[0] ?? ''
    for (const path of [...drives, ...reads]) {
      const complain = (words: string) => complaints.push({ path: ['devices', name, keyOf(path)], words })
      const [other] = path.split('/')
      if (!Object.hasOwn(devices, other)) complain(`there is no device "${other}" under devices:`)
      else if (!hasSwitches(devices[other])) complain(`device "${other}" has no channels to switch`)
    }
    for (const path of drives) {
      const complain = (words: string) => complaints.push({ path: ['devices', name, keyOf(path)], words })
      const owner = owners.get(path)
      if (owner !== undefined) complain(owner === name ? `${path} is named twice` : `${path} is that of ${owner}`)
      else if (reads.includes(path)) complain(`${path} cannot be a relay and a switch`)
      owners.set(path, name)
    }
  }
  for (const [name, entry] of Object.entries(devices)) {
    const relay = (entry as { recovery?: { relay?: string } }).recovery?.relay
    const owner = relay === undefined ? undefined : owners.get(relay)
    if (owner !== undefined)
      complaints.push({ path: ['devices', name, 'recovery', 'relay'], words: `it moves ${owner}` })
  }
  for (const [path, owner] of owners) {
    const [given] = Object.entries(power.channels[path] ?? {}).find(([key, value]) => uses(key, value)) ?? []
    if (given !== undefined) {
      const words = `it moves ${owner}, so it is off whenever nobody watches over it`
      complaints.push({ path: ['power', 'channels', path, given], words })
    }
    for (const order of ['up', 'down'] as const) {
      const at = power[order]?.indexOf(path) ?? -1
      if (at >= 0) complaints.push({ path: ['power', order, `${at}`], words: `it moves ${owner}` })
    }
    const heater = Object.keys(heaters).find(name => `${heaters[name].device}/${heaters[name].channel}` === path)
    if (heater !== undefined) complaints.push({ path: ['heaters', heater, 'channel'], words: `it moves ${owner}` })
  }
  return complaints
}

const uses = (key: string, value: unknown): boolean =>
  key === 'feeds'
    ? (value as readonly string[]).length > 0
    : (['start', 'stop', 'unsafe', 'loss'].includes(key) && value === 'on') ||
      (['stop', 'unsafe', 'loss'].includes(key) && value === 'keep')

function hasSwitches(entry: unknown): boolean {
  const { driver: _, ...options } = entry as Entry
  const ports: readonly PortName[] = driverOf(entry)?.ports(options as never) ?? []
  return ports.includes('switches')
}
