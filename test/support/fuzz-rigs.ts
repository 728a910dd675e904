// Devices that can break and are no line: chips on an I²C bus, files of the kernel's.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { I2cBus } from '../../edge/drivers/link/i2c/i2c-link.js'
import { i2cSensorDriver } from '../../edge/drivers/sensor/i2c-sensor.js'
import { kernelSensorDriver } from '../../edge/drivers/sensor/kernel-sensor.js'
import { Fault } from '../../edge/ports/fault.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import type { FuzzRow, Rig } from './fault-fuzz.js'
import type { FaultKind } from './faulty-wire.js'
import { openStation } from './fuzz-openings.js'
import { aSky, fakeBus, sysfs } from './sensor-rigs.js'

/** A bus that breaks at its nth transfer, and stays so. */
function faultyBus(seed: number) {
  const random = seededRandom(seed)
  const bus = fakeBus(aSky())
  const held: { settle(): void; reject(fault: Fault): void }[] = []
  let fault: { kind: FaultKind; point: number } | undefined
  let transfers = 0
  const gone = () => new Fault('offline', 'the chip does not answer', 'Check its wires')
  const wait = () => new Promise<void>((settle, reject) => held.push({ settle, reject }))
  const through = async <T>(run: () => Promise<T>, mad: T): Promise<T> => {
    if (!fault || transfers++ < fault.point) return run()
    if (fault.kind === 'hang-up') throw gone()
    if (fault.kind === 'garbage') return mad
    await wait()
    return run()
  }
  const word = (most: number) => Math.floor(random.next() * most)
  const value: I2cBus = {
    readByte: (...where) => through(() => bus.readByte(...where), word(0x100)),
    readWord: (...where) => through(() => bus.readWord(...where), word(0x1_0000)),
    writeByte: (...what) => through(() => bus.writeByte(...what), undefined),
    writeWord: (...what) => through(() => bus.writeWord(...what), undefined),
    present: address => bus.present(address),
  }
  return {
    value,
    breakAt(kind: FaultKind, point: number) {
      fault = { kind, point }
    },
    restart() {
      transfers = 0
    },
    tick() {
      if (fault?.kind === 'slowness') held.shift()?.settle()
    },
    heal() {
      fault = undefined
      for (const { reject } of held.splice(0)) reject(gone())
    },
  }
}

/** A chip, whose garbage may say anything that could be true. @param transfers of its first reading */
export function chipRow(chip: string, transfers: number, field: string, value: number): FuzzRow {
  return {
    name: `I²C: ${chip}`,
    async rig(_clock, seed): Promise<Rig> {
      const bus = faultyBus(seed)
      return {
        points: transfers,
        breakAt: bus.breakAt,
        heal: bus.heal,
        tick: bus.tick,
        close: async () => bus.heal(),
        open(...[clock, lost, signal]) {
          bus.restart()
          const sound = (values: Readonly<Record<string, unknown>>) => Math.abs(Number(values[field]) - value) < 0.01
          const options = { chip, every_s: 4, shunt_ohms: 0.002 }
          return openStation(i2cSensorDriver, options, sound, clock, lost, signal, bus.value)
        },
      }
    },
  }
}

const file = 'devices/platform/soc/fe804000.i2c/i2c-1/1-0076/iio:device0/in_temp_input'
const healthy = '12340\n'

/** A sensor of the kernel's, whose file ends early, holds noise, or is gone. */
export const kernelRow: FuzzRow = {
  name: 'sysfs',
  kinds: ['hang-up', 'garbage'],
  // Files are read by other threads.
  arriveMs: 5,
  // A number cut short is still a number.
  unnoticed: ['hang-up'],
  async rig(_clock, seed): Promise<Rig> {
    const random = seededRandom(seed)
    const cleaning: (() => Promise<void> | void)[] = []
    const tree = sysfs({ teardown: run => void cleaning.push(run) })
    const put = (text: string | Buffer) => writeFileSync(path.join(tree.root, file), text)
    return {
      points: healthy.length,
      breakAt(kind, point) {
        const noise = Buffer.from(Array.from({ length: 300 }, () => Math.floor(random.next() * 256)))
        if (kind === 'garbage') put(Buffer.concat([Buffer.from(healthy.slice(0, point)), noise]))
        else if (point === 0) tree.remove(file)
        else put(healthy.slice(0, point))
      },
      heal: () => put(healthy),
      async close() {
        for (const run of cleaning) await run()
      },
      open: (...[clock, lost, signal]) =>
        openStation(
          kernelSensorDriver,
          { sensor: 'bme280', at: '1-0076', root: tree.root, every_s: 4 },
          ({ celsius }) => celsius === 12.34,
          ...([clock, lost, signal] as const),
        ),
    }
  },
}
