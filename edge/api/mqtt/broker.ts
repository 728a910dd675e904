// The broker inside the agent: the only file that knows the broker package. Everything a stranger could make it keep
// has a bound: packet size, connections, retained messages, sessions (none), and how long a reader may be slow.
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { Fault } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import { packetGuard } from './packet-guard.js'
import { withoutNumberCache } from './packet-numbers.js'
import { isLoopback } from './settings.js'

export interface BrokerOrder {
  readonly host: string
  readonly port: number
  /** Takes the next free port, up to fifty further, when `port` is in use. */
  readonly nextFreePort: boolean
  readonly user?: string
  readonly password?: string
  /** The agent's own login, made anew at each start: nobody else may publish what the box says of itself. */
  readonly own: { readonly user: string; readonly password: string }
  /** `pierside/<node>`: below it others may publish commands only. */
  readonly base: string
}

export interface Broker {
  readonly port: number
  /** Where the agent's own client connects. */
  readonly url: string
  /** Settles when every connection is closed. */
  stop(): Promise<void>
}

const largestPacketBytes = 9 * 1_048_576
/** A CONNECT with a will and a password is far below this. */
const largestGreetingBytes = 65_536
const connections = 64
/** Retained messages of others; our own are as many as the feed has states. */
const foreignRetained = { count: 2_000, bytes: 32 * 1_048_576 }

/** Rejects with `bad-input` (no password on a wide address) or `offline` (the port cannot be had). */
export async function startBroker(order: BrokerOrder, log: Log): Promise<Broker> {
  if (!isLoopback(order.host) && order.password === undefined) {
    throw new Fault(
      'bad-input',
      `the MQTT broker will not listen on ${order.host} without a password: anyone there could command the box`,
      'Set mqtt.embedded.password (as `!secret name`), or listen on 127.0.0.1 only',
    )
  }
  const ours = new WeakSet<object>()
  const admitted = new WeakSet<object>()
  const kept = retentionBound()
  // Loaded now: the agent's page does not wait for it.
  await withoutNumberCache()
  const { Aedes } = await import('aedes')
  const aedes = await Aedes.createBroker({
    // A reader that takes nothing for 10 s is dropped; until then it holds back at most `concurrency` messages.
    drainTimeout: 10_000,
    connectTimeout: 5_000,
    concurrency: 100,
    preConnect(_client, packet, done) {
      // No sessions: what waits for a client that is away would grow without end in this process.
      packet.clean = true
      done(null, true)
    },
    authenticate(client, user, password, done) {
      const own = same(order.own.user, user) && same(order.own.password, password)
      const known = own || order.password === undefined
      const right = known || ((order.user === undefined || same(order.user, user)) && same(order.password, password))
      if (own) ours.add(client)
      if (right) admitted.add(client)
      else log.warn('an MQTT client gave a wrong user or password', { client: client.id })
      done(null, right)
    },
    authorizePublish(client, packet, done) {
      done(
        client && ours.has(client) ? kept(packet, false) : (misplaced(packet.topic, order.base) ?? kept(packet, true)),
      )
    },
  })
  aedes.on('clientError', (client, error) => log.debug(`MQTT client ${client.id}: ${error.message}`))
  aedes.on('connectionError', (_client, error) => log.debug(`MQTT connection: ${error.message}`))
  // Typed without it, but emitted when a will of a broker that has gone cannot be told.
  ;(aedes as NodeJS.EventEmitter).on('error', (error: Error) => log.error(`the MQTT broker: ${error.message}`))

  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.setNoDelay(true)
    let client: object | undefined
    guard(socket, () => (client && admitted.has(client) ? largestPacketBytes : largestGreetingBytes), log)
    client = aedes.handle(socket)
  })
  server.maxConnections = connections
  const closeAedes = () => new Promise<void>(settle => aedes.close(settle))
  const port = await listen(server, order).catch(async error => {
    await closeAedes()
    throw error
  })
  server.on('error', error => log.error(`the MQTT broker's socket: ${error.message}`))
  const host = order.host === '0.0.0.0' || order.host === '::' ? '127.0.0.1' : order.host
  return {
    port,
    url: `mqtt://${host.includes(':') ? `[${host}]` : host}:${port}`,
    async stop() {
      const shut = new Promise<void>(settle => server.close(() => settle()))
      await closeAedes()
      for (const socket of sockets) socket.destroy()
      await shut
    },
  }
}

/** Compares in a time that tells nothing of where they differ. */
function same(wanted: string | undefined, given: string | Uint8Array | undefined): boolean {
  if (wanted === undefined || given === undefined) return false
  const digest = (text: string | Uint8Array) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(wanted), digest(given))
}

function misplaced(topic: string, base: string): Error | undefined {
  if (topic.startsWith('$SYS/')) return new Error('$SYS is the broker’s own')
  if (topic.startsWith(`${base}/`) && !topic.startsWith(`${base}/do/`)) return new Error(`${topic} is the box's own`)
  return undefined
}

/** Counts what others have retained, and refuses above the bound. */
function retentionBound() {
  const sizes = new Map<string, number>()
  let bytes = 0
  return (
    packet: { topic: string; retain?: boolean; payload: string | Buffer },
    foreign: boolean,
  ): Error | undefined => {
    if (!packet.retain) return undefined
    // A payload cut from a larger read would keep the whole read in memory for as long as it is retained.
    packet.payload = Buffer.from(packet.payload)
    if (!foreign) return undefined
    const size = packet.payload.length
    const before = sizes.get(packet.topic) ?? 0
    if (size > 0 && bytes - before + size > foreignRetained.bytes) return new Error('too many retained bytes')
    if (size > 0 && before === 0 && sizes.size >= foreignRetained.count) return new Error('too many retained messages')
    bytes += size - before
    if (size === 0) sizes.delete(packet.topic)
    else sizes.set(packet.topic, size)
    return undefined
  }
}

/** The broker reads its sockets by `read()`, which is where every byte passes. */
function guard(socket: Socket, limitBytes: () => number, log: Log): void {
  const fits = packetGuard(limitBytes)
  const read = socket.read.bind(socket)
  socket.read = (size?: number) => {
    const chunk = read(size)
    if (chunk === null || fits(chunk)) return chunk
    log.warn('an MQTT client announced a packet above the bound and was cut off', { from: socket.remoteAddress })
    socket.destroy()
    return null
  }
}

async function listen(server: Server, order: BrokerOrder): Promise<number> {
  const last = order.port + (order.nextFreePort ? 50 : 0)
  for (let port = order.port; ; port++) {
    try {
      await new Promise<void>((settle, reject) => {
        server.once('error', reject)
        server.listen(port, order.host, () => {
          server.removeListener('error', reject)
          settle()
        })
      })
      const address = server.address()
      return typeof address === 'object' && address ? address.port : port
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (taken && port < last) continue
      throw new Fault(
        'offline',
        taken
          ? `port ${port} for MQTT is taken by another program`
          : `the MQTT broker cannot listen on ${order.host}:${port}: ${(error as Error).message}`,
        taken
          ? 'Stop the other broker, set MQTT_PORT to a free port, or name the other broker under mqtt.broker'
          : 'Correct mqtt.embedded.host and port',
        { cause: error },
      )
    }
  }
}
