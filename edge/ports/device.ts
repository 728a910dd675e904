// A device as services hold it: a stable name that outlives unplugging, never the driver's port itself.
import type { Camera } from './camera.js'
import type { CoverCalibrator } from './cover.js'
import type { Dome } from './dome.js'
import type { Fault } from './fault.js'
import type { FilterWheel } from './filter-wheel.js'
import type { Focuser } from './focuser.js'
import type { Gps } from './gps.js'
import type { Mount } from './mount.js'
import type { RawProperties } from './raw-properties.js'
import type { Rotator } from './rotator.js'
import type { SafetyMonitor } from './safety-monitor.js'
import type { SensorStation } from './sensor.js'
import type { SwitchBank } from './switch.js'
import type { VideoSource } from './video-source.js'

/** Everything that may stand behind one box. A box has some of it. */
export interface Ports {
  readonly camera?: Camera
  readonly video?: VideoSource
  readonly mount?: Mount
  readonly focuser?: Focuser
  readonly wheel?: FilterWheel
  readonly rotator?: Rotator
  readonly dome?: Dome
  readonly cover?: CoverCalibrator
  readonly switches?: SwitchBank
  readonly station?: SensorStation
  readonly gps?: Gps
  readonly safety?: SafetyMonitor
  readonly raw?: RawProperties
}

export type PortName = keyof Ports

/** opening → ready → (retrying → opening)* → unavailable → opening …; closed is final. */
export type Condition = 'opening' | 'ready' | 'retrying' | 'unavailable' | 'closed'

export interface Device<T> {
  /** The name in the config: `main`. */
  readonly name: string
  readonly condition: Condition
  /** Why it is not ready. */
  readonly fault: Fault | undefined
  /**
   * The port now. Throws `offline` with the reason when the box is not ready, `unsupported` when it has no such port.
   */
  current(): T
  /** Tells the supervisor that the device failed at something: it reopens it and climbs the ladder. */
  distrust(fault: Fault): void
  /** Called on every change of condition. */
  onChange(listener: () => void): () => void
}

export interface DeviceBox extends Device<Ports> {
  readonly driver: string
  readonly ports: readonly PortName[]
}

export interface Devices {
  readonly boxes: readonly DeviceBox[]
  /**
   * A view of one port of one box. The name `undefined` gives a device that is always `offline` and says what to
   * configure.
   */
  device<K extends PortName>(port: K, name: string | undefined): Device<NonNullable<Ports[K]>>
  /** All boxes of a kind that has such a port, ready or not. */
  having<K extends PortName>(port: K): Device<NonNullable<Ports[K]>>[]
  onChange(listener: (box: DeviceBox) => void): () => void
}
