// Opens a driver as main would, without a supervisor: links, tools, a pool of memory that is counted, and what was
// said.

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hearTopics } from '../../edge/api/mqtt/hear-topics.js'
import type { Clock } from '../../edge/ports/clock.js'
import type { Device, Ports } from '../../edge/ports/device.js'
import type { Driver, LinkDriver, LinkTools, OpenBox, Tools } from '../../edge/ports/driver.js'
import { Fault } from '../../edge/ports/fault.js'
import type { OutputWord } from '../../edge/ports/keeper.js'
import type { SwitchBank } from '../../edge/ports/switch.js'
import { startKeeper } from '../../edge/spine/keeper.js'
import { createLog } from '../../edge/spine/log.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { type LendingPool, lendingPool } from '../../edge/workers/lending.js'
import { decodePicture, encodePicture } from '../../edge/workers/pictures-codec.js'

export interface Bench {
  readonly clock: Clock
  readonly pool: LendingPool
  /** Faults that drivers reported by themselves. */
  readonly lost: Fault[]
  openLink<T>(kind: LinkDriver, options: unknown): Promise<T>
  /** `link` names what `openLink` gave for the driver's kind. */
  open(driver: Driver, options: unknown, link?: unknown): Promise<{ readonly box: OpenBox; readonly ports: Ports }>
  /** Other devices with channels, for drivers that are made of them. */
  readonly switchBoxes: Map<string, SwitchBank>
  /** Closes all boxes, then all links. */
  close(): Promise<void>
}

/** The file that becomes a keeper. */
export const keeperEntry = new URL('../../edge/main-keeper.ts', import.meta.url)

/** Outputs begin as they stand, and are switched off when we are gone. */
function keepOn({ clock, log, lost }: LinkTools): Tools['keep'] {
  return (order, signal) => {
    const each = (word: OutputWord) => Object.fromEntries(order.channels.map(id => [id, word]))
    const whole = { device: 'bench', ...order, first: each('keep'), loss: each('off') }
    return startKeeper(whole, { clock, log, entry: keeperEntry, lost }, signal)
  }
}

/** What drivers and links are opened with here. */
export function benchTools(clock: Clock, lost: (fault: Fault) => void): LinkTools {
  return {
    clock,
    random: seededRandom(1),
    log: createLog(clock, () => {}),
    folder: join(tmpdir(), `pierside-bench-${process.pid}`),
    async encodeJpeg(data, width, height, quality) {
      return (await encodePicture({ width, height, channels: 3, data }, 'jpeg', quality)).bytes
    },
    decodeJpeg: decodePicture,
    hearTopics: hearTopics(clock, seededRandom(2)),
    lost,
  }
}

export function bench(clock: Clock = systemClock()): Bench {
  // A clock's timers do not keep a process alive; the agent's server does, and here nothing else would.
  const awake = setInterval(() => {}, 1000)
  const pool = lendingPool(64 * 1024 * 1024)
  const lost: Fault[] = []
  const boxes: OpenBox[] = []
  const switchBoxes = new Map<string, SwitchBank>()
  const switchBox = (name: string): Device<SwitchBank> => ({
    ...{ name, condition: 'ready', fault: undefined, distrust: () => {}, onChange: () => () => {} },
    current() {
      const bank = switchBoxes.get(name)
      if (bank) return bank
      throw new Fault('not-found', `no switch box is called "${name}"`, 'Add one to the bench')
    },
  })
  const links: { close(): Promise<void> }[] = []
  const linkTools = benchTools(clock, fault => lost.push(fault))
  return {
    clock,
    pool,
    lost,
    switchBoxes,
    async openLink<T>(kind: LinkDriver, options: unknown): Promise<T> {
      const open = await kind.open(kind.options.parse(options), linkTools, new AbortController().signal)
      links.push(open)
      return open.value as T
    },
    async open(driver, options, link) {
      const tools: Tools = { ...linkTools, link: <T>() => link as T, keep: keepOn(linkTools), switches: switchBox }
      const box = await driver.open(driver.options.parse(options), tools, new AbortController().signal)
      boxes.push(box)
      return { box, ports: box.ports }
    },
    async close() {
      clearInterval(awake)
      for (const box of boxes.reverse()) await box.close()
      for (const link of links.reverse()) await link.close()
    },
  }
}
