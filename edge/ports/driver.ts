// What a driver is: one file with an id, a summary, options and open(); what a link is: a line several drivers share.
import type { ScreenPicture } from '../science/stretch.js'
import type { Clock } from './clock.js'
import type { Device, Ports } from './device.js'
import type { Fault } from './fault.js'
import type { JsonObject } from './json.js'
import type { KeepOrder, Kept } from './keeper.js'
import type { Log } from './log.js'
import type { Random } from './random.js'
import type { z } from './schema.js'
import type { SwitchBank } from './switch.js'
import type { HearTopics } from './topics.js'

/** Given to every open(): all a driver may use of the world. */
export interface Tools {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** A folder of this device's or link's own, for what it has to keep; made by who uses it. */
  readonly folder: string
  /**
   * A JPEG of `width` × `height` interleaved RGB pixels, made off the event loop.
   * @param quality 1–100
   */
  encodeJpeg(rgb: Uint8Array, width: number, height: number, quality: number): Promise<Uint8Array>
  /** The reverse, of any JPEG; rejects with `bad-input` for what is none. Absent where nothing decodes. */
  readonly decodeJpeg?: (jpeg: Uint8Array) => Promise<ScreenPicture>
  /** Listens to topics of an MQTT broker; absent where there is no MQTT. */
  readonly hearTopics?: HearTopics
  /** The link named in the device's options, open and supervised; throws `offline` while it is not. */
  link<T>(kind: LinkDriver<z.ZodObject, T>): T
  /**
   * Opens a board of outputs in a process of its own that outlives this one and puts them into their safe states when
   * we are gone. What those are is the owner's affair, in the section `power` of the config. Absent where nothing is
   * kept.
   */
  readonly keep?: (order: KeepOrder, signal: AbortSignal) => Promise<Kept>
  /**
   * The switch box of that name, for a driver that is made of channels of others: those its `wires` name. Absent where
   * there are no other devices.
   */
  switches?(device: string): Device<SwitchBank>
  /** Called by the driver when the box is gone or talks nonsense: the supervisor closes and reopens it. */
  lost(fault: Fault): void
}

export interface OpenBox {
  readonly ports: Ports
  /** Rungs between "reopen" and "unavailable" that only this device has: reset the USB device, cut its port. */
  readonly reset?: () => Promise<void>
  /** Idempotent; settles within 5 s; releases every handle. */
  close(): Promise<void>
}

export interface Driver<O extends z.ZodObject = z.ZodObject> {
  /** Name in the config: `driver: replay`. */
  readonly id: string
  readonly summary: string
  /**
   * Strict zod object; every field has `.describe()` with its unit. The schema yields validation, form, help and docs.
   */
  readonly options: O
  /** The kind of link this driver speaks over, if any: the device's `link:` names one. */
  readonly link?: LinkDriver
  /**
   * Which ports a box opened with these options will have: known before it is there, so that a missing device has a
   * name.
   */
  ports(options: z.output<O>): readonly (keyof Ports)[]
  /** Channels of other devices, by device/channel, that it is made of; it comes and goes with these devices. */
  wires?(options: z.output<O>): Wires
  open(options: z.output<O>, tools: Tools, signal: AbortSignal): Promise<OpenBox>
}

export interface Wires {
  /** What it alone may switch on: nobody else does, and they are off whenever it does not watch over them. */
  readonly drives: readonly string[]
  readonly reads: readonly string[]
}

export interface OpenLink<T> {
  readonly value: T
  /** What runs behind it and is started again when it dies, where there is such a thing. */
  parts?(): readonly LinkPart[]
  close(): Promise<void>
}

export interface LinkPart {
  readonly name: string
  readonly condition: 'running' | 'restarting'
  /** Since the link was opened. */
  readonly restarts: number
  /** Why it was started again last. */
  readonly reason?: string
}

/** What links are opened with: everything but other links, and outputs, which belong to a device. */
export type LinkTools = Omit<Tools, 'link' | 'keep' | 'switches'>

// biome-ignore lint/suspicious/noExplicitAny: a link's value is private to the drivers that share it
export interface LinkDriver<O extends z.ZodObject = z.ZodObject, T = any> {
  readonly id: string
  readonly summary: string
  readonly options: O
  open(options: z.output<O>, tools: LinkTools, signal: AbortSignal): Promise<OpenLink<T>>
  /** What stands at the other end and could be used, for "use my equipment"; absent where nothing can be asked. */
  found?(value: T, tools: LinkTools, signal: AbortSignal): Promise<readonly Found[]>
  /** What is installed and could be named in its options, by maker and model. */
  offers?(): Promise<readonly LinkOffer[]>
}

/** Something people have, and the options that a link needs for it; those of several are joined. */
export interface LinkOffer {
  /** `Telescopes`, `CCDs` … */
  readonly group: string
  readonly maker: string
  readonly model: string
  readonly options: Readonly<Record<string, readonly string[]>>
}

/** A device seen at the other end of a link: an entry for `devices:` but for its link. */
export interface Found {
  readonly name: string
  readonly driver: string
  readonly options: JsonObject
  readonly ports: readonly (keyof Ports)[]
}

/** Types the options of one driver file. */
export function driver<O extends z.ZodObject>(row: Driver<O>): Driver {
  return row as unknown as Driver
}

/** Types the options and value of one link file. */
export function linkDriver<O extends z.ZodObject, T>(row: LinkDriver<O, T>): LinkDriver<z.ZodObject, T> {
  return row as unknown as LinkDriver<z.ZodObject, T>
}
