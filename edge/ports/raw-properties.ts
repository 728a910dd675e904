// Everything a device's own driver lets be read and set, in its own words: for what no port of ours names.

export type RawValue = number | string | boolean

export interface RawItem {
  readonly name: string
  readonly label: string
  /** Absent where it is no plain value (an image). */
  readonly value?: RawValue
  readonly min?: number
  readonly max?: number
}

export interface RawProperty {
  readonly name: string
  readonly label: string
  /** How the driver groups its properties: `Main Control`, `Options`. */
  readonly group: string
  readonly kind: 'number' | 'text' | 'switch' | 'light' | 'blob'
  readonly state: string
  readonly writable: boolean
  /** Why it may not be set from here although the driver would let it; absent where it may. */
  readonly locked?: string
  readonly items: readonly RawItem[]
}

export interface RawProperties {
  /** Asked of the device where its driver does not tell by itself. */
  list(): readonly RawProperty[] | Promise<readonly RawProperty[]>
  /**
   * Sets some items of one property and settles when the driver has taken them. Rejects with `not-found`, `bad-input`,
   * `unsafe` for one that is locked, `broken` with the driver's words.
   */
  set(property: string, values: Readonly<Record<string, RawValue>>, signal: AbortSignal): Promise<void>
}
