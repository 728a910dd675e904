// The line to a sensor that speaks in bytes: a serial port, a USB socket, or a network adapter.
import type { Tools } from '../../ports/driver.js'
import { z } from '../../ports/schema.js'
import { type ByteLine, openByteLine } from '../link/serial/byte-line.js'
import { serialPath } from '../link/serial/serial-place.js'

export const lineAddress = z
  .string()
  .max(200)
  .regex(/^(\/.+|usb:\d+-[\d.]+|tcp:\/\/[^/\s:]+:\d{1,5})$/, 'must look like /dev/serial/by-id/… or tcp://host:port')
  .describe('Serial port (/dev/serial/by-id/…), usb:1-1.3 for whatever is in that socket, or tcp://host:port')

/** Open, and handed to the ladder as soon as it ends by itself. @param baud bits per second, of a serial port */
export async function openSensorLine(
  address: string,
  baud: number,
  { clock, lost }: Tools,
  signal: AbortSignal,
): Promise<ByteLine> {
  const place = address.startsWith('usb:') ? await serialPath(address) : address
  const line = await openByteLine(place, baud, clock, signal)
  line.ended.addEventListener('abort', () => lost(line.ended.reason), { once: true })
  return line
}
