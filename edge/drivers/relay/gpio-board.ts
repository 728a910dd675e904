// Relays and contacts on GPIO lines in the keeper's hands: by the character device, or by sysfs where a system has
// nothing else. Contacts hold no danger, but the wait for their edges takes a thread, which the keeper can spare.
import type { Clock } from '../../ports/clock.js'
import { Fault } from '../../ports/fault.js'
import type { Board, BoardOrder, BoardReading, OpenBoard } from '../../ports/keeper.js'
import { openChardevLines } from './gpio-chardev.js'
import type { Kernel } from './gpio-chip.js'
import { openChardevInputs } from './gpio-contacts.js'
import { type GpioInput, type GpioLine, noChip } from './gpio-lines.js'
import { openSysfsInputs, openSysfsLines } from './gpio-sysfs.js'

/** The chip behind the header: Pi 1–3 and Zero, Pi 4, Pi 5. */
const headerChips = ['pinctrl-rp1', 'pinctrl-bcm2711', 'pinctrl-bcm2835']

interface Channel {
  readonly line: string | number
  readonly active_low: boolean
  readonly pull: GpioLine['pull']
}
interface Input extends Channel {
  readonly debounce_ms: number
}

export const openGpioBoard: OpenBoard = (order, clock) => gpioBoard(order, clock)

/** @param kernel  this machine's own when absent */
export async function gpioBoard(
  { options, channels, first }: BoardOrder,
  clock: Clock,
  kernel?: Partial<Kernel>,
): Promise<Board> {
  const given = options.channels as unknown as Readonly<Record<string, Channel>>
  const wanted = channels.map((id): GpioLine => {
    const { line, active_low: activeLow, pull } = given[id]
    return { id, line, activeLow, pull, first: first[id] === 'keep' ? undefined : first[id] === 'on' }
  })
  const contacts = Object.entries((options.inputs ?? {}) as unknown as Readonly<Record<string, Input>>).map(
    ([id, { line, active_low: activeLow, pull, debounce_ms: debounceMs }]): GpioInput => ({
      ...{ id, line, activeLow, pull, debounceMs },
    }),
  )
  const takers = new Map<string | number, string>()
  for (const { id, line } of [...wanted, ...contacts]) {
    const first = takers.get(line)
    if (first) throw new Fault('bad-input', `"${first}" and "${id}" are both on line ${line}`, 'Give each its own line')
    takers.set(line, id)
  }
  const labels = options.chip === undefined ? headerChips : [String(options.chip)]
  const backEnd = String(options.back_end)
  const open = async <T extends { id: string }, L>(
    all: readonly T[],
    chardev: (labels: readonly string[], all: readonly T[], kernel?: Partial<Kernel>) => Promise<L | undefined>,
    sysfs: (labels: readonly string[], all: readonly T[]) => Promise<L>,
  ): Promise<L | undefined> => {
    if (all.length === 0) return undefined
    if (backEnd === 'sysfs') return sysfs(labels, all)
    const lines = await chardev(labels, all, kernel)
    if (lines) return lines
    if (backEnd === 'auto') return sysfs(labels, all)
    throw noChip(labels)
  }
  const lines = await open(wanted, openChardevLines, openSysfsLines)
  const inputs = await open(contacts, openChardevInputs, (names, all) => openSysfsInputs(names, all, clock)).catch(
    async error => {
      await lines?.close()
      throw error
    },
  )
  const read = async (): Promise<BoardReading> => {
    const levels = [...((await lines?.read()) ?? []), ...((await inputs?.read()) ?? [])]
    return { on: Object.fromEntries([...wanted, ...contacts].map(({ id }, at) => [id, levels[at]])) }
  }
  return {
    read,
    async write(channel, on) {
      const at = channels.indexOf(channel)
      await lines!.write(at, on)
      if ((await lines!.read())[at] === on) return
      throw new Fault('broken', `line ${given[channel].line} does not follow`, 'Look for a short at its pin')
    },
    onChange: listener => inputs?.onChange(listener),
    async close() {
      await inputs?.close()
      await lines?.close()
    },
  }
}
