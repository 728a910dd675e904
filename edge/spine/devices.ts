// Links and device boxes as the config names them, each on its ladder, and the views that services hold.
import { join } from 'node:path'
import type { Clock } from '../ports/clock.js'
import type { Condition, Device, DeviceBox, Devices, PortName, Ports } from '../ports/device.js'
import type { Driver, LinkDriver, LinkPart, OpenBox, OpenLink, Tools, Wires } from '../ports/driver.js'
import { Fault } from '../ports/fault.js'
import type { BoardReading, KeepOrder, Kept, OutputStates } from '../ports/keeper.js'
import type { Log } from '../ports/log.js'
import type { Random } from '../ports/random.js'
import { startKeeper } from './keeper.js'
import { type Opened, type Rung, type Supervised, supervise } from './supervisor.js'

/** One entry under `links:` or `devices:`, checked. */
export interface LinkEntry {
  readonly name: string
  readonly driver: LinkDriver
  readonly options: unknown
}
export interface BoxEntry {
  readonly name: string
  readonly driver: Driver
  readonly link: string | undefined
  readonly options: unknown
  /** Means to bring it back, from the mildest to the strongest. */
  readonly rungs?: readonly Rung[]
}

export interface DeviceParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly encodeJpeg: Tools['encodeJpeg']
  readonly decodeJpeg?: Tools['decodeJpeg']
  readonly hearTopics?: Tools['hearTopics']
  /** Where drivers may keep what they have to: each has a folder beneath. */
  readonly data: string
  /** Absent where no device has outputs that are to be safe. */
  readonly outputs?: Outputs
}

/** How outputs are kept. */
export interface Outputs {
  /** The file that becomes a keeper. */
  readonly keeper: URL
  /** What the owner wants of a channel. */
  states(device: string, channel: string): OutputStates
  /** By device: how its outputs stood when they were last seen, so that another keeper puts them there again. */
  readonly standing: Map<string, BoardReading>
}

export interface LinkView {
  readonly name: string
  readonly driver: string
  readonly supervised: Supervised<unknown>
  /** What runs behind it now; nothing while it is not open. */
  parts(): readonly LinkPart[]
}

export interface BoxView extends DeviceBox {
  readonly link: string | undefined
  readonly supervised: Supervised<Ports>
}

export interface DeviceRack extends Devices {
  readonly boxes: readonly BoxView[]
  readonly links: readonly LinkView[]
  close(): Promise<void>
}

export function openDevices(links: readonly LinkEntry[], boxes: readonly BoxEntry[], parts: DeviceParts): DeviceRack {
  const { clock, random, log, encodeJpeg, hearTopics, data } = parts
  const listeners = new Set<(box: DeviceBox) => void>()

  const linkViews = links.map(({ name, driver, options }): LinkView => {
    const mine = log.named(`link/${name}`)
    const folder = join(data, 'links', name)
    let last: OpenLink<unknown> | undefined
    const supervised = supervise<unknown>({
      name: `link ${name}`,
      clock,
      log: mine,
      async open(lost, signal) {
        last = await driver.open(
          options as never,
          { clock, random, log: mine, folder, encodeJpeg, hearTopics, lost },
          signal,
        )
        return last
      },
    })
    const running = () => (supervised.condition === 'ready' ? (last?.parts?.() ?? []) : [])
    return { name, driver: driver.id, supervised, parts: running }
  })

  const boxNamed = (name: string | undefined, port: PortName) =>
    boxViews.find(box => box.name === name && box.ports.includes(port))
  const boxViews: readonly BoxView[] = boxes.map(({ name, driver, link, options, rungs }) => {
    const line = linkViews.find(one => one.name === link)
    const mine = log.named(`device/${name}`)
    const tools = (lost: (fault: Fault) => void): Tools => ({
      clock,
      random,
      log: mine,
      folder: join(data, 'devices', name),
      encodeJpeg,
      decodeJpeg: parts.decodeJpeg,
      hearTopics,
      lost,
      switches: other => portOf(boxNamed(other, 'switches'), 'switches', other),
      keep: (order, signal) => keepOutputs(name, order, { ...parts, log: mine, lost }, signal),
      link<T>(kind: LinkDriver): T {
        if (!line || line.driver !== kind.id) {
          throw new Fault(
            'offline',
            `device ${name} has no link of the kind ${kind.id}`,
            `Name one under link: in the config`,
          )
        }
        return line.supervised.current() as T
      },
    })
    const supervised = supervise<Ports>({
      name: `device ${name}`,
      clock,
      log: mine,
      rungs,
      async open(lost, signal): Promise<Opened<Ports>> {
        const box: OpenBox = await driver.open(options as never, tools(lost), signal)
        return { value: box.ports, reset: box.reset, close: () => box.close() }
      },
    })
    line?.supervised.onChange(() => {
      if (line.supervised.condition === 'ready') supervised.retry()
      else supervised.distrust(line.supervised.fault ?? new Fault('offline', `link ${link} is gone`, 'Wait a moment'))
    })
    const view: BoxView = {
      name,
      driver: driver.id,
      link,
      ports: driver.ports(options as never),
      supervised,
      get condition(): Condition {
        return supervised.condition
      },
      get fault() {
        return supervised.fault
      },
      current: () => supervised.current(),
      distrust: fault => supervised.distrust(fault),
      onChange: listener => supervised.onChange(listener),
    }
    supervised.onChange(() => {
      for (const listener of [...listeners]) listener(view)
    })
    return view
  })

  // What is made of channels of others comes and goes with them.
  for (const { name, driver, options } of boxes) {
    const own = boxViews.find(box => box.name === name)!
    for (const other of devicesOf(driver.wires?.(options as never))) {
      const box = boxNamed(other, 'switches')
      box?.onChange(() => {
        if (box.condition === 'ready') own.supervised.retry()
        else if (own.condition === 'ready') own.distrust(box.fault ?? new Fault('offline', `${other} is gone`, 'Wait'))
      })
    }
  }

  return {
    boxes: boxViews,
    links: linkViews,
    device: (port, name) => portOf(boxNamed(name, port), port, name),
    having: port => boxViews.filter(box => box.ports.includes(port)).map(box => portOf(box, port, box.name)),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      // What is made of channels of others needs them to come to rest.
      const made = boxes.filter(({ driver, options }) => devicesOf(driver.wires?.(options as never)).size > 0)
      await Promise.all(made.map(({ name }) => boxViews.find(box => box.name === name)!.supervised.close()))
      await Promise.all(boxViews.map(box => box.supervised.close()))
      await Promise.all(linkViews.map(link => link.supervised.close()))
    },
  }
}

