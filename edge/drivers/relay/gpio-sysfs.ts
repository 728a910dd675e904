// GPIO lines by sysfs, for systems without a character device. onoff wants the kernel's global numbers, which differ
// from kernel to kernel: they are the chip's base, read from sysfs, and the line's number on it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Timer } from '../../ports/clock.js'
import { Fault } from '../../ports/fault.js'
import { type GpioInput, type GpioInputs, type GpioLine, type GpioLines, noChip } from './gpio-lines.js'

/** Global number of a chip's first line; undefined when sysfs shows no such chip. */
export function chipBase(labels: readonly string[], sys = '/sys/class/gpio'): number | undefined {
  for (const folder of entriesOf(sys).filter(name => /^gpiochip\d+$/.test(name))) {
    const label = readFileSync(join(sys, folder, 'label'), 'utf8').trim()
    if (labels.includes(label)) return Number(readFileSync(join(sys, folder, 'base'), 'utf8'))
  }
  return undefined
}

/** Number on the chip: sysfs knows no names, but those of the Raspberry Pi count as the chip does. */
export function lineNumber({ id, line }: Pick<GpioLine, 'id' | 'line'>): number {
  if (typeof line === 'number') return line
  const digits = /^GPIO(\d+)$/.exec(line)?.[1]
  if (digits !== undefined) return Number(digits)
  throw new Fault('bad-input', `channel ${id}: by sysfs the line "${line}" is not known`, 'Give its number instead')
}

export async function openSysfsLines(labels: readonly string[], wanted: readonly GpioLine[]): Promise<GpioLines> {
  const base = chipBase(labels)
  if (base === undefined) throw noChip(labels)
  const { Gpio } = await loadOnoff()
  const lines = wanted.map(one => {
    // "high" and "low" set direction and level at once; an output that is one already is left as it is.
    const level = one.first === undefined ? 'out' : one.first !== one.activeLow ? 'high' : 'low'
    const options = { activeLow: one.activeLow, reconfigureDirection: one.first !== undefined }
    return new Gpio(base + lineNumber(one), level, 'none', options)
  })
  return {
    read: () => Promise.all(lines.map(async line => (await line.read()) === 1)),
    write: (at, on) => lines[at].write(on ? 1 : 0),
    // Not unexported: that would let the level go.
    close: async () => {},
  }
}

/** Contacts; a pull resistor is nothing that sysfs knows of. */
export async function openSysfsInputs(
  labels: readonly string[],
  wanted: readonly GpioInput[],
  clock: Clock,
): Promise<GpioInputs> {
  const pulled = wanted.find(({ pull }) => pull !== 'as-is')
  if (pulled) {
    const fix = 'Give it pull: as-is, and a resistor of its own or its pull in config.txt: gpio=5=ip,pu'
    throw new Fault('unsupported', `input ${pulled.id}: by sysfs no line is pulled ${pulled.pull}`, fix)
  }
  const base = chipBase(labels)
  if (base === undefined) throw noChip(labels)
  const { Gpio } = await loadOnoff()
  const listeners = new Set<() => void>()
  // onoff's own debouncing reads a line that is closed by then, and what that throws nobody can catch.
  const lines = wanted.map(one => {
    const line = new Gpio(base + lineNumber(one), 'in', 'both', { activeLow: one.activeLow })
    let steady: boolean | undefined
    let bouncing: Timer | undefined
    // What goes wrong with an edge goes wrong with the next reading, and is told there.
    line.watch(() => {
      bouncing?.cancel()
      bouncing = clock.after(one.debounceMs, () => {
        bouncing = undefined
        for (const listener of [...listeners]) listener()
      })
    })
    return {
      async read() {
        const level = (await line.read()) === 1
        steady = bouncing ? (steady ?? level) : level
        return steady
      },
      close() {
        bouncing?.cancel()
        line.unexport()
      },
    }
  })
  return {
    read: () => Promise.all(lines.map(line => line.read())),
    onChange: listener => void listeners.add(listener),
    async close() {
      for (const line of lines) line.close()
    },
  }
}

async function loadOnoff() {
  try {
    return await import('onoff')
  } catch (cause) {
    const words = 'GPIO lines by sysfs need the package onoff, which could not be loaded here'
    throw new Fault(
      'unsupported',
      words,
      'Use back_end: chardev, or install make, g++ and python3 and run: npm rebuild epoll',
      {
        cause,
      },
    )
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
