// MLX90614, an infrared thermometer that looks at the sky: overcast is nearly as warm as the air, a clear night is not.
import { airField } from '../station-box.js'
import type { I2cChip } from './i2c-chip.js'

/** RAM addresses (Melexis MLX90614 data sheet rev 9, table 6). */
const ambient = 0x06
const object = 0x07

/**
 * A register as °C: 0.02 K a digit (data sheet, 8.7.2); undefined when the error flag, bit 15, is set.
 * @param word as SMBus sends it, low byte first
 */
export function mlxCelsius(word: number): number | undefined {
  return word & 0x8000 ? undefined : word * 0.02 - 273.15
}

export const mlx90614: I2cChip = {
  summary: 'MLX90614, infrared thermometer: sky temperature, and cloud from it',
  addresses: [0x5a, 0x5b, 0x5c, 0x5d],
  kind: 'weather',
  async start() {
    // It measures by itself as soon as it has power.
  },
  async read({ bus, address, kind }) {
    const values: Record<string, number> = {}
    const failed: Record<string, string> = {}
    for (const [register, field] of [
      [ambient, airField(kind)],
      [object, 'skyCelsius'],
    ] as const) {
      const celsius = mlxCelsius(await bus.readWord(address, register))
      if (celsius === undefined) failed[field] = 'the chip flags an error in it'
      else values[field] = celsius
    }
    return { values, failed }
  },
}
