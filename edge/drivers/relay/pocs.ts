// The power board of PANOPTES (an Arduino with an Infineon relay shield): five relays with currents, mains and battery.

import { driver } from '../../ports/driver.js'
import { z } from '../../ports/schema.js'
import type { SensorReading } from '../../ports/sensor.js'
import { serialPort } from '../link/serial/serial-place.js'
import { bankOf, keepBoard, numberedChannels, relayChannel } from './relay-box.js'

const options = z.strictObject({
  port: serialPort,
  channels: numberedChannels(5),
  amperes_per_count: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Current for one count of the board, A, as measured by the owner; without it no currents are shown'),
})

export const pocsDriver = driver<typeof options>({
  id: 'pocs',
  summary: 'Serial power board of PANOPTES (POCS): 5 relays with currents, mains and battery',
  options,
  ports: () => ['switches', 'station'],
  async open(given, tools, signal) {
    const channels = Object.keys(given.channels)
    const kept = await keepBoard('pocs', given, channels, tools, signal)
    const readings = new Set<(reading: SensorReading) => void>()
    const now = (): SensorReading => ({ values: kept.reading().facts ?? {}, atMs: tools.clock.now() })
    let last = now()
    // What is told again unchanged is still true, and has to be told before it counts as stale.
    const again = tools.clock.every(10_000, () => {
      last = now()
      for (const listener of [...readings]) listener(last)
    })
    return {
      ports: {
        switches: bankOf(kept, channels.map(relayChannel)),
        station: {
          kind: 'sensor',
          reading: () => last,
          onReading(listener) {
            readings.add(listener)
            return () => readings.delete(listener)
          },
        },
      },
      async close() {
        again.cancel()
        await kept.close()
      },
    }
  },
})
