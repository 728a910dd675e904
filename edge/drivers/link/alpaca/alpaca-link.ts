// The way to Alpaca devices: one server that is named, or whatever serves Alpaca on the networks of this machine. A
// device is known by its UniqueID, so that one whose server gets another address is found again.
import type { Clock } from '../../../ports/clock.js'
import { type Found, type LinkTools, linkDriver } from '../../../ports/driver.js'
import { asFault, Fault, reasonOf } from '../../../ports/fault.js'
import { z } from '../../../ports/schema.js'
import { discoverServers, discoveryPort } from './discovery.js'
import { addressOf } from './exchange.js'
import { portsByType } from './kinds.data.js'
import { type AlpacaServer, alpacaServer, type ListedDevice } from './server.js'

const options = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .optional()
      .describe('Name or address of the machine that serves Alpaca; looked for on the network when absent'),
    port: z.int().min(1).max(65_535).default(11_111).describe('TCP port of the server, where its host is named'),
    user: z.string().min(1).max(200).optional().describe('User that the server asks for'),
    password: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Password of that user; in the file as `!secret name`, which the page writes for you'),
    discovery_port: z
      .int()
      .min(1)
      .max(65_535)
      .default(discoveryPort)
      .describe('UDP port that servers listen on to be found'),
  })
  .refine(({ host, password }) => host !== undefined || password === undefined, {
    path: ['host'],
    message: 'a password is sent to a named server only, not to whoever answers: name its host',
  })

export interface WantedDevice {
  /** Lower case, as in the server's paths. */
  readonly type: string
  readonly number: number
  readonly uniqueId?: string
}

export interface DevicePlace {
  readonly server: AlpacaServer
  readonly number: number
}

export interface AlpacaNetwork {
  /** Where the device is now. Rejects with `offline` when it is nowhere, or the signal's reason. */
  find(wanted: WantedDevice, signal: AbortSignal): Promise<DevicePlace>
  /** Everything that can be asked now, each device once. */
  list(signal: AbortSignal): Promise<readonly SeenDevice[]>
  close(): void
}

export interface SeenDevice extends ListedDevice {
  readonly server: AlpacaServer
}

export const alpacaLink = linkDriver<typeof options, AlpacaNetwork>({
  id: 'alpaca',
  summary: 'ASCOM Alpaca: devices of every kind over the network',
  options,
  async open(wanted, tools) {
    const network = alpacaNetwork(wanted, tools)
    return { value: network, close: async () => network.close() }
  },
  async found(network, _tools, signal) {
    const all = await network.list(signal)
    return all.flatMap(({ name, type, number, uniqueId, server }): Found[] => {
      const ports = portsByType[type]
      if (!ports) return []
      const options = uniqueId ? { type, unique_id: uniqueId } : { type, number }
      const alone = all.filter(one => one.name === name).length === 1
      const called = alone ? name : `${name} (${type} ${number} at ${server.address})`
      return [{ name: called, driver: 'alpaca', options, ports: [...ports] }]
    })
  },
})

type NetworkOptions = Pick<z.output<typeof options>, 'host' | 'port' | 'user' | 'password' | 'discovery_port'>

