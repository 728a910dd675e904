// What the kernel's own sensor drivers say in sysfs, in our fields and units.
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { airField, type Look, type StationKind } from './station-box.js'

/** A file of a sensor's folder: the field it fills, and what its number is multiplied by. */
interface Channel {
  readonly file: RegExp
  readonly field: (kind: StationKind) => string
  readonly factor: number
}

/**
 * Units: Documentation/ABI/testing/sysfs-bus-iio (m°C, m%, kPa, lx, mV, mA, mW), Documentation/hwmon/sysfs-interface
 * (m°C, m%, mV, mA, µW) and Documentation/w1/slaves/w1_therm (m°C).
 */
const channels: readonly Channel[] = [
  { file: /^in_temp(_ambient)?_(input|raw)$/, field: airField, factor: 1e-3 },
  { file: /^in_temp_object_(input|raw)$/, field: () => 'skyCelsius', factor: 1e-3 },
  { file: /^in_humidityrelative_(input|raw)$/, field: () => 'humidityPercent', factor: 1e-3 },
  { file: /^in_pressure_(input|raw)$/, field: () => 'pressureHectopascals', factor: 10 },
  { file: /^in_illuminance_(input|raw)$/, field: () => 'lux', factor: 1 },
  { file: /^in_voltage1_(input|raw)$/, field: () => 'volts', factor: 1e-3 },
  { file: /^in_current3_(input|raw)$/, field: () => 'amperes', factor: 1e-3 },
  { file: /^in_power2_(input|raw)$/, field: () => 'watts', factor: 1e-3 },
  { file: /^temp1_input$/, field: airField, factor: 1e-3 },
  { file: /^humidity1_input$/, field: () => 'humidityPercent', factor: 1e-3 },
  // in0 is the shunt of the INA drivers, in1 the bus.
  { file: /^in1_input$/, field: () => 'volts', factor: 1e-3 },
  { file: /^curr1_input$/, field: () => 'amperes', factor: 1e-3 },
  { file: /^power1_input$/, field: () => 'watts', factor: 1e-6 },
  { file: /^temperature$/, field: airField, factor: 1e-3 },
]

/** A DS18B20 says this after a loss of power, before it has measured (data sheet, "Power-on reset value"), °C. */
const powerOnCelsius = 85

/** Reads every channel of one sensor's folder. Rejects when it has none, or when the kernel cannot reach the chip. */
export async function readChannels(folder: string, kind: StationKind): Promise<Look> {
  const names = (await readdir(folder)).sort()
  const values: Record<string, number> = {}
  const failed: Record<string, string> = {}
  for (const name of names) {
    const channel = channels.find(({ file }) => file.test(name))
    const field = channel?.field(kind)
    if (!channel || !field || field in values) continue
    const stem = path.join(folder, name)
    const number = Number((await readFile(stem, 'utf8')).trim() || Number.NaN)
    const value = channel.factor * (name.endsWith('_raw') ? await scaled(stem, number) : number)
    if (name === 'temperature' && value === powerOnCelsius)
      failed[field] = 'it lost power: it says 85 °C, which is no measurement'
    else values[field] = Math.round(value * 1e6) / 1e6
  }
  return { values, failed }
}

/**
 * IIO: (raw + offset) × scale, where the kernel leaves that to us. Both may stand with the channel or, as those of the
 * MLX90614, once for all channels of their type: in_temp_object_raw goes with in_temp_scale.
 */
async function scaled(rawFile: string, raw: number): Promise<number> {
  const shared = path.join(path.dirname(rawFile), `${/^in_[a-z]+/.exec(path.basename(rawFile))}_raw`)
  const part = async (word: string, otherwise: number) => {
    for (const stem of [rawFile, shared]) {
      try {
        return Number((await readFile(stem.replace(/_raw$/, `_${word}`), 'utf8')).trim())
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
    return otherwise
  }
  return (raw + (await part('offset', 0))) * (await part('scale', 1))
}
