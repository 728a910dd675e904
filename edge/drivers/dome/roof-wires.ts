// The relays and contacts of a roof: channels of other devices, by device/channel.
import type { Clock } from '../../ports/clock.js'
import type { Device } from '../../ports/device.js'
import type { Tools } from '../../ports/driver.js'
import { Fault } from '../../ports/fault.js'
import type { SwitchBank } from '../../ports/switch.js'

/** For one order to a relay, ms. */
const setMs = 4_000

export interface Wire {
  readonly path: string
  /** As its device read it; undefined while that is away or does not know. */
  on(): boolean | undefined
  /** Written and read back; rejects with the device's Fault, `broken` when it does not follow, `timeout` after 4 s. */
  set(on: boolean, signal?: AbortSignal): Promise<void>
}

/** @throws Fault `offline` while its device is away, `not-found` or `unsupported` when it is no such channel */
export function wireOf(path: string, { clock, switches }: Pick<Tools, 'clock' | 'switches'>): Wire {
  const [name, id] = path.split('/')
  const device = switches?.(name)
  if (!device) throw new Fault('unsupported', `nothing leads to the channel ${path}`, 'Update the agent')
  const channel = device.current().channels.find(one => one.id === id)
  if (!channel) {
    const known = device.current().channels.map(one => one.id)
    throw new Fault('not-found', `${name} has no channel "${id}"`, `Use one of: ${known.join(', ')}`)
  }
  const lowest = channel.range?.min ?? 0
  return {
    path,
    on() {
      const value = device.condition === 'ready' ? device.current().value(id) : undefined
      return value === undefined ? undefined : value > lowest
    },
    set: (on, signal) => put(device, id, on ? (channel.range?.max ?? 1) : lowest, clock, signal),
  }
}

async function put(device: Device<SwitchBank>, id: string, value: number, clock: Clock, signal?: AbortSignal) {
  const bank = device.current()
  const limit = clock.deadline(setMs, `${device.name} ${id}`, signal)
  try {
    await limit.race(bank.set(id, value, limit.signal))
  } finally {
    limit.cancel()
  }
  const stands = bank.value(id)
  if (stands === value) return
  const words = `${device.name}/${id} was set to ${value} and reads ${stands ?? 'nothing'}`
  throw new Fault('broken', words, 'A roof is moved only by relays that can be read back')
}
