// The simulated roof's motor with its two relays and its own power, and the switches at the ends of its way.
import type { Mishaps } from './mishaps.js'
import type { Travel } from './travel.js'

export const roofRelays = ['open', 'close', 'motor'] as const
export type RoofRelay = (typeof roofRelays)[number]
export type RoofSwitch = 'opened' | 'closed'

export interface RoofMotor {
  relay(which: RoofRelay): boolean
  /** One that sticks stays on. */
  set(which: RoofRelay, on: boolean): void
  made(which: RoofSwitch): boolean
  /** So often both directions were on at once, which burns a motor. */
  clashes(): number
  stop(): void
}

export function roofMotor(roof: Travel, mishaps: Mishaps): RoofMotor {
  const relays: Record<RoofRelay, boolean> = { open: false, close: false, motor: false }
  let clashes = 0
  let turning = 0
  const drive = () => {
    if (relays.open && relays.close) clashes++
    const turns = relays.motor && !mishaps.roof('motor-stalled')
    const heading = turns ? Number(relays.open) - Number(relays.close) : 0
    // Where no relays drive it, something else may.
    if (heading === turning) return
    turning = heading
    roof.halt()
    if (heading !== 0) roof.setOff(heading > 0 ? 1 : 0)
  }
  return {
    relay: which => relays[which],
    set(which, on) {
      if (!on && mishaps.roof('relay-stuck')) return
      relays[which] = on
      drive()
    },
    made(which) {
      const end = which === 'opened' ? 'open' : 'closed'
      if (mishaps.roof(`${end}-switch-stuck`)) return true
      return !mishaps.roof(`${end}-switch-cut`) && roof.position() === (which === 'opened' ? 1 : 0)
    },
    clashes: () => clashes,
    stop: mishaps.onChange(drive),
  }
}
