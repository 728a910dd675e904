// A USB socket by the kernel's name of it (`1-1.3`: bus 1, port 1 of its root, port 3 of the hub there): what is
// plugged in is reset, or loses its power for a moment.
import { execFile } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../ports/fault.js'
import { loadIoctl } from './ioctl.js'

/** As the kernel names it. */
export const socketName = /^\d+-\d+(\.\d+)*$/

/** USBDEVFS_RESET of <linux/usbdevice_fs.h>: _IO('U', 20). */
export const usbdevfsReset = 0x5514

export interface UsbPlaces {
  /** Where the kernel tells of USB devices. */
  readonly sys?: string
  /** Where their files are. */
  readonly dev?: string
}

/**
 * Resets what is plugged into a socket, as unplugging and plugging in would. Rejects with `offline` when nothing is.
 */
export async function resetUsb(socket: string, { sys = '/sys', dev = '/dev' }: UsbPlaces = {}): Promise<void> {
  const path = await deviceFile(socket, sys, dev)
  const file = await open(path, 'r+').catch(cause => {
    const words = `${path} cannot be opened: ${cause.message}`
    throw new Fault('offline', words, 'Install the udev rules, which give the agent the right to it', { cause })
  })
  try {
    await loadIoctl()(file.fd, usbdevfsReset, 0)
  } finally {
    await file.close()
  }
}

/** `/dev/bus/usb/001/004` of what is plugged into a socket. */
export async function deviceFile(socket: string, sys: string, dev: string): Promise<string> {
  const number = async (name: string) => {
    const text = await readFile(join(sys, 'bus/usb/devices', socket, name), 'utf8').catch(cause => {
      throw new Fault('offline', `nothing is plugged into USB socket ${socket}`, 'Plug it in', { cause })
    })
    return text.trim().padStart(3, '0')
  }
  return join(dev, 'bus/usb', await number('busnum'), await number('devnum'))
}

/** Hub and port as uhubctl wants them. */
export function hubAndPort(socket: string): readonly [hub: string, port: string] {
  const dot = socket.lastIndexOf('.')
  const at = dot < 0 ? socket.lastIndexOf('-') : dot
  return [socket.slice(0, at), socket.slice(at + 1)]
}

/** Cuts the power of a socket for 3 s. Only some hubs can, and uhubctl knows how. */
export function cycleUsbPower(socket: string, signal: AbortSignal): Promise<void> {
  const [hub, port] = hubAndPort(socket)
  return new Promise((settle, reject) => {
    execFile('uhubctl', ['-l', hub, '-p', port, '-a', 'cycle', '-d', '3'], { signal }, (error, _, told) => {
      if (!error) return settle()
      const lacking = (error as NodeJS.ErrnoException).code === 'ENOENT'
      const words = lacking ? 'uhubctl is not installed' : told.trim() || error.message
      const fix = lacking ? 'sudo apt install uhubctl' : 'uhubctl lists the hubs that can switch their ports'
      reject(new Fault('unsupported', `USB socket ${socket} cannot be switched: ${words}`, fix, { cause: error }))
    })
  })
}
