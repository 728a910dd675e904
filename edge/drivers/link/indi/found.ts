// Which devices of a server could be used, and as what, by what each driver says of itself.
import type { Clock } from '../../../ports/clock.js'
import type { PortName } from '../../../ports/device.js'
import type { Found } from '../../../ports/driver.js'
import type { IndiClient } from './client.js'

/** Bits of DRIVER_INFO's DRIVER_INTERFACE (INDI library, basedevice.h, enum DRIVER_INTERFACE). */
const bits: readonly (readonly [number, PortName])[] = [
  [1, 'mount'],
  [2, 'camera'],
  [8, 'focuser'],
  [16, 'wheel'],
]
/** A server lists its devices within a second of being asked; drivers that just start take a little longer. */
const listedMs = 2_000

export async function foundDevices(client: IndiClient, clock: Clock, signal: AbortSignal): Promise<Found[]> {
  await clock.sleep(listedMs, signal)
  return client.devices().flatMap(device => {
    const told = client.property(device, 'DRIVER_INFO')?.items.get('DRIVER_INTERFACE')?.value
    const mask = Number(told)
    const ports = bits.filter(([bit]) => (mask & bit) !== 0).map(([, port]) => port)
    if (ports.length === 0) return []
    return [{ name: device, driver: 'indi', options: { device, ports }, ports }]
  })
}
