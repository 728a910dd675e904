// The simulated power box: five outlets, and what they do to the observatory.
import type { SwitchChannel } from '../../../ports/switch.js'

export const outlets = [
  { id: 'camera', name: 'Camera' },
  { id: 'mount', name: 'Mount' },
  { id: 'dew-heater', name: 'Dew heater', range: { min: 0, max: 100, step: 1, unit: '%' } },
  { id: 'flat-panel', name: 'Flat panel' },
  { id: 'fan', name: 'Fan' },
] as const satisfies readonly SwitchChannel[]

export type Outlet = (typeof outlets)[number]['id']

export interface PowerBox {
  value(outlet: Outlet): number
  set(outlet: Outlet, value: number): void
  /** Called after a change, with what the outlet was before. */
  onChange(listener: (outlet: Outlet, before: number) => void): () => void
  /** Current through an outlet, A. */
  amperes(outlet: Outlet): number
  /** Supply voltage under the present load. */
  volts(): number
}

/** Amperes drawn when fully on; the dew heater in proportion. */
const fullAmperes: Readonly<Record<Outlet, number>> = {
  camera: 1.2,
  mount: 0.9,
  'dew-heater': 2,
  'flat-panel': 0.4,
  fan: 0.3,
}

export function powerBox(): PowerBox {
  const values: Record<Outlet, number> = { camera: 1, mount: 1, 'dew-heater': 0, 'flat-panel': 0, fan: 1 }
  const listeners = new Set<(outlet: Outlet, before: number) => void>()
  const amperes = (id: Outlet) => fullAmperes[id] * (id === 'dew-heater' ? values[id] / 100 : values[id])
  return {
    value: outlet => values[outlet],
    set(outlet, value) {
      const before = values[outlet]
      if (before === value) return
      values[outlet] = value
      for (const listener of [...listeners]) listener(outlet, before)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    amperes,
    volts() {
      let load = 0
      for (const { id } of outlets) load += amperes(id)
      return 13.1 - 0.06 * load // 60 mΩ of supply and cable
    },
  }
}
