// What is wrong between the sections of a configuration, each of which may be right by itself: names of what is not
// there, things used as what they are not, one thing wanted by two.
import { drivers } from './drivers/index.js'
import { wireComplaints } from './main-wires.js'
import type { PortName } from './ports/device.js'
import { asFault } from './ports/fault.js'
import { kinds } from './ports/fields.js'
import type { z } from './ports/schema.js'
import type { heaterSettings } from './services/heater-settings.js'
import type { MountSettings } from './services/mount-settings.js'
import { type PowerSettings, policyOf } from './services/power-settings.js'
import { namingBy } from './store/naming.js'

interface Sections {
  readonly links: Readonly<Record<string, { driver: string }>>
  readonly devices: Devices
  readonly use: Readonly<Partial<Record<Role, string>>>
  readonly mount: MountSettings
  readonly power: PowerSettings
  readonly heaters: z.output<typeof heaterSettings>
  readonly rain_sensors: Readonly<Record<string, { device: string }>>
  readonly archive: { readonly template: string }
}

type Devices = Readonly<Record<string, { driver: string; link?: string }>>

interface Complaint {
  readonly path: readonly string[]
  readonly words: string
}

const portOfRole = {
  camera: 'camera',
  guide_camera: 'camera',
  mount: 'mount',
  focuser: 'focuser',
  wheel: 'wheel',
  rotator: 'rotator',
  dome: 'dome',
  cover: 'cover',
  pier_cam: 'video',
} as const satisfies Record<string, PortName>

/** Devices that are not to lose their power by the way. */
export const delicate = (devices: Devices): string[] =>
  Object.keys(devices).filter(name => portsOf(devices[name]).some(port => port === 'mount' || port === 'camera'))

/** What a device can be used as, under `use:`. */
export type Role = keyof typeof portOfRole

const portsOf = ({ driver, ...options }: { driver: string }): readonly PortName[] =>
  drivers.find(({ id }) => id === driver)?.ports(options as never) ?? []

export function complaintsAcross(settings: Sections): Complaint[] {
  return [
    ...linkComplaints(settings),
    ...useComplaints(settings),
    ...mountComplaints(settings),
    ...powerComplaints(settings),
    ...heaterComplaints(settings),
    ...rainComplaints(settings),
    ...templateComplaints(settings),
    ...wireComplaints(settings),
  ]
}

/** A complaint, or none when there are no words. */
const about = (path: readonly string[], words: string | undefined): Complaint[] =>
  words === undefined ? [] : [{ path, words }]

const portWords: Partial<Record<PortName, string>> = { switches: 'channels to switch', station: 'sensors' }

function lacking(devices: Devices, name: string | undefined, port?: PortName): string | undefined {
  if (name === undefined) return undefined
  if (!Object.hasOwn(devices, name)) return `there is no device "${name}" under devices:`
  return !port || portsOf(devices[name]).includes(port) ? undefined : `device "${name}" has no ${portWords[port]}`
}

function linkComplaints({ devices, links: lines }: Sections): Complaint[] {
  return Object.entries(devices).flatMap(([name, { driver, link }]) => {
    const wanted = drivers.find(one => one.id === driver)?.link
    if (!wanted || link === undefined) return []
    const path = ['devices', name, 'link']
    if (!Object.hasOwn(lines, link)) return about(path, `there is no link "${link}" under links:`)
    const { driver: kind } = lines[link]
    return kind === wanted.id ? [] : about(path, `link "${link}" is of the kind ${kind}; ${driver} needs ${wanted.id}`)
  })
}

function useComplaints({ use, devices }: Sections): Complaint[] {
  const misused = (role: Role, name: string): string | undefined => {
    if (!Object.hasOwn(devices, name)) return lacking(devices, name)
    const ports = portsOf(devices[name])
    if (ports.includes(portOfRole[role])) return undefined
    const known = ports.filter(port => port !== 'raw')
    return `device "${name}" is used as ${known.join(', ')}, not as ${portOfRole[role]}`
  }
  return Object.entries(use).flatMap(([role, name]) =>
    name === undefined ? [] : about(['use', role], misused(role as Role, name)),
  )
}

/** Who is told time and place by name has to be there. */
function mountComplaints({ mount, devices }: Sections): Complaint[] {
  return Object.keys(mount.time_and_place).flatMap(name =>
    about(['mount', 'time_and_place', name], lacking(devices, name, 'mount')),
  )
}

