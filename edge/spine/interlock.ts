// What moves or switches is handed out only through here: the limits hold whoever asks.
import type { Clock } from '../ports/clock.js'
import type { Device, DeviceBox, Devices, PortName, Ports } from '../ports/device.js'
import type { Dome } from '../ports/dome.js'
import { Fault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'
import type { Mount, MountStatus } from '../ports/mount.js'
import type { RawProperties } from '../ports/raw-properties.js'
import type { SwitchBank } from '../ports/switch.js'
import { type ArrowRates, judgeArrows, judgePointing, type MountLimits, type Verdict } from '../rules/mount-limits.js'
import { type FedMount, mountInTheWay } from '../rules/power-limits.js'
import { guardDome, type RoofParts, underRoof } from './roof-interlock.js'

export interface InterlockParts {
  readonly clock: Clock
  readonly log: Log
  limits(): MountLimits
  /** Names of the devices that have their power from a channel. */
  feeds(device: string, channel: string): readonly string[]
  /** The device that alone may switch on this channel. */
  driver(device: string, channel: string): string | undefined
}

/** What is known of mounts by what they were told. */
interface MountNotes {
  /** When a mount was last told to stop, and has not been told to move since, ms. */
  readonly toldToStop: WeakMap<Mount, number>
  /** It moves by hand: not every mount says so itself. */
  readonly underArrows: WeakSet<Mount>
}

/** What moves or switches goes out behind its guard, which is asked for with the name of its box. */
type Guards = { readonly [K in PortName]?: (port: NonNullable<Ports[K]>, box: string) => NonNullable<Ports[K]> }

/**
 * The same devices: mounts behind their limits and their power, roofs and mounts behind each other. Services get these
 * and never the raw ones.
 */
export function interlocked(devices: Devices, parts: InterlockParts): Devices {
  const notes: MountNotes = { toldToStop: new WeakMap(), underArrows: new WeakSet() }
  const fed = (names: readonly string[]): FedMount[] =>
    devices.having('mount').flatMap(device => {
      if (!names.includes(device.name)) return []
      const mount = device.condition === 'ready' ? device.current() : undefined
      const told = mount && notes.toldToStop.get(mount)
      const toldToStopMs = told === undefined ? undefined : parts.clock.monotonicMs() - told
      const moves = mount !== undefined && (mount.status().slewing || notes.underArrows.has(mount))
      return [{ name: device.name, ready: mount !== undefined, slewing: moves, toldToStopMs }]
    })
  const roof: RoofParts = { ...parts, mounts: () => devices.having('mount'), domes: () => devices.having('dome') }
  const guards: Guards = {
    mount: once((mount: Mount) => underRoof(guardMount(mount, parts, notes), roof)),
    switches: once((bank: SwitchBank, name) =>
      guardBank(bank, {
        mountsOn: channel => fed(parts.feeds(name, channel)),
        drivenBy: channel => parts.driver(name, channel),
      }),
    ),
    dome: once((dome: Dome) => guardDome(dome, roof)),
    raw: once(guardRaw),
  }
  const guarded = <K extends PortName>(name: K, port: NonNullable<Ports[K]>, box: string) =>
    guards[name]?.(port, box) ?? port
  const wrap = <K extends PortName>(name: K, device: Device<NonNullable<Ports[K]>>) => ({
    name: device.name,
    get condition() {
      return device.condition
    },
    get fault() {
      return device.fault
    },
    current: () => guarded(name, device.current(), device.name),
    distrust: (fault: Fault) => device.distrust(fault),
    onChange: (listener: () => void) => device.onChange(listener),
  })
  const boxes = devices.boxes.map(
    (box): DeviceBox => ({
      name: box.name,
      driver: box.driver,
      ports: box.ports,
      get condition() {
        return box.condition
      },
      get fault() {
        return box.fault
      },
      current() {
        const ports = box.current()
        const { mount, switches, dome, raw } = ports
        return {
          ...ports,
          ...(mount && { mount: guarded('mount', mount, box.name) }),
          ...(switches && { switches: guarded('switches', switches, box.name) }),
          ...(dome && { dome: guarded('dome', dome, box.name) }),
          ...(raw && { raw: guarded('raw', raw, box.name) }),
        }
      },
      distrust: fault => box.distrust(fault),
      onChange: listener => box.onChange(listener),
    }),
  )
  return {
    boxes,
    device: (port, name) => wrap(port, devices.device(port, name)),
    having: port => devices.having(port).map(device => wrap(port, device)),
    onChange(listener) {
      return devices.onChange(({ name }) => {
        const changed = boxes.find(box => box.name === name)
        if (changed) listener(changed)
      })
    },
  }
}

/** One guard for each port, however often it is asked for. */
function once<T extends object>(guard: (port: T, box: string) => T): (port: T, box: string) => T {
  const known = new WeakMap<T, T>()
  return (port, box) => {
    const guarded = known.get(port) ?? guard(port, box)
    known.set(port, guarded)
    return guarded
  }
}

/** What moves something is not set past the limits by its driver's own name. */
function guardRaw(raw: RawProperties): RawProperties {
  return {
    list: () => raw.list(),
    async set(property, values, signal) {
      const locked = (await raw.list()).find(({ name }) => name === property)?.locked
      if (locked !== undefined) throw new Fault('unsafe', `${property} is not set from here`, locked)
      return raw.set(property, values, signal)
    },
  }
}

interface BankKnowledge {
  mountsOn(channel: string): FedMount[]
  drivenBy(channel: string): string | undefined
}

/** Power is not cut under a mount that moves, and what moves a roof is switched on by the roof alone. */
function guardBank(bank: SwitchBank, { mountsOn, drivenBy }: BankKnowledge): SwitchBank {
  const { amperes } = bank
  return {
    channels: bank.channels,
    value: id => bank.value(id),
    amperes: amperes && (id => amperes.call(bank, id)),
    onChange: listener => bank.onChange(listener),
    async set(id, value, signal) {
      const lowest = bank.channels.find(channel => channel.id === id)?.range?.min ?? 0
      const owner = value === lowest ? undefined : drivenBy(id)
      if (owner !== undefined) {
        throw new Fault('unsafe', `channel ${id} moves ${owner}`, `Ask for ${owner} itself`)
      }
      const moving = value === lowest ? mountInTheWay(mountsOn(id)) : undefined
      if (moving) {
        const words = `mount ${moving.name} moves and has its power from channel ${id}`
        throw new Fault('unsafe', words, 'Stop the mount first; one that does not stop may be cut off 5 s later')
      }
      return bank.set(id, value, signal)
    },
  }
}

function guardMount(mount: Mount, { clock, log, limits }: InterlockParts, notes: MountNotes): Mount {
  const { toldToStop, underArrows } = notes
  const demand = (verdict: Verdict) => {
    if (verdict.ok) return
    const { words, fix, minSafeAltDeg } = verdict
    throw new Fault('limit', words, fix, minSafeAltDeg === undefined ? undefined : { detail: { minSafeAltDeg } })
  }
  const standing: ArrowRates = { ra: 0, dec: 0 }
  let arrows = standing
  const setArrows = (rates: ArrowRates) => {
    arrows = rates
    if (rates.ra === 0 && rates.dec === 0) underArrows.delete(mount)
    else underArrows.add(mount)
  }
  mount.onStatus((status: MountStatus) => {
    if ((arrows.ra === 0 && arrows.dec === 0) || status.parked) return
    const verdict = judgeArrows(status, arrows, limits(), clock.now())
    if (verdict.ok) return
    log.warn(`the mount is stopped at its limit: ${verdict.words}`)
    // First, for the mount tells its status as it stops.
    const before = arrows
    setArrows(standing)
    mount.stop().catch(error => {
      log.error('the mount did not stop at its limit', { error: String(error) })
      // So that it is told again with the next status.
      if (arrows === standing) setArrows(before)
    })
  })
  const { moveAxis, park, unpark, setSite, setTime, sense, whereabouts } = mount
  /** What it is told of place and time: on the way it would end elsewhere, and what is to move waits for it. */
  let told: Promise<unknown> = Promise.resolve()
  const whileItStands = (tell: () => Promise<void>): Promise<void> => {
    const moves = mount.status().slewing || arrows.ra !== 0 || arrows.dec !== 0
    if (moves) throw new Fault('busy', 'the mount moves', 'Tell it place and time when it stands')
    const mine = tell()
    told = Promise.allSettled([told, mine])
    return mine
  }
  return {
    equinox: mount.equinox,
    status: () => mount.status(),
    sense: sense && (signal => sense.call(mount, signal)),
    onStatus: listener => mount.onStatus(listener),
    async slew(target, signal) {
      demand(judgePointing(target, limits(), clock.now()))
      setArrows(standing)
      toldToStop.delete(mount)
      await told
      return mount.slew(target, signal)
    },
    async sync(target, signal) {
      await told
      return mount.sync(target, signal)
    },
    async stop() {
      setArrows(standing)
      if (!toldToStop.has(mount)) toldToStop.set(mount, clock.monotonicMs())
      return mount.stop()
    },
    setTracking: (on, signal) => mount.setTracking(on, signal),
    park:
      park &&
      (async signal => {
        setArrows(standing)
        toldToStop.delete(mount)
        return park.call(mount, signal)
      }),
    unpark: unpark && (signal => unpark.call(mount, signal)),
    whereabouts: whereabouts && (signal => whereabouts.call(mount, signal)),
    setSite: setSite && (async (...where) => whileItStands(() => setSite.call(mount, ...where))),
    setTime: setTime && (async (...when) => whileItStands(() => setTime.call(mount, ...when))),
    moveAxis:
      moveAxis &&
      (async (axis, degPerSecond) => {
        const wanted = { ...arrows, [axis]: degPerSecond }
        if (degPerSecond !== 0) demand(judgeArrows(mount.status(), wanted, limits(), clock.now()))
        setArrows(wanted)
        toldToStop.delete(mount)
        return moveAxis.call(mount, axis, degPerSecond)
      }),
    get guidePort() {
      return mount.guidePort
    },
  }
}
