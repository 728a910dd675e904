// PWM outputs of the kernel (/sys/class/pwm) in the keeper's hands: the kernel itself would go on heating for ever.
// Attributes: Documentation/ABI/testing/sysfs-class-pwm.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../../ports/clock.js'
import { asFault, Fault, reasonOf } from '../../ports/fault.js'
import type { FirstLevel, OpenBoard } from '../../ports/keeper.js'

/** The kernel makes the folder of an exported output at once; udev gives us the right to it a little later. */
const exportMs = 3_000
const lookMs = 50
/** Between what is written and what is read back, %: the kernel counts whole nanoseconds. */
const tolerance = 0.5

interface Options {
  readonly chip: string
  readonly channels: readonly { readonly id: string; readonly output: number }[]
  readonly frequency_hz: number
  readonly inverted: boolean
  readonly root: string
}

export const openPwmBoard: OpenBoard = async ({ options, channels, first }, clock, signal) => {
  const { chip, channels: wanted, frequency_hz, inverted, root } = options as unknown as Options
  const folder = path.join(root, 'class/pwm', chip)
  const periodNs = Math.round(1e9 / frequency_hz)
  const outputs = new Map<string, Output>()
  for (const id of channels) {
    if (signal.aborted) throw reasonOf(signal)
    const { output } = wanted.find(one => one.id === id)!
    outputs.set(id, await openOutput(folder, output, { periodNs, inverted, first: first[id] }, clock, signal))
  }
  const writeLevel = async (id: string, percent: number) => {
    const output = outputs.get(id)!
    await output.write(percent)
    const got = await output.read()
    if (Math.abs(got - percent) <= tolerance) return
    const stands = Number.isNaN(got) ? 'does not say how it stands' : `stands at ${got} %`
    const words = `${id} was set to ${percent} % and ${stands}`
    throw new Fault('broken', words, 'Look whether something else has it')
  }
  return {
    async read() {
      const levels = await Promise.all([...outputs].map(async ([id, output]) => [id, await output.read()] as const))
      return { on: {}, levels: Object.fromEntries(levels.filter(([, level]) => !Number.isNaN(level))) }
    },
    write: (id, on) => writeLevel(id, on ? 100 : 0),
    writeLevel,
    close: async () => {},
  }
}

interface Output {
  /** Percent that the kernel reads back, to a hundredth; NaN when it says nothing. */
  read(): Promise<number>
  write(percent: number): Promise<void>
}

interface Shape {
  readonly periodNs: number
  readonly inverted: boolean
  readonly first: FirstLevel
}

/** Exports the output and starts it at its first level; one that is to be kept and runs as it should is left alone. */
async function openOutput(
  chip: string,
  number: number,
  { periodNs, inverted, first }: Shape,
  clock: Clock,
  signal: AbortSignal,
): Promise<Output> {
  const folder = path.join(chip, `pwm${number}`)
  const put = (file: string, text: string) => writeFile(path.join(folder, file), text)
  const read = async (file: string) => (await readFile(path.join(folder, file), 'utf8')).trim()
  const nsOf = (percent: number) => String(Math.round((periodNs * percent) / 100))
  const polarity = inverted ? 'inversed' : 'normal'
  try {
    if (!(await isThere(chip))) throw await absent(chip)
    if (!(await isThere(folder))) await writeFile(path.join(chip, 'export'), String(number))
    const endMs = clock.monotonicMs() + exportMs
    while (!(await isThere(path.join(folder, 'enable')))) {
      if (clock.monotonicMs() > endMs) {
        throw new Fault('timeout', `the kernel made no ${folder}`, `Check that the chip has an output ${number}`)
      }
      await clock.sleep(lookMs, signal)
    }
    const stands = await Promise.all([read('enable'), read('period'), read('polarity')])
    if (first !== 'keep' || `${stands}` !== `1,${periodNs},${polarity}`) {
      const percent = typeof first === 'number' ? first : first === 'on' ? 100 : 0
      // A period shorter than the duty that still stands is refused, so that goes first; it is no error while unset.
      if (stands[1] !== '0') await put('duty_cycle', '0')
      await put('period', String(periodNs))
      // The kernel changes no polarity of an output that runs.
      if (stands[2] !== polarity) {
        await put('enable', '0')
        await put('polarity', polarity)
      }
      await put('duty_cycle', nsOf(percent))
      await put('enable', '1')
    }
  } catch (error) {
    if (error instanceof Fault) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES')
      throw new Fault('offline', `${folder} may not be written`, 'Install the udev rules of Pierside')
    if (code === 'EBUSY') throw new Fault('busy', `another program has ${folder}`, 'Close it')
    throw asFault(error, folder)
  }
  return {
    read: async () => Math.round((10_000 * Number((await read('duty_cycle')) || Number.NaN)) / periodNs) / 100,
    write: percent => put('duty_cycle', nsOf(percent)),
  }
}

async function absent(chip: string): Promise<Fault> {
  const parent = path.dirname(chip)
  const there = (await isThere(parent)) ? (await readdir(parent)).join(', ') : ''
  return new Fault(
    'offline',
    `there is no ${chip}; ${there ? `there are: ${there}` : 'the kernel shows no PWM at all'}`,
    'Set dtoverlay=pwm in config.txt, or name another chip',
  )
}

async function isThere(place: string): Promise<boolean> {
  try {
    await stat(place)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
