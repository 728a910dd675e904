// Keeps the packet writer beneath both MQTT packages from making 65 536 buffers ahead of the first packet: they would
// take 8 MB for as long as the agent runs, to spare a two-byte buffer a packet.

/** To be called before the first packet. Loads the writer: the agent's page does not wait for it. */
export async function withoutNumberCache(): Promise<void> {
  const { writeToStream } = await import('mqtt-packet')
  ;(writeToStream as unknown as { cacheNumbers: boolean }).cacheNumbers = false
}
