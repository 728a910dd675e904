// The box's own network, on the image alone: elsewhere the computer's owner minds it, and nobody asked us.
import { nmcliNetwork } from './drivers/own/network/nmcli-network.js'
import type { OwnImage } from './main-image.js'
import { type NetworkParts, type NetworkService, networkService } from './services/network.js'
import { networkActions } from './services/network-actions.js'
import type { ActionTable } from './spine/actions.js'

interface OwnNetworkParts extends Omit<NetworkParts, 'network'> {
  readonly actions: ActionTable
}

/** Minds it until `stop`. */
export async function ownNetwork({ deed }: Pick<OwnImage, 'deed'>, parts: OwnNetworkParts): Promise<NetworkService> {
  const log = parts.log.named('network')
  const service = await networkService({ ...parts, log, network: nmcliNetwork({ clock: parts.clock, log, deed }) })
  parts.actions.offer(networkActions(service))
  return service
}
