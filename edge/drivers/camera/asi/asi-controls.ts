// The controls of an open ASI camera as they read last: the library is asked only where something may have changed.
import type { Adjustable } from '../../../ports/camera.js'
import { Fault } from '../../../ports/fault.js'
import type { ControlCaps } from './asi-layout.js'
import type { AsiProcess } from './asi-process.js'
import type { OpenedCamera } from './asi-words.js'

const setMs = 5_000

export interface AsiControls {
  readonly caps: readonly ControlCaps[]
  has(control: number): ControlCaps | undefined
  /** As it read last; NaN where the camera has no such control. */
  value(control: number): number
  /** Rejects with `bad-input` for a value it cannot take; settles with what it then reads. */
  set(control: number, value: number): Promise<number>
  /** Reads some again. */
  refresh(controls: readonly number[]): Promise<void>
  /** Undefined where the camera has none that can be set. */
  knob(control: number): Adjustable | undefined
}

/** @param camera for messages: `camera main` */
export function asiControls(camera: string, { caps, values }: OpenedCamera, child: AsiProcess): AsiControls {
  const read = new Map(caps.map(({ control }, index) => [control, values[index]]))
  const has = (control: number) => caps.find(one => one.control === control)
  const value = (control: number) => read.get(control) ?? Number.NaN
  return {
    caps,
    has,
    value,
    async set(control, wanted) {
      const one = has(control)
      if (!one?.writable) throw new Fault('unsupported', `${camera} has no such control to set`, 'Leave it out')
      checkControl(camera, one, wanted)
      const now = await child.ask('set', { control, value: wanted }, setMs)
      read.set(control, now)
      return now
    },
    async refresh(controls) {
      const wanted = controls.filter(has)
      const got = await child.ask('read', { controls: wanted }, setMs)
      for (const [index, control] of wanted.entries()) read.set(control, got[index])
    },
    knob(control) {
      const one = has(control)
      return one?.writable ? { min: one.min, max: one.max, read: () => value(control) } : undefined
    },
  }
}

/** The library would take the nearest value and say nothing. */
export function checkControl(camera: string, { name, min, max }: ControlCaps, value: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  const fix = `Give a whole number from ${min} to ${max}`
  throw new Fault('bad-input', `${camera} cannot set ${name} to ${value}`, fix)
}
