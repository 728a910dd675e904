// Always a way in: when the hotspot has to stand, and when it may make room for a look at known networks. Pure; times
// are of a clock that never jumps.

/** What radios carry, as far as it matters here. */
export interface WaySight {
  readonly radios: readonly { readonly phase: 'hotspot' | 'joined' | 'joining' | 'idle' }[]
  /** On the hotspot now. */
  readonly phones: number
  readonly known: readonly unknown[]
}

/** What is remembered from one look to the next. */
export interface WayMemory {
  /** No radio is joined, and none carries the hotspot, since then. */
  readonly lostMs?: number
  /** The hotspot stands, and no phone is on it, since then. */
  readonly lonelyMs?: number
  /** A radio has been joined, or has carried the hotspot, since the agent looks. */
  readonly settled?: boolean
  /** When known networks were last looked for, or the hotspot last went up for other reasons. */
  readonly soughtMs: number
}

/** What is to be done: nothing, raise the hotspot, or let radios look for known networks. */
type WayDeed = 'none' | 'raise' | 'seek'

/**
 * Another station of the same name near by: the radio finds it in this time. With what a radio takes to notice its loss
 * (3 s), to look for another known network and to join it, and to raise a hotspot (6 s), it stays within the promised
 * 30 s.
 */
export const graceMs = 6_000
/** After a start nothing is lost yet: a radio has looked around by then (10 s), and been given an address (15 s). */
export const firstMs = 25_000
/** Whoever walks up to the pier and types a passphrase is not thrown off meanwhile. */
const lonelyMs = 60_000
/** Between two looks for known networks. Each takes the hotspot away for `seekMs`. */
const seekEveryMs = 180_000
/** Radios need 10 s to look around and 10 s to join. */
export const seekMs = 22_000

export function wayIn(
  { radios, phones, known }: WaySight,
  before: WayMemory,
  nowMs: number,
): { readonly deed: WayDeed; readonly memory: WayMemory } {
  const { soughtMs } = before
  const joined = radios.some(({ phase }) => phase === 'joined')
  const hotspot = radios.some(({ phase }) => phase === 'hotspot')
  const settled = before.settled || joined || hotspot
  if (radios.length === 0 || (joined && !hotspot)) return { deed: 'none', memory: { soughtMs, settled } }
  if (!hotspot) {
    const since = before.lostMs ?? nowMs
    const late = nowMs - since >= (settled || known.length === 0 ? graceMs : firstMs)
    return { deed: late ? 'raise' : 'none', memory: { soughtMs, settled, lostMs: since } }
  }
  if (phones > 0 || joined || known.length === 0) return { deed: 'none', memory: { soughtMs, settled } }
  const since = before.lonelyMs ?? nowMs
  const seek = nowMs - since >= lonelyMs && nowMs - soughtMs >= seekEveryMs
  return { deed: seek ? 'seek' : 'none', memory: { soughtMs: seek ? nowMs : soughtMs, settled, lonelyMs: since } }
}
