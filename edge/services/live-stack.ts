// What one can ask of the live stack: start it, stop it; and its settings. The run itself is stack-run.ts.
import { type Action, action } from '../ports/action.js'
import type { Devices } from '../ports/device.js'
import { Fault } from '../ports/fault.js'
import type { Claims } from '../ports/lease.js'
import { z } from '../ports/schema.js'
import { type CameraSettings, cameraOr, exposureClaims, orderFields } from './camera-actions.js'
import { runStack, type StackParts } from './stack-run.js'

export const stackingSettings = z
  .strictObject({
    frames: z
      .int()
      .min(0)
      .max(10_000)
      .default(20)
      .describe('Accepted frames after which a stack ends; 0: until stopped'),
    exposure_s: z.number().positive().max(3600).default(10).describe('Exposure of each frame, s'),
    preview_every: z.int().min(1).max(1000).default(1).describe('A new picture after so many accepted frames'),
    max_shift: z.number().min(1).max(5000).default(300).describe('Frames that moved further are refused, px'),
  })
  .describe('Live stacking')

export type StackingSettings = z.output<typeof stackingSettings>

export interface LiveStackParts extends Omit<StackParts, 'maxShiftPx'> {
  readonly devices: Devices
  readonly claims: Claims
  readonly settings: StackingSettings
  readonly camera: CameraSettings
  readonly use: { readonly camera?: string; readonly wheel?: string }
}

const startInput = z.strictObject({
  ...orderFields,
  frames: z.int().min(0).max(10_000).optional().describe('Accepted frames to take; 0: until stopped'),
  exposureSeconds: z.number().positive().max(3600).optional().describe('Exposure of each frame, s'),
  previewEvery: z.int().min(1).max(1000).optional().describe('A new picture after so many accepted frames'),
})

export function liveStackActions(parts: LiveStackParts): Action[] {
  const { claims, settings, use, devices } = parts
  // Stopping by hand is not an abort: what was stacked is saved.
  let finish: AbortController | undefined

  const start = action({
    name: 'stack-start',
    summary: 'Stacks frames live',
    input: startInput,
    output: z.object({ frames: z.number(), path: z.string().optional() }),
    role: 'observer',
    // A camera that is not there is said at once, not after five tries.
    check: input => void devices.device('camera', cameraOr(input.camera, use)).current(),
    claims: input => [{ name: 'stack' }, ...exposureClaims(cameraOr(input.camera, use), input.filter, use)],
    settles: { kind: 'activity', resumes: false },
    async run({ input, lease, signal, activity }) {
      const mine = new AbortController()
      finish = mine
      const camera = devices.device('camera', cameraOr(input.camera, use))
      try {
        return await runStack(
          { ...parts, maxShiftPx: settings.max_shift },
          camera,
          {
            frames: input.frames ?? settings.frames,
            exposureSeconds: input.exposureSeconds ?? settings.exposure_s,
            previewEvery: input.previewEvery ?? settings.preview_every,
            binning: input.binning ?? parts.camera.binning,
            gain: input.gain,
            filter: input.filter,
            object: input.object,
          },
          { lease, signal, finish: mine.signal, activity: activity! },
        )
      } finally {
        if (finish === mine) finish = undefined
      }
    },
  })

  const stop = action({
    name: 'stack-stop',
    summary: 'Ends the live stack and saves it',
    input: z.strictObject({}),
    output: z.object({ stopped: z.boolean() }),
    role: 'observer',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: 5_000 },
    harmlessWhenLate: true,
    entity: { platform: 'button', icon: 'mdi:layers-off' },
    async run({ who }) {
      const stopped = claims.holderOf('stack') !== undefined
      finish?.abort(new Fault('aborted', `stopped by ${who.name}`, 'Start a new stack when you are ready'))
      return { stopped }
    },
  })
  return [start, stop]
}
