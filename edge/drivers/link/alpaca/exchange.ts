// One HTTP exchange with an Alpaca server: its answer is bounded, its signal ends it at any point, and nothing is
// asked twice that moves something.
import { Agent, type IncomingMessage, request } from 'node:http'
import { Fault, reasonOf } from '../../../ports/fault.js'

export interface Call {
  readonly method: 'GET' | 'PUT'
  readonly host: string
  readonly port: number
  /** `/api/v1/camera/0/imagearray`, lower case. */
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly accept?: string
  /** `user:password`. */
  readonly credentials?: string
}

/** Device servers on small boards take few connections at a time. */
const mostSockets = 4
const mostHeaderBytes = 16_384

export function askingAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: mostSockets, maxFreeSockets: 2 })
}

/**
 * Settles with the head of the answer, whose body is the caller's to read or destroy. Rejects with `offline` when
 * nobody listens or the line breaks, or with the signal's reason.
 * @param agent for questions; orders have a connection of their own, so that none waits behind another or is sent twice
 */
export async function exchange(call: Call, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> {
  try {
    return await once(call, agent, signal)
  } catch (error) {
    // A kept connection that the server had closed meanwhile: a question may be asked again, on a fresh one.
    if (!(error instanceof StaleLine) || call.method !== 'GET') throw error
    return await once(call, undefined, signal)
  }
}

class StaleLine extends Fault {}

function once(call: Call, agent: Agent | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, host, port, path, params, accept, credentials } = call
  const query = new URLSearchParams(params).toString()
  // Zones of link-local addresses are nobody's business but ours.
  const plain = host.replace(/%.*$/, '')
  const headers: Record<string, string> = {
    host: `${plain.includes(':') ? `[${plain}]` : plain}:${port}`,
    accept: accept ?? 'application/json',
    ...(credentials !== undefined && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
    ...(method === 'PUT' && {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(query)),
    }),
  }
  return new Promise((settle, reject) => {
    if (signal.aborted) return reject(reasonOf(signal))
    const asked = request(
      {
        ...{ method, host, port, headers, signal, maxHeaderSize: mostHeaderBytes },
        path: method === 'GET' && query ? `${path}?${query}` : path,
        agent: method === 'GET' && agent ? agent : false,
      },
      settle,
    )
    asked.on('error', error => {
      if (signal.aborted) return reject(reasonOf(signal))
      const stale = asked.reusedSocket && agent !== undefined
      const Kind = stale ? StaleLine : Fault
      reject(
        new Kind(
          'offline',
          `Alpaca server ${addressOf(host, port)} does not answer: ${error.message}`,
          'Check its power, network and address',
          { cause: error },
        ),
      )
    })
    asked.end(method === 'PUT' ? query : undefined)
  })
}

/** As a person writes it: `10.0.0.7:11111`, `[fe80::1]:11111`. */
export function addressOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * The whole body as text. Rejects with `broken` past `mostBytes`, `offline` when it ends early, or the signal's reason.
 */
export async function textOf(answer: IncomingMessage, mostBytes: number, who: string, signal: AbortSignal) {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of bodyOf(answer, who, signal)) {
    bytes += part.length
    if (bytes > mostBytes) {
      answer.destroy()
      throw new Fault('broken', `${who} answers more than ${mostBytes} bytes`, 'Restart the Alpaca server')
    }
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** The body piece by piece; however the reading ends, nothing is left open. */
export async function* bodyOf(answer: IncomingMessage, who: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const part of answer) {
      if (signal.aborted) throw reasonOf(signal)
      yield part as Buffer
    }
    if (signal.aborted) throw reasonOf(signal)
  } catch (error) {
    if (signal.aborted) throw reasonOf(signal)
    if (error instanceof Fault) throw error
    const words = `${who}: its answer broke off: ${(error as Error).message}`
    throw new Fault('offline', words, 'Check its network, then try again', { cause: error })
  } finally {
    if (!answer.complete) answer.destroy()
  }
}
