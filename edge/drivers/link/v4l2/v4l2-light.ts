// How a video device catches its light: exposure, gain, and what of it the camera chooses by itself.
import { type Control, controlsOf, readControl, writeControl } from './v4l2-controls.js'
import type { VideoDevice } from './v4l2-device.js'
import { controlIds, exposureModes, exposureUnitSeconds } from './v4l2-structs.js'

export interface LightControls {
  /** In steps of `stepSeconds`; absent where the exposure cannot be set by number. */
  readonly exposure?: {
    readonly minSeconds: number
    readonly maxSeconds: number
    readonly stepSeconds: number
    /** @returns what the camera made of it, s */
    set(seconds: number): Promise<number>
  }
  readonly gain?: {
    readonly min: number
    readonly max: number
    read(): Promise<number>
    /** @returns what the camera made of it */
    set(gain: number): Promise<number>
  }
  /** The picture's pace may drop for a long exposure. */
  readonly slows: boolean
  /** Lets the camera choose for itself, where it can. */
  automatic(): Promise<void>
}

export async function lightControlsOf(device: VideoDevice): Promise<LightControls> {
  const all = await controlsOf(device)
  const control = (id: number) => all.find(one => one.id === id)
  const mode = control(controlIds.exposureAuto)
  const time = control(controlIds.exposureAbsolute)
  const autoGain = control(controlIds.autoGain)
  const priority = control(controlIds.exposureAutoPriority)
  const gain = control(controlIds.gain) ?? control(controlIds.analogueGain)
  const write = async (one: Control | undefined, value: number) => {
    if (one?.writable && (await readControl(device, one)) !== value) await writeControl(device, one, value)
  }
  /** One that was without effect a moment ago has one now: its flags are those of then. */
  const awake = (one: Control): Control => ({ ...one, writable: true, inactive: false })

  return {
    ...(time && {
      exposure: {
        minSeconds: Math.max(1, time.min) * exposureUnitSeconds,
        maxSeconds: time.max * exposureUnitSeconds,
        stepSeconds: time.step * exposureUnitSeconds,
        async set(seconds) {
          await write(mode, exposureModes.manual)
          await write(priority, 1)
          await writeControl(device, awake(time), stepped(time, seconds / exposureUnitSeconds))
          return (await readControl(device, time)) * exposureUnitSeconds
        },
      },
    }),
    ...(gain && {
      gain: {
        min: gain.min,
        max: gain.max,
        read: () => readControl(device, gain),
        async set(value) {
          await write(autoGain, 0)
          await writeControl(device, awake(gain), stepped(gain, value))
          return readControl(device, gain)
        },
      },
    }),
    slows: priority !== undefined,
    async automatic() {
      if (mode) {
        const { auto, aperturePriority } = exposureModes
        await write(mode, mode.choices.has(aperturePriority) ? aperturePriority : auto)
      }
      await write(autoGain, 1)
    },
  }
}

/** The nearest value that the control has. */
function stepped({ min, max, step }: Control, value: number): number {
  const nearest = min + Math.round((value - min) / step) * step
  return Math.min(max, Math.max(min, nearest))
}
