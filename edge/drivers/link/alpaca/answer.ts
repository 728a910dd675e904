// What an Alpaca server's answer says: its value, or what went wrong, as a Fault. Names in it are taken in any case.
import { Fault, type FaultCode } from '../../../ports/fault.js'
import type { Json, JsonObject } from '../../../ports/json.js'

/** ASCOM's reserved error numbers (AlpacaDeviceAPI, ErrorNumber). */
export const alpacaErrors = {
  notImplemented: 0x400,
  invalidValue: 0x401,
  valueNotSet: 0x402,
  notConnected: 0x407,
  parked: 0x408,
  slaved: 0x409,
  invalidOperation: 0x40b,
  actionNotImplemented: 0x40c,
  cancelled: 0x40e,
} as const

const meanings: Readonly<Record<number, readonly [FaultCode, string, string]>> = {
  [alpacaErrors.notImplemented]: ['unsupported', 'it cannot do that', 'Use another device for it'],
  [alpacaErrors.invalidValue]: ['bad-input', 'it does not take that value', 'Choose another value'],
  [alpacaErrors.valueNotSet]: ['broken', 'it has no value yet', 'Try again in a moment'],
  [alpacaErrors.notConnected]: ['offline', 'it is not connected', 'It is connected again by itself'],
  [alpacaErrors.parked]: ['limit', 'it is parked', 'Unpark it first'],
  [alpacaErrors.slaved]: ['limit', 'it follows another device', 'End the slaving in its own program first'],
  [alpacaErrors.invalidOperation]: ['broken', 'it cannot do that now', 'See what the device says, then try again'],
  [alpacaErrors.actionNotImplemented]: ['unsupported', 'it cannot do that', 'Use another device for it'],
  [alpacaErrors.cancelled]: ['aborted', 'it was cancelled', 'Start it again when you are ready'],
}

/** What was asked, for words, and the number it was asked under. */
export interface Asked {
  /** `camera "Sky" at 10.0.0.7:11111, its gain`. */
  readonly what: string
  readonly transaction: number
}

const mostWords = 300

/** The fault of an error number. Servers on Windows may give the whole HRESULT, as a negative number. */
export function alpacaFault({ what }: Pick<Asked, 'what'>, number: number, message: string): Fault {
  const code = number & 0xfff
  const said = oneLine(message)
  const [fault, words, fix] = meanings[code] ?? [
    'broken',
    `error ${number}`,
    'See what the device says, then try again',
  ]
  // What a mount says of its limits comes under any of these numbers.
  const limited = (fault === 'broken' || fault === 'bad-input') && /horizon|altitude|limit/i.test(said)
  const detail = { alpacaError: code }
  if (limited) return new Fault('limit', `${what}: ${said}`, 'Choose a target within its limits', { detail })
  return new Fault(fault, `${what}: ${said || words}`, fix, { detail })
}

/** The error number behind a fault, if a device gave one. */
export function alpacaErrorOf(error: unknown): number | undefined {
  const number = error instanceof Fault ? error.detail?.['alpacaError'] : undefined
  return typeof number === 'number' ? number : undefined
}

/** Whether the device has told that it does not have such a thing. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Fault && error.code === 'unsupported'
}

/** An object's members by their names in lower case. Undefined when it is no object. */
export function membersOf(json: Json | undefined): ReadonlyMap<string, Json> | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  return new Map(
    Object.entries(json as JsonObject).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), value] as const],
    ),
  )
}

/** Throws what the answer says went wrong, and `broken` for what is no Alpaca answer or belongs to another question. */
export function checkedAnswer(text: string, { what, transaction }: Asked): ReadonlyMap<string, Json> {
  let members: ReadonlyMap<string, Json> | undefined
  try {
    members = membersOf(JSON.parse(text) as Json)
  } catch (cause) {
    throw strange(what, `answers no JSON: ${oneLine(text).slice(0, 60)}`, cause)
  }
  if (!members) throw strange(what, `answers no Alpaca object: ${oneLine(text).slice(0, 60)}`)
  const number = members.get('errornumber') ?? 0
  const message = members.get('errormessage') ?? ''
  if (typeof number !== 'number') throw strange(what, `answers an error number that is none: ${String(number)}`)
  checkTransaction(members.get('clienttransactionid'), transaction, what)
  if (number !== 0) throw alpacaFault({ what }, number, String(message))
  return members
}

/** Zero or nothing is no answer's number: many servers do not repeat it. */
export function checkTransaction(echoed: Json | undefined, sent: number, what: string): void {
  if (echoed === undefined || echoed === null || echoed === 0) return
  // Servers that keep it in 32 bits with a sign give the upper half back as negative.
  if (typeof echoed === 'number' && echoed >>> 0 === sent) return
  throw strange(what, `answers another question (${String(echoed)}, not ${sent})`)
}

/** What a status other than 200 means, with the words the server has for it. */
export function statusFault({ what }: Pick<Asked, 'what'>, status: number, text: string): Fault {
  const said = oneLine(text.replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')) || 'it gives no reason'
  const words = `${what}: HTTP ${status}, ${said}`
  const detail = { httpStatus: status }
  if (status === 401 || status === 403) {
    return new Fault('forbidden', words, 'Set user and password of its link', { detail })
  }
  // Servers older than a member do not know its name.
  if (status === 404 || status === 405 || status === 501) {
    return new Fault('unsupported', words, 'Check the device number, or use another device for it', { detail })
  }
  if (status === 400) return new Fault('bad-input', words, 'Check the device number and the value', { detail })
  return new Fault('broken', words, 'See the log of the Alpaca server, then try again', { detail })
}

export function strange(what: string, words: string, cause?: unknown): Fault {
  return new Fault('broken', `${what}: the server ${words}`, 'Restart the Alpaca server', { cause })
}

function oneLine(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, mostWords)
}
