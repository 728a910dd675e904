// Relays and contacts on the pins of the computer itself: a relay HAT, a board of relays with inputs for 3.3 V, end
// switches, a rain sensor.
import { driver } from '../../ports/driver.js'
import { Fault } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import { bankOf, channelId, inputChannel, keepBoard, relayChannel } from './relay-box.js'

const channel = z.strictObject({
  line: z
    .union([z.int().min(0).max(511), z.string().min(1).max(31)])
    .describe('Line of the chip, by name ("GPIO17") or by number'),
  active_low: z.boolean().default(false).describe('The relay pulls when the line is low, as on most relay boards'),
  pull: z.enum(['as-is', 'up', 'down', 'none']).default('as-is').describe('Pull resistor of the line'),
})

const input = z.strictObject({
  line: channel.shape.line,
  active_low: z.boolean().default(true).describe('On while the line is low: a contact between the line and ground'),
  pull: z.enum(['up', 'down', 'none', 'as-is']).default('up').describe('Pull resistor of the line'),
  debounce_ms: z.number().min(0).max(5_000).default(20).describe('It changes when it has stood so long, ms'),
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
    .default({})
    .describe('Outputs by name, each with its line: {mount: {line: GPIO17, active_low: true}}'),
  inputs: z
    .record(channelId, input)
    .default({})
    .describe('Contacts that are only read, by name: {rain: {line: GPIO5}}'),
})

export const gpioDriver = driver<typeof options>({
  id: 'gpio',
  summary: 'Relays and contacts on GPIO lines of the Raspberry Pi or of another GPIO chip',
  options,
  ports: () => ['switches'],
  async open(given, tools, signal) {
    const [outputs, inputs] = [Object.keys(given.channels), Object.keys(given.inputs)]
    const twice = inputs.find(id => outputs.includes(id))
    if (twice || outputs.length + inputs.length === 0) {
      const words = twice ? `"${twice}" is an output and an input` : 'there is neither an output nor an input'
      throw new Fault('bad-input', words, 'Name each line once, under channels: or inputs:')
    }
    const kept = await keepBoard('gpio', given, outputs, tools, signal)
    const channels = [...outputs.map(relayChannel), ...inputs.map(inputChannel)]
    return { ports: { switches: bankOf(kept, channels) }, close: () => kept.close() }
  },
})
