// Every channel's state in the feed: on or off, its level, and the current and voltage that the box or a station
// measures, and a record of these once a minute. What is only read has a kind of its own, so that no face offers to
// switch it.
import type { Device } from '../ports/device.js'
import type { JsonObject } from '../ports/json.js'
import type { SwitchBank, SwitchChannel } from '../ports/switch.js'
import type { PowerParts } from './power.js'

const pollMs = 2_000
const recordMs = 60_000

/** Starts the reports; the returned function ends them and takes the states away. */
export function reportPower({
  devices,
  feed,
  clock,
  policy,
}: Omit<PowerParts, 'settings' | 'log' | 'standing'>): () => void {
  /** What was measured on a box's channels, by their ids; undefined when nothing was. */
  const measured = (device: string, paths: readonly string[]): JsonObject | undefined => {
    const of = (field: string) =>
      Object.fromEntries(
        paths.flatMap(path => {
          const value = path.startsWith('power/') ? feed.get(path)?.value[field] : undefined
          return value === undefined ? [] : [[path.slice(path.lastIndexOf('/') + 1), value]]
        }),
      )
    const [amperes, volts] = [of('amperes'), of('volts')]
    if (Object.keys(amperes).length + Object.keys(volts).length === 0) return undefined
    const supply = feed.get(`sensor/${device}`)
    const { mainsOk, batteryLow } = supply && !supply.stale ? supply.value : {}
    return { device, on: of('on'), amperes, volts, mainsOk, batteryLow }
  }
  const stops = devices.having('switches').flatMap(device => {
    let paths: string[] = []
    let deaf: (() => void) | undefined
    const tell = (bank: SwitchBank, id: string) => {
      const channel = bank.channels.find(one => one.id === id)!
      const value = bank.value(id)
      if (channel.input) {
        const on = value === undefined ? undefined : value > 0
        feed.patch(pathOf(device.name, channel), {
          ...{ condition: 'ready', reason: undefined, on },
          name: policy(device.name, id).name ?? channel.name,
        })
        return
      }
      const { name, feeds, moves, gauge } = policy(device.name, id)
      const measured = gauge && feed.get(`sensor/${gauge.station}`)
      const reading = (field: string | undefined) =>
        field === undefined || !measured || measured.stale || measured.value.condition !== 'ready'
          ? undefined
          : finite(measured.value[field])
      feed.patch(pathOf(device.name, channel), {
        condition: 'ready',
        reason: undefined,
        name: name ?? channel.name,
        on: value === undefined ? undefined : value > (channel.range?.min ?? 0),
        value,
        ...channel.range,
        feeds: feeds.length > 0 ? [...feeds] : undefined,
        moves,
        amperes: finite(bank.amperes?.(id)) ?? reading(gauge?.amperes),
        volts: reading(gauge?.volts),
      })
    }
    const report = () => {
      deaf?.()
      deaf = undefined
      if (device.condition !== 'ready') {
        for (const path of paths) feed.patch(path, unknown(device))
        return
      }
      const bank = device.current()
      paths = bank.channels.map(channel => pathOf(device.name, channel))
      for (const { id } of bank.channels) tell(bank, id)
      deaf = bank.onChange(id => tell(bank, id))
    }
    report()
    // What is measured changes without being told.
    const poll = clock.every(pollMs, () => {
      if (device.condition !== 'ready') return
      const bank = device.current()
      for (const { id } of bank.channels) tell(bank, id)
    })
    const record = clock.every(recordMs, () => {
      const body = measured(device.name, paths)
      if (body && device.condition === 'ready') void feed.event('power-measured', body)
    })
    const drop = () => {
      deaf?.()
      poll.cancel()
      record.cancel()
      for (const path of paths) feed.drop(path)
    }
    return [device.onChange(report), drop]
  })
  return () => {
    for (const stop of stops) stop()
  }
}

const pathOf = (device: string, { id, input }: SwitchChannel) => `${input ? 'input' : 'power'}/${device}/${id}`

const unknown = ({ condition, fault }: Device<unknown>): JsonObject => ({
  condition,
  reason: fault?.message,
  on: undefined,
  value: undefined,
  amperes: undefined,
  volts: undefined,
})

/** To a hundredth: the noise of a sensor is no news. */
const finite = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? Math.round(value * 100) / 100 : undefined
