// The first set-up of a box: what is asked for, what it answers, and what it needs of the radio.
import { countryOf, isTimeZone, wrongPassphrase } from '../rules/wifi-words.js'
import type { Fault } from './fault.js'
import { z } from './schema.js'

const trimmed = z.string().trim()
export const setUpOrder = z.strictObject({
  name: trimmed.min(1).max(60).describe('Name of the observatory'),
  passphrase: trimmed
    .refine(text => wrongPassphrase(text) === undefined, 'has to have 8 to 63 letters without accents')
    .optional()
    .describe('Passphrase of the hotspot'),
  country: trimmed
    .refine(text => countryOf(text) !== undefined, 'is no country; use two letters, as in AT')
    .transform(text => countryOf(text)!)
    .optional()
    .describe('Where the box stands: two letters or an English name'),
  timeZone: trimmed
    .refine(isTimeZone, 'is no time zone; use its name, as in Europe/Vienna')
    .optional()
    .describe('Time zone of the page, by its IANA name'),
})

export type SetUpOrder = z.output<typeof setUpOrder>

export interface SetUpAnswer {
  /** Pairs one browser as administrator; with that the box is set up. */
  readonly code: string
  /** When the code ends, and with it what was set up, Unix ms. */
  readonly untilMs: number
  /** Of the hotspot. */
  readonly ssid: string
  /** Absent where it stays as it is. */
  readonly passphrase?: string
  /** By when the hotspot asks for the passphrase, Unix ms. */
  readonly switchesMs?: number
}

export interface SetUp {
  /** Why nothing may be moved or switched; undefined once the box is set up. */
  closed(): Fault | undefined
  /**
   * Holds until the code ends, and for good as soon as somebody pairs with it: after a power cut before that the box
   * is as new. Throws `busy` while it holds, `forbidden` when the box is set up, `bad-input`.
   */
  complete(order: SetUpOrder): SetUpAnswer
  /** The hotspot asks for the passphrase in a moment, rather than later. Throws `not-found` when nothing holds. */
  switchNow(): void
}

/** The hotspot as set-up changes it: tried first, and kept when somebody has found the way in. Rejects with Faults.
/** */
export interface SetUpRadio {
  tryHotspot(order: { readonly passphrase: string }, signal: AbortSignal): Promise<void>
  keepHotspot(signal: AbortSignal): Promise<void>
  /** What was tried is forgotten, and the hotspot stands as it is kept. */
  dropTrial(signal: AbortSignal): Promise<void>
  setCountry(code: string, keep: boolean, signal: AbortSignal): Promise<void>
}
