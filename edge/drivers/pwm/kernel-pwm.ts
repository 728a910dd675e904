// PWM outputs of the kernel (/sys/class/pwm), as channels in percent: for dew heaters, fans and lamps behind a MOSFET.
// A keeper holds them, so that nothing goes on heating when the agent is gone.
import { driver } from '../../ports/driver.js'
import { z } from '../../ports/schema.js'
import { bankOf, keepBoard } from '../relay/relay-box.js'

const channel = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9_-]+$/, 'use a-z, 0-9, _ and -')
    .describe('Part of its path: a-z, 0-9, _ and -'),
  name: z.string().min(1).max(40).optional().describe('What it is called on the page; its id when absent'),
  output: z.int().min(0).max(31).describe('Number of the output on the chip'),
})

const options = z.strictObject({
  chip: z.string().min(1).default('pwmchip0').describe('Name of the chip under /sys/class/pwm'),
  channels: z.array(channel).min(1).max(32).describe('Its outputs'),
  frequency_hz: z.number().min(1).max(100_000).default(200).describe('Frequency, Hz; a heater needs no more than 200'),
  inverted: z.boolean().default(false).describe('The load is on while the output is low'),
  root: z.string().default('/sys').describe('Where the kernel shows its devices; for tests'),
})

const percent = { min: 0, max: 100, step: 1, unit: '%' } as const

export const kernelPwmDriver = driver<typeof options>({
  id: 'kernel-pwm',
  summary: 'PWM outputs of the box: dew heaters in percent',
  options,
  ports: () => ['switches'],
  async open(given, tools, signal) {
    const ids = given.channels.map(({ id }) => id)
    const kept = await keepBoard('kernel-pwm', given, ids, tools, signal)
    const channels = given.channels.map(({ id, name }) => ({ id, name: name ?? id, range: percent }))
    return { ports: { switches: bankOf(kept, channels) }, close: () => kept.close() }
  },
})
