// One INDI device, connected: what its ports read, order and wait for. It ends when the device, its driver or the
// server goes away; every wait ends with it.
import type { Clock } from '../../../ports/clock.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import type { IndiClient } from '../../link/indi/client.js'
import type { IndiChange, IndiItem, IndiProperty, IndiValue } from '../../link/indi/property.js'

export type Values = Readonly<Record<string, IndiValue>>

export interface IndiSession {
  readonly name: string
  readonly client: IndiClient
  readonly clock: Clock
  /** Fires with the Fault when the device is no longer there, or with `offline` when the box is closed. */
  readonly gone: AbortSignal
  property(name: string): IndiProperty | undefined
  item(property: string, item: string): IndiItem | undefined
  /** Finite, or undefined. */
  number(property: string, item: string): number | undefined
  /** Whether a switch is there and on. */
  isOn(property: string, item: string): boolean
  watch(listener: (change: IndiChange) => void): () => void
  /** When the driver last said new values of a property, monotonic ms; undefined while it has only defined it. */
  saidMs(property: string): number | undefined
  /** Writes a property without waiting. Throws `unsupported`, `offline`. */
  order(property: string, values: Values): void
  /** Writes a property and settles when the driver has taken it. Rejects on Alert with `broken` and its words. */
  settle(property: string, values: Values, wait: Wait): Promise<void>
  /** Settles with the first value that `test` gives, tried now and at every change. */
  until<T>(wait: Wait, test: (change: IndiChange | undefined) => T | undefined): Promise<T>
  /** The driver's last warning or error, else its last words, since the session had heard `since` of them. */
  words(since: number): string | undefined
  wordsHeard(): number
  /** Gives the device up: the supervisor reopens it. */
  fail(fault: Fault): void
  close(): void
}

export interface Wait {
  /** For the timeout's words: `turning the wheel`. */
  readonly what: string
  readonly ms: number
  readonly signal?: AbortSignal
  /** Busy is an answer as well: what was ordered goes on for long (cooling). */
  readonly busyIsTaken?: boolean
  /** The driver repeats this property by itself (positions): an Ok with the old value is not yet the answer. */
  readonly polled?: boolean
}

export interface SessionOptions {
  readonly client: IndiClient
  readonly clock: Clock
  readonly name: string
  /** Set before connecting where they exist then (a serial port), else after. */
  readonly properties: Readonly<Record<string, Values>>
  /** Each of these lists must have one property defined once the device is connected. */
  readonly needs: readonly (readonly string[])[]
  lost(fault: Fault): void
}

const defineMs = 8000 // a server lists a device within a second of getProperties, or its driver is not running
const connectMs = 25_000 // a driver that looks through serial ports for its mount takes its time
const settledAfterMs = 300 // without a new definition
const settleAtMostMs = 4000
const keptWords = 20

/** Connects the device and waits for its properties. Rejects with `offline`, `timeout` or the signal's reason. */
export async function openSession(options: SessionOptions, signal: AbortSignal): Promise<IndiSession> {
  const { client, name, properties, needs } = options
  const session = newSession(options)
  try {
    client.ask(name)
    await session
      .until({ what: 'waiting for its definition', ms: defineMs, signal }, () => session.property('CONNECTION'))
      .catch(error => {
        throw error instanceof Fault && error.code === 'timeout' ? unknown(client, name) : error
      })
    const early = new Set<string>()
    // CONNECTION comes first, and the serial port to connect to after it; a network address when that mode is chosen.
    for (let fresh = Object.keys(properties); fresh.length > 0; ) {
      await quiet(session, signal)
      fresh = fresh.filter(property => session.property(property) && !early.has(property))
      await apply(session, properties, property => fresh.includes(property), signal)
      for (const property of fresh) early.add(property)
      if (fresh.length > 0) fresh = Object.keys(properties)
    }
    if (!session.isOn('CONNECTION', 'CONNECT')) {
      await session.settle('CONNECTION', { CONNECT: true }, { what: 'connecting', ms: connectMs, signal })
    }
    await session.until(
      { what: `waiting for ${needs.map(names => names.join(' or ')).join(', ')}`, ms: defineMs, signal },
      () => (needs.every(names => names.some(need => session.property(need))) ? true : undefined),
    )
    await quiet(session, signal)
    await apply(session, properties, property => !early.has(property), signal)
    session.arm()
    return session
  } catch (error) {
    session.close()
    throw error
  }
}

