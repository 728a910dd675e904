// Which of our chips answer on a bus. Only addresses where one of them may sit are asked: a read can upset a stranger.
import type { Clock } from '../../../ports/clock.js'
import type { Found } from '../../../ports/driver.js'
import { asFault } from '../../../ports/fault.js'
import { type ChipName, chipNames, chips } from '../../sensor/chip/chips.js'
import type { I2cBus } from './i2c-link.js'

/** At an address that several share, the first whose identity fits: so those without one come last. */
const order: readonly ChipName[] = chipNames.toSorted((a, b) => Number(a === 'ina219') - Number(b === 'ina219'))

export async function chipsOn(bus: I2cBus, clock: Clock, signal: AbortSignal): Promise<Found[]> {
  const found: Found[] = []
  const addresses = [...new Set(order.flatMap(name => chips[name].addresses))].sort((a, b) => a - b)
  for (const address of addresses) {
    signal.throwIfAborted()
    if (!(await answers(bus, address))) continue
    for (const name of order.filter(one => chips[one].addresses.includes(address))) {
      if (!(await isIt(name, { bus, address, clock }))) continue
      found.push({ name, driver: 'i2c-sensor', options: { chip: name, address }, ports: ['station'] })
      break
    }
  }
  return found
}

/** One that the kernel drives is listed by the kernel. */
async function answers(bus: I2cBus, address: number): Promise<boolean> {
  try {
    return await bus.present(address)
  } catch (error) {
    if (asFault(error, 'the bus').code === 'busy') return false
    throw error
  }
}

async function isIt(name: ChipName, wiring: { bus: I2cBus; address: number; clock: Clock }): Promise<boolean> {
  const chip = chips[name]
  try {
    await chip.start({ ...wiring, kind: chip.kind, shuntOhms: 0.1 })
    return true
  } catch (error) {
    const { code } = asFault(error, name)
    if (code === 'broken' || code === 'offline') return false
    throw error
  }
}
