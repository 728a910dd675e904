// The reports of a dcttech HID relay board, as usbrelay writes them (github.com/darrylb123/usbrelay, libusbrelay.c).

export const dcttechVendor = 0x16c0
export const dcttechProduct = 0x05df
/** Report number and eight bytes. */
export const dcttechReportBytes = 9

/** @param relay 1 to 8 */
export function dcttechOrder(relay: number, on: boolean): Uint8Array {
  return Uint8Array.of(0x00, on ? 0xff : 0xfd, relay, 0, 0, 0, 0, 0, 0)
}

export interface DcttechState {
  /** Up to five letters: every board has the same USB serial number, so this is its name. */
  readonly serial: string
  /** Bit 0 is relay 1. */
  readonly relays: number
}

/**
 * @param report as the kernel hands it over: with or without the number of the report before its eight bytes
 * @returns undefined when it is too short to be one
 */
export function dcttechState(report: Uint8Array): DcttechState | undefined {
  const bytes = report.length >= dcttechReportBytes ? report.subarray(1, 9) : report
  if (bytes.length < 8) return undefined
  const letters = [...bytes.subarray(0, 5)].filter(byte => byte > 0x20 && byte < 0x7f)
  return { serial: String.fromCharCode(...letters), relays: bytes[7] }
}

/** How many relays a board says it has; undefined for another maker's board under the same shared number. */
export function dcttechRelays(product: string | undefined): number | undefined {
  const count = /^USBRelay(\d)$/.exec(product ?? '')?.[1]
  return count === undefined ? undefined : Number(count)
}
