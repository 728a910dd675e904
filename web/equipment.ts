// From what somebody chose to what the config says: pure, so that the wizard only asks and this decides. What goes to
// the box are changes: settings as in the file, and `null` for what leaves.
import type { JsonSchema, Values } from './parts/schema-form'

export interface DriverRow {
  readonly id: string
  readonly summary: string
  /** What a box of this driver is, where that does not depend on what is found. */
  readonly ports?: readonly string[]
  /** By its option `as`. */
  readonly portsAs?: Readonly<Record<string, readonly string[]>>
  readonly options: JsonSchema
  readonly link?: { readonly id: string; readonly summary: string; readonly options: JsonSchema }
}

/** What a box of this driver is with these options. */
export function portsOf({ ports = [], portsAs, options }: DriverRow, values: Values): readonly string[] {
  return portsAs?.[String(values.as ?? options.properties?.as?.default)] ?? ports
}

/** A device that a link told of, or that somebody described. */
export interface Candidate {
  readonly name: string
  readonly driver: string
  readonly options: Values
  readonly ports: readonly string[]
}

type Entries = Readonly<Record<string, Values>>

/** The sections of the config that say what there is, and where it stands. */
export interface Gear {
  readonly site?: Values
  readonly links?: Entries
  readonly devices?: Entries
  readonly use?: Readonly<Record<string, string>>
  /** What goes by the names of devices. */
  readonly heaters?: Entries
  readonly rain_sensors?: Entries
  /** Names devices too: what is wanted of their channels. */
  readonly power?: PowerGear
}

interface PowerGear {
  readonly channels?: Readonly<Record<string, { readonly feeds?: readonly string[]; readonly station?: string }>>
  readonly up?: readonly string[]
  readonly down?: readonly string[]
  readonly battery?: { readonly station?: string }
}

/** The port a device has → the duty `use:` gives it to, and how people call that. */
export const duties = [
  { port: 'camera', use: 'camera', label: 'Main camera' },
  { port: 'camera', use: 'guide_camera', label: 'Guide camera' },
  { port: 'mount', use: 'mount', label: 'Mount' },
  { port: 'focuser', use: 'focuser', label: 'Focuser' },
  { port: 'wheel', use: 'wheel', label: 'Filter wheel' },
  { port: 'rotator', use: 'rotator', label: 'Rotator' },
  { port: 'dome', use: 'dome', label: 'Roof or dome' },
  { port: 'cover', use: 'cover', label: 'Cover or light panel' },
  { port: 'video', use: 'pier_cam', label: 'Pier camera' },
] as const

export type Use = (typeof duties)[number]['use']

/** `CCD Simulator` → `ccd-simulator`: a name for config, paths and topics. */
function slug(name: string, taken: readonly string[] = []): string {
  const plain =
    name
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'device'
  let free = plain
  for (let count = 2; taken.includes(free); count++) free = `${plain}-${count}`
  return free
}

/** Drivers of the simulated observatory, and the link they share. */
export const isDemo = (driver: unknown): boolean => driver === 'simulator'

