// Everything that an INDI server has, one device of it per box.
import type { Ports } from '../../ports/device.js'
import { driver } from '../../ports/driver.js'
import { z } from '../../ports/schema.js'
import { indiLink } from '../link/indi/indi-link.js'
import { openIndiCamera } from './indi/camera.js'
import { openIndiCover } from './indi/cover.js'
import { openIndiDome } from './indi/dome.js'
import { openIndiFocuser } from './indi/focuser.js'
import { openIndiGps } from './indi/gps.js'
import { openIndiMount } from './indi/mount.js'
import { openIndiRaw } from './indi/raw.js'
import { openIndiRotator } from './indi/rotator.js'
import { type IndiSession, openSession } from './indi/session.js'
import { openIndiSafety, openIndiStation } from './indi/station.js'
import { openIndiSwitches, usualOutlets } from './indi/switches.js'
import { openIndiWheel } from './indi/wheel.js'

const portNames = [
  ...(['camera', 'mount', 'focuser', 'wheel', 'rotator', 'dome', 'cover'] as const),
  ...(['switches', 'station', 'safety', 'gps'] as const),
] as const
type IndiPortName = (typeof portNames)[number]

const value = z.union([z.boolean(), z.number(), z.string()])

const options = z.strictObject({
  device: z.string().min(1).max(120).describe('Name of the device on the INDI server, such as "CCD Simulator"'),
  ports: z.array(z.enum(portNames)).min(1).default(['camera']).describe('What the device is used as'),
  readout_seconds: z
    .number()
    .min(1)
    .max(600)
    .default(30)
    .describe('Longest time from the end of an exposure to its last byte, s; raise it for a slow network'),
  channels: z
    .array(z.string().regex(/^[^.]+\..+$/, 'write it as PROPERTY.ELEMENT'))
    .max(64)
    .default([])
    .describe('What is switched, as PROPERTY.ELEMENT (switches); outlets and heaters by their usual names when empty'),
  properties: z
    .record(z.string(), z.record(z.string(), value))
    .default({})
    .describe('INDI properties to set whenever the device is opened: {DEVICE_PORT: {PORT: /dev/ttyUSB0}}'),
})

/** Any of these shows that the device is what it is used as. */
const needs: Readonly<Record<IndiPortName, readonly (readonly string[])[]>> = {
  camera: [['CCD_EXPOSURE'], ['CCD_INFO'], ['CCD1']],
  mount: [['EQUATORIAL_EOD_COORD', 'EQUATORIAL_COORD'], ['ON_COORD_SET']],
  focuser: [['ABS_FOCUS_POSITION']],
  wheel: [['FILTER_SLOT']],
  rotator: [['ABS_ROTATOR_ANGLE']],
  dome: [['DOME_SHUTTER', 'DOME_PARK'], ['DOME_ABORT_MOTION']],
  cover: [['CAP_PARK', 'FLAT_LIGHT_CONTROL']],
  switches: [],
  station: [['WEATHER_PARAMETERS', 'SKY_QUALITY']],
  safety: [['WEATHER_STATUS']],
  gps: [['GEOGRAPHIC_COORD']],
}

interface OpenPort {
  readonly ports: Ports
  close(): Promise<void>
}

export const indiDriver = driver<typeof options>({
  id: 'indi',
  summary: 'A device of an INDI server: camera, mount, focuser, filter wheel, rotator, roof, cover, power, weather …',
  options,
  link: indiLink,
  ports: ({ ports }) => [...new Set(ports), 'raw'],
  async open({ device, ports, properties, readout_seconds, channels }, { link, clock, lost }, signal) {
    const session = await openSession(
      { client: link(indiLink), clock, name: device, properties, needs: ports.flatMap(port => needs[port]), lost },
      signal,
    )
    const named = channels.length > 0 ? channels.map(channel => channel.slice(0, channel.indexOf('.'))) : usualOutlets
    const switched = new Set(ports.includes('switches') ? named : [])
    const opened: OpenPort[] = []
    const close = async () => {
      for (const port of opened.reverse()) await port.close()
      opened.length = 0
      session.close()
    }
    try {
      for (const port of new Set(ports))
        opened.push(await openPort(port, session, { readout_seconds, channels }, signal))
    } catch (error) {
      await close()
      throw error
    }
    return {
      ports: Object.assign({ raw: openIndiRaw(session, switched) }, ...opened.map(port => port.ports)) as Ports,
      close,
    }
  },
})

async function openPort(
  port: IndiPortName,
  session: IndiSession,
  { readout_seconds, channels }: Pick<z.output<typeof options>, 'readout_seconds' | 'channels'>,
  signal: AbortSignal,
): Promise<OpenPort> {
  const none = async () => {}
  switch (port) {
    case 'camera': {
      const { camera, close } = await openIndiCamera(session, readout_seconds, signal)
      return { ports: { camera }, close }
    }
    case 'mount': {
      const { mount, close } = await openIndiMount(session, signal)
      return { ports: { mount }, close }
    }
    case 'focuser':
      return { ports: { focuser: openIndiFocuser(session) }, close: none }
    case 'wheel':
      return { ports: { wheel: openIndiWheel(session) }, close: none }
    case 'rotator':
      return { ports: { rotator: openIndiRotator(session) }, close: none }
    case 'dome': {
      const { dome, close } = openIndiDome(session)
      return { ports: { dome }, close }
    }
    case 'cover':
      return { ports: { cover: openIndiCover(session) }, close: none }
    case 'switches':
      return { ports: { switches: await openIndiSwitches(session, channels, signal) }, close: none }
    case 'station': {
      const { station, close } = openIndiStation(session)
      return { ports: { station }, close }
    }
    case 'safety': {
      const { safety, close } = openIndiSafety(session)
      return { ports: { safety }, close }
    }
    case 'gps': {
      const { gps, close } = openIndiGps(session)
      return { ports: { gps }, close }
    }
  }
}
