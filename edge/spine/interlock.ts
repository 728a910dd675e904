// What moves or switches is handed out only through here: the limits hold whoever asks.
import type { Clock } from '../ports/clock.js'
import type { Device, DeviceBox, Devices } from '../ports/device.js'
import { Fault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'
import type { Mount, MountStatus } from '../ports/mount.js'
import { type ArrowRates, judgeArrows, judgePointing, type MountLimits, type Verdict } from '../rules/mount-limits.js'

export interface InterlockParts {
  readonly clock: Clock
  readonly log: Log
  limits(): MountLimits
}

/** The same devices, their mounts behind the limits. Services get these and never the raw ones. */
export function interlocked(devices: Devices, parts: InterlockParts): Devices {
  const guards = new WeakMap<Mount, Mount>()
  const guarded = (mount: Mount) => {
    const known = guards.get(mount)
    if (known) return known
    const guard = guardMount(mount, parts)
    guards.set(mount, guard)
    return guard
  }
  const wrap = (device: Device<Mount>): Device<Mount> => ({
    name: device.name,
    get condition() {
      return device.condition
    },
    get fault() {
      return device.fault
    },
    current: () => guarded(device.current()),
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
        return ports.mount ? { ...ports, mount: guarded(ports.mount) } : ports
      },
      distrust: fault => box.distrust(fault),
      onChange: listener => box.onChange(listener),
    }),
  )
  const wrapped = {
    boxes,
    device(port: never, name: string | undefined) {
      const device = devices.device(port, name) as Device<unknown>
      return port === 'mount' ? wrap(device as Device<Mount>) : device
    },
    having(port: never) {
      const all = devices.having(port) as Device<unknown>[]
      return port === 'mount' ? all.map(device => wrap(device as Device<Mount>)) : all
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

function guardMount(mount: Mount, { clock, log, limits }: InterlockParts): Mount {
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
      return mount.slew(target, signal)
    },
    sync: (target, signal) => mount.sync(target, signal),
    async stop() {
      arrows = standing
      return mount.stop()
    },
    setTracking: (on, signal) => mount.setTracking(on, signal),
    park:
      park &&
      (async signal => {
        arrows = standing
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
        return moveAxis.call(mount, axis, degPerSecond)
      }),
    get guidePort() {
      return mount.guidePort
    },
  }
}
