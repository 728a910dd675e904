// The first set-up: until a passphrase and an administrator are set, nothing moves. What is completed on the page is on
// trial until a browser pairs with its code; one write then makes it so for good.
import { createHash } from 'node:crypto'
import { type Clock, pause, type Timer } from '../ports/clock.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import { type Schema, z } from '../ports/schema.js'
import { type SetUp, type SetUpOrder, type SetUpRadio, setUpOrder } from '../ports/setup.js'
import type { Kept } from '../ports/store.js'
import { takingTurns } from '../ports/turns.js'
import type { BootComplaint, BootWishes } from './boot-file.js'

/** What is kept of set-up, on disk. */
export const setUpRecord = z.strictObject({
  done: z.boolean(),
  /** The hotspot has one. */
  passphrase: z.boolean(),
  administrator: z.boolean(),
  /** Decided, and not yet done. */
  pending: setUpOrder.optional(),
  /** Of the card's wishes, those that were fulfilled, by their SHA-256. */
  taken: z.record(z.string(), z.string()),
})
export type SetUpRecord = z.output<typeof setUpRecord>
export const nothingSetUp: SetUpRecord = { done: false, passphrase: false, administrator: false, taken: {} }

/** What the card says, as root's first boot has left it. */
export interface Given {
  readonly wishes: Omit<BootWishes, 'networks' | 'sshKeys' | 'hostname'>
  readonly complaints: readonly BootComplaint[]
}

const optional = <T extends z.ZodType>(schema: T) => schema.optional()
export const givenSchema: Schema<Given> = z.object({
  wishes: z.object({
    ...{ country: optional(z.string()), timeZone: optional(z.string()), siteName: optional(z.string()) },
    ...{ hotspotPassphrase: optional(z.string()), pairingCode: optional(z.string()) },
    ...{ latitudeDeg: optional(z.number()), longitudeDeg: optional(z.number()), elevationMetres: optional(z.number()) },
  }),
  complaints: z.array(z.object({ line: z.number(), words: z.string() })),
})

interface Invitation {
  used(): Promise<void>
  lost(): void
}

export interface SetUpParts {
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly record: Kept<SetUpRecord>
  readonly given: Given
  /** Of the hotspot. */
  readonly ssid: string
  /** How long a code of `invite` lives, ms. */
  readonly codeMs: number
  /** A code that makes whoever pairs with it administrator. */
  invite(invitation: Invitation): string
  /** The same with digits of the owner's, as long as the agent runs. */
  expect(digits: string, invitation: Invitation): void
  /** Absent on a box without one. */
  readonly radio?: SetUpRadio
  setZone?(zone: string, signal: AbortSignal): Promise<void>
  nameSite(name: string): Promise<unknown>
}

/** For the phone to show the new Wi-Fi before it loses the old one. */
const showMs = 120_000
/** For an answer to reach the phone. */
const answerMs = 3_000
const deedMs = 60_000
const againMs = 60_000
const tries = 10

export interface SetUpService extends SetUp {
  /** Does what was decided and not done before, and what the card wishes: settings may be saved by it. */
  begin(): void
  stop(): void
}

