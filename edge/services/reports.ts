// What the devices are up to, written into the feed; mounts tell of themselves in mount.ts.
import type { Camera } from '../ports/camera.js'
import type { Clock } from '../ports/clock.js'
import type { Device, Devices, PortName, Ports } from '../ports/device.js'
import type { Feed } from '../ports/feed.js'
import type { JsonObject } from '../ports/json.js'
import type { Claims } from '../ports/lease.js'

export interface ReportParts {
  readonly devices: Devices
  readonly feed: Feed
  readonly claims: Claims
  readonly clock: Clock
}

const pollMs = 2_000

/** Starts all reports; the returned function ends them and takes their states away. */
export function reportDevices(parts: ReportParts): () => void {
  const stops = [
    ...each(parts, 'camera', (camera, name) => cameraFields(camera, parts, name)),
    ...each(parts, 'focuser', focuser => ({
      position: focuser.position(),
      moving: focuser.moving(),
      minSteps: focuser.minSteps,
      maxSteps: focuser.maxSteps,
      celsius: finite(focuser.celsius?.()),
    })),
    ...each(parts, 'wheel', wheel => {
      const slot = wheel.position()
      return { names: [...wheel.names], slot, filter: slot === undefined ? undefined : wheel.names[slot] }
    }),
    ...each(parts, 'rotator', rotator => ({ angleDeg: finite(rotator.angleDeg()), moving: rotator.moving() })),
    ...each(parts, 'dome', dome => {
      const { shutter, moving, trouble, azDeg } = dome.status()
      return { build: dome.kind, shutter, moving, trouble, azDeg: finite(azDeg), turns: dome.turnTo !== undefined }
    }),
    ...each(parts, 'cover', ({ cover, panel }) => ({
      cover: cover?.state(),
      brightness: panel?.brightness(),
      maxBrightness: panel?.maxBrightness,
    })),
    ...each(parts, 'gps', gps => {
      const { latitudeDeg, longitudeDeg, elevationMetres, utcMs, atMs } = gps.fix() ?? {}
      return { latitudeDeg, longitudeDeg, elevationMetres, utcMs, fixAtMs: atMs }
    }),
    ...reportSafety(parts),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** A state per device with such a port, named for it, polled, and at once when its condition changes. */
function each<K extends PortName>(
  { devices, feed, clock }: ReportParts,
  port: K,
  read: (port: NonNullable<Ports[K]>, name: string) => JsonObject,
): (() => void)[] {
  return devices.having(port).flatMap(device => {
    const path = `${port}/${device.name}`
    const report = () =>
      feed.patch(
        path,
        device.condition === 'ready' ? { ...present, ...read(device.current(), device.name) } : absent(device),
      )
    report()
    const poll = clock.every(pollMs, report)
    return [device.onChange(report), () => poll.cancel(), () => feed.drop(path)]
  })
}

const present: JsonObject = { condition: 'ready', reason: undefined }
const absent = (device: Device<unknown>): JsonObject => ({ condition: device.condition, reason: device.fault?.message })

/** To a hundredth: the noise of a sensor is no news. */
const finite = (value: number | undefined) =>
  value !== undefined && Number.isFinite(value) ? Math.round(value * 100) / 100 : undefined

function cameraFields(camera: Camera, { claims }: ReportParts, name: string): JsonObject {
  const { sensor, cooler, gain, offset, readout } = camera
  const held = claims.holderOf(`camera/${name}`)
  return {
    widthPx: sensor.width,
    heightPx: sensor.height,
    pixelMicrons: sensor.pixelMicrons,
    bayer: sensor.bayer,
    maxBinning: sensor.maxBinning,
    regions: sensor.regions,
    gain: gain?.read(),
    gainMin: gain?.min,
    gainMax: gain?.max,
    offset: offset?.read(),
    offsetMin: offset?.min,
    offsetMax: offset?.max,
    readout: readout?.read(),
    readoutModes: readout && [...readout.names],
    sensorCelsius: finite(cooler?.sensorCelsius()),
    targetCelsius: finite(cooler?.targetCelsius()),
    coolerOn: cooler?.on(),
    coolerPowerPercent: finite(cooler?.powerPercent?.()),
    holder: held && `${held.action} (${held.who})`,
  }
}

/** With the time of its last word: an old one goes stale, and is then no longer believed. */
function reportSafety({ devices, feed }: ReportParts): (() => void)[] {
  return devices.having('safety').flatMap(device => {
    const path = `safety/${device.name}`
    let deaf: (() => void) | undefined
    const report = () => {
      deaf?.()
      deaf = undefined
      if (device.condition !== 'ready') {
        feed.patch(path, { ...absent(device), safe: undefined, words: undefined })
        return
      }
      const monitor = device.current()
      const tell = () => {
        const { safe, words, atMs } = monitor.verdict() ?? {}
        feed.set(path, { ...present, safe, words }, atMs)
      }
      tell()
      deaf = monitor.onVerdict(tell)
    }
    report()
    return [device.onChange(report), () => deaf?.(), () => feed.drop(path)]
  })
}
