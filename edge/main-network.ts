// The box's own network, on the image alone: elsewhere the computer's owner minds it, and nobody asked us.
import { isLoopback } from './api/mqtt/settings.js'
import { nmcliNetwork } from './drivers/own/network/nmcli-network.js'
import type { Settings } from './main-config.js'
import type { OwnImage } from './main-image.js'
import { asFault, Fault } from './ports/fault.js'
import type { SetUpRadio } from './ports/setup.js'
import { type NetworkParts, type NetworkService, networkService } from './services/network.js'
import { networkActions } from './services/network-actions.js'
import type { ActionTable } from './spine/actions.js'

interface OwnNetworkParts extends Omit<NetworkParts, 'network'> {
  readonly actions: ActionTable
}

/** Minds it until `stop`. */
export async function ownNetwork(
  { deed, told }: Pick<OwnImage, 'deed' | 'told'>,
  parts: OwnNetworkParts,
): Promise<NetworkService> {
  const log = parts.log.named('network')
  const network = nmcliNetwork({ clock: parts.clock, log, deed, places: told === undefined ? {} : { told } })
  const service = await networkService({ ...parts, log, network })
  parts.actions.offer(networkActions(service))
  return service
}

/** The firewall lets others reach the broker of the agent when it listens wider than this machine, and not else. */
export async function openBroker(
  { deed }: Pick<OwnImage, 'deed'>,
  { enabled, broker, embedded }: Settings['mqtt'],
  { clock, log, port = embedded.port }: Pick<NetworkParts, 'clock' | 'log'> & { readonly port: number | undefined },
): Promise<void> {
  const wide = enabled && !broker && embedded.enabled && !isLoopback(embedded.host)
  const limit = clock.deadline(deedMs, 'the firewall')
  try {
    await deed('mqtt-port', { port: wide ? port : 0 }, limit.signal)
  } catch (error) {
    log.named('network').warn(`the port of MQTT: ${asFault(error, 'the firewall').message}`)
  } finally {
    limit.cancel()
  }
}

const deedMs = 15_000

/** For the first set-up, which stands before the network is minded and asks of it only later. */
export function radioOf(network: () => NetworkService | undefined): SetUpRadio {
  const hand = () => {
    const service = network()
    if (!service) throw new Fault('offline', 'the network is not minded yet', 'Wait some seconds and try again')
    return service.byHand
  }
  return {
    tryHotspot: async (order, signal) => hand().tryHotspot(order, signal),
    keepHotspot: async signal => hand().keepHotspot(signal),
    dropTrial: async signal => hand().dropTrial(signal),
    setCountry: async (code, keep, signal) => hand().setCountry(code, keep, signal),
  }
}
