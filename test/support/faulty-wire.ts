// A line to a device that breaks where it is told to: whatever the device says is counted, and from that byte on the
// line hangs up, carries garbage, falls silent or becomes slow, on every connection until it is healed.
import { createServer, type Socket } from 'node:net'
import { seededRandom } from '../../edge/spine/seeded-random.js'

export const faultKinds = ['hang-up', 'garbage', 'silence', 'slowness'] as const
export type FaultKind = (typeof faultKinds)[number]

export type Say = (bytes: string | Uint8Array) => void
/** A device: gets what speaks to whoever has connected, and gives what hears them. */
export type Meet = (say: Say, ended: AbortSignal) => (bytes: Buffer) => void

export interface FaultyWire {
  readonly port: number
  /** Everything said so far, over all connections, bytes. */
  readonly said: number
  /** From the next connection on it breaks after so many bytes. */
  breakAt(kind: FaultKind, byte: number): void
  /** Cuts what is broken; from the next connection on all is well. */
  heal(): void
  /** A slow line lets one byte pass. */
  tick(): void
  /** Pours out `bytes` of garbage to whoever is connected, as fast as it is taken; none to those who do not read. */
  flood(bytes: number): Promise<void>
  close(): Promise<void>
}

let traffic = 0
/** Grows with everything that happens on any wire. */
export const wireTraffic = () => traffic

const garbageBytes = 300
const pieceBytes = 64 * 1024
/** Whoever has not read a piece after this does not read, ms. */
const untakenMs = 500

export async function faultyWire(meet: Meet, seed = 1): Promise<FaultyWire> {
  const random = seededRandom(seed)
  const noise = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random.next() * 256)))
  const sockets = new Map<Socket, { readonly slow: number[] }>()
  let fault: { kind: FaultKind; byte: number } | undefined
  let said = 0

  const server = createServer(socket => {
    traffic++
    const mine = fault
    const slow: number[] = []
    let sent = 0
    const end = new AbortController()
    sockets.set(socket, { slow })
    const say: Say = text => {
      if (socket.destroyed) return
      traffic++
      const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : Buffer.from(text)
      const whole = mine ? Math.min(bytes.length, Math.max(0, mine.byte - sent)) : bytes.length
      sent += bytes.length
      said += bytes.length
      if (whole > 0) socket.write(bytes.subarray(0, whole))
      if (!mine || sent < mine.byte) return
      if (mine.kind === 'hang-up') socket.destroySoon()
      else if (whole === bytes.length) return
      else if (mine.kind === 'garbage') socket.write(noise(garbageBytes))
      else if (mine.kind === 'slowness') slow.push(...bytes.subarray(whole))
    }
    const hear = meet(say, end.signal)
    // Not even the first byte comes.
    if (mine?.kind === 'hang-up' && mine.byte === 0) setImmediate(() => socket.destroySoon())
    socket.on('data', bytes => {
      traffic++
      hear(bytes)
    })
    // The other side may hang up whenever it likes.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      traffic++
      end.abort()
      sockets.delete(socket)
    })
  })
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  const cut = () => {
    for (const socket of sockets.keys()) socket.destroy()
  }
  return {
    port: (server.address() as { port: number }).port,
    get said() {
      return said
    },
    breakAt(kind, byte) {
      fault = { kind, byte }
    },
    heal() {
      fault = undefined
      cut()
    },
    tick() {
      for (const [socket, { slow }] of sockets) {
        if (slow.length === 0) continue
        traffic++
        socket.write(Buffer.of(slow.shift()!))
      }
    },
    async flood(bytes) {
      const piece = noise(pieceBytes)
      for (const socket of sockets.keys()) {
        let taken = true
        for (let poured = 0; poured < bytes && taken && !socket.destroyed; poured += pieceBytes) {
          socket.write(piece)
          traffic++
          const endMs = performance.now() + untakenMs
          do await new Promise(settle => setImmediate(settle))
          while (socket.writableNeedDrain && !socket.destroyed && performance.now() < endMs)
          taken = !socket.writableNeedDrain
        }
      }
    },
    async close() {
      cut()
      await new Promise<void>(settle => server.close(() => settle()))
    },
  }
}
