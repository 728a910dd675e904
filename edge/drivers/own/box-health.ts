// The box as a sensor of itself: /proc, /sys and, where the kernel does not say it, the Pi's vcgencmd.
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { BoxReading, ReadBox } from '../../ports/box-health.js'
import { reasonOf } from '../../ports/fault.js'

export interface BoxPlaces {
  /** Above proc and sys: `/`, or a folder that stands in for it. */
  readonly root?: string
  /** A folder on the disk that the box lives on, when not that of the data. */
  readonly folder?: string
  /** Tells what the firmware has throttled; asked where sysfs does not. */
  readonly vcgencmd?: string
}

export function boxHealth({ root = '/', vcgencmd = 'vcgencmd' }: BoxPlaces = {}): ReadBox {
  let hasCommand = true
  return async signal => {
    const read = (file: string) => textOf(path.join(root, file))
    const firmware = await read('sys/devices/platform/soc/soc:firmware/get_throttled')
    let throttled = firmware === undefined ? undefined : Number.parseInt(firmware, 16)
    if (throttled === undefined && hasCommand) {
      throttled = await askFirmware(vcgencmd, signal)
      // No Pi, or no such program: it is not looked for again.
      hasCommand = throttled !== undefined
    }
    const memory = await read('proc/meminfo')
    const bytes = (name: string) => {
      const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(memory ?? '')
      return found ? Number(found[1]) * 1024 : undefined
    }
    const reading: BoxReading = {
      // Device-tree texts end in a zero byte.
      model: (await read('proc/device-tree/model'))?.replaceAll('\0', ''),
      cpuCelsius: await heatOf(root),
      throttled: Number.isInteger(throttled) ? throttled : undefined,
      supplyAlarm: await supplyAlarm(root),
      memoryTotalBytes: bytes('MemTotal'),
      memoryFreeBytes: bytes('MemAvailable'),
      load: number(await read('proc/loadavg')),
      uptimeSeconds: number(await read('proc/uptime')),
      ...(await cardOf(root)),
      faults: await faultsOf(root),
    }
    if (signal.aborted) throw reasonOf(signal)
    return reading
  }
}

/** The first number of a text. */
const number = (text: string | undefined) => {
  const value = Number.parseFloat(text ?? '')
  return Number.isFinite(value) ? value : undefined
}

async function heatOf(root: string): Promise<number | undefined> {
  const zones = path.join(root, 'sys/class/thermal')
  for (const zone of await namesIn(zones)) {
    const type = await textOf(path.join(zones, zone, 'type'))
    if (!type || !/^(cpu|soc|x86_pkg|acpitz)/.test(type)) continue
    const milli = number(await textOf(path.join(zones, zone, 'temp')))
    if (milli !== undefined) return milli / 1000
  }
  return undefined
}

/** Of the driver raspberrypi-hwmon: 1 while the supply is below 4.63 V, and once since the last look. */
async function supplyAlarm(root: string): Promise<boolean | undefined> {
  const chips = path.join(root, 'sys/class/hwmon')
  for (const chip of await namesIn(chips)) {
    if ((await textOf(path.join(chips, chip, 'name'))) !== 'rpi_volt') continue
    const alarm = await textOf(path.join(chips, chip, 'in0_lcrit_alarm'))
    if (alarm !== undefined) return alarm === '1'
  }
  return undefined
}

/**
 * What disks and cards say of themselves without a look into the kernel's log: errors that ext4 has counted
 * (Documentation/ABI/testing/sysfs-fs-ext4), the life of an eMMC in tenths (JESD84-B51, DEVICE_LIFE_TIME_EST).
 */
async function cardOf(root: string): Promise<Pick<BoxReading, 'cardErrors' | 'cardLifePercent'>> {
  const systems = path.join(root, 'sys/fs/ext4')
  const counts: number[] = []
  for (const system of await namesIn(systems)) {
    const count = number(await textOf(path.join(systems, system, 'errors_count')))
    if (count !== undefined) counts.push(count)
  }
  const disks = path.join(root, 'sys/block')
  const lives: number[] = []
  for (const disk of (await namesIn(disks)).filter(name => /^mmcblk\d+$/.test(name))) {
    const tenths = (await textOf(path.join(disks, disk, 'device/life_time')))?.split(/\s+/).map(Number) ?? []
    // 0x01 is 0 to 10 % used, 0x0b is beyond its life.
    lives.push(...tenths.filter(tenth => tenth >= 1 && tenth <= 11).map(tenth => tenth * 10))
  }
  return {
    cardErrors: counts.length > 0 ? counts.reduce((sum, count) => sum + count, 0) : undefined,
    cardLifePercent: lives.length > 0 ? Math.max(...lives) : undefined,
  }
}

/** Of the image alone: what its start complained of, a line each, and trouble with the disk that the data moved to. */
async function faultsOf(root: string): Promise<string[] | undefined> {
  const lines = (await textOf(path.join(root, 'run/pierside/boot-faults')))?.split('\n') ?? []
  const disk = /"trouble":"([^"]+)"/.exec((await textOf(path.join(root, 'run/pierside-do/data-disk.json'))) ?? '')?.[1]
  const faults = [...(disk ? [disk] : []), ...lines.filter(line => line !== '')]
  return faults.length > 0 ? faults : undefined
}

function askFirmware(program: string, signal: AbortSignal): Promise<number | undefined> {
  return new Promise(settle => {
    execFile(program, ['get_throttled'], { signal }, (error, stdout) => {
      const found = error ? null : /throttled=(0x[0-9a-f]+)/i.exec(stdout)
      settle(found ? Number(found[1]) : undefined)
    })
  })
}

/** What this machine has not, or does not let us read, is no error: it is left out. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch {
    // Another machine, another kernel, another right.
    return undefined
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch {
    // As above.
    return []
  }
}
