// Which devices of a server could be used, and as what, by what each driver says of itself.
import type { Clock } from '../../../ports/clock.js'
import type { PortName } from '../../../ports/device.js'
import type { Found } from '../../../ports/driver.js'
import type { IndiClient } from './client.js'
import type { IndiProperty } from './property.js'

/** Bits of DRIVER_INFO's DRIVER_INTERFACE (INDI library, basedevice.h, enum DRIVER_INTERFACE), by what they say. */
const bits = {
  mount: 1 << 0,
  camera: 1 << 1,
  focuser: 1 << 3,
  wheel: 1 << 4,
  dome: 1 << 5,
  gps: 1 << 6,
  weather: 1 << 7,
  dustCap: 1 << 9,
  lightBox: 1 << 10,
  rotator: 1 << 12,
  auxiliary: 1 << 15,
  power: 1 << 18,
} as const

type Says = Readonly<Record<keyof typeof bits, boolean>>

/** @param info the device's DRIVER_INFO; nothing is said where there is none */
export function interfaceOf(info: IndiProperty | undefined): Says {
  const mask = Number(info?.items.get('DRIVER_INTERFACE')?.value)
  return Object.fromEntries(Object.entries(bits).map(([what, bit]) => [what, (mask & bit) !== 0])) as Says
}

/** A server lists its devices within a second of being asked; drivers that just start take a little longer. */
const listedMs = 2_000

export async function foundDevices(client: IndiClient, clock: Clock, signal: AbortSignal): Promise<Found[]> {
  await clock.sleep(listedMs, signal)
  return client.devices().flatMap(device => {
    const ports = portsOf(client.property(device, 'DRIVER_INFO'))
    if (ports.length === 0) return []
    return [{ name: device, driver: 'indi', options: { device, ports }, ports }]
  })
}

function portsOf(info: IndiProperty | undefined): PortName[] {
  const says = interfaceOf(info)
  const ports: PortName[] = []
  for (const port of ['mount', 'camera', 'focuser', 'wheel', 'rotator', 'dome', 'gps'] as const) {
    if (says[port]) ports.push(port)
  }
  if (says.dustCap || says.lightBox) ports.push('cover')
  // Power boxes call themselves stations too, for the thermometer in them.
  if (says.power || (says.auxiliary && says.weather)) ports.push('switches')
  else if (says.weather) ports.push('station', 'safety')
  // Sky quality meters say of themselves nothing at all.
  if (ports.length === 0 && /sqm/i.test(String(info?.items.get('DRIVER_EXEC')?.value))) ports.push('station')
  return ports
}
