// The power of the station: channels switched with what the owner wants of each kept in mind, one after the other, and
// the orders in which the whole is switched on and off.
import { type Clock, pause } from '../ports/clock.js'
import type { Devices } from '../ports/device.js'
import { asFault, Fault, reasonOf } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { BoardReading, OutputWord } from '../ports/keeper.js'
import type { Log } from '../ports/log.js'
import type { SwitchBank, SwitchChannel } from '../ports/switch.js'
import type { ChannelPolicy, PowerSettings } from './power-settings.js'

export interface PowerParts {
  /** Behind the interlocks. */
  readonly devices: Devices
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly settings: PowerSettings
  policy(device: string, channel: string): ChannelPolicy
  /** Devices that are in it have had their start in this life of the agent. */
  readonly standing: Map<string, BoardReading>
}

/** A channel as `device/channel` names it. */
export interface Outlet {
  readonly path: string
  readonly bank: SwitchBank
  readonly channel: SwitchChannel
  readonly policy: ChannelPolicy
}

export type PowerMoment = 'start' | 'stop' | 'unsafe'

export interface Power {
  /** Throws `not-found` with what there is, `unsupported` for an input, or `offline`. */
  outlet(path: string): Outlet
  /** Every channel of every box that is there now. */
  outlets(): Outlet[]
  /** Waits out the channel's time off before it switches on. */
  set(outlet: Outlet, value: number, signal: AbortSignal): Promise<void>
  /** Puts every channel into its state of that moment. Rejects at the end, naming what did not obey. */
  enter(moment: PowerMoment, signal: AbortSignal): Promise<void>
  /** Switches heaters to their lowest. Rejects at the end, naming what did not obey. */
  coolHeaters(signal: AbortSignal): Promise<void>
  /** One after the other, each waiting until what hangs on it answers. `tell` gets a sentence for each. */
  up(tell: (words: string) => void, signal: AbortSignal): Promise<void>
  /** @param but  paths of channels that stay as they are */
  down(tell: (words: string) => void, signal: AbortSignal, but?: ReadonlySet<string>): Promise<void>
  stop(): void
}

const switchMs = 10_000
const lowest = ({ range }: SwitchChannel) => range?.min ?? 0
const highest = ({ range }: SwitchChannel) => range?.max ?? 1
export const isOn = ({ bank, channel }: Outlet) => (bank.value(channel.id) ?? 0) > lowest(channel)

