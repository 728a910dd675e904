// Alpaca devices on the networks of this machine, for the list of what is plugged in. They are looked for less often
// than sockets are, and one that misses a look or two has not gone.
import type { LinkTools } from '../../ports/driver.js'
import { asFault, reasonOf } from '../../ports/fault.js'
import type { LookAround, PluggedThing } from '../../ports/plugged.js'
import { alpacaLink, alpacaNetwork, type SeenDevice } from '../link/alpaca/alpaca-link.js'
import { discoveryPort } from '../link/alpaca/discovery.js'
import { portsByType } from '../link/alpaca/kinds.data.js'

/** Looks of the list that pass between two of ours. */
const everyNth = 3
const missesAllowed = 2

export interface AlpacaAround {
  readonly look: LookAround
  close(): void
}

/** @param discovery UDP port that servers listen on to be found */
export function alpacaAround(
  tools: Pick<LinkTools, 'clock' | 'random' | 'log'>,
  discovery = discoveryPort,
): AlpacaAround {
  const { log } = tools
  // Its other port is for a server that is named, and none is.
  const network = alpacaNetwork({ port: 0, discovery_port: discovery }, tools)
  const known = new Map<string, { readonly thing: PluggedThing; missed: number }>()
  let looks = 0
  const look: LookAround = async signal => {
    if (looks++ % everyNth === 0) {
      let seen: readonly SeenDevice[] = []
      try {
        seen = await network.list(signal)
      } catch (error) {
        if (signal.aborted) throw reasonOf(signal)
        log.warn(`Alpaca servers could not be looked for: ${asFault(error, 'the network').message}`)
      }
      for (const one of known.values()) one.missed++
      for (const thing of seen.flatMap(thingOf)) known.set(thing.id, { thing, missed: 0 })
      for (const [id, { missed }] of known) if (missed > missesAllowed) known.delete(id)
    }
    return [...known.values()].map(({ thing }) => thing)
  }
  return { look, close: network.close }
}

/** What has no UniqueID has no name that lasts, and no button. */
function thingOf({ name, type, number, uniqueId, server }: SeenDevice): PluggedThing[] {
  if (!portsByType[type]) return []
  const place = `${type} ${number} at ${server.address}`
  const lasting = uniqueId ? `${type}/${uniqueId}` : place
  return [
    {
      ...{ id: `alpaca/${lasting}`, kind: 'network', name, place, lasting, drivenBy: 'alpaca' },
      ...(uniqueId && { entry: { driver: 'alpaca', type, unique_id: uniqueId }, over: { driver: alpacaLink.id } }),
    },
  ]
}

/** Looks everywhere at once; the list is in the order of the looks. */
export function allAround(...looks: readonly LookAround[]): LookAround {
  return async signal => (await Promise.all(looks.map(look => look(signal)))).flat()
}
