// Alpaca's discovery: a word shouted on every network this machine is on, and whoever serves Alpaca says at which port
// (ASCOM Alpaca API Reference, "Discovery").
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import type { Clock, Deadline } from '../../../ports/clock.js'
import { asFault, reasonOf } from '../../../ports/fault.js'
import type { Json } from '../../../ports/json.js'
import type { Log } from '../../../ports/log.js'
import { membersOf } from './answer.js'

export const discoveryPort = 32_227
const word = Buffer.from('alpacadiscovery1', 'ascii')
/** Of all Alpaca servers, on the link. */
const group = 'ff12::a1:9aca'
/** Servers answer within some milliseconds; a word may be lost on the way, so it is said twice. */
const againMs = 300
const waitMs = 1_000
const mostServers = 64
const mostAnswerBytes = 1_024

export interface FoundServer {
  readonly host: string
  readonly port: number
}

/** Where to send it: from which own address, to which. */
interface Target {
  readonly family: 'IPv4' | 'IPv6'
  readonly from: string
  readonly to: readonly string[]
  /** The interface, for IPv6. */
  readonly zone?: string
}

/** All servers that answer within a second. A network that cannot be asked is told in the log, and is no obstacle. */
export async function discoverServers(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
  port = discoveryPort,
): Promise<FoundServer[]> {
  const found = new Map<string, FoundServer>()
  const sockets: Socket[] = []
  const hear = (message: Buffer, { address }: RemoteInfo) => {
    const server = serverIn(message, address)
    if (server && found.size < mostServers) found.set(`${server.host} ${server.port}`, server)
  }
  const limit = clock.deadline(waitMs, 'Alpaca discovery', signal)
  try {
    const senders = await Promise.all(
      targets().map(async target => {
        try {
          return await sender(target, port, { sockets, hear, limit })
        } catch (error) {
          if (signal.aborted) throw reasonOf(signal)
          log.debug(`Alpaca discovery from ${target.from}: ${asFault(error, 'network').message}`)
          return () => {}
        }
      }),
    )
    for (const send of senders) send()
    await clock.sleep(againMs, signal)
    for (const send of senders) send()
    await clock.sleep(waitMs - againMs, signal)
  } finally {
    limit.cancel()
    for (const socket of sockets) socket.close()
  }
  return [...found.values()]
}

interface Hearing {
  readonly sockets: Socket[]
  readonly limit: Deadline
  hear(message: Buffer, from: RemoteInfo): void
}

async function sender(
  { family, from, to, zone }: Target,
  port: number,
  { sockets, hear, limit }: Hearing,
): Promise<() => void> {
  const socket = createSocket(family === 'IPv4' ? 'udp4' : 'udp6')
  sockets.push(socket)
  socket.on('message', hear)
  await limit.race(
    new Promise<void>((settle, reject) => {
      // Errors later, of a network that goes away meanwhile, leave an answer out and are no more than that.
      socket.on('error', reject)
      socket.bind({ address: zone ? `${from}%${zone}` : from, port: 0 }, () => settle())
    }),
  )
  if (family === 'IPv4') socket.setBroadcast(true)
  else socket.setMulticastInterface(`::%${zone}`)
  return () => {
    // Where this network cannot be reached, nobody there answers.
    for (const address of to) socket.send(word, port, address, () => {})
  }
}

/** Every own address: its network's broadcast, and for IPv6 the group on that link. */
function targets(): Target[] {
  return Object.entries(networkInterfaces()).flatMap(([zone, addresses = []]): Target[] =>
    addresses.flatMap(({ family, address, netmask, internal }): Target[] => {
      if (family === 'IPv4') {
        const own = internal ? [address] : []
        return [{ family, from: address, to: [broadcastOf(address, netmask), ...own] }]
      }
      const local = address.startsWith('fe80:')
      return local ? [{ family: 'IPv6', from: address, to: [`${group}%${zone}`], zone }] : []
    }),
  )
}

function broadcastOf(address: string, netmask: string): string {
  const mask = netmask.split('.').map(Number)
  return address
    .split('.')
    .map((part, index) => Number(part) | (~mask[index] & 0xff))
    .join('.')
}

/** @returns undefined for what is no answer to us */
function serverIn(message: Buffer, host: string): FoundServer | undefined {
  if (message.length > mostAnswerBytes) return undefined
  try {
    const port = membersOf(JSON.parse(message.toString('utf8')) as Json)?.get('alpacaport')
    return typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536 ? { host, port } : undefined
  } catch {
    // Somebody else's words on this port.
    return undefined
  }
}
