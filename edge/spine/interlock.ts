// What moves or switches is handed out only through here: the limits hold whoever asks.
import type { Clock } from '../ports/clock.js'
import type { Device, DeviceBox, Devices } from '../ports/device.js'
import { Fault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'
import type { Mount, MountStatus } from '../ports/mount.js'
import type { SwitchBank } from '../ports/switch.js'
import { type ArrowRates, judgeArrows, judgePointing, type MountLimits, type Verdict } from '../rules/mount-limits.js'
import { type FedMount, mountInTheWay } from '../rules/power-limits.js'

export interface InterlockParts {
  readonly clock: Clock
  readonly log: Log
  limits(): MountLimits
  /** Names of the devices that have their power from a channel. */
  feeds(device: string, channel: string): readonly string[]
}

/** The same devices, mounts behind their limits and their power. Services get these and never the raw ones. */
export function interlocked(devices: Devices, parts: InterlockParts): Devices {
  const mounts = new WeakMap<Mount, Mount>()
  const banks = new WeakMap<SwitchBank, SwitchBank>()
  /** When a mount was last told to stop, and has not been told to move since. */
  const toldToStop = new WeakMap<Mount, number>()
  const guarded = (mount: Mount) => kept(mounts, mount, () => guardMount(mount, parts, toldToStop))
  const fed = (names: readonly string[]): FedMount[] =>
    devices.having('mount').flatMap(device => {
      if (!names.includes(device.name)) return []
      const mount = device.condition === 'ready' ? device.current() : undefined
      const told = mount && toldToStop.get(mount)
      const toldToStopMs = told === undefined ? undefined : parts.clock.monotonicMs() - told
      return [{ name: device.name, ready: mount !== undefined, slewing: !!mount?.status().slewing, toldToStopMs }]
    })
  const guardedBank = (bank: SwitchBank, name: string) =>
    kept(banks, bank, () => guardBank(bank, channel => fed(parts.feeds(name, channel))))
  /** Wherever one of the two is handed out, its guard is. */
  const guard = <T>(port: string, value: T, name: string): T =>
    port === 'mount'
      ? (guarded(value as Mount) as T)
      : port === 'switches'
        ? (guardedBank(value as SwitchBank, name) as T)
        : value
  const wrap = <T>(port: string, device: Device<T>): Device<T> => ({
    name: device.name,
    get condition() {
      return device.condition
    },
    get fault() {
      return device.fault
    },
    current: () => guard(port, device.current(), device.name),
    distrust: fault => device.distrust(fault),
    onChange: listener => device.onChange(listener),
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
        const { mount, switches } = ports
        return {
          ...ports,
          ...(mount && { mount: guarded(mount) }),
          ...(switches && { switches: guardedBank(switches, box.name) }),
        }
      },
      distrust: fault => box.distrust(fault),
      onChange: listener => box.onChange(listener),
    }),
  )
  const wrapped = {
    boxes,
    device(port: never, name: string | undefined) {
      return wrap(port, devices.device(port, name) as Device<unknown>)
    },
    having(port: never) {
      return (devices.having(port) as Device<unknown>[]).map(device => wrap(port, device))
    },
    onChange(listener: (box: DeviceBox) => void) {
      return devices.onChange(({ name }) => {
        const changed = boxes.find(box => box.name === name)
        if (changed) listener(changed)
      })
    },
  }
  return wrapped as unknown as Devices
}

function kept<T extends object>(all: WeakMap<T, T>, raw: T, make: () => T): T {
  const known = all.get(raw)
  if (known) return known
  const made = make()
  all.set(raw, made)
  return made
}

/** Power is not cut under a mount that moves. */
function guardBank(bank: SwitchBank, mountsOn: (channel: string) => FedMount[]): SwitchBank {
  const { amperes } = bank
  return {
    channels: bank.channels,
    value: id => bank.value(id),
    amperes: amperes && (id => amperes.call(bank, id)),
    onChange: listener => bank.onChange(listener),
    async set(id, value, signal) {
      const lowest = bank.channels.find(channel => channel.id === id)?.range?.min ?? 0
      const moving = value === lowest ? mountInTheWay(mountsOn(id)) : undefined
      if (moving) {
        const words = `mount ${moving.name} moves and has its power from channel ${id}`
        throw new Fault('unsafe', words, 'Stop the mount first; one that does not stop may be cut off 5 s later')
      }
      return bank.set(id, value, signal)
    },
  }
}

function guardMount(mount: Mount, { clock, log, limits }: InterlockParts, toldToStop: WeakMap<Mount, number>): Mount {
  const demand = (verdict: Verdict) => {
    if (verdict.ok) return
    const { words, fix, minSafeAltDeg } = verdict
    throw new Fault('limit', words, fix, minSafeAltDeg === undefined ? undefined : { detail: { minSafeAltDeg } })
  }
  const standing: ArrowRates = { ra: 0, dec: 0 }
  let arrows = standing
  mount.onStatus((status: MountStatus) => {
    if ((arrows.ra === 0 && arrows.dec === 0) || status.parked) return
    const verdict = judgeArrows(status, arrows, limits(), clock.now())
    if (verdict.ok) return
    log.warn(`the mount is stopped at its limit: ${verdict.words}`)
    // First, for the mount tells its status as it stops.
    const before = arrows
    arrows = standing
    mount.stop().catch(error => {
      log.error('the mount did not stop at its limit', { error: String(error) })
      // So that it is told again with the next status.
      if (arrows === standing) arrows = before
    })
  })
  const { moveAxis, park, unpark, setSite } = mount
  return {
    equinox: mount.equinox,
    status: () => mount.status(),
    onStatus: listener => mount.onStatus(listener),
    async slew(target, signal) {
      demand(judgePointing(target, limits(), clock.now()))
      arrows = standing
      toldToStop.delete(mount)
      return mount.slew(target, signal)
    },
    sync: (target, signal) => mount.sync(target, signal),
    async stop() {
      arrows = standing
      if (!toldToStop.has(mount)) toldToStop.set(mount, clock.monotonicMs())
      return mount.stop()
    },
    setTracking: (on, signal) => mount.setTracking(on, signal),
    park:
      park &&
      (async signal => {
        arrows = standing
        toldToStop.delete(mount)
        return park.call(mount, signal)
      }),
    unpark: unpark && (signal => unpark.call(mount, signal)),
    setSite: setSite && ((...where) => setSite.call(mount, ...where)),
    moveAxis:
      moveAxis &&
      (async (axis, degPerSecond) => {
        const wanted = { ...arrows, [axis]: degPerSecond }
        if (degPerSecond !== 0) demand(judgeArrows(mount.status(), wanted, limits(), clock.now()))
        arrows = wanted
        toldToStop.delete(mount)
        return moveAxis.call(mount, axis, degPerSecond)
      }),
    get guidePort() {
      return mount.guidePort
    },
  }
}
