// What is plugged into the box or answers on its network, whether anything uses it or not, and what would drive it.
import type { JsonObject } from './json.js'

export interface PluggedThing {
  /** By kind and place: the same as long as it stays in its socket. */
  readonly id: string
  readonly kind: 'usb' | 'serial' | 'sensor' | 'camera' | 'i2c-bus' | 'gpio' | 'pwm' | 'server' | 'network'
  /** What it calls itself. */
  readonly name: string
  /** Where it is: `usb 1-1.3`, `1-0076`, `/dev/i2c-1`. */
  readonly place: string
  /** What will be the same after the next start: a serial number's path, or else the socket. */
  readonly lasting: string
  /** What drives it, in words. */
  readonly drivenBy?: string
  /** The entry under `devices:` that makes a device of it; absent where that takes a choice. */
  readonly entry?: JsonObject & { readonly driver: string }
  /** The link that the entry goes over, as under `links:`; made with it where there is none like it. */
  readonly over?: JsonObject & { readonly driver: string }
  /** What it is then, where it can be something else as well: `pier camera`. */
  readonly entryAs?: string
  /** What else can be made of it. */
  readonly ways?: readonly { readonly as: string; readonly entry: JsonObject & { readonly driver: string } }[]
}

/** Looks at all sockets. What cannot be read is not there. */
export type LookAround = (signal: AbortSignal) => Promise<readonly PluggedThing[]>
