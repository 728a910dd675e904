// GPIO lines as outputs by the character device.
import { closeSync } from 'node:fs'
import { Fault } from '../../ports/fault.js'
import { type Chip, type Kernel, onChip, pullFlags, takeLines } from './gpio-chip.js'
import { bitsOf, flags, lineConfig, lineValues, requests, type WantedLine } from './gpio-ioctls.js'
import type { GpioLine, GpioLines } from './gpio-lines.js'

/** Undefined when no chip of these labels has a character device here. */
export function openChardevLines(
  labels: readonly string[],
  wanted: readonly GpioLine[],
  kernel: Partial<Kernel> = {},
): Promise<GpioLines | undefined> {
  return onChip(labels, wanted, kernel, chip => request(chip, wanted))
}

async function request(chip: Chip, wanted: readonly GpioLine[]): Promise<GpioLines> {
  const { ioctl, numbers } = chip
  const lineOf = (at: number, direction: bigint, on: boolean): WantedLine => ({
    line: numbers[at],
    flags: direction | (wanted[at].activeLow ? flags.activeLow : 0n) | pullFlags[wanted[at].pull],
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
  const fd = await takeLines(chip, wanted, asIs)
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
