// Keeps the packet writer beneath the MQTT packages from making 65 536 buffers ahead of the first packet: they would
// take 8 MB for as long as the agent runs, to spare a two-byte buffer a packet.
import { createRequire } from 'node:module'

/** @param owner the package whose writer is meant; to be called before its first packet */
export function withoutNumberCache(owner: 'aedes' | 'mqtt'): void {
  const { resolve } = createRequire(import.meta.url)
  const packets = createRequire(resolve(owner))('mqtt-packet') as { writeToStream: { cacheNumbers: boolean } }
  packets.writeToStream.cacheNumbers = false
}
