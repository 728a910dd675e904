// Roofs and domes: opened, closed, turned and stopped by a person's hand. Nothing else may move one until a safety
// service stands behind it.
import { type Action, action, type Who } from '../ports/action.js'
import type { Devices } from '../ports/device.js'
import type { Dome } from '../ports/dome.js'
import { Fault } from '../ports/fault.js'
import { z } from '../ports/schema.js'
import { deviceName } from './camera-actions.js'

export interface DomeParts {
  /** Behind the interlocks. */
  readonly devices: Devices
  readonly use: { readonly dome?: string }
}

const travelMs = 300_000
const shortMs = 10_000
const none = z.object({})
const which = { dome: deviceName.optional().describe('Roof or dome; the one under use: when absent') }

export function domeActions({ devices, use }: DomeParts): Action[] {
  const dome = (name: string | undefined) => devices.device('dome', name ?? use.dome)
  const travel = (name: string, summary: string, run: (dome: Dome, signal: AbortSignal) => Promise<void>) =>
    action({
      name,
      summary,
      input: z.strictObject(which),
      output: none,
      role: 'observer',
      on: 'dome/{dome}',
      // The mount too: nothing slews while the roof passes over it.
      claims: input => [{ name: `dome/${input.dome ?? use.dome}` }, { name: 'mount' }],
      settles: { kind: 'deed', deadlineMs: travelMs },
      async run({ input, who, signal }) {
        demandHand(who)
        await run(dome(input.dome).current(), signal)
        return {}
      },
    })

  const turn = action({
    name: 'dome-turn',
    summary: 'Turns the slit of a dome to an azimuth',
    input: z.strictObject({
      ...which,
      azDeg: z.number().min(0).lt(360).describe('Azimuth, degrees, north 0, east 90'),
    }),
    output: none,
    role: 'observer',
    on: 'dome/{dome}',
    claims: input => [{ name: `dome/${input.dome ?? use.dome}` }],
    settles: { kind: 'deed', deadlineMs: travelMs },
    async run({ input, who, signal }) {
      demandHand(who)
      const port = dome(input.dome).current()
      if (!port.turnTo) throw new Fault('unsupported', 'a roof does not turn', 'Open or close it')
      await port.turnTo(input.azDeg, signal)
      return {}
    },
  })

  const stop = action({
    name: 'dome-stop',
    summary: 'Stops the roof or dome where it is',
    input: z.strictObject(which),
    output: none,
    role: 'observer',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: shortMs },
    harmlessWhenLate: true,
    async run({ input }) {
      await dome(input.dome).current().stop()
      return {}
    },
  })

  return [
    travel('dome-open', 'Opens the roof, or the shutter of a dome', (port, signal) => port.open(signal)),
    travel('dome-close', 'Closes the roof, or the shutter of a dome', (port, signal) => port.close(signal)),
    turn,
    stop,
  ]
}

/** Over MQTT come automations, and from inside our own services: neither looks where the roof goes. */
function demandHand({ face }: Who): void {
  if (face === 'http' || face === 'cli') return
  throw new Fault('unsafe', 'a roof is moved by hand only', 'Ask on the page or the command line, and look at it')
}