export function powerService(parts: PowerParts): Power {
  const { devices, feed, clock, log, settings, policy, standing } = parts
  /** By path: when it was seen to go off, by the clock that never jumps. */
  const offSince = new Map<string, number>()
  const ends: (() => void)[] = []
  ends.push(
    feed.listen({
      state({ path, kind, value }) {
        if (kind !== 'power' || typeof value.on !== 'boolean') return
        const outlet = path.slice('power/'.length)
        if (value.on) offSince.delete(outlet)
        else if (!offSince.has(outlet)) offSince.set(outlet, clock.monotonicMs())
      },
    }),
  )

  const outletOf = (device: string, bank: SwitchBank, channel: SwitchChannel): Outlet => ({
    path: `${device}/${channel.id}`,
    bank,
    channel,
    policy: policy(device, channel.id),
  })
  const outlet = (path: string): Outlet => {
    const [device, id] = path.split('/')
    const bank = devices.device('switches', device).current()
    const channel = bank.channels.find(one => one.id === id)
    if (channel?.input) {
      throw new Fault('unsupported', `${device} ${channel.name} is an input`, 'Inputs are only read')
    }
    if (channel) return outletOf(device, bank, channel)
    const known = bank.channels.flatMap(one => (one.input ? [] : [one.id])).join(', ')
    throw new Fault('not-found', `${device} has no channel "${id}"`, `Use one of: ${known}`)
  }
  const outletsOf = (device: string, bank: SwitchBank) =>
    bank.channels.flatMap(channel => (channel.input ? [] : [outletOf(device, bank, channel)]))
  const outlets = () =>
    devices
      .having('switches')
      .flatMap(device => (device.condition === 'ready' ? outletsOf(device.name, device.current()) : []))

  const order = () =>
    settings.up ??
    outlets()
      .filter(({ policy: { feeds } }) => feeds.length > 0)
      .map(({ path }) => path)

  const set = async (one: Outlet, value: number, signal: AbortSignal) => {
    const { path, bank, channel } = one
    const off = offSince.get(path)
    const left = off === undefined ? 0 : one.policy.minimumOffMs - (clock.monotonicMs() - off)
    if (value > lowest(channel) && !isOn(one) && left > 0) await clock.sleep(left, signal)
    const limit = clock.deadline(switchMs, nameOf(one), signal)
    // What hangs on it may be gone before the board has said so.
    if (value <= lowest(channel)) feed.patch(`power/${path}`, { goingOff: true })
    try {
      await limit.race(bank.set(channel.id, value, limit.signal))
    } finally {
      limit.cancel()
      if (value <= lowest(channel)) feed.patch(`power/${path}`, { goingOff: undefined })
    }
    // Measured from the order, not from the report of it, which may come late.
    if (value > lowest(channel)) offSince.delete(path)
    else offSince.set(path, clock.monotonicMs())
  }

  /** All of them, however many fail; what failed is said at the end. Those that come on are staggered. */
  const each = async (all: readonly Outlet[], word: (one: Outlet) => OutputWord, signal: AbortSignal) => {
    const failed: string[] = []
    for (const one of all) {
      const wanted = word(one)
      if (wanted === 'keep' || (one.bank.value(one.channel.id) !== undefined && isOn(one) === (wanted === 'on')))
        continue
      try {
        await set(one, wanted === 'on' ? highest(one.channel) : lowest(one.channel), signal)
      } catch (error) {
        if (signal.aborted) throw reasonOf(signal)
        failed.push(`${nameOf(one)}: ${asFault(error, one.path).message}`)
      }
      if (wanted === 'on') await clock.sleep(settings.stagger_s * 1000, signal)
    }
    if (failed.length > 0) {
      throw new Fault(
        'broken',
        `not every channel obeyed: ${failed.join('; ')}`,
        'Look at these, and switch them by hand',
      )
    }
  }

  /** Until all that hangs on it is there. Devices that are not configured are nobody's to wait for. */
  const answered = async (one: Outlet, tell: (words: string) => void, signal: AbortSignal) => {
    const endMs = clock.monotonicMs() + settings.answer_s * 1000
    for (;;) {
      const silent = devices.boxes.filter(box => one.policy.feeds.includes(box.name) && box.condition !== 'ready')
      if (silent.length === 0) return
      const names = silent.map(({ name }) => name).join(', ')
      tell(`${nameOf(one)} is on; waiting for ${names}`)
      if (clock.monotonicMs() >= endMs) {
        const words = `${names} did not answer within ${settings.answer_s} s after ${nameOf(one)} was switched on`
        const fix = silent[0].fault?.fix ?? 'Look at its cable and fuse'
        throw new Fault('timeout', words, fix)
      }
      if (!(await pause(clock, 500, signal))) throw reasonOf(signal)
    }
  }

  // A box that comes up gets its start states once; one that comes back later stands as it stood. A keeper has written
  // them already.
  for (const device of devices.having('switches')) {
    const begin = () => {
      if (standing.has(device.name) || device.condition !== 'ready') return
      standing.set(device.name, { on: {} })
      each(
        outletsOf(device.name, device.current()),
        ({ policy: { start } }) => start,
        new AbortController().signal,
      ).catch(error => {
        log.warn(`${device.name} does not start as it should: ${asFault(error, device.name).message}`)
      })
    }
    ends.push(device.onChange(begin))
    begin()
  }

  return {
    outlet,
    outlets,
    set,
    async enter(moment, signal) {
      await each(outlets(), ({ policy: one }) => one[moment], signal)
    },
    async coolHeaters(signal) {
      await each(outlets(), ({ policy: one }) => (one.heater ? 'off' : 'keep'), signal)
    },
    async up(tell, signal) {
      const absent: string[] = []
      for (const path of order()) {
        let one: Outlet
        try {
          one = outlet(path)
        } catch (error) {
          absent.push(asFault(error, path).message)
          continue
        }
        if (!isOn(one)) {
          tell(`Switching on ${nameOf(one)}`)
          await set(one, highest(one.channel), signal)
          await clock.sleep(settings.stagger_s * 1000, signal)
        }
        await answered(one, tell, signal)
      }
      if (absent.length > 0) {
        throw new Fault('broken', `not all is on: ${absent.join('; ')}`, 'See on the Devices page what these lack')
      }
    },
    async down(tell, signal, but = new Set()) {
      const failed: string[] = []
      for (const path of settings.down ?? order().toReversed()) {
        if (but.has(path)) continue
        try {
          // A board that is not there keeps nothing else on.
          const one = outlet(path)
          tell(`Switching off ${nameOf(one)}`)
          if (isOn(one)) await set(one, lowest(one.channel), signal)
        } catch (error) {
          if (signal.aborted) throw reasonOf(signal)
          failed.push(asFault(error, path).message)
        }
        await clock.sleep(settings.stagger_s * 1000, signal)
      }
      if (failed.length > 0)
        throw new Fault('broken', `not all is off: ${failed.join('; ')}`, 'Switch these off by hand')
    },
    stop() {
      for (const end of ends) end()
    },
  }
}

export const nameOf = ({ channel, policy }: Outlet) => policy.name ?? channel.name
