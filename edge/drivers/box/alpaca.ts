// Everything that speaks ASCOM Alpaca, one device of it per box.
import type { Ports } from '../../ports/device.js'
import { driver } from '../../ports/driver.js'
import { reasonOf } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import { alpacaLink } from '../link/alpaca/alpaca-link.js'
import { alpacaTypes, portOfType } from '../link/alpaca/kinds.data.js'
import { openAlpacaCamera } from './alpaca/camera.js'
import { openAlpacaCover } from './alpaca/cover.js'
import { openAlpacaDome } from './alpaca/dome.js'
import { openAlpacaFocuser } from './alpaca/focuser.js'
import { openAlpacaMount } from './alpaca/mount.js'
import { openAlpacaRotator } from './alpaca/rotator.js'
import { type AlpacaSession, openAlpacaSession } from './alpaca/session.js'
import { openAlpacaSafety, openAlpacaStation } from './alpaca/station.js'
import { openAlpacaSwitches } from './alpaca/switches.js'
import { openAlpacaWheel } from './alpaca/wheel.js'

const options = z.strictObject({
  type: z.enum(alpacaTypes).describe('Kind of device, as Alpaca calls it'),
  unique_id: z
    .string()
    .min(1)
    .max(120)
    .optional()
    .describe('UniqueID of the device, by which it is found wherever its server is; Use my equipment shows it'),
  number: z
    .int()
    .min(0)
    .max(9_999)
    .default(0)
    .describe('Number of the device on its server, where no unique_id is given'),
  readout_seconds: z
    .number()
    .min(1)
    .max(600)
    .default(30)
    .describe('Longest time from the end of an exposure to its last byte, s (camera); raise it for a slow network'),
  reverse_ra: z
    .boolean()
    .default(false)
    .describe('Set it when the arrow for east moves the telescope west (telescope)'),
  reverse_dec: z.boolean().default(false).describe('Set it when the arrow for north moves it south (telescope)'),
})

export const alpacaDriver = driver<typeof options>({
  id: 'alpaca',
  summary: 'A device that speaks ASCOM Alpaca: camera, mount, focuser, filter wheel, rotator, roof, cover, switch …',
  options,
  link: alpacaLink,
  ports: ({ type }) => [portOfType[type]],
  async open(wanted, { link, clock, log, lost }, signal) {
    const { type, number, unique_id: uniqueId } = wanted
    const place = await link(alpacaLink).find({ type, number, uniqueId }, signal)
    const session = await openAlpacaSession({ place, type, clock, log, lost }, signal)
    // Whatever is being asked ends with the opening.
    const giveUp = () => session.close(reasonOf(signal))
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    try {
      return { ports: await openPort(session, wanted, signal), close: () => session.leave() }
    } catch (error) {
      session.close()
      throw signal.aborted ? reasonOf(signal) : error
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  },
})

async function openPort(
  session: AlpacaSession,
  { type, readout_seconds, reverse_ra, reverse_dec }: z.output<typeof options>,
  signal: AbortSignal,
): Promise<Ports> {
  switch (type) {
    case 'camera':
      return { camera: await openAlpacaCamera(session, readout_seconds, signal) }
    case 'telescope':
      return { mount: await openAlpacaMount(session, { reverseRa: reverse_ra, reverseDec: reverse_dec }, signal) }
    case 'focuser':
      return { focuser: await openAlpacaFocuser(session, signal) }
    case 'filterwheel':
      return { wheel: await openAlpacaWheel(session, signal) }
    case 'rotator':
      return { rotator: await openAlpacaRotator(session, signal) }
    case 'dome':
      return { dome: await openAlpacaDome(session, signal) }
    case 'covercalibrator':
      return { cover: await openAlpacaCover(session, signal) }
    case 'switch':
      return { switches: await openAlpacaSwitches(session, signal) }
    case 'observingconditions':
      return { station: await openAlpacaStation(session, signal) }
    case 'safetymonitor':
      return { safety: await openAlpacaSafety(session, signal) }
  }
}
