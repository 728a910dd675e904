// Another version of the box: brought by phone, stick or address, judged before it is put in, put in while observing
// goes on, started at an idle moment or when its owner says so. All of it at the state `update`.
import { type Action, action } from '../ports/action.js'
import type { Clock } from '../ports/clock.js'
import { Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { JsonObject } from '../ports/json.js'
import type { Log } from '../ports/log.js'
import type { Machine } from '../ports/machine.js'
import { z } from '../ports/schema.js'
import type { Store } from '../ports/store.js'
import type { BundleFacts, FoundBundle, Pending, SlotFacts, UpdateInlet, Updates } from '../ports/updates.js'
import { busyWith, missingDevices, readyDevices } from '../rules/idle-moment.js'
import { lookAgain } from './look-again.js'

export interface UpdatesParts {
  readonly updates: Updates
  readonly machine: Pick<Machine, 'sync' | 'restart'>
  readonly store: Pick<Store, 'demandSpace'>
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  /** Of what runs. */
  readonly version: string
  /** Shape of the database that it knows. */
  readonly data: number
}

export interface UpdatesService {
  readonly actions: Action[]
  readonly inlet: UpdateInlet
  stop(): void
}

const lookMs = 10_000
/** So long nothing may have stood against it, before the box restarts by itself. */
const idleMs = 10 * 60_000
/** A bundle is some hundred megabytes. */
const mostBytes = 2 ** 30

const source = z.string().max(400).describe('`sent`, an https:// or http:// address, or a path of the list `found`')
const facts = z.object({
  version: z.string(),
  older: z.boolean().describe('It knows less of the data than what runs: it goes on with what was kept before'),
})

export function updatesService(parts: UpdatesParts): UpdatesService {
  const { updates, machine, store, feed, clock, log, version, data } = parts
  let slots: SlotFacts | undefined
  /** Put in, and not started yet. */
  let pending: Pending | undefined
  let idleSinceMs: number | undefined
  let restarting = false
  let found: readonly FoundBundle[] = []

  const say = (fields: JsonObject) => feed.patch('update', fields)
  feed.set('update', { version, phase: 'idle', pendingReboot: false })

  const restart = async (who: string) => {
    restarting = true
    await updates.rememberBefore(readyDevices(feed.states()))
    await feed.event('update-restarts', { version: pending?.version, who })
    log.info(`the box restarts into version ${pending?.version}`)
    await clock.outside(machine.sync())
    await clock.outside(machine.restart())
  }

  /** Nothing is done about it here but telling; the restart follows the words by a look. */
  const watchPending = () => {
    if (!pending || restarting) return
    const against = busyWith(feed.states())
    idleSinceMs = against.length > 0 ? undefined : (idleSinceMs ?? clock.monotonicMs())
    say({ waitsFor: pending.byItself ? against : [] })
    if (!pending.byItself || idleSinceMs === undefined || clock.monotonicMs() - idleSinceMs < idleMs) return
    restart('the box').catch(error => {
      restarting = false
      log.error(`the box could not be restarted: ${(error as Error).message}`)
    })
  }

  const stop = lookAgain(
    { clock, log },
    {
      what: 'looking at the versions',
      everyMs: lookMs,
      look: async () => {
        const states = feed.states()
        const before = await updates.before()
        const waiting = pending ?? (await updates.pending())
        // Once it restarts, devices close one after the other: none of them is missing for that.
        if (pending && !restarting) await updates.rememberBefore(readyDevices(states))
        return {
          ...{ waiting, before, seen: await updates.slots(), verdict: await updates.verdict() },
          ...{ refusal: await updates.refusal(), sticks: await updates.found(), received: await updates.received() },
        }
      },
      tell({ waiting, before, seen, verdict, refusal, sticks, received }) {
        slots = seen
        if (!pending && waiting) {
          pending = waiting
          say({ phase: 'ready', pendingReboot: true })
        }
        found = sticks
        const missing = slots?.onTrial ? missingDevices(before, feed.states()) : []
        say({
          slot: slots?.slot,
          otherVersion: pending?.version ?? slots?.other,
          otherGood: pending ? true : slots && slots.otherState === 'good',
          onTrial: slots?.onTrial ?? false,
          missing,
          refusal,
          sent: received !== undefined,
          found: sticks.map(({ path, name, bytes }) => ({ path, name, bytes })),
          ...(verdict && {
            lastOk: verdict.ok,
            lastVersion: verdict.version,
            lastReason: verdict.reason || undefined,
            lastAtMs: verdict.atMs,
          }),
        })
        watchPending()
      },
    },
  )

  /** @throws Fault when the system said at its start that it takes none */
  const demandAble = async () => {
    const words = await updates.refusal()
    if (words) throw new Fault('unsupported', `this box takes no updates: ${words}`, 'See docs/image.md, Updates')
    if (slots?.onTrial) {
      const fix = 'Wait until it has been found good, or has gone back by itself'
      throw new Fault('busy', `version ${version} itself is still on trial`, fix)
    }
  }

  const bring = async (from: string, tell: (percent: number, words: string) => void, signal: AbortSignal) => {
    if (/^[a-z]+:\/\//i.test(from)) {
      return updates.fetch(
        from,
        {
          tell: (bytes, total) =>
            tell(total ? (100 * bytes) / total : 0, `Fetching, ${Math.round(bytes / 1e6)} MB so far`),
          demand: bytes => store.demandSpace(bytes, 1),
        },
        signal,
      )
    }
    const path = from === 'sent' ? await updates.received() : undefined
    if (path) return path
    const onStick = found.find(one => one.path === from)
    if (onStick) {
      const { bytes: whole } = onStick
      await store.demandSpace(whole, 1)
      return updates.take(from, bytes => tell((100 * bytes) / whole, 'Copying from the stick'), signal)
    }
    const what = from === 'sent' ? 'no bundle has been sent yet' : `no bundle lies at "${from}"`
    throw new Fault('not-found', what, 'Send one, plug the stick in, or give an address')
  }

  const judged = async (path: string, signal: AbortSignal): Promise<BundleFacts & { older: boolean }> => {
    const bundle = await updates.inspect(path, signal)
    if ((bundle.minimumData ?? 0) > data) {
      const fix = 'Put a version in between in first; its notes name one'
      throw new Fault('unsupported', `version ${bundle.version} cannot take over the data of version ${version}`, fix)
    }
    return { ...bundle, older: (bundle.data ?? data) < data }
  }

  const shared = { role: 'administrator' } as const
  const actions = [
    action({
      ...shared,
      name: 'update-look',
      summary: 'Judges a bundle without putting it in: who signed it, which version it is',
      input: z.strictObject({ from: source }),
      output: facts,
      claims: () => [{ name: 'update' }],
      settles: { kind: 'deed', deadlineMs: 180_000 },
      async run({ input, signal }) {
        if (/^[a-z]+:\/\//i.test(input.from)) {
          throw new Fault('unsupported', 'a bundle at an address is judged when it is here', 'Ask for update-install')
        }
        try {
          return await judged(await bring(input.from, () => {}, signal), signal)
        } finally {
          await updates.clear('brought')
        }
      },
    }),
    action({
      ...shared,
      name: 'update-install',
      summary: 'Puts another version into the other slot; what runs is untouched until the box restarts',
      input: z.strictObject({
        from: source,
        restart: z
          .enum(['idle', 'ask'])
          .default('ask')
          .describe(
            'When it starts: at an idle moment by itself (nothing runs, moves or is kept cold for 10 min), or asked',
          ),
      }),
      output: facts,
      claims: () => [{ name: 'update' }],
      settles: { kind: 'activity', resumes: false },
      async run({ input, signal, activity }) {
        await demandAble()
        const tell = (phase: string) => (percent: number, words: string) => {
          say({ phase, progressPercent: Math.floor(percent), progress: words })
          activity?.progress({ summary: words })
        }
        try {
          const path = await bring(input.from, tell('fetching'), signal)
          tell('judging')(0, 'Looking at its signature')
          const bundle = await judged(path, signal)
          pending = undefined
          say({ pendingReboot: false, waitsFor: [] })
          tell('installing')(0, `Putting version ${bundle.version} in`)
          // What is put in belongs to the system from then on, whatever comes of it.
          await updates.install(path, tell('installing'), signal).catch(async error => {
            await updates.clear('all')
            throw error
          })
          await updates.rememberBefore(readyDevices(feed.states()))
          pending = { version: bundle.version, byItself: input.restart === 'idle' }
          await updates.rememberPending(pending)
          idleSinceMs = undefined
          say({ phase: 'ready', pendingReboot: true, otherVersion: bundle.version, otherGood: true })
          await feed.event('update-ready', { version: bundle.version })
          await updates.clear('all')
          return { version: bundle.version, older: bundle.older }
        } catch (error) {
          say({ phase: 'idle' })
          // Frames need the room.
          await updates.clear('brought')
          throw error
        } finally {
          say({ progressPercent: undefined, progress: undefined })
        }
      },
    }),
    action({
      ...shared,
      name: 'update-restart',
      summary: 'Restarts the box into the version that was put in',
      input: z.strictObject({}),
      output: z.object({}),
      check() {
        if (!pending) throw new Fault('not-found', 'no other version waits to be started', 'Put one in first')
      },
      claims: () => [{ name: 'update' }],
      settles: { kind: 'deed', deadlineMs: 180_000 },
      async run({ who }) {
        await restart(who.name)
        return {}
      },
    }),
    action({
      ...shared,
      name: 'update-excuse',
      summary: 'Says that a device was unplugged on purpose: the new version is not blamed for its absence',
      input: z.strictObject({ device: z.string().max(60).describe('Its name') }),
      output: z.object({}),
      claims: () => [],
      settles: { kind: 'deed', deadlineMs: 10_000 },
      async run({ input }) {
        const before = await updates.before()
        if (!before.includes(input.device)) {
          throw new Fault('not-found', `nobody waits for "${input.device}"`, 'See the list of missing devices')
        }
        const left = before.filter(name => name !== input.device)
        await updates.rememberBefore(left)
        say({ missing: missingDevices(left, feed.states()) })
        return {}
      },
    }),
  ]

  const inlet: UpdateInlet = {
    async demand(total) {
      if (!(total > 0 && total <= mostBytes)) {
        throw new Fault('bad-input', `a bundle of ${total} bytes is not taken`, `It has at most ${mostBytes} bytes`)
      }
      await demandAble()
      await store.demandSpace(total, 1)
    },
    receive: piece => updates.receive(piece),
  }
  return {
    actions,
    inlet,
    stop() {
      stop()
      feed.drop('update')
    },
  }
}
