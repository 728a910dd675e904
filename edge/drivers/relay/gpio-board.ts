// Relays on GPIO lines in the keeper's hands: by the character device, or by sysfs where a system has nothing else.
import { Fault } from '../../ports/fault.js'
import type { BoardReading, OpenBoard } from '../../ports/keeper.js'
import { openChardevLines } from './gpio-chardev.js'
import { type GpioLine, type GpioLines, noChip } from './gpio-lines.js'
import { openSysfsLines } from './gpio-sysfs.js'

/** The chip behind the header: Pi 1–3 and Zero, Pi 4, Pi 5. */
const headerChips = ['pinctrl-rp1', 'pinctrl-bcm2711', 'pinctrl-bcm2835']

interface Channel {
  readonly line: string | number
  readonly active_low: boolean
  readonly pull: GpioLine['pull']
}

export const openGpioBoard: OpenBoard = async ({ options, channels, first }) => {
  const given = options.channels as unknown as Readonly<Record<string, Channel>>
  const wanted = channels.map((id): GpioLine => {
    const { line, active_low: activeLow, pull } = given[id]
    return { id, line, activeLow, pull, first: first[id] === 'keep' ? undefined : first[id] === 'on' }
  })
  const labels = options.chip === undefined ? headerChips : [String(options.chip)]
  const lines = await openBy(String(options.back_end), labels, wanted)
  const read = async (): Promise<BoardReading> => {
    const levels = await lines.read()
    return { on: Object.fromEntries(channels.map((id, at) => [id, levels[at]])) }
  }
  return {
    read,
    async write(channel, on) {
      const at = channels.indexOf(channel)
      await lines.write(at, on)
      if ((await lines.read())[at] === on) return
      throw new Fault('broken', `line ${given[channel].line} does not follow`, 'Look for a short at its pin')
    },
    close: () => lines.close(),
  }
}

async function openBy(backEnd: string, labels: readonly string[], wanted: readonly GpioLine[]): Promise<GpioLines> {
  if (backEnd === 'sysfs') return openSysfsLines(labels, wanted)
  const lines = await openChardevLines(labels, wanted)
  if (lines) return lines
  if (backEnd === 'auto') return openSysfsLines(labels, wanted)
  throw noChip(labels)
}
