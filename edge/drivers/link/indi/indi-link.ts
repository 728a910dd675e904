// The line to an INDI server, shared by every device behind it: a server that runs somewhere, or one of our own.
import { join } from 'node:path'
import { type LinkTools, linkDriver } from '../../../ports/driver.js'
import { asFault, Fault } from '../../../ports/fault.js'
import { z } from '../../../ports/schema.js'
import { installedDrivers } from './catalogue.js'
import { type IndiClient, openClient } from './client.js'
import { foundDevices } from './found.js'
import { startOwnServer } from './own-server.js'

const options = z.strictObject({
  drivers: z
    .array(z.string().regex(/^indi_\w+$/, 'write the name of the program, as in indi_asi_ccd'))
    .max(40)
    .default([])
    .describe('Drivers that Pierside starts itself, in an INDI server of its own; host and port are then not used'),
  host: z.string().min(1).default('127.0.0.1').describe('Name or address of the machine the server runs on'),
  port: z.int().min(1).max(65535).default(7624).describe('TCP port of the server'),
  quiet_seconds: z
    .number()
    .min(1)
    .max(600)
    .default(45)
    .describe('Silence after which a server that used to answer counts as lost, s'),
  hung_seconds: z
    .number()
    .min(2)
    .max(600)
    .default(60)
    .describe('Silence after which a driver that Pierside started is killed and started again, s'),
})

/** Our own server takes a moment until it listens. */
const listensMs = 10_000
const againMs = 100

export const indiLink = linkDriver<typeof options, IndiClient>({
  id: 'indi',
  summary: 'INDI: cameras, mounts and more through the drivers of its library',
  options,
  async open({ drivers, host, port, quiet_seconds, hung_seconds }, tools, signal) {
    const { clock, log, lost } = tools
    const quietMs = quiet_seconds * 1000
    if (drivers.length === 0) {
      const client = await openClient({ host, port, quietMs, clock, log, lost }, signal)
      return { value: client, close: async () => client.close() }
    }
    const hungMs = hung_seconds * 1000
    const server = await startOwnServer({ drivers, folder: join(tools.folder, 'indi'), hungMs, clock, log }, signal)
    try {
      const client = await openOwn(server.port, quietMs, tools, signal)
      server.watch(client)
      return {
        value: client,
        parts: server.parts,
        async close() {
          client.close()
          await server.close()
        },
      }
    } catch (error) {
      await server.close()
      throw error
    }
  },
  found: (client, { clock }, signal) => foundDevices(client, clock, signal),
  offers: () => installedDrivers(),
})

async function openOwn(port: number, quietMs: number, { clock, log, lost }: LinkTools, signal: AbortSignal) {
  const limit = clock.monotonicMs() + listensMs
  for (;;) {
    try {
      return await openClient({ host: '127.0.0.1', port, quietMs, clock, log, lost }, signal)
    } catch (error) {
      const fault = asFault(error, 'INDI server')
      if (signal.aborted || fault.code !== 'offline') throw fault
      if (clock.monotonicMs() > limit) {
        const fix = "See the INDI server's words in the log; install indi-bin if it is not there"
        throw new Fault('offline', 'the INDI server that was started does not listen', fix, { cause: error })
      }
      await clock.sleep(againMs, signal)
    }
  }
}
