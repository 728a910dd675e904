// USB sticks at `stick/<name>`, and what one can ask of them: a night copied, and the stick let go.
import { type Action, action } from '../ports/action.js'
import type { Clock } from '../ports/clock.js'
import { Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Claims } from '../ports/lease.js'
import type { Log } from '../ports/log.js'
import type { ImageDeed } from '../ports/machine.js'
import { z } from '../ports/schema.js'
import type { LookForSticks, Stick, StickFiles } from '../ports/stick.js'
import type { Store } from '../ports/store.js'
import { lookAgain } from './look-again.js'
import { copyNight } from './night-copy.js'

export interface StickParts {
  readonly look: LookForSticks
  /** @param place of a stick */
  files(place: string): Promise<StickFiles>
  /** Lets a stick go; absent where that is the affair of the desktop. */
  readonly deed: ImageDeed | undefined
  readonly store: Pick<Store, 'exposures' | 'locate' | 'products'>
  readonly feed: Feed
  readonly claims: Claims
  readonly clock: Clock
  readonly log: Log
}

/** One reading of a file of the kernel's memory. */
const everyMs = 3_000
const lookMs = 10_000
const letGoMs = 60_000
const which = z.string().max(40).describe('Stick, by the name of its state')

/** @returns what ends it */
export function reportSticks({ look, deed, feed, clock, log }: StickParts): () => void {
  let before: readonly Stick[] | undefined
  const stop = lookAgain(
    { clock, log },
    {
      what: 'looking for sticks',
      everyMs,
      look,
      tell(sticks) {
        for (const { name, place: _, ...fields } of sticks) {
          feed.set(`stick/${name}`, { ...fields, ejects: deed !== undefined })
        }
        const isNew = ({ name }: Stick) => before && !before.some(one => one.name === name)
        for (const { label } of sticks.filter(isNew)) void feed.event('stick-came', { label })
        for (const { name, label } of before ?? []) {
          if (sticks.some(one => one.name === name)) continue
          feed.drop(`stick/${name}`)
          void feed.event('stick-gone', { label })
        }
        before = sticks
      },
    },
  )
  return () => {
    stop()
    for (const { name } of before ?? []) feed.drop(`stick/${name}`)
  }
}

export function stickActions({ look, files, deed, store, feed, claims, clock }: StickParts): Action[] {
  const find = async (name: string, signal: AbortSignal): Promise<Stick> => {
    const found = (await looked(signal)).find(one => one.name === name)
    if (found) return found
    throw new Fault('not-found', `there is no stick "${name}"`, 'Plug it in, and wait until it shows on the page')
  }
  const looked = async (signal?: AbortSignal) => {
    const limit = clock.deadline(lookMs, 'looking for sticks', signal)
    return limit.race(clock.outside(look(limit.signal))).finally(() => limit.cancel())
  }
  const letGo = async ({ device, label }: Stick, signal?: AbortSignal) => {
    if (!deed) throw new Fault('unsupported', `${label} is not ours to let go`, 'Eject it on this computer’s desktop')
    const limit = clock.deadline(letGoMs, `letting ${label} go`, signal)
    await limit.race(clock.outside(deed('stick-eject', { device }, limit.signal))).finally(() => limit.cancel())
  }
  const isThere = async ({ place, device }: Stick) =>
    (await looked()).some(one => one.place === place && one.device === device)

  const copy = action({
    name: 'night-copy',
    summary: 'Copies the frames and stacks of a night to a USB stick; what is there already is not copied twice',
    input: z.strictObject({
      stick: which,
      night: z.iso.date().describe('The night, YYYY-MM-DD'),
      eject: z.boolean().default(true).describe('Let the stick go afterwards, so that it may be pulled out'),
    }),
    output: z.object({ files: z.number(), bytes: z.number() }),
    role: 'observer',
    claims: ({ stick }) => [{ name: `stick/${stick}` }],
    settles: { kind: 'activity', resumes: false },
    async run({ input, signal, activity }) {
      const stick = await find(input.stick, signal)
      const tell = (progress: object) => activity?.progress({ ...progress })
      const work = copyNight({ store, clock, isThere }, input.night, stick, await files(stick.place), tell, signal)
      const { files: count, bytes, there } = await clock.outside(work)
      await feed.event('night-copied', { night: input.night, label: stick.label, files: count, bytes })
      const before = there > 0 ? `; ${there} were before` : ''
      const said = `${count} files are on ${stick.label}, each read back from it${before}`
      if (!input.eject || !deed) tell({ summary: `${said}. Eject the stick before you pull it out` })
      else {
        tell({ summary: `${said}. Letting it go` })
        await letGo(stick, signal)
        tell({ summary: `${said}. It may be pulled out` })
      }
      return { files: count, bytes }
    },
  })
  const stop = action({
    name: 'night-copy-stop',
    summary: 'Stops copies to sticks; what is on them stays, and is not copied twice',
    input: z.strictObject({}),
    output: z.object({}),
    role: 'observer',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: lookMs },
    harmlessWhenLate: true,
    async run({ who }) {
      const reason = new Fault(
        'aborted',
        `${who.name} stopped the copy`,
        'Copy again: what is there is not copied twice',
      )
      const copies = claims.held().filter(({ holder }) => holder.action === 'night-copy')
      await Promise.all(copies.map(({ name }) => claims.preempt(name, reason)))
      return {}
    },
  })
  const eject = action({
    name: 'stick-eject',
    summary: 'Writes what waits to a USB stick and lets it go: it may then be pulled out',
    input: z.strictObject({ stick: which }),
    output: z.object({}),
    role: 'observer',
    on: 'stick/{stick}',
    claims: ({ stick }) => [{ name: `stick/${stick}` }],
    settles: { kind: 'deed', deadlineMs: letGoMs + lookMs },
    async run({ input, signal }) {
      await letGo(await find(input.stick, signal), signal)
      return {}
    },
  })
  return deed ? [copy, stop, eject] : [copy, stop]
}
