// Where the box has its time from and how well it knows it, at `time`; and the clock of a phone, which is always there
// when somebody is.
import { type Action, action } from '../ports/action.js'
import type { Clock } from '../ports/clock.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import { z } from '../ports/schema.js'
import type { Store } from '../ports/store.js'
import type { SystemTime, SystemTimeReading, Timekeeping } from '../ports/timekeeping.js'
import { timeServes } from '../rules/time-and-place.js'
import { type ClockVerdict, judgeClock, type Witness } from '../rules/time-quality.js'
import { isReal } from './gps-states.js'
import { lookAgain } from './look-again.js'

export interface TimeParts {
  readonly system: SystemTime
  readonly feed: Feed
  readonly store: Pick<Store, 'keep'>
  readonly clock: Clock
  readonly log: Log
  /** Why the box may not be used yet: before it is set up anybody may lend it a clock, once. */
  closed?(): Fault | undefined
}

export interface TimeService extends Timekeeping {
  readonly actions: Action[]
  /** Time zone by its name of IANA's; nothing where the clock is not ours. */
  setZone(zone: string, signal: AbortSignal): Promise<void>
  stop(): void
}

const everyMs = 15_000
const firstMs = 5_000
/** A deed of the system's, on a box that has just been started and has much to do. */
const settingMs = 90_000
const stepLookMs = 1_000
/** Less is noise between the two clocks of the computer; ms. */
const stepMs = 500
/** A phone that knows the time no better is within a second; networks set them. */
const phoneSeconds = 1
/** A difference that a second look would change by as much: the clock is right, and is not touched. */
const rightEnoughMs = 1_000
/** What the kernel says of its uptime, and what was reckoned on from there, differ by no more. */
const uptimeErrorSeconds = 1
/** How often it is written down that the time is true, ms. */
const trueEveryMs = 600_000
/** When this was written: no clock that is right says less. */
const earliestMs = Date.UTC(2026, 10, 1)
const latestMs = Date.UTC(2100, 0, 1)

/** What outlives a start of the agent, and what outlives one of the computer. */
const kept = z.strictObject({
  /** By this clock, when the time was last known from GPS, NTP or a phone, Unix ms. */
  trueMs: z.number().optional(),
  /** The phone that set or confirmed it, in that run of the computer. */
  phone: z
    .strictObject({
      bootId: z.string(),
      uptimeSeconds: z.number(),
      offsetSeconds: z.number(),
      uncertaintySeconds: z.number(),
    })
    .optional(),
})

