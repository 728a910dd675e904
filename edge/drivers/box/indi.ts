// Cameras, mounts, focusers and filter wheels of a running INDI server, one device of it per box.
import type { Ports } from '../../ports/device.js'
import { driver } from '../../ports/driver.js'
import { z } from '../../ports/schema.js'
import { indiLink } from '../link/indi/indi-link.js'
import { openIndiCamera } from './indi/camera.js'
import { openIndiFocuser } from './indi/focuser.js'
import { openIndiMount } from './indi/mount.js'
import { type IndiSession, openSession } from './indi/session.js'
import { openIndiWheel } from './indi/wheel.js'

const portNames = ['camera', 'mount', 'focuser', 'wheel'] as const
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
}

interface OpenPort {
  readonly ports: Ports
  close(): Promise<void>
}

export const indiDriver = driver<typeof options>({
  id: 'indi',
  summary: 'A device of an INDI server: camera, mount, focuser or filter wheel',
  options,
  link: indiLink,
  ports: ({ ports }) => ports,
  async open({ device, ports, properties, readout_seconds }, { link, clock, lost }, signal) {
    const session = await openSession(
      { client: link(indiLink), clock, name: device, properties, needs: ports.flatMap(port => needs[port]), lost },
      signal,
    )
    const opened: OpenPort[] = []
    const close = async () => {
      for (const port of opened.reverse()) await port.close()
      opened.length = 0
      session.close()
    }
    try {
      for (const port of new Set(ports)) opened.push(await openPort(port, session, readout_seconds, signal))
    } catch (error) {
      await close()
      throw error
    }
    return { ports: Object.assign({}, ...opened.map(port => port.ports)) as Ports, close }
  },
})

async function openPort(
  port: IndiPortName,
  session: IndiSession,
  readoutSeconds: number,
  signal: AbortSignal,
): Promise<OpenPort> {
  const none = async () => {}
  switch (port) {
    case 'camera': {
      const { camera, close } = await openIndiCamera(session, readoutSeconds, signal)
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
  }
}
