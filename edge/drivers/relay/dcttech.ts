// USB relay boards without a driver of their own ("USBRelay1" to "USBRelay8", 16c0:05df): they speak as HID.
import { driver } from '../../ports/driver.js'
import { z } from '../../ports/schema.js'
import { numberedChannels, openRelays } from './relay-box.js'

const options = z.strictObject({
  serial: z
    .string()
    .min(1)
    .max(5)
    .optional()
    .describe('The five letters the board calls itself by; needed with more than one'),
  port: z
    .string()
    .regex(/^usb:\d+-[\d.]+$/, 'must look like usb:1-1.3')
    .optional()
    .describe('usb:1-1.3 for whatever is plugged into that socket: for boards that call themselves alike'),
  channels: numberedChannels(8),
})

export const dcttechDriver = driver<typeof options>({
  id: 'dcttech',
  summary: 'USB relay board that speaks HID (USBRelay1 to USBRelay8, 16c0:05df)',
  options,
  ports: () => ['switches'],
  open: (given, tools, signal) => openRelays('dcttech', given, Object.keys(given.channels), tools, signal),
})