/** Sets the owner's properties where they are not so already. */
async function apply(
  session: IndiSession,
  properties: SessionOptions['properties'],
  wanted: (property: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  for (const [name, values] of Object.entries(properties)) {
    const property = session.property(name)
    if (!wanted(name) || (property && holds(property, values))) continue
    await session.settle(name, values, { what: `setting ${name}`, ms: 5000, signal })
  }
}

/** Definitions come in one after the other once a device is connected; the optional ones last. */
async function quiet(session: IndiSession, signal: AbortSignal): Promise<void> {
  const { clock } = session
  const startMs = clock.monotonicMs()
  let lastMs = startMs
  const stop = session.watch(change => {
    if (change.kind === 'defined') lastMs = clock.monotonicMs()
  })
  try {
    while (clock.monotonicMs() - lastMs < settledAfterMs && clock.monotonicMs() - startMs < settleAtMostMs) {
      await clock.sleep(settledAfterMs / 3, signal)
    }
  } finally {
    stop()
  }
}

function newSession(options: SessionOptions): IndiSession & { arm(): void } {
  const { client, clock, name } = options
  const control = new AbortController()
  const words: { text: string; nth: number }[] = []
  const said = new Map<string, number>()
  let heard = 0
  let armed = false

  const end = (fault: Fault) => {
    if (control.signal.aborted) return
    stopWatching()
    stopListening()
    control.abort(fault)
    if (armed) options.lost(fault)
  }
  const take = (change: IndiChange) => {
    if (change.kind === 'set') said.set(change.property.name, clock.monotonicMs())
    else if (change.kind === 'defined') said.delete(change.property.name)
    if (change.kind === 'message') {
      words.push({ text: change.text, nth: ++heard })
      if (words.length > keptWords) words.shift()
    } else if (change.kind === 'gone') end(away(name, client.address))
    else if (
      armed &&
      change.kind === 'set' &&
      change.property.name === 'CONNECTION' &&
      !on(change.property, 'CONNECT')
    ) {
      end(new Fault('offline', `INDI device "${name}" was disconnected`, 'It is connected again by itself'))
    }
  }
  const stopWatching = client.watch(name, take)
  const stopListening = client.onLost(end)

  const session: IndiSession & { arm(): void } = {
    name,
    client,
    clock,
    gone: control.signal,
    property: property => client.property(name, property),
    item: (property, item) => client.property(name, property)?.items.get(item),
    number(property, item) {
      const value = session.item(property, item)?.value
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined
    },
    isOn: (property, item) => on(session.property(property), item),
    watch: listener => client.watch(name, listener),
    saidMs: property => said.get(property),
    order(property, values) {
      if (control.signal.aborted) throw reasonOf(control.signal)
      client.order(name, property, values)
    },
    async settle(property, values, wait) {
      const since = heard
      let worked = false
      const settled = session.until(wait, change => {
        if (change?.kind !== 'set' || change.property.name !== property) return undefined
        const { state } = change.property
        if (state === 'Alert') throw refused(name, wait.what, session.words(since))
        if (state === 'Busy') {
          worked = true
          return wait.busyIsTaken || undefined
        }
        return worked || (state === 'Ok' && !wait.polled) || holds(change.property, values) ? true : undefined
      })
      try {
        session.order(property, values)
      } catch (error) {
        settled.catch(() => {}) // never heard of, and already told by the order
        throw error
      }
      await settled
    },
    async until({ what, ms, signal }, test) {
      const deadline = clock.deadline(ms, `INDI device "${name}", ${what}`, signal, control.signal)
      let stop = () => {}
      const found = new Promise<NonNullable<ReturnType<typeof test>>>((settle, reject) => {
        const look = (change: IndiChange | undefined) => {
          try {
            const value = test(change)
            if (value !== undefined) settle(value as NonNullable<typeof value>)
          } catch (error) {
            reject(error)
          }
        }
        stop = client.watch(name, look)
        look(undefined)
      })
      try {
        return await deadline.race(clock.outside(found))
      } finally {
        stop()
        deadline.cancel()
      }
    },
    words(since) {
      const recent = words.filter(({ nth }) => nth > since).map(({ text }) => text)
      return recent.findLast(text => /^\[(ERROR|WARNING)\]|^error/i.test(text)) ?? recent.at(-1)
    },
    wordsHeard: () => heard,
    fail: end,
    close() {
      armed = false
      end(new Fault('offline', `INDI device "${name}" is closed`, 'Open it again'))
    },
    arm() {
      armed = true
    },
  }
  return session
}

function on(property: IndiProperty | undefined, item: string): boolean {
  return property?.items.get(item)?.value === true
}

/** Whether the property shows what was ordered, up to the rounding of what went as text and came as float. */
function holds(property: IndiProperty, values: Values): boolean {
  return Object.entries(values).every(([name, wanted]) => {
    const value = property.items.get(name)?.value
    if (typeof wanted !== 'number' || typeof value !== 'number') return value === wanted
    return Math.abs(value - wanted) <= 1e-4 + 1e-5 * Math.abs(wanted)
  })
}

/** What the driver refused, in its own words without their level. */
export function refused(name: string, what: string, words: string | undefined): Fault {
  const said = words?.replace(/^\[\w+\]\s*/, '') ?? 'it gave no reason'
  const limit = /limit|horizon|altitude|below|out of range/i.test(said) && /slew|park|goto|mov/i.test(what)
  return new Fault(
    limit ? 'limit' : 'broken',
    `INDI device "${name}" failed at ${what}: ${said}`,
    limit ? 'Choose a target within its limits' : 'See what the driver says in the log, then try again',
  )
}

function unknown(client: IndiClient, name: string): Fault {
  const others = client.devices()
  const has = others.length > 0 ? `it has ${others.map(other => `"${other}"`).join(', ')}` : 'it has none at all'
  const fix = 'Start its driver on the INDI server, or put its exact name into the config'
  return new Fault('offline', `INDI server ${client.address} has no device "${name}": ${has}`, fix)
}

function away(name: string, address: string): Fault {
  return new Fault(
    'offline',
    `the driver of INDI device "${name}" at ${address} went away`,
    "It is opened again by itself; if the driver keeps dying, see the INDI server's own log",
  )
}
