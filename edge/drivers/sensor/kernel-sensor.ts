// A sensor that the kernel drives already (device-tree overlay, 1-Wire): read from sysfs, so that its quirks are the
// kernel's.
import type { Clock } from '../../ports/clock.js'
import { driver } from '../../ports/driver.js'
import { Fault } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import { readChannels } from './kernel-channels.js'
import { type KernelSensor, kernelSensors } from './kernel-places.js'
import { airField, type Look, polledStation, pollOption, type StationKind, stationOptions } from './station-box.js'

const options = z.strictObject({
  sensor: z
    .string()
    .min(1)
    .describe('What the kernel calls it: bme280, sht3x, mlx90614 …, or its 1-Wire id (28-0316a2795b8d)'),
  at: z.string().optional().describe('Which of several: its place on the bus, e.g. 1-0076 (bus 1, address 0x76)'),
  ...stationOptions('sensor'),
  ...pollOption(10),
  root: z.string().default('/sys').describe('Where the kernel shows its devices; for tests'),
})

/** 1-Wire takes 0.75 s a conversion, and several share a bus. */
const lookMs = 8_000

export const kernelSensorDriver = driver<typeof options>({
  id: 'kernel-sensor',
  summary:
    'A sensor that the kernel drives: BME280, SHT3x, MLX90614, DS18B20, INA2xx and the rest of IIO, hwmon, 1-Wire',
  options,
  ports: () => ['station'],
  open({ sensor, at, kind, every_s, root }, tools, signal) {
    const what = `the sensor ${sensor}${at === undefined ? '' : ` at ${at}`}`
    const look = async () => {
      const { folder } = chosen(await kernelSensors(root), sensor, at)
      const said = await asked(folder, kind, what, tools.clock)
      if (Object.keys(said.values).length + Object.keys(said.failed ?? {}).length > 0) return said
      throw new Fault('unsupported', `${what} has nothing that we read, as ${airField(kind)}`, 'Choose another sensor')
    }
    return polledStation({ kind, everyMs: every_s * 1000, what, lookMs, look }, tools, signal)
  },
})

interface Asked {
  readonly sinceMs: number
  readonly said: Promise<Look>
}

/**
 * What the kernel has not answered yet. A read that hangs holds one of the few threads that all file access of the
 * process shares, and cannot be taken back: so a sensor is not asked again meanwhile, whoever opens it anew.
 */
const unanswered = new Map<string, Asked>()

function asked(folder: string, kind: StationKind, what: string, clock: Clock): Promise<Look> {
  const place = `${kind} ${folder}`
  const before = unanswered.get(place)
  if (!before) {
    const said = readChannels(folder, kind)
      .catch((error: NodeJS.ErrnoException) => {
        // The kernel tells what its bus told it.
        const words = `${what} does not answer: ${error.code ?? error.message}`
        throw new Fault('offline', words, 'Check its wires and its power', { cause: error })
      })
      .finally(() => unanswered.delete(place))
    unanswered.set(place, { sinceMs: clock.monotonicMs(), said })
    return said
  }
  const ms = clock.monotonicMs() - before.sinceMs
  if (ms <= lookMs) return before.said
  const words = `${what}: the kernel has not answered for ${Math.round(ms / 1000)} s`
  throw new Fault('timeout', words, 'Check its wires: something holds its bus. It is read again as soon as it answers')
}

function chosen(all: readonly KernelSensor[], sensor: string, at: string | undefined): KernelSensor {
  const able = all.filter(one => one.name === sensor && (at === undefined || one.at === at))
  if (able.length === 1) return able[0]
  if (able.length > 1) {
    const places = able.map(one => one.at).join(', ')
    throw new Fault('bad-input', `there are ${able.length} sensors called ${sensor}`, `Say which under at: ${places}`)
  }
  const known = all.map(one => `${one.name} at ${one.at}`).join(', ') || 'none'
  const words = `the kernel shows no sensor ${sensor}${at === undefined ? '' : ` at ${at}`}; it has: ${known}`
  throw new Fault('offline', words, 'Check its wires and its dtoverlay line in config.txt')
}
