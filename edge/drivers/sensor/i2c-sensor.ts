// A sensor chip on the I²C bus that we read ourselves.
import { driver } from '../../ports/driver.js'
import { z } from '../../ports/schema.js'
import { type I2cBus, i2cLink } from '../link/i2c/i2c-link.js'
import { type ChipName, chipNames, chips } from './chip/chips.js'
import { polledStation, pollOption } from './station-box.js'

const options = z.strictObject({
  chip: z.enum(chipNames as [ChipName]).describe(chipNames.map(name => chips[name].summary).join('; ')),
  address: z.int().min(0x03).max(0x77).optional().describe('Address on the bus; the usual one of the chip when absent'),
  kind: z
    .enum(['sensor', 'weather'])
    .optional()
    .describe('weather: of the air and sky over the pier; as usual for the chip when absent'),
  shunt_ohms: z.number().min(1e-5).max(100).default(0.1).describe('Shunt of an INA219 or INA226, Ω'),
  ...pollOption(10),
})

/** The light sensor integrates up to four times 0.6 s. */
const lookMs = 5_000

export const i2cSensorDriver = driver<typeof options>({
  id: 'i2c-sensor',
  summary: 'A sensor chip on the I²C bus: MLX90614 (cloud), TSL2591 (sky brightness), INA219/226/260 (power)',
  options,
  link: i2cLink,
  ports: () => ['station'],
  async open({ chip: name, address, kind, shunt_ohms, every_s }, tools, signal) {
    const chip = chips[name]
    const wiring = {
      bus: tools.link<I2cBus>(i2cLink),
      address: address ?? chip.addresses[0],
      clock: tools.clock,
      kind: kind ?? chip.kind,
      shuntOhms: shunt_ohms,
    }
    const limit = tools.clock.deadline(lookMs, `the ${name}`, signal)
    try {
      await limit.race(chip.start(wiring))
    } finally {
      limit.cancel()
    }
    const look = (until: AbortSignal) => chip.read(wiring, until)
    return polledStation(
      { kind: wiring.kind, everyMs: every_s * 1000, what: `the ${name}`, lookMs, look },
      tools,
      signal,
    )
  },
})
