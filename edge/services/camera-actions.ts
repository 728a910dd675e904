// What one can ask of a camera by hand: expose, abort, cool.
import { type Action, action } from '../ports/action.js'
import type { Devices } from '../ports/device.js'
import { Fault } from '../ports/fault.js'
import type { Imaging, TakeOrder } from '../ports/imaging.js'
import type { Claim, Claims } from '../ports/lease.js'
import { z } from '../ports/schema.js'
import { demandPossible } from './possible-exposure.js'

export const cameraSettings = z
  .strictObject({
    exposure_duration: z.number().positive().max(86_400).default(1).describe('Exposure that the form starts with, s'),
    binning: z.int().min(1).max(8).default(1).describe('Binning that the form starts with'),
  })
  .describe('Standards of the Expose form')

export type CameraSettings = z.output<typeof cameraSettings>

/**
 * What exposures claim: the camera alone, the mount beside others (it must stand still under all of them), and the
 * wheel: alone to turn it, beside others where it only has to stay as it is, which is before the main camera.
 */
export function exposureClaims(
  camera: string,
  filter: string | undefined,
  use: { readonly camera?: string; readonly wheel?: string },
): Claim[] {
  const claims: Claim[] = [{ name: `camera/${camera}` }, { name: 'mount', shared: true }]
  if (use.wheel === undefined || (filter === undefined && camera !== use.camera)) return claims
  return [...claims, { name: `wheel/${use.wheel}`, shared: filter === undefined }]
}

export const deviceName = z.string().regex(/^[a-z0-9_-]+$/, 'use a-z, 0-9, _ and -')

/** Fields of an order that every way to expose shares. */
export const orderFields = {
  camera: deviceName.optional().describe('Camera; the one under use: when absent'),
  binning: z.int('Binning must be a whole number').min(1, 'Binning must be >= 1').max(8).optional().describe('Binning'),
  gain: z.number().optional().describe('Gain, in the units of the camera'),
  filter: z.string().max(40).optional().describe('Filter by name'),
  object: z.string().max(60).optional().describe('What is observed'),
}

export const regionFields = z
  .strictObject({
    x: z.int().min(0).describe('px from the left, unbinned'),
    y: z.int().min(0).describe('px from the top, unbinned'),
    width: z.int().min(8).describe('px, unbinned'),
    height: z.int().min(8).describe('px, unbinned'),
  })
  .describe('Part of the sensor')

const exposeInput = z.strictObject({
  ...orderFields,
  seconds: z
    .number('Duration must be a number')
    .positive('Duration must be > 0')
    .max(86_400, 'Duration must be <= 86400')
    .optional()
    .describe('Exposure, s'),
  offset: z.number().optional().describe('Offset, ADU'),
  readout: z.string().max(60).optional().describe('Readout mode by name, where the camera has several'),
  region: regionFields.optional(),
  frameType: z.enum(['light', 'dark', 'bias', 'flat']).default('light').describe('Kind of frame'),
  count: z.int().min(0).max(10_000).default(1).describe('How many frames; 0: until aborted'),
})

export interface CameraActionParts {
  readonly devices: Devices
  readonly imaging: Imaging
  readonly claims: Claims
  readonly settings: CameraSettings
  readonly use: { readonly camera?: string; readonly wheel?: string }
}

/** The camera asked for, or the one under `use:`. Throws `offline` when there is neither. */
export function cameraOr(name: string | undefined, use: { readonly camera?: string }): string {
  const found = name ?? use.camera
  if (found !== undefined) return found
  throw new Fault('offline', 'no camera is configured', 'Add one on the Devices page, or under devices: and use:')
}

export function cameraActions({ devices, imaging, claims, settings, use }: CameraActionParts): Action[] {
  const expose = action({
    name: 'camera-expose',
    summary: 'Takes frames and keeps them',
    input: exposeInput,
    output: z.object({ ids: z.array(z.string()), paths: z.array(z.string()) }),
    role: 'observer',
    on: 'camera/{camera}',
    check(input) {
      const name = cameraOr(input.camera, use)
      const { seconds = settings.exposure_duration, binning = settings.binning } = input
      demandPossible(name, devices.device('camera', name).current(), { ...input, seconds, binning })
    },
    claims: input => exposureClaims(cameraOr(input.camera, use), input.filter, use),
    settles: { kind: 'activity', resumes: false },
    async run({ input, lease, signal, activity }) {
      const camera = devices.device('camera', cameraOr(input.camera, use))
      const ids: string[] = []
      const paths: string[] = []
      for (let number = 1; input.count === 0 || number <= input.count; number++) {
        const order: TakeOrder = {
          exposureSeconds: input.seconds ?? settings.exposure_duration,
          binning: input.binning ?? settings.binning,
          frameType: input.frameType,
          region: input.region,
          gain: input.gain,
          offset: input.offset,
          readout: input.readout,
          filter: input.filter,
          object: input.object,
          number,
          total: input.count,
          activity: activity?.id,
        }
        activity?.progress({ number, total: input.count, summary: `Exposing ${order.exposureSeconds} s` })
        const taken = await imaging.take(lease, camera, order, signal)
        taken.release()
        // A run without end must not grow: the newest are told, all stand in the list of files.
        ids.push(taken.exposure.id)
        paths.push(taken.exposure.path)
        if (ids.length > 100) {
          ids.shift()
          paths.shift()
        }
        activity?.progress({ done: number, path: taken.exposure.path, id: taken.exposure.id })
      }
      return { ids, paths }
    },
  })

  const abort = action({
    name: 'camera-abort',
    summary: 'Aborts the exposure; its frame is thrown away',
    input: z.strictObject({ camera: orderFields.camera }),
    output: z.object({ aborted: z.boolean() }),
    role: 'observer',
    on: 'camera/{camera}',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: 10_000 },
    harmlessWhenLate: true,
    entity: { platform: 'button', icon: 'mdi:stop' },
    async run({ input, who }) {
      const name = `camera/${cameraOr(input.camera, use)}`
      const aborted = claims.holderOf(name) !== undefined
      await claims.preempt(name, new Fault('aborted', `aborted by ${who.name}`, 'Expose again when you are ready'))
      return { aborted }
    },
  })

  const cool = action({
    name: 'camera-cool',
    summary: 'Cools the sensor, or lets it warm up',
    input: z.strictObject({
      camera: orderFields.camera,
      targetCelsius: z.number().min(-60).max(40).optional().describe('Sensor temperature, °C; absent: cooler off'),
    }),
    output: z.object({}),
    role: 'observer',
    on: 'camera/{camera}',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: 10_000 },
    async run({ input, signal }) {
      const name = cameraOr(input.camera, use)
      const { cooler } = devices.device('camera', name).current()
      if (!cooler) throw new Fault('unsupported', `camera ${name} has no cooler`, 'Cool another camera')
      await cooler.cool(input.targetCelsius, signal)
      return {}
    },
  })
  return [expose, abort, cool]
}
