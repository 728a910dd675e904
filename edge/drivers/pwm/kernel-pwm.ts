// PWM outputs of the kernel (/sys/class/pwm), as channels in percent: for dew heaters, fans and lamps behind a MOSFET.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { driver, type Tools } from '../../ports/driver.js'
import { asFault, Fault, reasonOf } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import type { SwitchBank, SwitchChannel } from '../../ports/switch.js'

const channel = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9_-]+$/, 'use a-z, 0-9, _ and -')
    .describe('Part of its path: a-z, 0-9, _ and -'),
  name: z.string().min(1).max(40).optional().describe('What it is called on the page; its id when absent'),
  output: z.int().min(0).max(31).describe('Number of the output on the chip'),
})

const options = z.strictObject({
  chip: z.string().min(1).default('pwmchip0').describe('Name of the chip under /sys/class/pwm'),
  channels: z.array(channel).min(1).max(32).describe('Its outputs'),
  frequency_hz: z.number().min(1).max(100_000).default(200).describe('Frequency, Hz; a heater needs no more than 200'),
  inverted: z.boolean().default(false).describe('The load is on while the output is low'),
  root: z.string().default('/sys').describe('Where the kernel shows its devices; for tests'),
})

/** The kernel makes the folder of an exported output at once; udev gives us the right to it a little later. */
const exportMs = 3_000
const lookMs = 50
const percent = { min: 0, max: 100, step: 1, unit: '%' } as const

export const kernelPwmDriver = driver<typeof options>({
  id: 'kernel-pwm',
  summary: 'PWM outputs of the box: dew heaters in percent',
  options,
  ports: () => ['switches'],
  async open({ chip, channels, frequency_hz, inverted, root }, tools, signal) {
    const folder = path.join(root, 'class/pwm', chip)
    const periodNs = Math.round(1e9 / frequency_hz)
    const outputs = new Map<string, Output>()
    for (const { id, output } of channels) {
      if (signal.aborted) throw reasonOf(signal)
      outputs.set(id, await openOutput(folder, output, { periodNs, inverted }, tools, signal))
    }
    const bank = bankOf(
      channels.map(({ id, name }) => ({ id, name: name ?? id, range: percent })),
      outputs,
    )
    return { ports: { switches: bank.port }, close: bank.close }
  },
})

interface Output {
  /** Percent that the kernel reads back. */
  read(): Promise<number>
  write(value: number): Promise<void>
}

function bankOf(channels: readonly SwitchChannel[], outputs: ReadonlyMap<string, Output>) {
  const listeners = new Set<(id: string) => void>()
  const values = new Map<string, number>(channels.map(({ id }) => [id, 0]))
  let closed = false
  const port: SwitchBank = {
    channels,
    value: id => values.get(known(id)),
    async set(id, value, signal) {
      if (closed) throw new Fault('offline', 'the PWM outputs are closed', 'Open them again')
      if (signal.aborted) throw reasonOf(signal)
      const output = outputs.get(known(id))!
      if (!(value >= percent.min && value <= percent.max)) {
        throw new Fault('bad-input', `${id} cannot be set to ${value} %`, 'Choose from 0 to 100 %')
      }
      await output.write(value)
      const got = await output.read()
      if (Math.abs(got - value) > percent.step / 2) {
        throw new Fault(
          'broken',
          `${id} was set to ${value} % and stands at ${got} %`,
          'Look whether something else has it',
        )
      }
      values.set(id, value)
      for (const listener of [...listeners]) listener(id)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const known = (id: string) => {
    if (outputs.has(id)) return id
    throw new Fault('not-found', `there is no PWM output "${id}"`, `Use one of: ${[...outputs.keys()].join(', ')}`)
  }
  /** The kernel would go on heating for ever. */
  const close = async () => {
    if (closed) return
    closed = true
    for (const output of outputs.values()) await output.write(0)
  }
  return { port, close }
}

interface Shape {
  readonly periodNs: number
  readonly inverted: boolean
}

/** Exports the output and starts it with nothing on. Attributes: Documentation/ABI/testing/sysfs-class-pwm. */
async function openOutput(
  chip: string,
  number: number,
  { periodNs, inverted }: Shape,
  { clock }: Tools,
  signal: AbortSignal,
): Promise<Output> {
  const folder = path.join(chip, `pwm${number}`)
  const put = (file: string, text: string) => clock.outside(writeFile(path.join(folder, file), text))
  const read = (file: string) => clock.outside(readFile(path.join(folder, file), 'utf8'))
  const there = (place: string) => clock.outside(isThere(place))
  try {
    if (!(await there(chip))) throw await clock.outside(absent(chip))
    if (!(await there(folder))) await clock.outside(writeFile(path.join(chip, 'export'), String(number)))
    const endMs = clock.monotonicMs() + exportMs
    while (!(await there(path.join(folder, 'enable')))) {
      if (clock.monotonicMs() > endMs) {
        throw new Fault('timeout', `the kernel made no ${folder}`, `Check that the chip has an output ${number}`)
      }
      await clock.sleep(lookMs, signal)
    }
    // A period shorter than the duty that still stands is refused, so that goes first; it is no error while unset.
    if ((await read('period')).trim() !== '0') await put('duty_cycle', '0')
    await put('period', String(periodNs))
    await put('polarity', inverted ? 'inversed' : 'normal')
    await put('duty_cycle', '0')
    await put('enable', '1')
  } catch (error) {
    if (error instanceof Fault) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES')
      throw new Fault('offline', `${folder} may not be written`, 'Install the udev rules of Pierside')
    if (code === 'EBUSY') throw new Fault('busy', `another program has ${folder}`, 'Close it')
    throw asFault(error, folder)
  }
  return {
    read: async () => (100 * Number(await read('duty_cycle'))) / periodNs,
    write: value => put('duty_cycle', String(Math.round((periodNs * value) / 100))),
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
