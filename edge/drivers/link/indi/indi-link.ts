// The line to an INDI server, shared by every device behind it.
import { linkDriver } from '../../../ports/driver.js'
import { z } from '../../../ports/schema.js'
import { type IndiClient, openClient } from './client.js'
import { foundDevices } from './found.js'

export const indiLink = linkDriver({
  id: 'indi',
  summary: 'An INDI server: cameras, mounts and more through drivers of the INDI library',
  options: z.strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Name or address of the machine the server runs on'),
    port: z.int().min(1).max(65535).default(7624).describe('TCP port of the server'),
    quiet_seconds: z
      .number()
      .min(1)
      .max(600)
      .default(45)
      .describe('Silence after which a server that used to answer counts as lost, s'),
  }),
  async open({ host, port, quiet_seconds }, { clock, log, lost }, signal) {
    const client = await openClient({ host, port, quietMs: quiet_seconds * 1000, clock, log, lost }, signal)
    return { value: client as IndiClient, close: async () => client.close() }
  },
  found: (client, { clock }, signal) => foundDevices(client, clock, signal),
})
