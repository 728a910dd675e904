// Things that measure: each gives named readings with the time they were true.
import type { JsonObject } from './json.js'

export interface SensorReading {
  /** Fields as `ports/fields.ts` describes them for the kind `sensor` or `weather`. */
  readonly values: JsonObject
  readonly atMs: number
  /** Fields that the device itself says are wrong (a flag, a broken wire), each with the reason; not in `values`. */
  readonly failed?: Readonly<Record<string, string>>
}

export interface SensorStation {
  readonly kind: 'sensor' | 'weather'
  /** The last reading; undefined before the first. */
  reading(): SensorReading | undefined
  onReading(listener: (reading: SensorReading) => void): () => void
}
