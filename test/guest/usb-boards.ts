// Relay boards as the kernel meets them on USB: a dcttech board that speaks HID, and a CH340 with an LCUS board behind.
import { configuration, type UsbDevice } from './usbip.js'

/** @param relays  by relay from 0, how they stand; changed as the board is told to */
export function dcttechOnUsb(letters: string, relays: boolean[]): UsbDevice {
  // One feature report of eight bytes, without a number, on a page of the vendor's.
  const report = Uint8Array.of(
    ...[0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x15, 0x00, 0x26, 0xff, 0x00],
    ...[0x75, 0x08, 0x95, 0x08, 0x09, 0x00, 0xb2, 0x02, 0x01, 0xc0],
  )
  return {
    vendor: 0x16c0,
    product: 0x05df,
    manufacturer: 'www.dcttech.com',
    name: `USBRelay${relays.length}`,
    configuration: configuration(
      3,
      [{ address: 0x81, kind: 'interrupt', bytes: 8 }],
      [9, 0x21, 0x01, 0x01, 0, 1, 0x22, report.length, 0],
    ),
    control({ type, request, value }, data) {
      if (type === 0x81 && request === 6 && value === 0x2200) return report
      if (type === 0xa1 && request === 1) {
        const state = relays.reduce((bits, on, at) => bits | (on ? 1 << at : 0), 0)
        return Uint8Array.of(...Buffer.from(letters, 'latin1'), 0, 0, state)
      }
      if (type === 0x21 && request === 9) {
        const [order, relay] = data
        if (order === 0xff || order === 0xfd) relays[relay - 1] = order === 0xff
        return new Uint8Array()
      }
      // Set idle.
      return type === 0x21 && request === 10 ? new Uint8Array() : undefined
    },
  }
}

/** @param serial  most have none */
export function lcusOnUsb(relays: boolean[], serial?: string): UsbDevice {
  let say: (text: string) => void = () => {}
  let rest: number[] = []
  return {
    vendor: 0x1a86,
    product: 0x7523,
    name: 'USB2.0-Serial',
    serial,
    configuration: configuration(0xff, [
      { address: 0x82, kind: 'bulk', bytes: 32 },
      { address: 0x02, kind: 'bulk', bytes: 32 },
      { address: 0x81, kind: 'interrupt', bytes: 8 },
    ]),
    // Its registers: version, divisor, modem lines. Whatever is set is fine, and two bytes are always read.
    control: ({ type }) => (type === 0xc0 ? Uint8Array.of(0x31, 0x00) : type === 0x40 ? new Uint8Array() : undefined),
    plugged: send => {
      say = text => send(2, Buffer.from(text, 'latin1'))
    },
    out(_, data) {
      rest.push(...data)
      for (;;) {
        if (rest[0] === 0xff) {
          rest = rest.slice(1)
          for (const [at, on] of relays.entries()) say(`CH${at + 1}: ${on ? 'ON ' : 'OFF'}\r\n`)
        } else if (rest.length >= 4) {
          relays[rest[1] - 1] = rest[2] === 1
          rest = rest.slice(4)
        } else return
      }
    },
  }
}