function powerComplaints({ power: { channels, up = [], down = [], battery }, devices }: Sections): Complaint[] {
  const bank = (path: string) => lacking(devices, path.split('/')[0], 'switches')
  const order = (key: 'up' | 'down', paths: readonly string[]) =>
    paths.flatMap((path, at) => {
      const first = paths.indexOf(path)
      const twice = first < at ? `"${path}" is in this order already` : undefined
      return about(['power', key, `${at}`], bank(path) ?? twice)
    })
  return [
    ...Object.entries(channels).flatMap(([path, { feeds = [], station, volts, amperes }]) => [
      ...about(['power', 'channels', path], bank(path)),
      ...feeds.flatMap((name, at) => about(['power', 'channels', path, 'feeds', `${at}`], lacking(devices, name))),
      ...about(['power', 'channels', path, 'station'], stationWords(devices, station, { volts, amperes })),
      ...measuredWords({ volts, amperes }).map(([key, words]) => ({ path: ['power', 'channels', path, key], words })),
    ]),
    ...order('up', up),
    ...order('down', down),
    ...about(['power', 'battery', 'station'], lacking(devices, battery.station, 'station')),
    ...measuredWords({ field: battery.field }).map(([key, words]) => ({ path: ['power', 'battery', key], words })),
    ...about(
      ['power', 'battery', 'critical_volts'],
      battery.critical_volts < battery.warn_volts ? undefined : `it is not below warn_volts, ${battery.warn_volts} V`,
    ),
  ]
}

/** What is wrong with the station that measures a channel. */
function stationWords(
  devices: Devices,
  station: string | undefined,
  fields: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const named = Object.entries(fields).filter(([, field]) => field !== undefined)
  if (station === undefined && named.length > 0) return `it must say which station has ${named[0][0]}`
  const absent = lacking(devices, station, 'station')
  if (absent !== undefined || station === undefined || named.length > 0) return absent
  return `it must say which field of ${station} is meant, under ${Object.keys(fields).join(': or ')}:`
}

/** Those of the fields by these keys that no station measures, with what is wrong. */
function measuredWords(fields: Readonly<Record<string, string | undefined>>): [string, string][] {
  const known = Object.entries(kinds.sensor.fields).flatMap(([name, { type }]) => (type === 'number' ? [name] : []))
  return Object.entries(fields).flatMap(([key, field]): [string, string][] =>
    field === undefined || known.includes(field)
      ? []
      : [[key, `no station measures "${field}"; there are ${known.join(', ')}`]],
  )
}

/** What is switched to and fro by a heater must be a heater, and its alone. */
function heaterComplaints({ heaters, power, devices }: Sections): Complaint[] {
  return Object.entries(heaters).flatMap(([name, one]) => {
    const { device, channel, air, glass } = one
    const namesake = Object.hasOwn(devices, channel) ? channel : undefined
    const { feeds } = policyOf(power, delicate(devices), { device, channel, namesake })
    const fed = feeds.length > 0 ? `channel "${channel}" gives ${feeds.join(', ')} its power` : undefined
    const [other] = Object.entries(heaters).find(([, two]) => two.device === device && two.channel === channel)!
    const shared = other === name ? undefined : `channel "${channel}" is that of the heater "${other}" already`
    const tight = 2 * one.least_s > one.period_s
    return [
      ...Object.entries({ device, air, glass }).flatMap(([key, wanted]) =>
        about(['heaters', name, key], lacking(devices, wanted)),
      ),
      ...about(['heaters', name, 'channel'], fed ?? shared),
      ...about(
        ['heaters', name, 'min_percent'],
        one.min_percent > one.max_percent ? 'it is above max_percent' : undefined,
      ),
      ...about(['heaters', name, 'least_s'], tight ? 'a pulse and a pause do not fit into period_s' : undefined),
    ]
  })
}

function rainComplaints({ rain_sensors, devices }: Sections): Complaint[] {
  return Object.entries(rain_sensors).flatMap(([name, { device }]) => [
    ...about(['rain_sensors', name, 'device'], lacking(devices, device)),
    ...about(['rain_sensors', name], Object.hasOwn(devices, name) ? `a device is called "${name}" already` : undefined),
  ])
}

function templateComplaints({ archive: { template } }: Sections): Complaint[] {
  try {
    namingBy(template)
    return []
  } catch (error) {
    return about(['archive', 'template'], asFault(error, 'template').message)
  }
}
