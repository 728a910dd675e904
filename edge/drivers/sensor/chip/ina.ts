// INA219, INA226 and INA260: voltage, current and power of what hangs behind them.
import { Fault } from '../../../ports/fault.js'
import { type I2cChip, signed, swapped } from './i2c-chip.js'

/** Volts, amperes and watts from two 16-bit registers, high byte first as the data sheets write them. */
interface Measured {
  readonly volts: number
  readonly amperes: number
}

/**
 * INA219 (TI SBOS448G): bus voltage 4 mV a digit in bits 15–3, shunt voltage 10 µV a digit, signed.
 */
export function ina219Values(busRegister: number, shuntRegister: number, shuntOhms: number): Measured {
  return { volts: (busRegister >> 3) * 4e-3, amperes: (signed(shuntRegister) * 10e-6) / shuntOhms }
}

/** INA226 (TI SBOS547A): bus voltage 1.25 mV a digit, shunt voltage 2.5 µV a digit, signed. */
export function ina226Values(busRegister: number, shuntRegister: number, shuntOhms: number): Measured {
  return { volts: busRegister * 1.25e-3, amperes: (signed(shuntRegister) * 2.5e-6) / shuntOhms }
}

/** INA260 (TI SBOS656C): bus voltage 1.25 mV a digit, current 1.25 mA a digit, signed; its shunt is inside. */
export function ina260Values(busRegister: number, currentRegister: number): Measured {
  return { volts: busRegister * 1.25e-3, amperes: signed(currentRegister) * 1.25e-3 }
}

interface InaKind {
  readonly name: string
  readonly summary: string
  /** Which registers: first current or shunt voltage, then bus voltage. */
  readonly registers: readonly [number, number]
  /** Register and word by which the maker's chips tell themselves apart; the INA219 has none. */
  readonly identity?: readonly [number, number]
  values(bus: number, other: number, shuntOhms: number): Measured
}

function ina({ name, summary, registers, identity, values }: InaKind): I2cChip {
  return {
    summary,
    addresses: Array.from({ length: 16 }, (_, step) => 0x40 + step),
    kind: 'sensor',
    async start({ bus, address }) {
      if (!identity) return
      const [register, word] = identity
      const answered = swapped(await bus.readWord(address, register))
      // The lowest four bits are the revision.
      if (answered >> 4 === word >> 4) return
      const hex = (number: number) => `0x${number.toString(16)}`
      throw new Fault(
        'broken',
        `the chip at ${hex(address)} says it is ${hex(answered)}, not an ${name} (${hex(word)})`,
        'Check which chip it is',
      )
    },
    async read({ bus, address, shuntOhms }) {
      const [other, busVoltage] = await Promise.all(registers.map(register => bus.readWord(address, register)))
      const { volts, amperes } = values(swapped(busVoltage), swapped(other), shuntOhms)
      return { values: { volts, amperes, watts: volts * amperes } }
    },
  }
}

export const ina219 = ina({
  name: 'INA219',
  summary: 'INA219: volts, amperes, watts (up to 26 V)',
  registers: [0x01, 0x02],
  values: ina219Values,
})
export const ina226 = ina({
  name: 'INA226',
  summary: 'INA226: volts, amperes, watts (up to 36 V)',
  registers: [0x01, 0x02],
  identity: [0xff, 0x2260],
  values: ina226Values,
})
export const ina260 = ina({
  name: 'INA260',
  summary: 'INA260: volts, amperes, watts (up to 36 V, 15 A, shunt inside)',
  registers: [0x01, 0x02],
  identity: [0xff, 0x2270],
  values: ina260Values,
})
