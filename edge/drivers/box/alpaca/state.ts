// What a device says of itself again and again: in one call where it is of Platform 7 (DeviceState), member by member
// where it is not, and for whatever that one call leaves out or gets wrong.
import { asFault, Fault } from '../../../ports/fault.js'
import type { Json } from '../../../ports/json.js'
import { alpacaErrorOf, isAbsent, membersOf } from '../../link/alpaca/answer.js'
import type { Params } from '../../link/alpaca/server.js'
import { listeners } from '../../listeners.js'
import { type AlpacaSession, isFlag, isNumber, maybe, unknownMember } from './session.js'

export interface Member {
  readonly type: 'number' | 'flag'
  /** Asked by itself even where DeviceState has it: motion and safety hang on it. */
  readonly alone?: boolean
  /** Its name in the paths, where that is not its own in lower case, and its parameters. */
  readonly path?: string
  readonly params?: Params
}

export interface DeviceState {
  /** Undefined where the device has no such thing or does not know now. */
  number(name: string): number | undefined
  flag(name: string): boolean | undefined
  /** When it was last heard, Unix ms UTC. */
  atMs(): number
  /** Asks anew; settles with an answer to a question that was put after this call. */
  refresh(signal?: AbortSignal): Promise<void>
  /** Asks again and again until `test` gives a value. It may throw. */
  until<T>(wait: Wait, test: () => T | undefined): Promise<T>
  /** Called after every answer. */
  onHeard(listener: () => void): () => void
}

export interface Wait {
  /** For the timeout's words: `turning the wheel`. */
  readonly what: string
  readonly ms: number
  readonly signal?: AbortSignal
}

/** So many questions without an answer in a row, and the device is lost. */
const patience = 3
const quickMs = 150
/** Small servers take few questions at a time. */
const atOnce = 4

/**
 * Asks once, then every so often until the session ends. Rejects when the first answer does not come, so that a broken
 * device climbs the ladder.
 * @param members by their names in ASCOM: `RightAscension`
 */
export async function keepState(
  session: AlpacaSession,
  members: Readonly<Record<string, Member>>,
  everyMs: number,
  signal: AbortSignal,
): Promise<DeviceState> {
  const { clock, log, gone } = session
  const values = new Map<string, Json | undefined>()
  const absent = new Set<string>()
  const heard = listeners<void>()
  let atMs = clock.now()
  let whole = session.modern
  let missed = 0

  /** By name in lower case; empty when the device does not answer as it should, which is then not asked for again. */
  const inOneCall = async (until?: AbortSignal): Promise<ReadonlyMap<string, Json>> => {
    if (!whole) return new Map()
    try {
      return pairsIn(await session.get('devicestate', {}, until))
    } catch (error) {
      const fault = asFault(error, session.name)
      if (!isAbsent(fault) && fault.code !== 'broken' && !unknownMember(fault)) throw error
      log.warn(`${session.name} says that it has DeviceState, and is asked piece by piece now: ${fault.message}`)
      whole = false
      return new Map()
    }
  }
  const ask = async (name: string, { type, path, params, alone }: Member, until?: AbortSignal) => {
    try {
      return await maybe<number | boolean>(session[type](path ?? name.toLowerCase(), params, until))
    } catch (error) {
      // A driver's error about this one thing leaves the others alone.
      if (alone || alpacaErrorOf(error) === undefined || gone.aborted) throw error
      return undefined
    }
  }
  const look = async (until?: AbortSignal) => {
    const present = Object.entries(members).filter(([name]) => !absent.has(name))
    // What says that it has come to rest comes first, so that where it stands is of after that.
    for (const [name, member] of present) if (member.alone) values.set(name, await ask(name, member, until))
    const told = await inOneCall(until)
    const missing: [string, Member][] = []
    for (const [name, member] of present) {
      if (member.alone) continue
      const value = told.get(name.toLowerCase())
      if (member.type === 'number' ? isNumber(value) : isFlag(value)) values.set(name, value)
      else missing.push([name, member])
    }
    for (let at = 0; at < missing.length; at += atOnce) {
      const some = missing.slice(at, at + atOnce)
      await Promise.all(some.map(async ([name, member]) => values.set(name, await ask(name, member, until))))
    }
    atMs = clock.now()
    heard.tell()
  }

  /** One look at a time; who comes meanwhile gets the next. */
  let under: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = (until?: AbortSignal): Promise<void> => {
    const own = look(until).finally(() => {
      if (under === own) under = undefined
    })
    under = own
    return own
  }
  const refresh = (until?: AbortSignal): Promise<void> => {
    if (next) return next
    if (!under) return start(until)
    next = under
      // Its own caller hears of that one.
      .catch(() => {})
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }

  const poll = async () => {
    try {
      await refresh()
      missed = 0
    } catch (error) {
      if (gone.aborted) return
      const fault = asFault(error, session.name)
      missed++
      if (missed < patience) log.warn(`${session.name} did not answer: ${fault.message}`)
      else session.fail(fault)
    }
  }
  // What it does not have at the start, it does not have.
  for (const [name, member] of Object.entries(members)) {
    if (await lacks(session, name, member, signal)) absent.add(name)
  }
  await refresh(signal)
  const timer = clock.every(everyMs, () => {
    if (!under) void poll()
  })
  if (gone.aborted) timer.cancel()
  gone.addEventListener('abort', () => timer.cancel(), { once: true })

  return {
    number: name => values.get(name) as number | undefined,
    flag: name => values.get(name) as boolean | undefined,
    atMs: () => atMs,
    refresh,
    onHeard: heard.add,
    async until({ what, ms, signal: outer }, test) {
      const limit = clock.deadline(ms, `${session.name}, ${what}`, outer, gone)
      let failures = 0
      try {
        for (;;) {
          try {
            await limit.race(refresh())
            failures = 0
          } catch (error) {
            // One answer that is lost is not yet the end of a slew.
            if (limit.signal.aborted || ++failures >= patience) throw error
          }
          const value = failures === 0 ? test() : undefined
          if (value !== undefined) return value
          await clock.sleep(quickMs, limit.signal)
        }
      } finally {
        limit.cancel()
      }
    },
  }
}

async function lacks(session: AlpacaSession, name: string, member: Member, signal: AbortSignal): Promise<boolean> {
  try {
    await session.get(member.path ?? name.toLowerCase(), member.params, signal)
    return false
  } catch (error) {
    if (isAbsent(error) || unknownMember(error)) return true
    if (alpacaErrorOf(error) !== undefined && asFault(error, name).code !== 'offline') return false
    throw error
  }
}

/** DeviceState is a list of names and values. Throws `broken` when it is none. */
function pairsIn(state: Json): ReadonlyMap<string, Json> {
  if (!Array.isArray(state)) throw new Fault('broken', 'DeviceState is no list', 'Update the Alpaca server')
  const pairs = new Map<string, Json>()
  for (const entry of state as readonly Json[]) {
    const members = membersOf(entry)
    const name = members?.get('name')
    const value = members?.get('value')
    if (typeof name === 'string' && value !== undefined) pairs.set(name.toLowerCase(), value)
  }
  return pairs
}
