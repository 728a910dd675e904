// A device of the tests' Alpaca server, opened as main would, and servers that answer in another way.
import type { ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { alpacaDriver } from '../../edge/drivers/box/alpaca.js'
import { type AlpacaNetwork, alpacaLink } from '../../edge/drivers/link/alpaca/alpaca-link.js'
import type { Asked, FakeAlpaca } from './alpaca-server.js'
import { bench } from './bench.js'

/** A bench with the server's device of a type, open. */
export async function opened(t: Test, server: FakeAlpaca, type: string, more: object = {}) {
  const table = bench()
  t.teardown(() => table.close())
  const line = await table.openLink<AlpacaNetwork>(alpacaLink, { host: server.host, port: server.port })
  const { box, ports } = await table.open(alpacaDriver, { type, readout_seconds: 1, ...more }, line)
  return { table, line, box, ports }
}

/** Answers one member in another way. */
export const instead =
  (type: string, member: string, how: (response: ServerResponse) => void) =>
  (asked: Asked, response: ServerResponse): boolean => {
    if (asked.type !== type || asked.member !== member) return false
    how(response)
    return true
  }
export const says =
  (body: unknown, status = 200) =>
  (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
