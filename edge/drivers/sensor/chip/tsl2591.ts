// TSL2591, a light sensor from starlight to daylight: behind a lens of some 20°, a sky quality meter.
import { Fault } from '../../../ports/fault.js'
import type { I2cChip } from './i2c-chip.js'

/** Registers, with the command bits of a normal transaction (ams TSL2591 data sheet, figures 14–20). */
const command = 0xa0
const enable = command | 0x00
const control = command | 0x01
const id = command | 0x12
const status = command | 0x13
const channel0 = command | 0x14
const channel1 = command | 0x16

const chipId = 0x50
/** Gain bits of CONTROL → how much that is (data sheet, typical, channel 0). */
const gains = [1, 24.5, 400, 9200] as const
/** Longest integration, 600 ms: bits and ms. */
const integration = 0x05
const integrationMs = 600
/** 37 888 counts are the most at 100 ms; above that 65 535. */
const full = 65_535
/** Light of 1 lx at gain 1 and 1 ms makes so many counts (device factor; Adafruit's measured 408). */
const luxDeviceFactor = 408

/**
 * Illuminance in lux (formula of the data sheet's lux equation, first coefficient set), never below 0.
 * @param whole counts of channel 0, all light  @param infrared counts of channel 1  @param gain × @param ms integration
 */
export function tslLux(whole: number, infrared: number, gain: number, ms: number): number {
  if (whole === 0) return 0
  const countsPerLux = (gain * ms) / luxDeviceFactor
  return Math.max(0, ((whole - infrared) * (1 - infrared / whole)) / countsPerLux)
}

/**
 * Sky brightness, mag/arcsec²: a luminance of 108 000 cd/m² is 0 mag/arcsec² (Unihedron).
 * Half a sphere of luminance L lights a surface with π L lux; a lens takes less, which the field's offset makes good.
 */
export function skyMagnitudeOf(lux: number): number | undefined {
  const luminance = lux / Math.PI
  return luminance > 0 ? -2.5 * Math.log10(luminance / 108_000) : undefined
}

export const tsl2591: I2cChip = {
  summary: 'TSL2591, light sensor: sky brightness in mag/arcsec² (calibrate it by the offset of skyMagnitude)',
  addresses: [0x29],
  kind: 'sensor',
  async start({ bus, address }) {
    const answered = await bus.readByte(address, id)
    if (answered === chipId) return
    const words = `the chip at 0x${address.toString(16)} says it is 0x${answered.toString(16)}, not a TSL2591 (0x50)`
    throw new Fault('broken', words, 'Check which chip it is')
  },
  /** From the highest gain down, until it is not blinded: at night one integration, by day four. */
  async read({ bus, address, clock }, signal) {
    for (let step = gains.length - 1; step >= 0; step--) {
      await bus.writeByte(address, enable, 0x00)
      await bus.writeByte(address, control, (step << 4) | integration)
      await bus.writeByte(address, enable, 0x03)
      await clock.sleep(integrationMs * 1.1, signal)
      if (!((await bus.readByte(address, status)) & 0x01)) throw notReady
      const whole = await bus.readWord(address, channel0)
      const infrared = await bus.readWord(address, channel1)
      if (whole >= full && step > 0) continue
      await bus.writeByte(address, enable, 0x00)
      if (whole >= full) return { values: {}, failed: { lux: 'blinded: more light than it can measure' } }
      const lux = tslLux(whole, infrared, gains[step], integrationMs)
      const magnitude = skyMagnitudeOf(lux)
      return { values: { lux, ...(magnitude !== undefined && { skyMagnitude: magnitude }) } }
    }
    throw notReady
  },
}

const notReady = new Fault('broken', 'the TSL2591 did not finish its measurement', 'Check its wires')
