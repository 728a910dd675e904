// What a chip on the I²C bus is to us: where it may sit, how it is set up, and how its registers become numbers.
import type { Clock } from '../../../ports/clock.js'
import type { I2cBus } from '../../link/i2c/i2c-link.js'
import type { Look, StationKind } from '../station-box.js'

export interface ChipWiring {
  readonly bus: I2cBus
  readonly address: number
  readonly clock: Clock
  readonly kind: StationKind
  /** Of the current sensors: their shunt, Ω. */
  readonly shuntOhms: number
}

export interface I2cChip {
  readonly summary: string
  /** Addresses it can be strapped to; the first is the usual one. */
  readonly addresses: readonly number[]
  readonly kind: StationKind
  /** Sets it up; rejects with `broken` when another chip answers there. */
  start(wiring: ChipWiring): Promise<void>
  read(wiring: ChipWiring, signal: AbortSignal): Promise<Look>
}

/** SMBus words come low byte first; these chips send the high one first. */
export const swapped = (word: number): number => ((word & 0xff) << 8) | (word >> 8)

/** A 16-bit register as a signed number. */
export const signed = (word: number): number => (word & 0x8000 ? word - 0x10000 : word)
