// From what somebody chose to what the config says: pure, so that the wizard only asks and this decides.
import type { JsonSchema, Values } from './parts/schema-form'

export interface DriverRow {
  readonly id: string
  readonly summary: string
  readonly ports: readonly string[]
  readonly options: JsonSchema
  readonly link?: { readonly id: string; readonly summary: string; readonly options: JsonSchema }
}

/** A device that a link told of, or that somebody described. */
export interface Candidate {
  readonly name: string
  readonly driver: string
  readonly options: Values
  readonly ports: readonly string[]
}

export type Config = Readonly<Record<string, unknown>> & {
  readonly links?: Readonly<Record<string, Values>>
  readonly devices?: Readonly<Record<string, Values>>
  readonly use?: Readonly<Record<string, string>>
}

/** The port a device has → the duty `use:` gives it to, and how people call that. */
export const duties = [
  { port: 'camera', use: 'camera', label: 'Main camera' },
  { port: 'mount', use: 'mount', label: 'Mount' },
  { port: 'focuser', use: 'focuser', label: 'Focuser' },
  { port: 'wheel', use: 'wheel', label: 'Filter wheel' },
  { port: 'video', use: 'pier_cam', label: 'Pier camera' },
] as const

export type Use = (typeof duties)[number]['use']

/** `CCD Simulator` → `ccd-simulator`: a name for config, paths and topics. */
export function slug(name: string, taken: readonly string[] = []): string {
  const plain =
    name
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'device'
  let free = plain
  for (let count = 2; taken.includes(free); count++) free = `${plain}-${count}`
  return free
}

/** Drivers of the simulated observatory: those, and the link they share. */
export const isDemo = (driver: string): boolean => /^sim/.test(driver)

export interface Choice {
  readonly driver: DriverRow
  /** Of the link, where the driver speaks over one. */
  readonly linkOptions?: Values
  readonly chosen: readonly Candidate[]
  readonly use: Readonly<Partial<Record<Use, string>>>
  /** Leave devices that are there already, the simulated ones excepted. */
  readonly keepOthers: boolean
}

/** The whole config with the chosen equipment in it. Simulated devices leave; other sections stay untouched. */
export function withEquipment(config: Config, choice: Choice): Config {
  const links: Record<string, Values> = {}
  const devices: Record<string, Values> = {}
  if (choice.keepOthers) {
    for (const [name, link] of Object.entries(config.links ?? {})) if (!isDemo(String(link.driver))) links[name] = link
    for (const [name, device] of Object.entries(config.devices ?? {}))
      if (!isDemo(String(device.driver))) devices[name] = device
  }
  const { link } = choice.driver
  let linkName: string | undefined
  if (link) {
    const wanted = { driver: link.id, ...choice.linkOptions }
    linkName =
      Object.keys(links).find(name => JSON.stringify(links[name]) === JSON.stringify(wanted)) ??
      slug(link.id, Object.keys(links))
    links[linkName] = wanted
  }
  const named = new Map<string, string>()
  for (const candidate of choice.chosen) {
    const device = { driver: candidate.driver, ...(linkName ? { link: linkName } : {}), ...candidate.options }
    const known = Object.keys(devices).find(name => JSON.stringify(devices[name]) === JSON.stringify(device))
    const name = known ?? slug(candidate.name, Object.keys(devices))
    devices[name] = device
    named.set(candidate.name, name)
  }
  const use: Record<string, string> = {}
  for (const [duty, name] of Object.entries(config.use ?? {})) if (devices[name]) use[duty] = name
  for (const [duty, name] of Object.entries(choice.use)) if (name && named.has(name)) use[duty] = named.get(name)!
  return { ...config, links: Object.keys(links).length ? links : undefined, devices, use }
}

/** Without any equipment in its config the agent starts the simulated observatory. */
export function demo(config: Config): Config {
  const { links: _links, devices: _devices, use: _use, ...settings } = config
  return settings
}