function devicesOf(wires: Wires | undefined): ReadonlySet<string> {
  return new Set([...(wires?.drives ?? []), ...(wires?.reads ?? [])].map(path => path.split('/')[0]))
}

interface KeepingParts extends DeviceParts {
  lost(fault: Fault): void
}

/** Starts the keeper of a device: its outputs are put as they last stood, or at the start as the owner wants them. */
async function keepOutputs(device: string, order: KeepOrder, parts: KeepingParts, signal: AbortSignal): Promise<Kept> {
  const { clock, log, outputs, lost } = parts
  if (!outputs)
    throw new Fault('unsupported', `device ${device} has outputs, and nothing keeps them`, 'Update the agent')
  const { standing } = outputs
  const { on: stood, levels: stoodAt } = standing.get(device) ?? { on: {} }
  const states = order.channels.map(id => [id, outputs.states(device, id)] as const)
  const first = states.map(([id, { start, watched }]) => {
    if (watched) return [id, start]
    const as = stood[id] === undefined ? start : stood[id] ? 'on' : 'off'
    return [id, stoodAt?.[id] ?? as]
  })
  const loss = states.map(([id, state]) => [id, state.loss])
  const kept = await startKeeper(
    { device, ...order, first: Object.fromEntries(first), loss: Object.fromEntries(loss) },
    { clock, log, entry: outputs.keeper, lost },
    signal,
  )
  const remember = () => standing.set(device, kept.reading())
  remember()
  kept.onReading(remember)
  return kept
}

const portWords: Readonly<Record<PortName, string>> = {
  camera: 'camera',
  video: 'pier camera',
  mount: 'mount',
  focuser: 'focuser',
  wheel: 'filter wheel',
  rotator: 'rotator',
  dome: 'roof or dome',
  cover: 'cover or light panel',
  switches: 'switch box',
  station: 'sensor station',
  gps: 'GPS',
  safety: 'safety monitor',
  raw: 'list of its own properties',
}

/** One port of a box; without a box, a device that is always offline and says what to configure. */
function portOf<K extends PortName>(
  box: BoxView | undefined,
  port: K,
  name: string | undefined,
): Device<NonNullable<Ports[K]>> {
  const absent = () =>
    new Fault(
      name === undefined ? 'offline' : 'not-found',
      name === undefined ? `no ${portWords[port]} is configured` : `no ${portWords[port]} is called "${name}"`,
      'Add one on the Devices page, or under devices: and use: in the config',
    )
  return {
    name: box?.name ?? name ?? port,
    get condition() {
      return box?.condition ?? 'unavailable'
    },
    get fault() {
      return box ? box.fault : absent()
    },
    current() {
      if (!box) throw absent()
      const found = box.current()[port]
      if (found) return found as NonNullable<Ports[K]>
      throw new Fault('unsupported', `device ${box.name} has no ${portWords[port]}`, 'Choose another device for it')
    },
    distrust: fault => box?.distrust(fault),
    onChange: listener => box?.onChange(listener) ?? (() => undefined),
  }
}
