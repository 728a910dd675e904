// The configuration as a whole: one schema from drivers, services and faces, and the observatory one gets without a
// file.

import { httpSettings } from './api/http/server.js'
import { mqttSettings } from './api/mqtt/settings.js'
import { drivers, links } from './drivers/index.js'
import { complaintsAcross, delicate, type Role } from './main-complaints.js'
import { recoverySettings } from './main-recovery.js'
import { drivenBy } from './main-wires.js'
import type { PortName } from './ports/device.js'
import type { JsonObject } from './ports/json.js'
import { jsonSchemaOf, z } from './ports/schema.js'
import type { DriverSheet } from './ports/settings.js'
import type { StoreHabits } from './ports/store.js'
import { calibrationSettings } from './services/calibration-library.js'
import { cameraSettings, deviceName } from './services/camera-actions.js'
import { heaterSettings } from './services/heater-settings.js'
import { stackingSettings } from './services/live-stack.js'
import { mountSettings } from './services/mount-settings.js'
import { pierCamSettings } from './services/pier-camera-settings.js'
import { type ChannelPolicy, policyOf, powerSettings } from './services/power-settings.js'
import { siteSettings } from './services/site-settings.js'
import { rainSettings, sensorSettings } from './services/station-settings.js'
import type { BoxEntry, LinkEntry } from './spine/devices.js'
import { standardTemplate } from './store/naming.js'

const accessSettings = z
  .strictObject({
    open: z.boolean().default(false).describe('Anyone on the network may act without pairing; for a lab only'),
  })
  .describe('Who may act')

const archiveSettings = z
  .strictObject({
    template: z.string().default(standardTemplate).describe('Folders and names of the files'),
    reserve_mb: z.number().min(0).max(1e6).default(500).describe('Never filled: kept free on the disk, MB'),
    compress: z
      .enum(['none', 'rice'])
      .default('none')
      .describe('rice packs frames of integers into about half the room, losing nothing (.fits.fz)'),
  })
  .describe('Where frames are kept')

const memorySettings = z
  .strictObject({
    frames_mb: z.number().min(16).max(16_384).default(512).describe('Memory for frames on their way to the disk, MB'),
    stack_mb: z
      .number()
      .min(16)
      .max(4096)
      .default(1024)
      .describe('Memory of a live stack, MB; 16 megapixels take 370 in mono and 650 in colour'),
    stack_threads: z
      .int()
      .min(1)
      .max(16)
      .optional()
      .describe('Threads of a live stack; all processors but one, 4 at most'),
  })
  .describe('Bounds on memory')

const focusSettings = z
  .strictObject({
    sizes: z.enum(['hfd', 'hfr']).default('hfd').describe('Star sizes on the page: diameter (HFD) or radius (HFR)'),
  })
  .describe('Focusing')

const useSettings = z
  .strictObject({
    camera: deviceName.optional().describe('Main camera'),
    guide_camera: deviceName.optional().describe('Guide camera'),
    mount: deviceName.optional().describe('Mount'),
    focuser: deviceName.optional().describe('Focuser'),
    wheel: deviceName.optional().describe('Filter wheel'),
    rotator: deviceName.optional().describe('Rotator'),
    dome: deviceName.optional().describe('Roof or dome'),
    cover: deviceName.optional().describe('Cover or light panel'),
    pier_cam: deviceName.optional().describe('Pier camera'),
  })
  .describe('Which device does what')

const linkEntry = z.discriminatedUnion(
  'driver',
  links.map(({ id, options }) => options.extend({ driver: z.literal(id) })) as never,
)
const deviceEntry = z.discriminatedUnion(
  'driver',
  drivers.map(({ id, options, link }) =>
    options.extend({
      driver: z.literal(id),
      ...(link && { link: z.string().describe('Name of the link it speaks over') }),
      recovery: recoverySettings.optional(),
    }),
  ) as never,
)

export const configSchema = z
  .strictObject({
    site: siteSettings.prefault({}),
    links: z.record(deviceName, linkEntry).default({}).describe('Lines that devices share'),
    devices: z.record(deviceName, deviceEntry).default({}).describe('Devices by name'),
    use: useSettings.prefault({}),
    camera: cameraSettings.prefault({}),
    pier_cam: pierCamSettings.prefault({}),
    stacking: stackingSettings.prefault({}),
    calibration: calibrationSettings.prefault({}),
    focus: focusSettings.prefault({}),
    mount: mountSettings.prefault({}),
    power: powerSettings.prefault({}),
    sensors: sensorSettings.prefault({}),
    rain_sensors: rainSettings.prefault({}),
    heaters: heaterSettings.prefault({}),
    archive: archiveSettings.prefault({}),
    memory: memorySettings.prefault({}),
    access: accessSettings.prefault({}),
    http: httpSettings.prefault({}),
    mqtt: mqttSettings.prefault({}),
  })
  .superRefine((settings, context) => {
    for (const { path, words } of complaintsAcross(settings as never)) {
      context.addIssue({ code: 'custom', path: [...path], message: words })
    }
  })

