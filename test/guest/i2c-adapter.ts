// An I²C bus with chips on it: an i2c-tiny-usb adapter (Till Harbaum; drivers/i2c/busses/i2c-tiny-usb.c), plugged into
// the kernel by USB/IP, so that the kernel's own bus, its drivers of chips and /dev/i2c-N are the real ones.
import { configuration, type UsbDevice } from './usbip.js'

export interface Chip {
  write(bytes: Buffer): void
  read(count: number): Uint8Array
}

/** Plain I²C, and all of SMBus that the kernel makes of it. */
const abilities = Uint8Array.of(0x09, 0x00, 0xff, 0x0e)
const answered = 1
const nobodyThere = 2
const reading = 1

/** @param chips  by their addresses; may change while it is plugged in */
export function i2cAdapter(chips: ReadonlyMap<number, Chip>): UsbDevice {
  let status = 0
  return {
    vendor: 0x0403,
    product: 0xc631,
    name: 'i2c-tiny-usb',
    serial: 'pier',
    configuration: configuration(0xff, []),
    control({ type, request, value, index, length }, data) {
      if ((type & 0x60) !== 0x40) return undefined
      if (request === 1) return abilities
      if (request === 3) return Uint8Array.of(status)
      // Echo and delay; 4 to 7 are transfers: the flags say which way, the index is the address.
      if (request < 4) return new Uint8Array(length)
      const chip = chips.get(index)
      status = chip ? answered : nobodyThere
      if (value & reading) return chip?.read(length) ?? new Uint8Array(length)
      chip?.write(data)
      return new Uint8Array()
    },
  }
}

/**
 * A chip that is a row of registers: the first byte written is the register, the others go there.
 * @param registers  bytes by their number; `wide` are registers of a word each, high byte first
 */
export function registers(bytes: Record<number, number>, wide = false): Chip {
  let at = 0
  return {
    write(data) {
      if (data.length === 0) return
      at = data[0]
      if (!wide) for (const [step, byte] of data.subarray(1).entries()) bytes[at + step] = byte
    },
    read: count =>
      Uint8Array.from({ length: count }, (_, step) =>
        wide ? ((bytes[at] ?? 0) >> (step % 2 === 0 ? 8 : 0)) & 0xff : (bytes[at + step] ?? 0),
      ),
  }
}
