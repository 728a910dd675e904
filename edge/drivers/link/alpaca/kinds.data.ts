// The device types of the Alpaca API, in lower case as in its paths, and the ports they become.
import type { PortName } from '../../../ports/device.js'

export const alpacaTypes = [
  ...(['camera', 'telescope', 'focuser', 'filterwheel', 'rotator', 'dome', 'covercalibrator'] as const),
  ...(['switch', 'observingconditions', 'safetymonitor'] as const),
] as const

export type AlpacaType = (typeof alpacaTypes)[number]

export const portOfType = {
  camera: 'camera',
  telescope: 'mount',
  focuser: 'focuser',
  filterwheel: 'wheel',
  rotator: 'rotator',
  dome: 'dome',
  covercalibrator: 'cover',
  switch: 'switches',
  observingconditions: 'station',
  safetymonitor: 'safety',
} as const satisfies Readonly<Record<AlpacaType, PortName>>

/** By a type as a server names it; undefined for what we have no port for (`video`). */
export const portsByType: Readonly<Record<string, readonly PortName[] | undefined>> = Object.fromEntries(
  alpacaTypes.map(type => [type, [portOfType[type]]]),
)

/** From this InterfaceVersion on a device is of Platform 7: Connect, Connecting, DeviceState (ASCOM, "Interfaces"). */
export const modernFrom: Readonly<Record<AlpacaType, number>> = {
  camera: 4,
  telescope: 4,
  focuser: 4,
  filterwheel: 3,
  rotator: 4,
  dome: 3,
  covercalibrator: 2,
  switch: 3,
  observingconditions: 2,
  safetymonitor: 3,
}
