// What the agent asks of the process of a camera, and what that answers.
import type { FaultCode } from '../../../ports/fault.js'
import type { CameraInfo, ControlCaps } from './asi-layout.js'

/** Which camera is meant: all that is given must fit. */
export interface AsiChoice {
  /** Path of ZWO's library; Debian's when absent. */
  readonly library?: string
  /** Sixteen hexadecimal digits. */
  readonly serial?: string
  /** Some of its name. */
  readonly model?: string
  /** USB socket: `usb:1-1.3`. */
  readonly port?: string
  /** Counted from 0, as the library does; used where nothing of the above is given. */
  readonly index?: number
}

export interface OpenedCamera {
  /** The library's. */
  readonly version: string
  readonly info: CameraInfo
  readonly serial?: string
  readonly port?: string
  readonly caps: readonly ControlCaps[]
  /** By control, in the order of `caps`. */
  readonly values: readonly number[]
}

/** Part of the sensor, in binned pixels, and what its samples are: a number of `imageTypes`. */
export interface AsiFormat {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly binning: number
  readonly type: number
}

/** Pixels go through the memory both share; all else through here. */
export interface AsiWork {
  look(input: Pick<AsiChoice, 'library'>): { readonly version: string; readonly names: readonly string[] }
  /** Opens the one that is meant and brings it into a known state: no flip, no dark of its own, cooler as it is. */
  open(input: AsiChoice): OpenedCamera
  /** Settles with what the control then reads. */
  set(input: { readonly control: number; readonly value: number }): number
  read(input: { readonly controls: readonly number[] }): readonly number[]
  /** Settles with where the camera really begins. */
  format(input: AsiFormat): { readonly x: number; readonly y: number }
  /** Per step of the converter, at the gain that is set. */
  electrons(input: Nothing): number
  start(input: { readonly dark: boolean }): void
  /** A number of `exposureStates`. */
  state(input: Nothing): number
  stop(input: Nothing): void
  /** May take its time, and nothing else is done meanwhile: never while a guide contact is closed. */
  fetch(input: { readonly byteLength: number }): void
  /** The contact closes now and opens after `ms` by itself, even if the agent is gone by then. */
  pulse(input: { readonly direction: number; readonly ms: number }): void
  pulseOff(input: { readonly direction: number }): void
  film(input: { readonly on: boolean }): void
  /** One picture as interleaved RGB; false when none came in `waitMs`. `fresh` throws away what had been waiting. */
  picture(input: PictureOrder): boolean
  /** Stops what goes on, switches the cooler off, closes the camera. */
  leave(input: Nothing): void
}
export interface PictureOrder {
  readonly width: number
  readonly height: number
  readonly colour: boolean
  readonly waitMs: number
  readonly fresh: boolean
}
export type Nothing = Record<never, never>
export type AsiWord = keyof AsiWork

export interface AsiAsk {
  readonly id: number
  readonly word: AsiWord
  readonly input: unknown
}

export interface AsiAnswer {
  readonly id: number
  readonly value?: unknown
  readonly fault?: { readonly code: FaultCode; readonly message: string; readonly fix: string }
}

/** The file descriptor that the process finds the shared memory at; 0 to 2 are the usual ones, 3 is Node's. */
export const memoryFd = 4
