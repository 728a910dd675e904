// What can be made to go wrong in the simulated observatory, by a test, a demonstration or the link's options.
import type { Provoked } from './weather.js'

export const parts = [
  'camera',
  'guide-camera',
  'mount',
  'focuser',
  'wheel',
  'rotator',
  'roof',
  'dome',
  'cover',
  'switches',
  'roof-relays',
  'sensors',
  'weather',
  'gps',
  'safety',
  'pier-camera',
] as const
export type Part = (typeof parts)[number]

/** What breaks in a roof that is driven by relays. */
export const roofFaults = [
  'motor-stalled',
  'relay-stuck',
  'open-switch-stuck',
  'closed-switch-stuck',
  'open-switch-cut',
  'closed-switch-cut',
] as const
export type RoofFault = (typeof roofFaults)[number]

export type Mishap =
  /** Takes orders and never answers again. */
  | { readonly kind: 'silent'; readonly part: Part }
  /** Is gone from the bus; cannot be opened either. */
  | { readonly kind: 'unplugged'; readonly part: Part }
  /** The mount's motors stand still, whatever it reports. */
  | { readonly kind: 'stalled' }
  | { readonly kind: 'weather'; readonly weather: Provoked }
  | { readonly kind: 'roof'; readonly fault: RoofFault }

export interface Mishaps {
  /** Lets it happen now; the returned function puts it right again. */
  inject(mishap: Mishap): () => void
  happens(kind: 'silent' | 'unplugged', part: Part): boolean
  stalled(): boolean
  roof(fault: RoofFault): boolean
  /** All provoked weather; what came last wins. */
  provoked(): Provoked
  /** Called after anything was injected or put right. */
  onChange(listener: () => void): () => void
}

export function mishaps(): Mishaps {
  const active = new Set<{ readonly mishap: Mishap }>()
  const listeners = new Set<() => void>()
  const tell = () => {
    for (const listener of [...listeners]) listener()
  }
  return {
    inject(mishap) {
      const entry = { mishap }
      active.add(entry)
      tell()
      return () => {
        if (active.delete(entry)) tell()
      }
    },
    happens(kind, part) {
      for (const { mishap } of active) if (mishap.kind === kind && mishap.part === part) return true
      return false
    },
    stalled() {
      for (const { mishap } of active) if (mishap.kind === 'stalled') return true
      return false
    },
    roof(fault) {
      for (const { mishap } of active) if (mishap.kind === 'roof' && mishap.fault === fault) return true
      return false
    },
    provoked() {
      let all: Provoked = {}
      for (const { mishap } of active) if (mishap.kind === 'weather') all = { ...all, ...mishap.weather }
      return all
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
