// The dew heaters as the owner sets them up.
import { z } from '../ports/schema.js'
import { deviceName } from './camera-actions.js'

const percent = z.number().min(0).max(100)

export const heaterModes = ['auto', 'manual', 'off'] as const

const heater = z.strictObject({
  device: deviceName.describe('Switch box it hangs on'),
  channel: deviceName.describe('Its channel: one with levels (PWM), or on/off for a slow duty cycle'),
  air: deviceName.describe('Station that gives the dew point'),
  glass: deviceName.optional().describe('Sensor whose temperature is that of the glass; that of the air when absent'),
  mode: z.enum(heaterModes).default('auto').describe('As it begins, until somebody sets it otherwise'),
  manual_percent: percent.default(50).describe('Power in manual mode, as it begins, %'),
  margin_k: z.number().min(0).max(30).default(3).describe('The glass is kept so much warmer than the dew point, K'),
  band_k: z.number().min(0.1).max(30).default(3).describe('The heat rises from none to full over so much, K'),
  min_percent: percent.default(0).describe('Never less in automatic mode, %'),
  max_percent: percent.default(100).describe('Never more, %'),
  safe_percent: percent.default(40).describe('Power while a sensor it needs has failed, %'),
  period_s: z.number().min(2).max(3600).default(60).describe('Of an on/off output: length of a duty cycle, s'),
  least_s: z.number().min(0).max(600).default(3).describe('Of an on/off output: shortest pulse and pause, s'),
})

export const heaterSettings = z.record(deviceName, heater).describe('Dew heaters by name')

export type HeaterSettings = z.output<typeof heater>
