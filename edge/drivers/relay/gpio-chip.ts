// A GPIO chip by its character device, version 2 of its calls (Linux 5.10): chips by label, because their numbers
// change from kernel to kernel, lines by name or number.
import { closeSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../ports/fault.js'
import { type Ioctl, loadIoctl, type Poll } from '../link/ioctl.js'
import {
  fdOf,
  flags,
  lineInfoOf,
  lineRequest,
  readChipInfo,
  readLineInfo,
  requests,
  sizes,
  type WantedLine,
} from './gpio-ioctls.js'
import type { GpioInput, GpioLine } from './gpio-lines.js'

const consumer = 'pierside'

/** What is spoken to; this machine's own when absent. */
export interface Kernel {
  readonly ioctl: Ioctl
  readonly poll: Poll
  readonly dev: string
}

type Named = Pick<GpioLine, 'id' | 'line'>

/** A chip that is open, and the numbers of the wanted lines on it. */
export interface Chip {
  readonly ioctl: Ioctl
  readonly fd: number
  readonly numbers: readonly number[]
}

/**
 * Opens the first chip of these labels, for as long as `use` needs it: lines that were had from it stay. Undefined when
 * no such chip has a character device here.
 */
export async function onChip<T>(
  labels: readonly string[],
  wanted: readonly Named[],
  { dev = '/dev', ioctl: given }: Partial<Kernel>,
  use: (chip: Chip) => Promise<T>,
): Promise<T | undefined> {
  const files = readdirSync(dev).filter(name => /^gpiochip\d+$/.test(name))
  if (files.length === 0) return undefined
  const ioctl = given ?? loadIoctl()
  const chip = await openChip(
    ioctl,
    files.map(file => join(dev, file)),
    labels,
  )
  if (!chip) return undefined
  try {
    return await use({ ioctl, fd: chip.fd, numbers: await lineNumbers(ioctl, chip, wanted) })
  } finally {
    closeSync(chip.fd)
  }
}

/** Has the kernel give the lines; answers their descriptor. Rejects with `busy` or what the kernel said. */
export async function takeLines(
  { ioctl, fd }: Chip,
  wanted: readonly Named[],
  lines: readonly WantedLine[],
): Promise<number> {
  const taken = lineRequest(consumer, lines)
  try {
    await ioctl(fd, requests.getLine, taken)
  } catch (cause) {
    const names = wanted.map(({ line }) => line).join(', ')
    const words = `the GPIO lines ${names} cannot be had: ${(cause as Error).message}`
    throw new Fault('busy', words, 'Another program or driver has one of them: gpioinfo says which', { cause })
  }
  return fdOf(taken)
}

export const pullFlags: Readonly<Record<GpioInput['pull'], bigint>> = {
  'as-is': 0n,
  up: flags.pullUp,
  down: flags.pullDown,
  none: flags.noPull,
}

interface OpenChip {
  readonly fd: number
  readonly label: string
  readonly lines: number
}

async function openChip(
  ioctl: Ioctl,
  files: readonly string[],
  labels: readonly string[],
): Promise<OpenChip | undefined> {
  for (const file of files) {
    const fd = openFile(file)
    let chosen = false
    try {
      const info = Buffer.alloc(sizes.chipInfo)
      await ioctl(fd, requests.chipInfo, info)
      const { label, lines } = readChipInfo(info)
      chosen = labels.includes(label)
      if (chosen) return { fd, label, lines }
    } finally {
      if (!chosen) closeSync(fd)
    }
  }
  return undefined
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch (cause) {
    const fix = 'The agent needs the right to it: add its user to the group gpio'
    throw new Fault('offline', `${path} cannot be opened: ${(cause as Error).message}`, fix, { cause })
  }
}

/** Numbers on the chip; names are looked up among all its lines. */
async function lineNumbers(ioctl: Ioctl, { fd, label, lines }: OpenChip, wanted: readonly Named[]): Promise<number[]> {
  const byName = new Map<string, number>()
  for (let line = 0; line < lines; line++) {
    const info = lineInfoOf(line)
    await ioctl(fd, requests.lineInfo, info)
    byName.set(readLineInfo(info).name, line)
  }
  return wanted.map(({ line, id }) => {
    const number = typeof line === 'number' ? line : byName.get(line)
    if (number !== undefined && number < lines) return number
    throw new Fault('bad-input', `channel ${id}: chip ${label} has no line ${line}`, 'gpioinfo lists its lines')
  })
}
