// Setting the pier camera's light from outside: until the agent starts anew, without writing into the config.
import { type Action, action } from '../ports/action.js'
import type { Device } from '../ports/device.js'
import { Fault } from '../ports/fault.js'
import { z } from '../ports/schema.js'
import type { VideoSource } from '../ports/video-source.js'
import { autoExposures } from './pier-camera-settings.js'
import type { PierLight } from './pier-light.js'

export interface LightActionParts {
  now(): PierLight
  set(light: PierLight): void
  /** Why there are no pictures at all. */
  refusal(): Fault | undefined
  readonly device: Device<VideoSource>
}

export function pierLightAction({ now, set, refusal, device }: LightActionParts): Action {
  const light = {
    autoExposure: z.enum(autoExposures).describe('When it exposes by itself: always, by-day or never'),
    exposureMs: z.number().positive().max(10_000).describe('Exposure while it does not, ms'),
    gain: z.number().min(0).describe('Gain while it does not, in the units of the camera'),
  }
  return action({
    name: 'pier-camera-set',
    summary: 'Sets exposure and gain of the pier camera, until the next start; what shall stay belongs into the config',
    input: z.strictObject(light).partial(),
    output: z.object(light),
    role: 'observer',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: 5_000 },
    async run({ input }) {
      const refused = refusal()
      if (refused) throw refused
      if (!device.current().adjustable) {
        const words = `the pier camera ${device.name} exposes as it likes`
        throw new Fault('unsupported', words, 'Set it at the camera itself, or use a USB or CSI camera')
      }
      const wished = { ...now(), ...input }
      set(wished)
      return { ...wished }
    },
  })
}
