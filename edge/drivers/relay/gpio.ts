// Relays on the pins of the computer itself: a relay HAT, or a board of relays with inputs for 3.3 V.
import { driver } from '../../ports/driver.js'
import { z } from '../../ports/schema.js'
import { channelId, openRelays } from './relay-box.js'

const channel = z.strictObject({
  line: z
    .union([z.int().min(0).max(511), z.string().min(1).max(31)])
    .describe('Line of the chip, by name ("GPIO17") or by number'),
  active_low: z.boolean().default(false).describe('The relay pulls when the line is low, as on most relay boards'),
  pull: z.enum(['as-is', 'up', 'down', 'none']).default('as-is').describe('Pull resistor of the line'),
})

const options = z.strictObject({
  chip: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe('Label of the GPIO chip; the header of the Raspberry Pi when absent: pinctrl-bcm2711, pinctrl-rp1 …'),
  back_end: z
    .enum(['auto', 'chardev', 'sysfs'])
    .default('auto')
    .describe('How the kernel is spoken to: by character device, or by sysfs where there is nothing else'),
  channels: z
    .record(channelId, channel)
    .refine(all => Object.keys(all).length > 0, 'name at least one channel')
    .describe('Channels by name, each with its line: {mount: {line: GPIO17, active_low: true}}'),
})

export const gpioDriver = driver<typeof options>({
  id: 'gpio',
  summary: 'Relays on GPIO lines of the Raspberry Pi or of another GPIO chip',
  options,
  ports: () => ['switches'],
  open: (given, tools, signal) => openRelays('gpio', given, Object.keys(given.channels), tools, signal),
})
