// What all sensor drivers share: a station that is fed, by a poll or by whoever speaks, and that is lost after some
// failures in a row.
import type { OpenBox, Tools } from '../../ports/driver.js'
import { asFault, reasonOf } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import type { SensorReading, SensorStation } from '../../ports/sensor.js'

export type StationKind = SensorStation['kind']

/** Options that every sensor driver has. @param standard what it is when the owner says nothing */
export const stationOptions = (standard: StationKind) => ({
  kind: z
    .enum(['sensor', 'weather'])
    .default(standard)
    .describe('weather: of the air and sky over the pier; sensor: of anything else'),
})

/** @param everyS read so often when the owner says nothing, s */
export const pollOption = (everyS: number) => ({
  every_s: z.number().min(0.5).max(3600).default(everyS).describe('Read so often, s'),
})

/** A temperature is called by what it is of. */
export const airField = (kind: StationKind) => (kind === 'weather' ? 'ambientCelsius' : 'celsius')

/** What one look gives: numbers and flags by field, and what the device says is wrong with it. */
export type Look = Pick<SensorReading, 'values' | 'failed'>

export interface FedStation {
  readonly station: SensorStation
  feed(look: Look): void
}

export function fedStation(kind: StationKind, { clock }: Pick<Tools, 'clock'>): FedStation {
  const listeners = new Set<(reading: SensorReading) => void>()
  let last: SensorReading | undefined
  return {
    station: {
      kind,
      reading: () => last,
      onReading(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    feed(look) {
      const values = Object.fromEntries(Object.entries(look.values).filter(([, value]) => value !== undefined))
      last = { ...look, values, atMs: clock.now() }
      for (const listener of [...listeners]) listener(last)
    },
  }
}

/** One bad look is weather; so many in a row are a fault. */
const patience = 3

export interface PolledOrder {
  readonly kind: StationKind
  readonly everyMs: number
  /** Named in faults: `the sensor bme280`. */
  readonly what: string
  /** Longer than this and the look has failed, ms. */
  readonly lookMs: number
  look(signal: AbortSignal): Promise<Look>
  /** Lets go of every handle. */
  close?(): Promise<void>
}

/** Reads once before it is open, so that a missing sensor climbs the ladder; then again and again. */
export async function polledStation(order: PolledOrder, tools: Tools, signal: AbortSignal): Promise<OpenBox> {
  const { kind, everyMs, what, lookMs } = order
  const { clock, log } = tools
  const end = new AbortController()
  const fed = fedStation(kind, tools)
  let under: Promise<void> | undefined
  let missed = 0
  const once = async (...signals: AbortSignal[]) => {
    const limit = clock.deadline(lookMs, what, end.signal, ...signals)
    try {
      fed.feed(await limit.race(clock.outside(order.look(limit.signal))))
    } finally {
      limit.cancel()
    }
  }
  const again = async () => {
    try {
      await once()
      missed = 0
    } catch (error) {
      if (end.signal.aborted) return
      const fault = asFault(error, what)
      missed++
      if (missed < patience) log.warn(`${what} gave no reading: ${fault.message}`)
      else tools.lost(fault)
    }
  }
  try {
    if (signal.aborted) throw reasonOf(signal)
    await once(signal)
  } catch (error) {
    await order.close?.()
    throw error
  }
  const poll = clock.every(everyMs, () => {
    // One that hangs is not asked again meanwhile.
    under ??= again().finally(() => {
      under = undefined
    })
  })
  return {
    ports: { station: fed.station },
    async close() {
      if (end.signal.aborted) return
      end.abort()
      poll.cancel()
      await under
      await order.close?.()
    },
  }
}
