// What sits in and before the optical train: rotator, cover, light panel.
import { type Action, action } from '../ports/action.js'
import type { Cover } from '../ports/cover.js'
import type { Devices } from '../ports/device.js'
import { Fault } from '../ports/fault.js'
import { wholeTurn } from '../ports/rotator.js'
import { z } from '../ports/schema.js'
import { deviceName } from './camera-actions.js'

export interface TrainParts {
  readonly devices: Devices
  readonly use: { readonly rotator?: string; readonly cover?: string }
}

const moveMs = 180_000
const shortMs = 15_000
const none = z.object({})
const angle = z.number().min(0).lt(360)

export function trainActions(parts: TrainParts): Action[] {
  return [...rotatorActions(parts), ...coverActions(parts)]
}

function rotatorActions({ devices, use }: TrainParts): Action[] {
  const which = { rotator: deviceName.optional().describe('Rotator; the one under use: when absent') }
  const rotator = (name: string | undefined) => devices.device('rotator', name ?? use.rotator).current()
  const answer = z.object({ angleDeg: z.number() })
  const claims = (input: { rotator?: string }) => [{ name: `rotator/${input.rotator ?? use.rotator}` }]
  return [
    action({
      name: 'rotator-move',
      summary: 'Turns the camera to a position angle, or by some degrees',
      input: z.strictObject({
        ...which,
        angleDeg: angle.optional().describe('Position angle, degrees'),
        by: z.number().min(-360).max(360).optional().describe('Degrees from here'),
      }),
      output: answer,
      role: 'observer',
      on: 'rotator/{rotator}',
      claims,
      settles: { kind: 'deed', deadlineMs: moveMs },
      entity: { platform: 'number', field: 'angleDeg', shows: 'angleDeg', icon: 'mdi:rotate-right', min: 0, max: 359 },
      async run({ input, signal }) {
        const port = rotator(input.rotator)
        if ((input.angleDeg === undefined) === (input.by === undefined)) {
          throw new Fault('bad-input', 'give either angleDeg or by', 'Send one of the two, in degrees')
        }
        await port.moveTo(input.angleDeg ?? wholeTurn(port.angleDeg() + input.by!), signal)
        return { angleDeg: port.angleDeg() }
      },
    }),
    action({
      name: 'rotator-sync',
      summary: 'Says at which position angle the camera stands now; nothing turns',
      input: z.strictObject({ ...which, angleDeg: angle.describe('Position angle, degrees') }),
      output: answer,
      role: 'observer',
      on: 'rotator/{rotator}',
      claims,
      settles: { kind: 'deed', deadlineMs: shortMs },
      async run({ input, signal }) {
        const port = rotator(input.rotator)
        if (!port.sync) throw new Fault('unsupported', 'this rotator cannot be told where it stands', 'Turn it instead')
        await port.sync(input.angleDeg, signal)
        return { angleDeg: port.angleDeg() }
      },
    }),
  ]
}

function coverActions({ devices, use }: TrainParts): Action[] {
  const which = { cover: deviceName.optional().describe('Cover or light panel; the one under use: when absent') }
  const box = (name: string | undefined) => devices.device('cover', name ?? use.cover).current()
  const claims = (input: { cover?: string }) => [{ name: `cover/${input.cover ?? use.cover}` }]
  const travel = (name: string, summary: string, run: (cover: Cover, signal: AbortSignal) => Promise<void>) =>
    action({
      name,
      summary,
      input: z.strictObject(which),
      output: none,
      role: 'observer',
      on: 'cover/{cover}',
      claims,
      settles: { kind: 'deed', deadlineMs: moveMs },
      entity: { platform: 'button', icon: 'mdi:circle-outline' },
      async run({ input, signal }) {
        const { cover } = box(input.cover)
        if (!cover) throw new Fault('unsupported', 'this light panel has no cover', 'Lift it off by hand')
        await run(cover, signal)
        return {}
      },
    })
  return [
    travel('cover-open', 'Opens the cover of the telescope', (cover, signal) => cover.open(signal)),
    travel('cover-close', 'Closes the cover of the telescope', (cover, signal) => cover.close(signal)),
    action({
      name: 'panel-set',
      summary: 'Lets the light panel glow, or puts it out',
      input: z.strictObject({
        ...which,
        brightness: z.number().min(0).describe('Brightness in its own steps; 0 is dark'),
      }),
      output: z.object({ brightness: z.number() }),
      role: 'observer',
      on: 'cover/{cover}',
      claims,
      settles: { kind: 'deed', deadlineMs: shortMs },
      harmlessWhenLate: true,
      entity: {
        platform: 'number',
        field: 'brightness',
        shows: 'brightness',
        icon: 'mdi:lightbulb-on-outline',
        min: 0,
        max: 'maxBrightness',
        step: 1,
      },
      async run({ input, signal }) {
        const { panel } = box(input.cover)
        if (!panel) throw new Fault('unsupported', 'this cover has no light panel', 'Use a panel of its own')
        if (input.brightness > panel.maxBrightness) {
          const words = `brightness ${input.brightness} is above ${panel.maxBrightness}`
          throw new Fault('bad-input', words, 'Choose one in range')
        }
        await panel.glow(input.brightness, signal)
        return { brightness: panel.brightness() }
      },
    }),
  ]
}
