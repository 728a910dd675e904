// Where the kernel lists its sensors: IIO, hwmon and 1-Wire, each with the name that an owner would know it by.
import { readdir, readFile, realpath } from 'node:fs/promises'
import path from 'node:path'

export interface KernelSensor {
  /** `bme280`, `sht3x`, or the id on the 1-Wire bus: `28-0316a2795b8d`. */
  readonly name: string
  /** Where it hangs, to tell twins: `1-0076` is address 0x76 on I²C bus 1. */
  readonly at: string
  readonly folder: string
}

const buses = ['bus/iio/devices', 'class/hwmon', 'bus/w1/devices'] as const
/** Family codes of 1-Wire thermometers: DS18S20, DS1822, DS18B20, DS1825, DS28EA00. */
const thermometer = /^(10|22|28|3b|42)-[0-9a-f]{12}$/
/** Of hwmon, what is no sensor of ours but the box's own. */
const boxesOwn = /^(cpu_thermal|rpi_volt|nvme|coretemp|acpitz|k10temp|pwmfan|iwlwifi.*)$/

/** All sensors the kernel drives now. @param root `/sys`, or a folder that stands in for it */
export async function kernelSensors(root: string): Promise<KernelSensor[]> {
  const found: KernelSensor[] = []
  for (const bus of buses) {
    for (const entry of await namesIn(path.join(root, bus))) {
      const folder = path.join(root, bus, entry)
      const oneWire = bus.includes('w1')
      if (oneWire && !thermometer.test(entry)) continue
      const name = oneWire ? entry : await nameOf(folder)
      if (name === undefined || boxesOwn.test(name)) continue
      found.push({ name, at: await placeOf(folder), folder })
    }
  }
  return found
}

/** The parts of a bus that the kernel has no driver for are just not there. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function nameOf(folder: string): Promise<string | undefined> {
  try {
    return (await readFile(path.join(folder, 'name'), 'utf8')).trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // No name (a trigger), or unplugged between the listing and the reading.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENODEV') return undefined
    throw error
  }
}

/** The nearest part of its path that is a place on a bus. */
async function placeOf(folder: string): Promise<string> {
  const parts = (await realpath(folder)).split(path.sep)
  return parts.findLast(part => /^\d+-[0-9a-f]{4}$/.test(part)) ?? parts.at(-1)!
}
