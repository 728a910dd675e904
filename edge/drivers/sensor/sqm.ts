// Unihedron's sky quality meters: the SQM-LU on USB, the SQM-LE on the network; both answer the same line.
import { driver } from '../../ports/driver.js'
import { z } from '../../ports/schema.js'
import { askLine, nonsense } from '../link/serial/question.js'
import { lineAddress, openSensorLine } from './sensor-line.js'
import { polledStation, pollOption, stationOptions } from './station-box.js'

const options = z.strictObject({
  address: lineAddress,
  ...stationOptions('sensor'),
  ...pollOption(15),
})

const baud = 115_200
/** In the dark it counts for up to 80 s before the first answer (manual, 6.5); then it answers at once. */
const answerMs = 10_000

/** `r, 06.70m,0000022921Hz,0000000020c,0000000.000s, 039.4C` (SQM-LU manual, "Reading request"). */
const reading = /^r,\s*(-?\d+\.\d+)m,\s*(\d+)Hz,\s*(\d+)c,\s*(\d+\.\d+)s,\s*(-?\d+\.\d+)C/

/** Sky brightness, mag/arcsec², and the meter's own temperature, °C. Throws `broken` for another answer. */
export function sqmValues(line: string): { readonly skyMagnitude: number; readonly celsius: number } {
  const found = reading.exec(line)
  if (!found) throw nonsense('the SQM', line)
  return { skyMagnitude: Number(found[1]), celsius: Number(found[5]) }
}

export const sqmDriver = driver<typeof options>({
  id: 'sqm',
  summary: 'A sky quality meter of Unihedron: SQM-LU (USB) or SQM-LE (network)',
  options,
  ports: () => ['station'],
  async open({ address, kind, every_s }, tools, signal) {
    const line = await openSensorLine(address, baud, tools, signal)
    const question = {
      send: 'rx',
      of: 'the SQM',
      withinMs: answerMs,
      answer: (heard: string) => (heard.includes('\n') ? sqmValues(heard) : undefined),
    }
    const look = async (until: AbortSignal) => {
      const { skyMagnitude, celsius } = await askLine(line, question, tools.clock, until)
      // It sits in the meter, not in the air: a weather station's temperature it is not.
      const values = kind === 'sensor' ? { skyMagnitude, celsius } : { skyMagnitude }
      // Zero is what it says when it is blinded, and no sky.
      if (skyMagnitude !== 0) return { values }
      return { values: { ...values, skyMagnitude: undefined }, failed: { skyMagnitude: 'blinded: it is too bright' } }
    }
    const order = { kind, everyMs: every_s * 1000, what: 'the SQM', lookMs: answerMs + 1_000, look }
    return polledStation({ ...order, close: () => line.close() }, tools, signal)
  },
})