export function setUpService(parts: SetUpParts): SetUpService {
  const { feed, clock, log, record, given } = parts
  const end = new AbortController()
  let trial: { order: SetUpOrder; untilMs: number; switched: boolean; timers: Timer[] } | undefined
  /** The passphrase that the hotspot has on trial. */
  let tried: string | undefined
  /** What is asked of the radio: one thing after the other. */
  const withRadio = takingTurns()
  const changing = takingTurns()

  const stepNow = () => {
    const { done, passphrase } = record.read()
    return done ? 'done' : trial ? 'waiting' : passphrase ? 'guarded' : 'new'
  }
  const tell = () =>
    feed.set('setup', {
      done: record.read().done,
      step: stepNow(),
      untilMs: trial?.untilMs,
      ssid: parts.ssid,
      complaints: given.complaints.map(({ line, words }) => `pierside.txt, line ${line}: ${words}`),
    })
  /** One change after the other, each upon what the one before has left. */
  const change = (edit: (known: SetUpRecord) => Partial<SetUpRecord>): Promise<void> => {
    return changing(async () => {
      const next = { ...record.read(), ...edit(record.read()) }
      await record.write({ ...next, done: next.done || (next.passphrase && next.administrator) })
      tell()
    })
  }
  /** Rejects when it could not be done. */
  const deed = (what: string, work: (signal: AbortSignal) => Promise<unknown> | undefined): Promise<void> => {
    return withRadio(async () => {
      const limit = clock.deadline(deedMs, what, end.signal)
      await limit.race(clock.outside(Promise.resolve(work(limit.signal)))).finally(() => limit.cancel())
    })
  }
  const inBackground = (what: string, work: Promise<unknown>) =>
    void work.catch(error => log.warn(`${what}: ${asFault(error, 'set-up').message}`))

  const tryPassphrase = (passphrase: string) =>
    deed('the hotspot with its passphrase', async signal => {
      // Whoever is on it already is not thrown off.
      if (tried === passphrase) return
      await parts.radio?.tryHotspot({ passphrase }, signal)
      tried = passphrase
    })
  const keepPassphrase = async (passphrase: string) => {
    await tryPassphrase(passphrase)
    try {
      await deed('the hotspot with its passphrase', signal => parts.radio?.keepHotspot(signal))
    } finally {
      // Kept, or gone in the meantime and to be tried anew.
      tried = undefined
    }
  }
  /** By country, zone and passphrase, whoever wished them; one that fails does not keep the others from being done. */
  const settle = async ({ country, timeZone, passphrase }: Omit<SetUpOrder, 'name'>) => {
    const outcomes = await Promise.allSettled([
      country && deed('the country', signal => parts.radio?.setCountry(country, true, signal)),
      timeZone && deed('the time zone', signal => parts.setZone?.(timeZone, signal)),
      passphrase && keepPassphrase(passphrase),
    ])
    const failed = outcomes.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  const switchOver = (of: NonNullable<typeof trial>) => {
    const { passphrase } = of.order
    if (of.switched || passphrase === undefined) return
    of.switched = true
    inBackground('the hotspot does not take its passphrase', tryPassphrase(passphrase))
  }
  const giveUp = (of: NonNullable<typeof trial>, why: string) => {
    if (trial !== of) return
    for (const timer of of.timers) timer.cancel()
    trial = undefined
    log.warn(`set-up begins anew: ${why}`)
    if (of.switched) {
      const opened = deed('the open hotspot', async signal => {
        tried = undefined
        await parts.radio?.dropTrial(signal)
      })
      inBackground('the hotspot is not open again', opened)
    }
    tell()
  }

  /** Does what is decided: also after a power cut that came between. */
  const fulfil = async () => {
    const { pending } = record.read()
    if (!pending) return
    try {
      await settle(pending)
    } finally {
      await parts.nameSite(pending.name)
    }
    await change(() => ({ pending: undefined }))
  }
  /** The card's wishes that are not fulfilled yet. */
  const fulfilGiven = async () => {
    const { country, timeZone, hotspotPassphrase } = fresh(given.wishes, record.read().taken)
    // The hotspot has had it from the start, by root's hand: with a radio or without one, it was never open.
    if (hotspotPassphrase !== undefined) await change(() => ({ passphrase: true }))
    await settle({ country, timeZone })
    await change(({ taken }) => ({ taken: takenWith(taken, { country, timeZone, hotspotPassphrase }) }))
  }
  const patiently = async (work: () => Promise<void>) => {
    for (let left = tries; left > 0 && !end.signal.aborted; left--) {
      try {
        await work()
        return
      } catch (error) {
        if (end.signal.aborted) return
        log.warn(`set-up is not finished: ${asFault(error, 'set-up').message}`)
        await pause(clock, againMs, end.signal)
      }
    }
  }

  const { pairingCode } = fresh(given.wishes, record.read().taken)
  if (pairingCode) {
    parts.expect(pairingCode, {
      async used() {
        await change(({ taken }) => ({ administrator: true, taken: takenWith(taken, { pairingCode }) }))
        await feed.event('set-up-administrator', { by: 'pierside.txt' })
      },
      lost: () => log.warn('the pairing code of pierside.txt was guessed at; it holds again after a restart'),
    })
  }
  tell()

  return {
    begin() {
      void patiently(async () => {
        await fulfil()
        await fulfilGiven()
      })
    },
    closed() {
      if (record.read().done) return undefined
      const words = 'the box is not set up yet, so nothing is moved or switched'
      return new Fault('forbidden', words, 'Open its page and complete the set-up there')
    },
    complete(order) {
      const step = stepNow()
      if (step === 'done') {
        throw new Fault('forbidden', 'the box is set up already', 'Pair this device with a code from its administrator')
      }
      if (trial) {
        const fix = 'Open the link it was given, wait for ten minutes, or switch the box off and on'
        throw new Fault('busy', 'the box is being set up by another phone', fix)
      }
      if (step === 'new' && order.passphrase === undefined) {
        throw new Fault('bad-input', 'passphrase: the hotspot needs one', 'Choose 8 to 63 letters and digits')
      }
      const nowMs = clock.now()
      const mine = { order, untilMs: nowMs + parts.codeMs, switched: false, timers: [] as Timer[] }
      trial = mine
      const code = parts.invite({
        async used() {
          await change(() => ({ done: true, passphrase: true, administrator: true, pending: order }))
          for (const timer of mine.timers) timer.cancel()
          trial = undefined
          tell()
          await feed.event('set-up-done', { name: order.name })
          mine.timers.push(clock.after(answerMs, () => void patiently(fulfil)))
        },
        lost: () => giveUp(mine, 'its pairing code was guessed at'),
      })
      mine.timers.push(clock.after(parts.codeMs, () => giveUp(mine, 'nobody has come with its code')))
      if (order.passphrase !== undefined) mine.timers.push(clock.after(showMs, () => switchOver(mine)))
      tell()
      const switchesMs = order.passphrase === undefined ? undefined : nowMs + showMs
      return { code, untilMs: mine.untilMs, ssid: parts.ssid, passphrase: order.passphrase, switchesMs }
    },
    switchNow() {
      const mine = trial
      if (!mine) throw new Fault('not-found', 'no set-up is waiting', 'Complete the set-up first')
      mine.timers.push(clock.after(answerMs, () => switchOver(mine)))
    },
    stop() {
      end.abort(new Fault('aborted', 'the agent is stopped', 'Start it again when you are ready'))
      for (const timer of trial?.timers ?? []) timer.cancel()
    },
  }
}

const mark = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')

/** Those wishes that are not what was fulfilled last: what the owner has changed since on the page stays so. */
export function fresh<W extends object>(wishes: W, taken: Readonly<Record<string, string>>): Partial<W> {
  const rows = Object.entries(wishes).filter(([key, value]) => value !== undefined && taken[key] !== mark(value))
  return Object.fromEntries(rows) as Partial<W>
}

export function takenWith(taken: Readonly<Record<string, string>>, wishes: object): Record<string, string> {
  const rows = Object.entries(wishes).filter(([, value]) => value !== undefined)
  return { ...taken, ...Object.fromEntries(rows.map(([key, value]) => [key, mark(value)])) }
}
