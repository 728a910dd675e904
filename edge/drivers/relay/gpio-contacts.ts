// GPIO lines as inputs by the character device: contacts, end switches, a rain sensor. The kernel waits for their edges
// and takes their bouncing out.
import { closeSync, read } from 'node:fs'
import { Fault } from '../../ports/fault.js'
import { loadPoll, type Poll } from '../link/ioctl.js'
import { type Chip, type Kernel, onChip, pullFlags, takeLines } from './gpio-chip.js'
import { bitsOf, flags, lineValues, requests, sizes, type WantedLine } from './gpio-ioctls.js'
import type { GpioInput, GpioInputs } from './gpio-lines.js'

/** So long a wait for an edge may hold up the end, ms. */
const waitMs = 500
/** The kernel keeps 16 for each line. */
const edgesAtOnce = 64

/** Undefined when no chip of these labels has a character device here. */
export function openChardevInputs(
  labels: readonly string[],
  wanted: readonly GpioInput[],
  kernel: Partial<Kernel> = {},
): Promise<GpioInputs | undefined> {
  return onChip(labels, wanted, kernel, chip => request(chip, wanted, kernel.poll))
}

async function request(chip: Chip, wanted: readonly GpioInput[], poll: Poll | undefined): Promise<GpioInputs> {
  const { ioctl, numbers } = chip
  const lines = wanted.map(
    ({ activeLow, pull, debounceMs }, at): WantedLine => ({
      line: numbers[at],
      flags: flags.input | flags.risingEdge | flags.fallingEdge | pullFlags[pull] | (activeLow ? flags.activeLow : 0n),
      on: false,
      debounceMicros: debounceMs * 1000,
    }),
  )
  const { fd, edges } = await take(chip, wanted, lines)
  const all = (1n << BigInt(wanted.length)) - 1n
  const listeners = new Set<() => void>()
  let closed = false
  let failure: unknown
  const watch = async () => {
    const wait = poll ?? loadPoll()
    while (!closed) {
      if (!(await wait(fd, waitMs)) || closed) continue
      // Which edges they were does not matter: the levels are read.
      await drain(fd)
      for (const listener of [...listeners]) listener()
    }
  }
  const watching = edges ? watch().catch(error => (failure = error)) : undefined
  return {
    async read() {
      if (failure) throw new Fault('broken', `the GPIO inputs are not watched: ${failure}`, 'They are opened again')
      const values = lineValues(all)
      await ioctl(fd, requests.getValues, values)
      const bits = bitsOf(values)
      return wanted.map((_, at) => ((bits >> BigInt(at)) & 1n) === 1n)
    },
    onChange: listener => void listeners.add(listener),
    async close() {
      closed = true
      await watching
      closeSync(fd)
    },
  }
}

/** Chips without interrupts, as some expanders are, have no edges and no debouncing: they are only read. */
async function take(chip: Chip, wanted: readonly GpioInput[], lines: readonly WantedLine[]) {
  try {
    return { fd: await takeLines(chip, wanted, lines), edges: true }
  } catch (fault) {
    if (((fault as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EBUSY') throw fault
    const plain = lines.map(one => ({
      ...one,
      flags: one.flags & ~(flags.risingEdge | flags.fallingEdge),
      debounceMicros: 0,
    }))
    return { fd: await takeLines(chip, wanted, plain), edges: false }
  }
}

const drain = (fd: number) =>
  new Promise<void>((settle, reject) =>
    read(fd, Buffer.alloc(edgesAtOnce * sizes.lineEvent), 0, edgesAtOnce * sizes.lineEvent, null, error =>
      error ? reject(error) : settle(),
    ),
  )
