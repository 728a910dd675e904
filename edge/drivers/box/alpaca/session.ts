// One Alpaca device, connected: what its ports ask and order. It ends when the server says that it is not connected any
// more, or says nothing; every call ends with it.
import { setMaxListeners } from 'node:events'
import type { Clock } from '../../../ports/clock.js'
import { asFault, Fault, reasonOf } from '../../../ports/fault.js'
import type { Json } from '../../../ports/json.js'
import type { Log } from '../../../ports/log.js'
import type { DevicePlace } from '../../link/alpaca/alpaca-link.js'
import { alpacaErrorOf, alpacaErrors, isAbsent, strange } from '../../link/alpaca/answer.js'
import { type AlpacaType, modernFrom } from '../../link/alpaca/kinds.data.js'
import type { AlpacaServer, Params } from '../../link/alpaca/server.js'

export interface AlpacaSession {
  /** For words: `camera "Sky" at 10.0.0.7:11111`. */
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  readonly server: AlpacaServer
  readonly interfaceVersion: number
  /** Platform 7: has Connect and DeviceState. */
  readonly modern: boolean
  /** Fires with the Fault when the device is no longer there, or with `offline` when the box is closed. */
  readonly gone: AbortSignal
  /** `/api/v1/camera/0/<member>`. */
  path(member: string): string
  /** Asks one member, in lower case. */
  get(member: string, params?: Params, signal?: AbortSignal): Promise<Json>
  /** As `get`; `broken` unless it is a finite number. */
  number(member: string, params?: Params, signal?: AbortSignal): Promise<number>
  flag(member: string, params?: Params, signal?: AbortSignal): Promise<boolean>
  text(member: string, params?: Params, signal?: AbortSignal): Promise<string>
  texts(member: string): Promise<readonly string[]>
  /** Gives an order. @param ms for orders that answer only when they are done */
  put(member: string, params: Params, wait?: OrderWait): Promise<void>
  /** Gives the device up: the supervisor reopens it. */
  fail(fault: Fault): void
  /** What `leave` calls first: it stops what was set moving here, and orders nothing when that stands. */
  onLeave(stop: () => Promise<void>): void
  /** Stops what was set moving, for 4 s at most, then closes. What could not be stopped is in the log. */
  leave(): Promise<void>
  /** Ends every call at once, with `why`. */
  close(why?: Fault): void
}

export interface OrderWait {
  readonly ms?: number
  readonly signal?: AbortSignal
}

export interface SessionOptions {
  readonly place: DevicePlace
  readonly type: AlpacaType
  readonly clock: Clock
  readonly log: Log
  lost(fault: Fault): void
}

const answerMs = 5_000
const orderMs = 10_000
/** A driver that looks through serial ports for its mount takes its time; opening as a whole ends at 30 s. */
const connectMs = 25_000
const lookMs = 200
/** The supervisor gives a close 5 s. */
const leaveMs = 4_000
/** Of one device's calls and waits under way. */
const mostListeners = 100

/** Connects the device, which stays connected: other programs use it as well, and cooling goes on. */
export async function openAlpacaSession(options: SessionOptions, signal: AbortSignal): Promise<AlpacaSession> {
  const session = await newSession(options, signal)
  try {
    await connect(session, signal)
    session.arm()
    return session
  } catch (error) {
    session.close()
    throw error
  }
}

async function connect(session: AlpacaSession, signal: AbortSignal): Promise<void> {
  const connected = () => session.flag('connected', {}, signal)
  if (await connected()) return
  const wait = { ms: connectMs, signal }
  if (!session.modern || !(await begins(session, wait))) await session.put('connected', { Connected: true }, wait)
  else {
    const limit = session.clock.deadline(connectMs, `${session.name}, connecting`, signal, session.gone)
    try {
      while (await session.flag('connecting', {}, limit.signal)) await session.clock.sleep(lookMs, limit.signal)
    } finally {
      limit.cancel()
    }
  }
  if (await connected()) return
  const fix = 'Look into its own program or its setup page whether it can reach the device'
  throw new Fault('offline', `${session.name} took the order to connect and is not connected`, fix)
}

/** Whether it takes Connect: some say that they are of Platform 7 and are not. */
async function begins(session: AlpacaSession, wait: OrderWait): Promise<boolean> {
  try {
    await session.put('connect', {}, wait)
    return true
  } catch (error) {
    if (isAbsent(error) || unknownMember(error)) return false
    throw error
  }
}

type Opening = AlpacaSession & { arm(): void }

