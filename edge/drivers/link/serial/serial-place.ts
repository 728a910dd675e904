// Where a serial port is: by name, or by the USB socket that something is plugged into, for twins without a serial
// number.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../../ports/fault.js'
import { z } from '../../../ports/schema.js'

/** What every device on a serial port has to be told. */
export const serialPort = z
  .string()
  .regex(/^(\/.+|usb:\d+-[\d.]+)$/, 'a port is a path such as /dev/serial/by-id/…, or usb:1-1.3 for a socket')
  .max(200)
  .describe('Serial port: /dev/serial/by-id/…, or usb:1-1.3 for whatever is plugged into that socket')

/**
 * The device file of a port; `usb:1-1.3` is the kernel's name of a socket. Rejects with `offline` when nothing that is
 * a serial port is plugged in there.
 */
export async function serialPath(port: string, sys = '/sys'): Promise<string> {
  if (!port.startsWith('usb:')) return port
  const socket = port.slice('usb:'.length)
  const place = join(sys, 'bus/usb/devices')
  const ttys: string[] = []
  for (const face of (await namesIn(place)).filter(name => name.startsWith(`${socket}:`))) {
    // ttyUSB0 of a converter stands right there, ttyACM0 beneath tty/.
    for (const folder of [join(place, face), join(place, face, 'tty')]) {
      ttys.push(...(await namesIn(folder)).filter(name => /^tty(USB|ACM)\d+$/.test(name)))
    }
  }
  if (ttys.length > 0) return join('/dev', ttys.sort()[0])
  throw new Fault('offline', `no serial port is plugged into ${port}`, 'Look at the sockets, or name the port itself')
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
