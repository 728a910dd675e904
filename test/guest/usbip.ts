// USB devices that are plugged into a real kernel by USB/IP (Documentation/usb/usbip_protocol.rst): the kernel sees a
// device on a socket of its own, loads its driver, and asks it over a TCP connection, at whose other end is a device
// written here. Pulling it out ends the connection.
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

interface Test {
  teardown(run: () => unknown): void
}

/** The eight bytes that begin a control transfer. */
export interface Setup {
  readonly type: number
  readonly request: number
  readonly value: number
  readonly index: number
  readonly length: number
}

export interface UsbDevice {
  readonly vendor: number
  readonly product: number
  readonly manufacturer?: string
  readonly name?: string
  readonly serial?: string
  /** Configuration, interfaces and endpoints. */
  readonly configuration: Uint8Array
  /** A control transfer that is not of the standard; undefined refuses it. What is written comes in `data`. */
  control(setup: Setup, data: Buffer): Uint8Array | undefined
  /** What is written to an endpoint. */
  out?(endpoint: number, data: Buffer): void
  /** Called when plugged in, with what answers whoever reads an endpoint; what nobody reads yet waits. */
  plugged?(send: (endpoint: number, data: Uint8Array) => void): void
}

const hub = '/sys/devices/platform/vhci_hcd.0'
/** As `status` of the hub writes it: nothing is plugged in. */
const free = 4

function isFree(port: number): boolean {
  const line = readFileSync(join(hub, 'status'), 'utf8')
    .split('\n')
    .map(text => text.trim().split(/\s+/))
    .find(([speed, number]) => speed === 'hs' && Number(number) === port)
  return Number(line?.[2]) === free
}

const submit = 1
const unlink = 2
const headerBytes = 48
const answerOf = 2
const refused = -32 // EPIPE
const connectionReset = -104
const fullSpeed = 2

const words16 = (...numbers: number[]) => numbers.flatMap(number => [number & 0xff, number >> 8])

/** @param port  of the kernel's virtual hub, 0 to 7: port 0 is its first socket, `1-1` or the like */
export async function plugIn(t: Test, device: UsbDevice, port: number): Promise<{ pullOut(): Promise<void> }> {
  const server = createServer(socket => answerUrbs(socket, device))
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  const { port: tcp } = server.address() as { port: number }
  const socket = connect(tcp, '127.0.0.1')
  // The kernel takes the connection over and speaks for itself: what was read here would be lost to it, and Node begins
  // to read as soon as this has been called, unless it is told not to.
  await new Promise<void>(settle =>
    socket.once('connect', () => {
      socket.pause()
      settle()
    }),
  )
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle
  writeFileSync(join(hub, 'attach'), `${port} ${fd} ${0x10001 + port} ${fullSpeed}`)
  let there = true
  const pullOut = async () => {
    if (!there) return
    there = false
    writeFileSync(join(hub, 'detach'), `${port}`)
    socket.destroy()
    server.close()
    for (let tries = 0; !isFree(port); tries++) {
      if (tries > 200) throw new Error(`port ${port} of the virtual hub does not come free`)
      await sleep(50)
    }
  }
  t.teardown(pullOut)
  return { pullOut }
}