export type Settings = z.output<typeof configSchema>

/** The simulated observatory: what runs when there is no file yet, and the file that `use my equipment` starts from. */
export const demoConfig = `# Pierside's settings, explained in docs/config.md. They begin as the simulated observatory:
# "Use my equipment" and "Settings" on the Devices page change this file for you.

site:
  name: Demo pier
  latitude: 46.5
  longitude: 8.0
  elevation: 1200
  position_from: simulated
  telescope: Simulated 100/500
  focal_length: 500
  aperture: 100

links:
  sky: {driver: simulator, latitude: 46.5, longitude: 8.0, elevation_m: 1200}

devices:
  main: {driver: simulator, link: sky, part: camera}
  guide: {driver: simulator, link: sky, part: guide-camera}
  mount: {driver: simulator, link: sky, part: mount}
  focuser: {driver: simulator, link: sky, part: focuser}
  wheel: {driver: simulator, link: sky, part: wheel}
  rotator: {driver: simulator, link: sky, part: rotator}
  roof: {driver: simulator, link: sky, part: roof}
  cover: {driver: simulator, link: sky, part: cover}
  relays: {driver: simulator, link: sky, part: switches}
  box: {driver: simulator, link: sky, part: sensors}
  weather: {driver: simulator, link: sky, part: weather}
  gps: {driver: simulator, link: sky, part: gps}
  safety: {driver: simulator, link: sky, part: safety}
  pier: {driver: simulator, link: sky, part: pier-camera}

use:
  camera: main
  guide_camera: guide
  mount: mount
  focuser: focuser
  wheel: wheel
  rotator: rotator
  dome: roof
  cover: cover
  pier_cam: pier

heaters:
  lens: {device: relays, channel: dew-heater, air: weather}

pier_cam:
  enabled: true
`

export function habitsOf({ archive, site }: Settings): StoreHabits {
  const { template, reserve_mb, compress } = archive
  return { template, longitudeDeg: site.longitude ?? 0, reserveBytes: reserve_mb * 1e6, compress }
}

/** A device with what may be done to bring it back. */
type DeviceEntry = BoxEntry & { readonly recovery: z.output<typeof recoverySettings> | undefined }

export function entriesOf(settings: Settings): { links: LinkEntry[]; boxes: DeviceEntry[] } {
  const lines = settings.links as Record<string, { driver: string }>
  const devices = settings.devices as Record<string, { driver: string; link?: string; recovery?: never }>
  return {
    links: Object.entries(lines).map(([name, { driver, ...options }]) => ({
      name,
      driver: links.find(one => one.id === driver)!,
      options,
    })),
    boxes: Object.entries(devices).map(([name, { driver, link, recovery, ...options }]) => ({
      name,
      driver: drivers.find(one => one.id === driver)!,
      link,
      recovery,
      options,
    })),
  }
}

/** What the owner wants of the channel of a device. */
export function channelPolicy(settings: Settings, device: string, channel: string): ChannelPolicy {
  const { power, devices, use } = settings
  // A channel that is called like a device, or like a duty, is where that one has its power from.
  const duty = use[channel.replaceAll('-', '_') as Role]
  const namesake = duty ?? (Object.hasOwn(devices, channel) ? channel : undefined)
  const policy = policyOf(power, delicate(devices as never), { device, channel, namesake })
  // Whatever moves something stands still unless it is watched.
  const moves = drivenBy(devices, device, channel)
  if (moves === undefined) return policy
  return { ...policy, moves, feeds: [], start: 'off', stop: 'off', unsafe: 'off', loss: 'off', watched: true }
}

/** The links there are, each with whether an entry under `links:` would be the same line. */
export function linksLike(settings: Settings, wanted: JsonObject): { name: string; same: boolean }[] {
  const entry = linkEntry.safeParse(wanted)
  const text = (line: unknown) =>
    JSON.stringify(Object.entries(line as object).toSorted(([a], [b]) => a.localeCompare(b)))
  return Object.entries(settings.links).map(([name, line]) => ({
    name,
    same: entry.success && text(line) === text(entry.data),
  }))
}

/** What a device of a driver is, by each value of its option `as`. */
function portsAs(options: z.ZodType, ports: (as: string) => readonly PortName[]): DriverSheet['portsAs'] {
  const { properties } = jsonSchemaOf(options) as { properties?: Record<string, { enum?: readonly string[] }> }
  const ways = properties?.as?.enum
  return ways && Object.fromEntries(ways.map(as => [as, [...ports(as)]]))
}

export function driverSheets(): DriverSheet[] {
  return drivers.map(({ id, summary, ports, options, link }) => ({
    id,
    summary,
    // Behind a link, what a box is depends on which one it is; alone it is always the same.
    ports: link ? [] : [...ports((options.safeParse({}).data ?? {}) as never)],
    portsAs: link ? undefined : portsAs(options, as => ports({ as } as never)),
    options: jsonSchemaOf(options),
    link: link && { id: link.id, summary: link.summary, options: jsonSchemaOf(link.options) },
  }))
}