export interface Choice {
  readonly driver: DriverRow
  /** Of the link, where the driver speaks over one. */
  readonly linkOptions?: Values
  readonly chosen: readonly Candidate[]
  /** Duty → name of a candidate. */
  readonly use: Readonly<Partial<Record<Use, string>>>
  /** Leave devices that are there already, the simulated ones excepted. */
  readonly keepOthers: boolean
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
const real = (entries: Entries = {}): Record<string, Values> =>
  Object.fromEntries(Object.entries(entries).filter(([, { driver }]) => !isDemo(driver)))

/** The equipment as it shall be: what was chosen, with or without what was there. Simulated devices leave. */
export function chosenGear(gear: Gear, choice: Choice): Required<Pick<Gear, 'links' | 'devices' | 'use'>> {
  const links = choice.keepOthers ? real(gear.links) : {}
  const devices = choice.keepOthers ? real(gear.devices) : {}
  const { link } = choice.driver
  let linkName: string | undefined
  if (link) {
    const wanted = { driver: link.id, ...choice.linkOptions }
    linkName = Object.keys(links).find(name => same(links[name], wanted)) ?? slug(link.id, Object.keys(links))
    links[linkName] = wanted
  }
  const named = new Map<string, string>()
  for (const candidate of choice.chosen) {
    const device = { driver: candidate.driver, ...(linkName ? { link: linkName } : {}), ...candidate.options }
    const known = Object.keys(devices).find(name => same(devices[name], device))
    const name = known ?? slug(candidate.name, Object.keys(devices))
    devices[name] = device
    named.set(candidate.name, name)
  }
  const use: Record<string, string> = {}
  // Names live on only with their devices: one that was a simulated "main" is not the new "main".
  if (choice.keepOthers)
    for (const [duty, name] of Object.entries(gear.use ?? {})) if (real(gear.devices)[name]) use[duty] = name
  for (const [duty, name] of Object.entries(choice.use)) if (name && named.has(name)) use[duty] = named.get(name)!
  return { links, devices, use }
}

type Changes = Record<string, unknown>

/** Old entries with the same name must not shine through the new ones: their other keys leave too. */
function changed(before: Entries = {}, after: Entries): Changes {
  const changes: Changes = Object.fromEntries(Object.keys(before).map(name => [name, null]))
  for (const [name, entry] of Object.entries(after)) {
    const leaving = Object.keys(before[name] ?? {}).map(key => [key, null])
    changes[name] = { ...Object.fromEntries(leaving), ...entry }
  }
  return changes
}

/**
 * The simulated site leaves with the simulated sky: a real mount must not go by its horizon, nor real frames tell of
 * its telescope. What the owner wrote stays.
 */
export function siteLeaving(site: Values = {}, demo: Values = {}): Changes {
  const simulated = Object.keys(demo).filter(key => same(site[key], demo[key]))
  return { site: Object.fromEntries(simulated.map(key => [key, null])) }
}

/** Whatever the owner has not said of the site is again that of the simulated one. */
export function siteReturning(site: Values = {}, demo: Values = {}): Changes {
  // A place is one thing: an own latitude with a simulated longitude stands nowhere.
  const placed = site.latitude !== undefined || site.longitude !== undefined
  const place = ['latitude', 'longitude', 'elevation', 'position_from']
  const absent = Object.keys(demo).filter(key => site[key] === undefined && !(placed && place.includes(key)))
  return { site: Object.fromEntries(absent.map(key => [key, demo[key]])) }
}

/** Settings that name a device which is no more leave with it. */
function orphans(entries: Entries = {}, isThere: (device: string) => boolean): Changes {
  const named = ['device', 'air', 'glass']
  const lost = Object.keys(entries).filter(name =>
    named.some(key => typeof entries[name][key] === 'string' && !isThere(entries[name][key])),
  )
  return Object.fromEntries(lost.map(name => [name, null]))
}

/** What must change in the file for `after` to be all the equipment in it. */
export function gearChanges(before: Gear, after: Gear): Changes {
  const noUse = Object.fromEntries(Object.keys(before.use ?? {}).map(duty => [duty, null]))
  const isThere = (device: string) => Object.hasOwn(after.devices ?? {}, device)
  return {
    heaters: { ...orphans(before.heaters, isThere), ...after.heaters },
    rain_sensors: { ...orphans(before.rain_sensors, isThere), ...after.rain_sensors },
    links: changed(before.links, after.links ?? {}),
    devices: changed(before.devices, after.devices ?? {}),
    use: { ...noUse, ...after.use },
    ...powerLeaving(before.power, Object.keys(after.devices ?? {})),
  }
}

/** What is said under `power:` of devices that are no longer there leaves with them. */
function powerLeaving({ channels = {}, up, down, battery }: PowerGear = {}, left: readonly string[]): Changes {
  const here = (path: string): boolean => left.includes(path.split('/')[0])
  const changes: Changes = {}
  const kept: Changes = {}
  for (const [path, { feeds, station }] of Object.entries(channels)) {
    if (!here(path)) kept[path] = null
    else {
      kept[path] = {
        ...(feeds?.some(name => !left.includes(name)) && { feeds: feeds.filter(name => left.includes(name)) }),
        ...(station !== undefined && !left.includes(station) && { station: null }),
      }
    }
  }
  if (Object.keys(kept).length > 0) changes.channels = kept
  if (up?.some(path => !here(path))) changes.up = up.filter(here)
  if (down?.some(path => !here(path))) changes.down = down.filter(here)
  if (battery?.station !== undefined && !left.includes(battery.station)) changes.battery = { station: null }
  return Object.keys(changes).length > 0 ? { power: changes } : {}
}

/** What must change in the file for one device to leave: its duties too, and the link that nobody else speaks over. */
export function deviceLeaving({ devices = {}, use = {}, heaters, rain_sensors, power }: Gear, name: string): Changes {
  const isThere = (device: string) => device !== name
  const link = devices[name]?.link
  const shared = Object.entries(devices).some(([other, entry]) => other !== name && entry.link === link)
  const left = Object.keys(devices).filter(other => other !== name)
  const duties = Object.keys(use).filter(duty => use[duty] === name)
  return {
    devices: { [name]: null },
    heaters: orphans(heaters, isThere),
    rain_sensors: orphans(rain_sensors, isThere),
    use: Object.fromEntries(duties.map(duty => [duty, null])),
    ...(typeof link === 'string' && !shared ? { links: { [link]: null } } : {}),
    ...powerLeaving(power, left),
  }
}
