// How readings are put right and how far they are believed: settings by device and field, and rain on a switch input.
import { kinds } from '../ports/fields.js'
import { z } from '../ports/schema.js'
import { plausibleFields } from '../rules/believe-reading.js'
import { deviceName } from './camera-actions.js'

const fieldSettings = z.strictObject({
  factor: z.number().default(1).describe('The reading is multiplied by this'),
  offset: z.number().default(0).describe('… and this is added, in the unit of the field'),
  average_s: z.number().min(0).max(3600).default(0).describe('Forgetting mean over about so long, s; 0: none'),
  min: z.number().optional().describe('Below it the sensor has failed'),
  max: z.number().optional().describe('Above it the sensor has failed'),
  frozen_s: z
    .number()
    .min(0)
    .max(604_800)
    .optional()
    .describe('Exactly the same for so long and the sensor has failed, s; 0: it may stand still'),
  full_s: z
    .number()
    .min(0)
    .max(604_800)
    .optional()
    .describe('At 100 % for so long and the sensor has failed, s; 0: it may be full (humidity)'),
})

export type FieldSettings = z.output<typeof fieldSettings>

const measures = Object.keys(plausibleFields) as [string, ...string[]]

const stationSettings = z.strictObject({
  fields: z
    .partialRecord(z.enum(measures), fieldSettings.prefault({}))
    .default({})
    .describe(`By field: ${measures.join(', ')}`),
  stale_s: z
    .number()
    .min(5)
    .max(86_400)
    .default(kinds.sensor.staleAfterMs! / 1000)
    .describe('A reading that old is not believed any more, s'),
  clear_k: z.number().min(1).max(80).default(23).describe('Clear sky: so much colder than the air, K'),
  overcast_k: z.number().min(-10).max(60).default(5).describe('Overcast: so much colder than the air, K'),
})

export type StationSettings = z.output<typeof stationSettings>

export const sensorSettings = z
  .record(deviceName, stationSettings.prefault({}))
  .describe('Calibration and plausibility of sensors and weather stations, by device')

export type SensorSettings = z.output<typeof sensorSettings>

/** What counts for a station that the file does not name. */
export const standardStation: StationSettings = stationSettings.parse({})

export const rainSettings = z
  .record(
    deviceName,
    z.strictObject({
      device: deviceName.describe('Switch box with the input'),
      channel: deviceName.describe('Its channel'),
      raining_when: z.enum(['on', 'off']).default('on').describe('What the input says when it rains'),
    }),
  )
  .describe('Rain sensors on a switch input (GPIO or any switch box), by name')

export type RainSettings = z.output<typeof rainSettings>
