// One Alpaca server, asked and ordered about: every call has a number, a deadline and a bound on its answer.
import { setMaxListeners } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../../ports/clock.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { Json } from '../../../ports/json.js'
import { checkedAnswer, membersOf, statusFault, strange } from './answer.js'
import { addressOf, askingAgent, type Call, exchange, textOf } from './exchange.js'

export interface Asking {
  /** For words: `camera "Sky", its gain`. */
  readonly what: string
  /** The whole call, to the last byte of its answer. */
  readonly ms: number
  /** Any of them ends it, with its reason. */
  readonly signals?: readonly (AbortSignal | undefined)[]
}

export type Params = Readonly<Record<string, string | number | boolean>>

/** A device as the server lists it. */
export interface ListedDevice {
  readonly name: string
  /** Lower case: `covercalibrator`. */
  readonly type: string
  readonly number: number
  /** The same for ever, wherever the device is; empty where a server breaks the rule. */
  readonly uniqueId: string
}

export interface AlpacaServer {
  readonly host: string
  readonly port: number
  /** `10.0.0.7:11111`. */
  readonly address: string
  /** The value at `/api/v1/…`. */
  get(path: string, params: Params, asking: Asking): Promise<Json>
  put(path: string, params: Params, asking: Asking): Promise<void>
  /**
   * Anything larger than a value: `read` has the head of a good answer and reads its body within the deadline, whose
   * signal it is given. `transaction` is what the answer must repeat.
   */
  fetch<T>(
    path: string,
    accept: string,
    asking: Asking,
    read: (answer: IncomingMessage, transaction: number, signal: AbortSignal) => Promise<T>,
  ): Promise<T>
  devices(signal: AbortSignal): Promise<readonly ListedDevice[]>
  close(): void
}

export interface ServerPlace {
  readonly host: string
  readonly port: number
  /** `user:password`, sent with every call and shown nowhere. */
  readonly credentials?: string
}

/** A list of switches with their names is the longest there is. */
const mostAnswerBytes = 1_000_000
const listMs = 5_000
const mostDevices = 200
const mostListeners = 200
const mostTransaction = 0xffff_ffff

/** @param clientId 1 to 2³²−1, the same for all calls of one agent */
export function alpacaServer({ host, port, credentials }: ServerPlace, clock: Clock, clientId: number): AlpacaServer {
  const agent = askingAgent()
  const address = addressOf(host, port)
  const end = new AbortController()
  // Every call under way listens, of all devices of the server.
  setMaxListeners(mostListeners, end.signal)
  let last = 0
  const next = () => {
    last = last >= mostTransaction ? 1 : last + 1
    return last
  }

  async function call<T>(
    order: Pick<Call, 'method' | 'path' | 'accept'> & { readonly params: Params },
    { what, ms, signals = [] }: Asking,
    read: (answer: IncomingMessage, transaction: number, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const transaction = next()
    const deadline = clock.deadline(ms, what, ...signals, end.signal)
    const params = {
      ...Object.fromEntries(Object.entries(order.params).map(([name, value]) => [name, wordOf(value)])),
      ClientID: String(clientId),
      ClientTransactionID: String(transaction),
    }
    const work = async () => {
      if (deadline.signal.aborted) throw reasonOf(deadline.signal)
      const answer = await exchange({ ...order, params, host, port, credentials }, agent, deadline.signal)
      try {
        if (answer.statusCode !== 200) {
          const text = await textOf(answer, mostAnswerBytes, what, deadline.signal)
          throw statusFault({ what }, answer.statusCode ?? 0, text)
        }
        return await read(answer, transaction, deadline.signal)
      } finally {
        if (!answer.complete) answer.destroy()
      }
    }
    try {
      // Its end ends the line under it, and with that the work; what the work had taken is back before anybody hears.
      return await clock.outside(work())
    } finally {
      deadline.cancel()
    }
  }
  const readAnswer = (what: string) => async (answer: IncomingMessage, transaction: number, signal: AbortSignal) =>
    checkedAnswer(await textOf(answer, mostAnswerBytes, what, signal), { what, transaction })

  const get = async (path: string, params: Params, asking: Asking): Promise<Json> => {
    const members = await call({ method: 'GET', path, params }, asking, readAnswer(asking.what))
    const value = members.get('value')
    if (value === undefined) throw strange(asking.what, 'gives no value')
    return value
  }
  return {
    ...{ host, port, address, get },
    async put(path, params, asking) {
      await call({ method: 'PUT', path, params }, asking, readAnswer(asking.what))
    },
    fetch: (path, accept, asking, read) => call({ method: 'GET', path, accept, params: {} }, asking, read),
    async devices(signal) {
      const what = `Alpaca server ${address}, its list of devices`
      const list = await get('/management/v1/configureddevices', {}, { what, ms: listMs, signals: [signal] })
      if (!Array.isArray(list)) throw strange(what, 'gives no list')
      return (list as readonly Json[]).slice(0, mostDevices).flatMap(listed)
    },
    close() {
      if (end.signal.aborted) return
      end.abort(new Fault('offline', `the line to Alpaca server ${address} is closed`, 'Open it again'))
      agent.destroy()
    },
  }
}

/** ASCOM's servers read booleans as .NET writes them. */
function wordOf(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
}

function listed(entry: Json): ListedDevice[] {
  const members = membersOf(entry)
  const type = members?.get('devicetype')
  const number = members?.get('devicenumber')
  if (typeof type !== 'string' || typeof number !== 'number' || !Number.isInteger(number) || number < 0) return []
  const text = (name: string) => {
    const said = members?.get(name)
    return typeof said === 'string' ? said.trim().slice(0, 120) : ''
  }
  const name = text('devicename') || `${type} ${number}`
  return [{ name, type: type.toLowerCase(), number, uniqueId: text('uniqueid') }]
}
