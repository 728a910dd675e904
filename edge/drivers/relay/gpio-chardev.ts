// GPIO lines by the character device, version 2 of its calls (Linux 5.10): chips by label, because their numbers change
// from kernel to kernel, lines by name or number.
import { closeSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../ports/fault.js'
import { type Ioctl, loadIoctl } from '../link/ioctl.js'
import {
  bitsOf,
  fdOf,
  flags,
  lineConfig,
  lineInfoOf,
  lineRequest,
  lineValues,
  readChipInfo,
  readLineInfo,
  requests,
  sizes,
  type WantedLine,
} from './gpio-ioctls.js'
import type { GpioLine, GpioLines } from './gpio-lines.js'

const consumer = 'pierside'

/** What is spoken to; this machine's own when absent. */
export interface Kernel {
  readonly ioctl: Ioctl
  readonly dev: string
}

/** Undefined when no chip of these labels has a character device here. */
export async function openChardevLines(
  labels: readonly string[],
  wanted: readonly GpioLine[],
  kernel: Partial<Kernel> = {},
): Promise<GpioLines | undefined> {
  const { dev = '/dev' } = kernel
  const files = readdirSync(dev).filter(name => /^gpiochip\d+$/.test(name))
  if (files.length === 0) return undefined
  const ioctl = kernel.ioctl ?? loadIoctl()
  const chip = await openChip(
    ioctl,
    files.map(file => join(dev, file)),
    labels,
  )
  if (!chip) return undefined
  try {
    return await request(ioctl, chip.fd, wanted, await lineNumbers(ioctl, chip, wanted))
  } finally {
    closeSync(chip.fd)
  }
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
    const info = Buffer.alloc(sizes.chipInfo)
    await ioctl(fd, requests.chipInfo, info)
    const { label, lines } = readChipInfo(info)
    if (labels.includes(label)) return { fd, label, lines }
    closeSync(fd)
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
async function lineNumbers(
  ioctl: Ioctl,
  { fd, label, lines }: OpenChip,
  wanted: readonly GpioLine[],
): Promise<number[]> {
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

const pulls = { 'as-is': 0n, up: flags.pullUp, down: flags.pullDown, none: flags.noPull } as const

async function request(
  ioctl: Ioctl,
  chip: number,
  wanted: readonly GpioLine[],
  numbers: readonly number[],
): Promise<GpioLines> {
  const lineOf = (at: number, direction: bigint, on: boolean): WantedLine => ({
    line: numbers[at],
    flags: direction | (wanted[at].activeLow ? flags.activeLow : 0n) | pulls[wanted[at].pull],
    on,
  })
  const all = (1n << BigInt(wanted.length)) - 1n
  // Without a direction a line stays what it is, and can be read: an output that is to be kept is not disturbed. A pull
  // is not allowed without one, and comes with the direction.
  const asIs = wanted.map(({ activeLow }, at) => ({
    line: numbers[at],
    flags: activeLow ? flags.activeLow : 0n,
    on: false,
  }))
  const taken = lineRequest(consumer, asIs)
  try {
    await ioctl(chip, requests.getLine, taken)
  } catch (cause) {
    const names = wanted.map(({ line }) => line).join(', ')
    const words = `the GPIO lines ${names} cannot be had: ${(cause as Error).message}`
    throw new Fault('busy', words, 'Another program or driver has one of them: gpioinfo says which', { cause })
  }
  const fd = fdOf(taken)
  const read = async (): Promise<readonly boolean[]> => {
    const values = lineValues(all)
    await ioctl(fd, requests.getValues, values)
    const bits = bitsOf(values)
    return wanted.map((_, at) => ((bits >> BigInt(at)) & 1n) === 1n)
  }
  try {
    const standing = await read()
    const outputs = wanted.map(({ first }, at) => lineOf(at, flags.output, first ?? standing[at]))
    await ioctl(fd, requests.setConfig, lineConfig(outputs))
  } catch (cause) {
    closeSync(fd)
    throw new Fault('broken', `the GPIO lines cannot be outputs: ${(cause as Error).message}`, 'Choose other lines', {
      cause,
    })
  }
  return {
    read,
    async write(at, on) {
      const bit = 1n << BigInt(at)
      await ioctl(fd, requests.setValues, lineValues(bit, on ? bit : 0n))
    },
    close: async () => closeSync(fd),
  }
}