/** Opens nothing yet: what is not there now may come later. */
export function alpacaNetwork(
  { host, port, user = '', password, discovery_port }: NetworkOptions,
  { clock, random, log }: Pick<LinkTools, 'clock' | 'random' | 'log'>,
): AlpacaNetwork {
  const clientId = 1 + Math.floor(random.next() * 0xffff_fffe)
  const end = new AbortController()
  const servers = new Map<string, AlpacaServer>()
  const credentials = password === undefined ? undefined : `${user}:${password}`
  const serverAt = (place: { host: string; port: number }, secret?: string): AlpacaServer => {
    const key = addressOf(place.host, place.port)
    const known = servers.get(key) ?? alpacaServer({ ...place, credentials: secret }, clock, clientId)
    servers.set(key, known)
    return known
  }
  const named = host === undefined ? undefined : serverAt({ host, port }, credentials)
  /** Where a device was last, by type and UniqueID. */
  const last = new Map<string, AlpacaServer>()
  const keyOf = ({ type, uniqueId }: WantedDevice) => `${type} ${uniqueId?.toLowerCase()}`
  const matches = (one: ListedDevice, { type, number, uniqueId }: WantedDevice) =>
    one.type === type && (uniqueId ? one.uniqueId.toLowerCase() === uniqueId.toLowerCase() : one.number === number)

  const devicesOf = async (server: AlpacaServer, signal: AbortSignal): Promise<SeenDevice[]> =>
    (await server.devices(signal)).map(one => ({ ...one, server }))
  const look = async (): Promise<SeenDevice[]> => {
    const places = await discoverServers({ clock, log }, end.signal, discovery_port)
    const lists = await Promise.all(
      places.map(async place => {
        const server = serverAt(place)
        try {
          return await devicesOf(server, end.signal)
        } catch (error) {
          if (end.signal.aborted) throw reasonOf(end.signal)
          log.warn(`Alpaca server ${server.address} was found, and says nothing of its devices`, {
            why: asFault(error, server.address).message,
          })
          return []
        }
      }),
    )
    return once(lists.flat())
  }
  // Devices that are opened together are looked for together.
  let looking: Promise<SeenDevice[]> | undefined
  const lookAround = (signal: AbortSignal): Promise<SeenDevice[]> => {
    looking ??= look().finally(() => {
      looking = undefined
    })
    return raced(clock, looking, signal)
  }

  return {
    async find(wanted, signal) {
      if (end.signal.aborted) throw reasonOf(end.signal)
      const { number, uniqueId, type } = wanted
      if (named && !uniqueId) return { server: named, number }
      const before = last.get(keyOf(wanted)) ?? named
      let why: Fault | undefined
      if (before) {
        try {
          const there = (await devicesOf(before, signal)).find(one => matches(one, wanted))
          if (there) return { server: before, number: there.number }
        } catch (error) {
          if (signal.aborted || end.signal.aborted) throw error
          why = asFault(error, `Alpaca server ${before.address}`)
        }
        // The password is for that machine, and not for another that says it is the same.
        if (credentials !== undefined) throw why ?? missing(wanted, before.address)
      }
      const all = (await lookAround(signal)).filter(one => matches(one, wanted))
      if (all.length === 0) throw why ?? missing(wanted, 'the network')
      if (!uniqueId && all.length > 1) {
        const where = all.map(({ server }) => server.address).join(', ')
        throw new Fault(
          'offline',
          `more than one Alpaca server has a ${type} ${number}: ${where}`,
          'Give its unique_id, or the host of its link',
        )
      }
      const [{ server, number: found }] = all
      if (uniqueId) last.set(keyOf(wanted), server)
      return { server, number: found }
    },
    list: async signal => (named ? once(await devicesOf(named, signal)) : lookAround(signal)),
    close() {
      end.abort(new Fault('offline', 'the Alpaca link is closed', 'Open it again'))
      for (const server of servers.values()) server.close()
      servers.clear()
    },
  }
}

/** A server with several addresses answers on each of them. */
function once(all: readonly SeenDevice[]): SeenDevice[] {
  const key = ({ type, uniqueId, server, number }: SeenDevice) =>
    uniqueId ? `${type} ${uniqueId.toLowerCase()}` : `${type} ${number} ${server.address}`
  return [...new Map(all.toReversed().map(one => [key(one), one])).values()].reverse()
}

const lookMs = 10_000

async function raced<T>(clock: Clock, work: Promise<T>, signal: AbortSignal): Promise<T> {
  const limit = clock.deadline(lookMs, 'looking for Alpaca servers', signal)
  return limit.race(work).finally(() => limit.cancel())
}

function missing({ type, number, uniqueId }: WantedDevice, where: string): Fault {
  const which = uniqueId ? `${type} with the UniqueID ${uniqueId}` : `${type} ${number}`
  return new Fault(
    'offline',
    `no Alpaca server on ${where} has the ${which}`,
    'Start its server, and look with Use my equipment whether it is there',
  )
}
