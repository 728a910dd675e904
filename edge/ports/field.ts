// How a field of a state is described: its name, unit and decimals, and what Home Assistant calls it.

export interface Field {
  readonly name: string
  readonly type: 'number' | 'text' | 'flag' | 'time' | 'list' | 'record'
  readonly unit?: string
  /** Decimals worth showing. */
  readonly precision?: number
  /** Home Assistant's device class, where it has one for this. */
  readonly deviceClass?: string
  readonly stateClass?: 'measurement' | 'total' | 'total_increasing'
  /** Shown to Home Assistant as an entity of its own. */
  readonly entity?: boolean
  readonly diagnostic?: boolean
  readonly icon?: string
}

export interface Kind {
  readonly name: string
  /** A state of this kind that has not been set for so long is stale; absent: it stays true until it changes. */
  readonly staleAfterMs?: number
  readonly fields: Readonly<Record<string, Field>>
}

export const text = (name: string, more: Partial<Field> = {}): Field => ({ name, type: 'text', ...more })
export const flag = (name: string, more: Partial<Field> = {}): Field => ({ name, type: 'flag', ...more })
export const time = (name: string, more: Partial<Field> = {}): Field => ({ name, type: 'time', unit: 'ms', ...more })
export const list = (name: string): Field => ({ name, type: 'list' })
export const record = (name: string): Field => ({ name, type: 'record' })
export const number = (name: string, unit?: string, precision?: number, more: Partial<Field> = {}): Field => ({
  name,
  type: 'number',
  unit,
  precision,
  ...more,
})
export const shown = { entity: true } as const
export const measured = { entity: true, stateClass: 'measurement' } as const
export const temperature = { ...measured, deviceClass: 'temperature' } as const

/** In every device state: whether the device is there, and why not. */
export const presence = {
  condition: text('Condition', { diagnostic: true }),
  reason: text('Reason', { diagnostic: true }),
}