export async function timekeeping(parts: TimeParts): Promise<TimeService> {
  const { system, feed, store, clock, log } = parts
  const note = await store.keep('time/knowledge', kept, {})
  let knows = note.read()
  let own = await firstReading(system, clock, log)
  /** When `own` was read, monotonic ms: its uptime is of then. */
  let readMs = clock.monotonicMs()
  let gps: { offsetSeconds: number; atMs: number } | undefined
  let verdict: ClockVerdict = own
  let wake = () => {}
  const skew = () => clock.now() - clock.monotonicMs()
  let before = skew()
  /** A phone's word is being put into effect: the step is its own, whenever it comes. */
  let setting = false

  const uptime = () => own.uptimeSeconds && own.uptimeSeconds + (clock.monotonicMs() - readMs) / 1000
  const phone = (): Witness | undefined => {
    const word = knows.phone
    const up = uptime()
    if (!word || word.bootId !== own.bootId || up === undefined) return undefined
    // One of the two was reckoned on from a reading, the other may be read: they differ by what the kernel rounds.
    const ageSeconds = up - word.uptimeSeconds
    if (ageSeconds < -uptimeErrorSeconds) return undefined
    const { offsetSeconds, uncertaintySeconds } = word
    return { offsetSeconds, uncertaintySeconds, ageSeconds: Math.max(0, ageSeconds) }
  }
  const learn = (more: Partial<typeof knows>) => {
    knows = { ...knows, ...more }
    note
      .write(knows)
      .catch(error => log.warn(`what is known of the time is not kept: ${asFault(error, 'store').message}`))
  }

  const judge = () => {
    const { trueMs } = knows
    verdict = judgeClock({
      own,
      gps: gps && {
        offsetSeconds: gps.offsetSeconds,
        uncertaintySeconds: 0,
        ageSeconds: (clock.monotonicMs() - gps.atMs) / 1000,
      },
      phone: phone(),
      trueAgoSeconds: trueMs === undefined ? undefined : (clock.now() - trueMs) / 1000,
    })
    const { source, synchronised, uncertaintySeconds, gpsDiffersSeconds } = verdict
    const trusted = timeServes('pointing', verdict)
    feed.set('time', {
      source,
      synchronised,
      uncertaintySeconds: rounded(uncertaintySeconds),
      gpsDiffersSeconds: rounded(gpsDiffersSeconds),
      trusted,
      zone: own.zone,
      settable: system.set !== undefined,
    })
    const now = clock.now()
    if (!trusted || source === 'rtc' || Math.abs(now - (trueMs ?? 0)) < trueEveryMs) return
    learn({ trueMs: now })
  }

  /** What was compared with the clock before it was set says nothing of it now. @returns how far it jumped, ms */
  const jumped = () => {
    const byMs = skew() - before
    if (Math.abs(byMs) < stepMs) return 0
    before = skew()
    gps = undefined
    if (knows.phone) learn({ phone: undefined })
    return byMs
  }
  const look = () => {
    if (setting) return
    const byMs = jumped()
    if (byMs === 0) return
    void feed.event('clock-stepped', { seconds: Math.round(byMs / 100) / 10 })
    judge()
    wake()
  }

  judge()
  const deaf = feed.listen({
    state({ kind, path, value: { utcMs, fixAtMs } }) {
      if (
        kind !== 'gps' ||
        !isReal(feed, path) ||
        typeof utcMs !== 'number' ||
        typeof fixAtMs !== 'number' ||
        utcMs < earliestMs
      )
        return
      // Told again and again: only a new fix is a comparison.
      if (Math.abs(clock.now() - fixAtMs) > everyMs) return
      gps = { offsetSeconds: (utcMs - fixAtMs) / 1000, atMs: clock.monotonicMs() }
      judge()
    },
  })
  const stopReading = lookAgain(
    { clock, log },
    {
      what: 'looking at the clock',
      everyMs,
      look: signal => system.read(signal),
      wake(changed) {
        wake = changed
        return () => {
          wake = () => {}
        }
      },
      tell(reading) {
        own = reading
        readMs = clock.monotonicMs()
        judge()
      },
    },
  )
  const looking = clock.every(stepLookMs, look)

  const fromPhone = action({
    name: 'time-from-phone',
    summary: "Takes the clock of whoever looks at the page for the box's own; never over GPS or the network",
    input: z.strictObject({
      offsetMs: z.number().describe("The phone's clock minus the box's, ms"),
      roundTripMs: z.number().min(0).max(10_000).describe('How long the comparison took, ms'),
      zone: z
        .string()
        .regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+){0,2}$/, 'must be the name of a time zone')
        .max(60)
        .optional()
        .describe('Time zone for the box, as IANA names it'),
    }),
    output: z.object({ steppedSeconds: z.number() }),
    role: 'observer',
    // Two at once would each add what it lacks.
    claims: () => [{ name: 'clock' }],
    settles: { kind: 'deed', deadlineMs: settingMs },
    beforeSetUp: true,
    async run({ input, who, signal }) {
      const zone = input.zone === own.zone ? undefined : input.zone
      const { set } = system
      own = await system.read(signal)
      readMs = clock.monotonicMs()
      judge()
      // Whoever comes to an open box is believed where nobody is yet, and not a second time.
      if (parts.closed?.() && (input.zone !== undefined || timeServes('pointing', verdict))) {
        const words = input.zone === undefined ? 'the box knows the time already' : 'the time zone is set with the box'
        throw new Fault('limit', words, 'Complete the set-up on its page first')
      }
      if (own.synchronised) {
        // A zone is a matter of taste, and nothing else knows it.
        if (zone && set) await set({ zone }, signal)
        if (!zone || !set)
          throw new Fault('limit', "the box's clock follows GPS or the network", 'Nothing has to be done')
        wake()
        return { steppedSeconds: 0 }
      }
      const wanted = clock.now() + input.offsetMs
      if (!(wanted > earliestMs && wanted < latestMs)) {
        const says = new Date(wanted > -8e15 && wanted < 8e15 ? wanted : 0).toISOString()
        throw new Fault('bad-input', `the phone's clock says ${says}, which is not now`, 'Set the clock of the phone')
      }
      const half = input.roundTripMs / 2
      const right = Math.abs(input.offsetMs) <= rightEnoughMs + half
      if (!right && !set) {
        throw new Fault(
          'unsupported',
          `this computer's clock is ${Math.round(input.offsetMs / 1000)} s off yours, and is not Pierside's to set`,
          'Set the clock of this computer, or of yours',
        )
      }
      const byMs = right ? undefined : Math.round(input.offsetMs)
      // What two phones have measured before the first step would be made twice.
      if (setting) throw new Fault('busy', 'the clock is being set from another phone', 'Look at it again in a moment')
      look()
      setting = true
      try {
        if (set && (byMs !== undefined || zone !== undefined)) await set({ byMs, zone }, signal)
      } finally {
        setting = false
      }
      const steppedMs = jumped()
      if (Math.abs(steppedMs - (byMs ?? 0)) > rightEnoughMs) {
        const words = `the clock was to go on by ${byMs ?? 0} ms, and went by ${Math.round(steppedMs)} ms`
        throw new Fault('broken', words, 'Try once more; something else sets this clock, too')
      }
      const { bootId } = own
      const up = uptime()
      if (bootId === undefined || up === undefined) {
        throw new Fault('unsupported', 'this computer does not say when it was started', 'Give it a GPS or a network')
      }
      const word = {
        bootId,
        uptimeSeconds: up,
        offsetSeconds: right ? input.offsetMs / 1000 : 0,
        uncertaintySeconds: phoneSeconds + half / 1000,
      }
      knows = { trueMs: clock.now(), phone: word }
      await note.write(knows)
      if (byMs !== undefined) await feed.event('clock-set', { seconds: Math.round(byMs / 1000), who: who.name })
      judge()
      wake()
      return { steppedSeconds: (byMs ?? 0) / 1000 }
    },
  })

  return {
    quality: () => verdict,
    actions: [fromPhone],
    async setZone(zone, signal) {
      await system.set?.({ zone }, signal)
      wake()
    },
    stop() {
      stopReading()
      looking.cancel()
      deaf()
      feed.drop('time')
    },
  }
}

/** What begins with the agent may ask for the time at once. */
async function firstReading(system: SystemTime, clock: Clock, log: Log): Promise<SystemTimeReading> {
  const limit = clock.deadline(firstMs, 'looking at the clock')
  try {
    return await limit.race(system.read(limit.signal))
  } catch (error) {
    log.warn(`nothing is known of the clock yet: ${asFault(error, 'clock').message}`)
    return { source: 'none', synchronised: false }
  } finally {
    limit.cancel()
  }
}

/** To one digit: how unsure one is, is not news by the millisecond. */
const rounded = (seconds: number | undefined) => (seconds === undefined ? undefined : Number(seconds.toPrecision(1)))