async function newSession(options: SessionOptions, signal: AbortSignal): Promise<Opening> {
  const { place, type, clock, log, lost } = options
  const { server, number } = place
  const control = new AbortController()
  setMaxListeners(mostListeners, control.signal)
  let armed = false
  const stops: (() => Promise<void>)[] = []
  const end = (fault: Fault) => {
    if (control.signal.aborted) return
    control.abort(fault)
    if (armed) lost(fault)
  }
  const path = (member: string) => `/api/v1/${type}/${number}/${member}`
  const where = `${type} ${number} at ${server.address}`
  const early = { what: `Alpaca ${where}`, ms: answerMs, signals: [signal] }
  const said = await server.get(path('name'), {}, early)
  const called = typeof said === 'string' ? said.trim().slice(0, 60) : ''
  const name = `${type} ${called ? `"${called}"` : number} at ${server.address}`
  const interfaceVersion = await versionOf(server, path('interfaceversion'), early)

  /** A device that is not connected any more is found out by whoever speaks to it first. */
  const watched = async <T>(asked: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    if (control.signal.aborted) throw reasonOf(control.signal)
    if (asked?.aborted) throw reasonOf(asked)
    try {
      return await work()
    } catch (error) {
      if (alpacaErrorOf(error) === alpacaErrors.notConnected) end(asFault(error, name))
      throw error
    }
  }
  const get: AlpacaSession['get'] = (member, params = {}, asked) =>
    watched(asked, () =>
      server.get(path(member), params, {
        what: `${name}, its ${member}`,
        ms: answerMs,
        signals: [asked, control.signal],
      }),
    )
  async function typed<T extends Json>(
    [member, params, asked]: Parameters<AlpacaSession['get']>,
    is: (value: Json) => value is T,
    kind: string,
  ): Promise<T> {
    const value = await get(member, params, asked)
    if (is(value)) return value
    throw strange(`${name}, its ${member}`, `gives ${JSON.stringify(value).slice(0, 60)}, which is no ${kind}`)
  }
  const close: AlpacaSession['close'] = (why = new Fault('offline', `${name} is closed`, 'Open it again')) => {
    armed = false
    end(why)
  }
  return {
    ...{ name, clock, log, server, interfaceVersion, gone: control.signal, path, get, close },
    modern: interfaceVersion >= modernFrom[type],
    number: (...asked) => typed(asked, isNumber, 'number'),
    flag: (...asked) => typed(asked, isFlag, 'flag'),
    text: (...asked) => typed(asked, isText, 'text'),
    texts: member => typed([member], isTexts, 'list of texts'),
    put: (member, params, { ms = orderMs, signal: asked } = {}) =>
      watched(asked, () =>
        server.put(path(member), params, { what: `${name}, ${member}`, ms, signals: [asked, control.signal] }),
      ),
    fail: end,
    onLeave: stop => stops.push(stop),
    async leave() {
      const limit = clock.deadline(leaveMs, `${name}, stopping before it is closed`, control.signal)
      try {
        // A server that is gone takes no order.
        if (!control.signal.aborted) await limit.race(Promise.all(stops.map(stop => stop())).then(() => {}))
      } catch (error) {
        log.warn(`${name} may go on moving: ${asFault(error, name).message}`)
      } finally {
        limit.cancel()
        close()
      }
    },
    arm() {
      armed = true
    },
  }
}

/** Devices of the first days have no such member. */
async function versionOf(server: AlpacaServer, path: string, asking: Parameters<AlpacaServer['get']>[2]) {
  try {
    const version = await server.get(path, {}, asking)
    return isNumber(version) ? version : 1
  } catch (error) {
    if (isAbsent(error)) return 1
    throw error
  }
}

export const isNumber = (value: Json | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value)
export const isFlag = (value: Json | undefined): value is boolean => typeof value === 'boolean'
const isText = (value: Json | undefined): value is string => typeof value === 'string'
const isTexts = (value: Json): value is readonly string[] => Array.isArray(value) && value.every(isText)

/** The value, or undefined where the device has no such thing, or says that it has no value. */
export async function maybe<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isAbsent(error) || alpacaErrorOf(error) === alpacaErrors.valueNotSet || unknownMember(error)) return undefined
    // Some drivers say "not now" of what they do not have at all.
    if (alpacaErrorOf(error) === alpacaErrors.invalidOperation) return undefined
    throw error
  }
}

/** Servers older than a member may call its name a bad request. */
export function unknownMember(error: unknown): boolean {
  return error instanceof Fault && error.detail?.['httpStatus'] === 400
}
