// What one can ask of the live stack: start it, stop it, go on with one that the agent's end broke off; and its
// settings. The run itself is stack-run.ts.
import { type Action, type Asked, action, type Who } from '../ports/action.js'
import type { Devices } from '../ports/device.js'
import { Fault } from '../ports/fault.js'
import type { Claims } from '../ports/lease.js'
import { combinations, warpKernels } from '../ports/pixels.js'
import { z } from '../ports/schema.js'
import { masterKinds } from '../science/master-cards.js'
import { type CameraSettings, cameraOr, exposureClaims, orderFields } from './camera-actions.js'
import { demandPossible } from './possible-exposure.js'
import { announced, runStack, type StackParts } from './stack-run.js'

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
    combine: z.enum(combinations).default('reject').describe('How frames become one: see the start of a stack'),
    kappa: z.number().min(1.5).max(10).default(3).describe('Samples further from the mean than so many σ are left out'),
    kernel: z.enum(warpKernels).default('bilinear').describe('How frames are moved onto each other: cubic is sharper'),
    calibrate: z.boolean().default(true).describe('Use darks, flats and bad-pixel maps that fit'),
    resume_minutes: z
      .number()
      .min(0)
      .max(1440)
      .default(30)
      .describe('A stack broken off by a crash or a power cut goes on by itself if its last frame is no older'),
  })
  .describe('Live stacking')

export type StackingSettings = z.output<typeof stackingSettings>

export interface LiveStackParts extends StackParts {
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
  combine: z
    .enum(combinations)
    .optional()
    .describe('Mean, sum, or mean without what lies far off (satellites, cosmic rays)'),
  kappa: z.number().min(1.5).max(10).optional().describe('Samples further from the mean than so many σ are left out'),
  kernel: z.enum(warpKernels).optional().describe('How frames are moved onto each other: cubic is sharper'),
  calibrate: z.boolean().optional().describe('Use darks, flats and bad-pixel maps that fit'),
})

const ended = z.object({ frames: z.number(), path: z.string().optional() })

/** A stack's whole order, as it is kept for the time after a crash. */
const keptRun = z
  .object({
    /** The activity that its exposures carry. */
    activity: z.string(),
    camera: z.string(),
    startedMs: z.number(),
    frames: z.number(),
    exposureSeconds: z.number(),
    previewEvery: z.number(),
    binning: z.number(),
    gain: z.number().optional(),
    filter: z.string().optional(),
    object: z.string().optional(),
    combine: z.enum(combinations),
    kappa: z.number(),
    kernel: z.enum(warpKernels),
    calibrate: z.boolean(),
    maxShiftPx: z.number(),
    masters: z
      .array(z.object({ kind: z.enum(masterKinds), path: z.string(), scale: z.number().optional() }))
      .optional(),
  })
  .nullable()

type BrokenRun = z.output<typeof keptRun>

export interface LiveStack {
  readonly actions: readonly Action[]
  /** Goes on with a stack that the end of the agent broke off, when it is fresh; says that it could when it is not. */
  afterStart(ask: (action: string, who: Who) => Promise<unknown>): Promise<void>
}

/** Who goes on after a crash. */
const restart: Who = { name: 'restart', role: 'observer', face: 'inside' }

