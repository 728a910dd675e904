// A line of bytes to a device: a serial port, or the same behind a network adapter. The only file that knows the
// serial port package.
import { connect as tcpConnect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../../ports/clock.js'
import { Fault, reasonOf } from '../../../ports/fault.js'

export interface ByteLine {
  /** Fires with the Fault that ended it: unplugged, closed by the other side, or by us. */
  readonly ended: AbortSignal
  /** Settles when the operating system has taken it. */
  write(bytes: Uint8Array | string, signal: AbortSignal): Promise<void>
  onBytes(listener: (bytes: Uint8Array) => void): () => void
  close(): Promise<void>
}

const openMs = 5_000

/**
 * Opens a line, raw, 8N1. Rejects with `offline` when it is not there, with `busy` when another program has it.
 * @param baud bits per second, of a serial port
 */
export function openByteLine(address: string, baud: number, clock: Clock, signal: AbortSignal): Promise<ByteLine> {
  return address.startsWith('tcp://') ? openTcp(address, clock, signal) : openSerial(address, baud, clock, signal)
}

async function openSerial(path: string, baudRate: number, clock: Clock, signal: AbortSignal): Promise<ByteLine> {
  // Loaded by the first line only: most boxes have none when the agent starts.
  const { SerialPort } = await import('serialport')
  const port = new SerialPort({ path, baudRate, autoOpen: false, hupcl: false })
  const { line, cut } = lineOver(port, path, ended => {
    if (port.isOpen) port.close(ended)
    else ended()
  })
  await opened(path, clock, signal, cut, (settle, reject) =>
    port.open(error => (error ? reject(serialFault(path, error)) : settle())),
  )
  return line
}

async function openTcp(address: string, clock: Clock, signal: AbortSignal): Promise<ByteLine> {
  const { hostname, port } = new URL(address)
  const socket = tcpConnect({ host: hostname, port: Number(port), noDelay: true })
  const { line, cut } = lineOver(socket, address, ended => {
    socket.once('close', () => ended())
    socket.destroy()
    if (socket.closed) ended()
  })
  await opened(address, clock, signal, cut, (settle, reject) => {
    socket.once('connect', () => settle())
    socket.once('error', error => {
      reject(
        new Fault('offline', `${address}: ${error.message}`, 'Check its power, cable and address', { cause: error }),
      )
    })
  })
  return line
}

function lineOver(wire: Duplex, name: string, shut: (ended: () => void) => void) {
  const end = new AbortController()
  const listeners = new Set<(bytes: Uint8Array) => void>()
  let shutting: Promise<void> | undefined
  const cut = (fault: Fault): Promise<void> => {
    if (!end.signal.aborted) end.abort(fault)
    listeners.clear()
    shutting ??= new Promise(settle => shut(settle))
    return shutting
  }
  wire.on('data', (bytes: Uint8Array) => {
    for (const listener of [...listeners]) listener(bytes)
  })
  wire.on('error', error => void cut(serialFault(name, error)))
  wire.on('close', () => void cut(new Fault('offline', `${name} is gone`, 'Check its cable')))
  const line: ByteLine = {
    ended: end.signal,
    write(bytes, signal) {
      if (end.signal.aborted) return Promise.reject(reasonOf(end.signal))
      if (signal.aborted) return Promise.reject(reasonOf(signal))
      return new Promise((settle, reject) => {
        // A plug that is pulled in the middle of it leaves a write that is never answered.
        const gone = () => reject(reasonOf(end.signal))
        end.signal.addEventListener('abort', gone, { once: true })
        wire.write(bytes, error => {
          end.signal.removeEventListener('abort', gone)
          if (error) reject(serialFault(name, error))
          else settle()
        })
      })
    },
    onBytes(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => cut(new Fault('offline', `${name} is closed`, 'Open it again')),
  }
  return { line, cut }
}

async function opened(
  name: string,
  clock: Clock,
  signal: AbortSignal,
  cut: (fault: Fault) => Promise<void>,
  start: (settle: () => void, reject: (fault: Fault) => void) => void,
): Promise<void> {
  const limit = clock.deadline(openMs, `opening ${name}`, signal)
  try {
    await limit.race(clock.outside(new Promise<void>(start)))
  } catch (error) {
    await cut(error as Fault)
    throw error
  } finally {
    limit.cancel()
  }
}

function serialFault(name: string, error: Error): Fault {
  if (error instanceof Fault) return error
  const { message } = error
  if (/temporarily unavailable|resource busy|cannot lock/i.test(message)) {
    return new Fault('busy', `another program uses ${name}`, 'Close it; ModemManager and brltty are usual ones', {
      cause: error,
    })
  }
  if (/permission denied|access denied/i.test(message)) {
    return new Fault('offline', `${name} may not be opened`, 'Add the agent’s user to the group dialout', {
      cause: error,
    })
  }
  return new Fault('offline', `${name}: ${message}`, 'Check that it is plugged in, and its path', { cause: error })
}
