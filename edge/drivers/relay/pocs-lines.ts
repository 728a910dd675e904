// The lines of the PANOPTES power board: JSON both ways, 9600 baud. It reports about every 1.5 s by itself and obeys
// one order between two reports.

const pocsRelays = 5

export interface PocsReport {
  readonly relays: readonly boolean[]
  /** Counts of its converter, one a relay. */
  readonly counts: readonly number[]
  readonly mainsOk: boolean
  readonly batteryLow: boolean
}

/**
 * @param relay 1 to 5; the board counts from 0
 *
 * Only 0 and 1 are ever sent: after toggle (2) and cycle (3) the stock firmware falls through into "on if 1, else off",
 * so that both end with the relay off.
 */
export function pocsOrder(relay: number, on: boolean): string {
  return `${JSON.stringify({ relay: relay - 1, power: on ? 1 : 0 })}\n`
}

/** A report; undefined for anything else, such as the torn lines after the port was opened. */
export function pocsReport(line: string): PocsReport | undefined {
  const told = parsed(line)
  if (told?.name !== 'power_board') return undefined
  const { relays, readings } = told
  if (!isNumbers(relays) || !isNumbers(readings)) return undefined
  return {
    relays: relays.map(one => Number(one) === 1),
    counts: readings.map(Number),
    mainsOk: Number(told.ac_ok) === 1,
    batteryLow: Number(told.battery_low) === 1,
  }
}

const isNumbers = (list: unknown): list is readonly unknown[] =>
  Array.isArray(list) && list.length === pocsRelays && list.every(one => Number.isFinite(Number(one)))

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