export function liveStack(parts: LiveStackParts): LiveStack {
  const { claims, settings, use, devices, store, feed, clock, log } = parts
  // Stopping by hand is not an abort: what was stacked is saved.
  let finish: AbortController | undefined
  let broken: BrokenRun = null
  const kept = store.keep('live-stack/run', keptRun, null)
  // Whoever waits for it hears it; before that nobody does.
  kept.catch(() => {})

  const run = async (order: NonNullable<BrokenRun>, asked: Asked<unknown>, again?: 'go-on' | 'finish') => {
    const mine = new AbortController()
    finish = mine
    broken = null
    /** What there would be to go on with if it ended now. */
    let unsaved: BrokenRun = again ? order : null
    try {
      const { lease, signal, activity } = asked
      // Whoever looks at once sees it running, while its order is still on the way to the disk.
      feed.set('stack/main', { activity: activity!.id, running: true, ...announced(order) })
      const notes = await kept
      await notes.write(order)
      unsaved = order
      return await runStack(parts, devices.device('camera', order.camera), order, {
        ...{ lease, signal, again, finish: mine.signal, activity: activity! },
        chose(masters) {
          unsaved = { ...order, masters: [...masters] }
          return notes.write(unsaved)
        },
        async over() {
          await notes.write(null)
          unsaved = null
        },
      })
    } finally {
      if (finish === mine) finish = undefined
      broken = unsaved
      feed.patch('stack/main', { running: false, resumable: unsaved ? true : undefined })
    }
  }
  const brokenRun = (): NonNullable<BrokenRun> => {
    if (broken) return broken
    throw new Fault('not-found', 'no stack was broken off', 'Start a new one with stack-start')
  }

  const start = action({
    name: 'stack-start',
    summary: 'Stacks frames live',
    input: startInput,
    output: ended,
    role: 'observer',
    // A camera that is not there, or that cannot do this, is said at once and not after five tries.
    check(input) {
      const name = cameraOr(input.camera, use)
      const { exposureSeconds: seconds = settings.exposure_s, binning = parts.camera.binning, gain } = input
      demandPossible(name, devices.device('camera', name).current(), { seconds, binning, gain })
    },
    claims: input => [{ name: 'stack' }, ...exposureClaims(cameraOr(input.camera, use), input.filter, use)],
    settles: { kind: 'activity', resumes: true },
    run: asked =>
      run(
        {
          activity: asked.activity!.id,
          startedMs: clock.now(),
          camera: cameraOr(asked.input.camera, use),
          frames: asked.input.frames ?? settings.frames,
          exposureSeconds: asked.input.exposureSeconds ?? settings.exposure_s,
          previewEvery: asked.input.previewEvery ?? settings.preview_every,
          binning: asked.input.binning ?? parts.camera.binning,
          gain: asked.input.gain,
          filter: asked.input.filter,
          object: asked.input.object,
          combine: asked.input.combine ?? settings.combine,
          kappa: asked.input.kappa ?? settings.kappa,
          kernel: asked.input.kernel ?? settings.kernel,
          calibrate: asked.input.calibrate ?? settings.calibrate,
          maxShiftPx: settings.max_shift,
        },
        asked,
      ),
  })

  const resume = action({
    name: 'stack-resume',
    summary: 'Goes on with a stack that a crash or a power cut broke off',
    input: z.strictObject({
      finish: z.boolean().optional().describe('Only put together and save what was taken'),
    }),
    output: ended,
    role: 'observer',
    check: () => void brokenRun(),
    claims: () => {
      const { camera, filter } = brokenRun()
      return [{ name: 'stack' }, ...exposureClaims(camera, filter, use)]
    },
    settles: { kind: 'activity', resumes: true },
    run: asked => run(brokenRun(), asked, asked.input.finish ? 'finish' : 'go-on'),
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

  return {
    actions: [start, resume, stop],
    async afterStart(ask) {
      const order = (await kept).read()
      if (!order || claims.holderOf('stack')) return
      const [last] = await store.exposures({ activity: order.activity, limit: 1 })
      const lastMs = last ? last.startedMs + last.exposureSeconds * 1000 : order.startedMs
      broken = order
      feed.set('stack/main', { ...announced(order), running: false, resumable: true })
      const fresh = clock.now() - lastMs <= settings.resume_minutes * 60_000
      log.warn(`a live stack was broken off ${fresh ? 'and goes on' : 'and waits to be resumed or finished'}`)
      if (fresh) await ask('stack-resume', restart)
    },
  }
}