function answerUrbs(socket: Socket, device: UsbDevice) {
  const waiting = new Map<number, number[]>()
  const ready = new Map<number, Buffer[]>()
  let rest = Buffer.alloc(0)
  const reply = (seq: number, status: number, bytes: number, data: Uint8Array = Buffer.alloc(0)) => {
    const header = Buffer.alloc(headerBytes)
    header.writeUInt32BE(answerOf + submit, 0)
    header.writeUInt32BE(seq, 4)
    header.writeInt32BE(status, 20)
    header.writeInt32BE(bytes, 24)
    if (!socket.destroyed) socket.write(Buffer.concat([header, data]))
  }
  const serve = (endpoint: number) => {
    const asked = waiting.get(endpoint) ?? []
    const had = ready.get(endpoint) ?? []
    while (asked.length > 0 && had.length > 0) {
      const data = had.shift()!
      reply(asked.shift()!, 0, data.length, data)
    }
  }
  device.plugged?.((endpoint, data) => {
    ready.set(endpoint, [...(ready.get(endpoint) ?? []), Buffer.from(data)])
    serve(endpoint)
  })
  const one = (header: Buffer, data: Buffer) => {
    const seq = header.readUInt32BE(4)
    const endpoint = header.readUInt32BE(16)
    if (header.readUInt32BE(0) === unlink) {
      const which = header.readUInt32BE(20)
      const pending = [...waiting.values()].find(list => list.includes(which))
      pending?.splice(pending.indexOf(which), 1)
      const gone = Buffer.alloc(headerBytes)
      gone.writeUInt32BE(answerOf + unlink, 0)
      gone.writeUInt32BE(seq, 4)
      gone.writeInt32BE(pending ? connectionReset : 0, 20)
      socket.write(gone)
    } else if (endpoint === 0) {
      const setup = { type: header[40], request: header[41], ...sixteens(header) }
      const said = standard(device, setup) ?? device.control(setup, data)
      if (!said) reply(seq, refused, 0)
      else if (setup.type & 0x80) reply(seq, 0, Math.min(said.length, setup.length), said.subarray(0, setup.length))
      else reply(seq, 0, data.length)
    } else if (header.readUInt32BE(12) === 0) {
      device.out?.(endpoint, data)
      reply(seq, 0, data.length)
    } else {
      waiting.set(endpoint, [...(waiting.get(endpoint) ?? []), seq])
      serve(endpoint)
    }
  }
  socket.on('data', bytes => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= headerBytes) {
      const written = rest.readUInt32BE(0) === submit && rest.readUInt32BE(12) === 0 ? rest.readUInt32BE(24) : 0
      if (rest.length < headerBytes + written) return
      one(rest.subarray(0, headerBytes), rest.subarray(headerBytes, headerBytes + written))
      rest = rest.subarray(headerBytes + written)
    }
  })
  // The plug is pulled.
  socket.on('error', () => socket.destroy())
}

const sixteens = (header: Buffer) => ({
  value: header.readUInt16LE(42),
  index: header.readUInt16LE(44),
  length: header.readUInt16LE(46),
})

/** What every device answers (USB 2.0, chapter 9). */
function standard(device: UsbDevice, { type, request, value }: Setup): Uint8Array | undefined {
  if (type === 0x80 && request === 6) {
    const kind = value >> 8
    if (kind === 1) {
      const { vendor, product } = device
      const strings = [device.manufacturer, device.name, device.serial].map((text, at) => (text ? at + 1 : 0))
      return Uint8Array.of(18, 1, ...words16(0x0200), 0, 0, 0, 64, ...words16(vendor, product, 0x0100), ...strings, 1)
    }
    if (kind === 2) return device.configuration
    if (kind === 3) return stringOf(device, value & 0xff)
    return undefined
  }
  if (type === 0x80 && request === 0) return Uint8Array.of(0, 0)
  // Configuration and interface are as they are, and no endpoint is halted.
  return type <= 2 && [1, 9, 11].includes(request) ? new Uint8Array() : undefined
}

function stringOf({ manufacturer, name, serial }: UsbDevice, index: number): Uint8Array | undefined {
  if (index === 0) return Uint8Array.of(4, 3, ...words16(0x0409))
  const text = [manufacturer, name, serial][index - 1]
  return text === undefined
    ? undefined
    : Buffer.concat([Uint8Array.of(2 + text.length * 2, 3), Buffer.from(text, 'utf16le')])
}

/** One interface with its endpoints, as a configuration. */
export function configuration(
  usbClass: number,
  endpoints: readonly { readonly address: number; readonly kind: 'bulk' | 'interrupt'; readonly bytes: number }[],
  more: readonly number[] = [],
): Uint8Array {
  const face = [9, 4, 0, 0, endpoints.length, usbClass, 0, 0, 0, ...more]
  for (const { address, kind, bytes } of endpoints) {
    face.push(7, 5, address, kind === 'bulk' ? 2 : 3, ...words16(bytes), kind === 'bulk' ? 0 : 10)
  }
  return Uint8Array.of(9, 2, ...words16(9 + face.length), 1, 1, 0, 0x80, 50, ...face)
}
