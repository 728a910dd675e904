// Where the data is, at `data-disk`, and moving it: to a disk on USB, which is made anew, and back to the card. Root
// does it (image-build/data-disk) while no agent runs; here it is seen to that nothing is torn off by that.
import { type Action, action } from '../ports/action.js'
import type { Clock } from '../ports/clock.js'
import type { DataFacts, LookForData, PlainDisk } from '../ports/data-disk.js'
import { Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Claims } from '../ports/lease.js'
import type { Log } from '../ports/log.js'
import type { ImageDeed } from '../ports/machine.js'
import { z } from '../ports/schema.js'
import { busyWith } from '../rules/idle-moment.js'
import { lookAgain } from './look-again.js'

export interface DataDiskParts {
  readonly look: LookForData
  readonly deed: ImageDeed
  readonly feed: Feed
  readonly claims: Claims
  readonly clock: Clock
  readonly log: Log
}

const everyMs = 5_000
const deedMs = 60_000
/** A card and a disk on USB write and are read back at that pace together, bytes/s. */
const slowestPace = 10e6
const restartMs = 120_000
/** What a file system takes for itself, and what is left free. */
const usable = 0.95
const leastFreeBytes = 100e6
/** A state that is news with every frame would be told to everybody. */
const stepBytes = 10e6

const disk = z.string().max(120).describe('The disk, by its id in the state')
const answer = z.object({ minutes: z.number().describe('How long it takes at most, about') })

export interface DataDisk {
  readonly actions: Action[]
  stop(): void
}

export function dataDisk({ look, deed, feed, claims, clock, log }: DataDiskParts): DataDisk {
  let facts: DataFacts | undefined
  const stop = lookAgain(
    { clock, log },
    {
      what: 'looking for disks',
      everyMs,
      look,
      tell(seen) {
        facts = seen
        feed.set('data-disk', fieldsOf(seen))
      },
    },
  )

  const find = async (id: string): Promise<PlainDisk> => {
    const limit = clock.deadline(deedMs, 'looking for disks')
    facts = await limit.race(clock.outside(look(limit.signal))).finally(() => limit.cancel())
    const found = facts.disks.find(one => one.id === id)
    if (found) return found
    throw new Fault('not-found', 'that disk is not there any more', 'Plug it in, and choose it anew')
  }
  const asked = async (who: string, order: { how: string; device?: string; bytes?: number }, signal: AbortSignal) => {
    log.warn(`${who} moves the data: ${order.how} ${order.device ?? ''}`.trim())
    await feed.event('data-moves', { who, how: order.how })
    await clock.outside(deed('data-move', order, signal))
    return { minutes: order.how === 'use' ? Math.ceil(restartMs / 60_000) : minutesOf(facts!) }
  }
  const shared = {
    role: 'administrator' as const,
    output: answer,
    claims: () => [{ name: 'box' }],
    settles: { kind: 'deed' as const, deadlineMs: 2 * deedMs },
    check: () => demandIdle(feed, claims),
  }

  const actions = [
    action({
      ...shared,
      name: 'data-to-disk',
      summary: 'Erases a disk on USB, moves the data to it, and restarts the box from there',
      input: z.strictObject({ disk, confirm: z.literal('erase').describe('The word: erase') }),
      async run({ input, who, signal }) {
        const found = await find(input.disk)
        if (!isEnough(found, facts!.usedBytes)) {
          const fix = 'Choose a larger disk, or delete nights'
          throw new Fault('disk-full', `${found.name} is too small for the data`, fix)
        }
        return asked(who.name, { how: 'erase', device: found.device, bytes: found.bytes }, signal)
      },
    }),
    action({
      ...shared,
      name: 'data-take-disk',
      summary: 'Goes on with the data of such a box that is on a disk; frames of the card are brought to it',
      input: z.strictObject({ disk }),
      async run({ input, who, signal }) {
        const found = await find(input.disk)
        if (!found.ours) {
          throw new Fault(
            'unsupported',
            `on ${found.name} there is no data of such a box`,
            'Move the data to it instead',
          )
        }
        return asked(who.name, { how: 'use', device: found.device, bytes: found.bytes }, signal)
      },
    }),
    action({
      ...shared,
      name: 'data-to-card',
      summary: 'Moves the data back to the card, and restarts the box; the disk is left as it is',
      input: z.strictObject({}),
      async run({ who, signal }) {
        if (facts?.on !== 'disk') {
          throw new Fault('unsupported', 'the data is on the card', 'Nothing is to be done')
        }
        if (!fitsOnCard(facts)) {
          throw new Fault('disk-full', 'the card has no room for the data', 'Delete nights, or take a larger card')
        }
        return asked(who.name, { how: 'card' }, signal)
      },
    }),
    action({
      ...shared,
      check: undefined,
      name: 'data-forget-disk',
      summary: 'Goes on with the card for good when the disk with the data will not come back',
      input: z.strictObject({}),
      output: z.object({}),
      async run({ who, signal }) {
        if (facts?.on !== 'card' || facts.name === undefined) {
          throw new Fault('unsupported', 'no disk is missed', 'Nothing is to be done')
        }
        log.warn(`${who.name} gives up ${facts.name}`)
        await clock.outside(deed('data-move', { how: 'forget' }, signal))
        return {}
      },
    }),
  ]
  return {
    actions,
    stop() {
      stop()
      feed.drop('data-disk')
    },
  }
}

/** @throws Fault `busy`, naming what would be torn off */
function demandIdle(feed: Feed, claims: Claims): void {
  const held = claims.held().map(({ holder }) => `${holder.action} (${holder.who})`)
  const busy = [...new Set([...busyWith(feed.states()), ...held, ...updateWords(feed)])]
  if (busy.length === 0) return
  throw new Fault('busy', `the box is in the middle of something: ${busy.join(', ')}`, 'Wait, or end the night first')
}

/** Another version that waits or is on trial: what is moved now would be taken for its doing. */
function updateWords(feed: Feed): string[] {
  const update = feed.get('update')?.value
  if (update?.onTrial) return ['a new version is on trial']
  if (update?.pendingReboot) return ['another version waits for a restart']
  return update && update.phase !== 'idle' ? ['another version is being put in'] : []
}

const isEnough = ({ bytes }: PlainDisk, usedBytes: number) => bytes * usable - leastFreeBytes >= usedBytes
const fitsOnCard = ({ cardFreeBytes = 0, usedBytes }: DataFacts) => cardFreeBytes * usable - leastFreeBytes >= usedBytes
const minutesOf = ({ usedBytes }: DataFacts) => Math.ceil((usedBytes / slowestPace + restartMs / 1000) / 60)
const roughly = (bytes: number) => Math.ceil(bytes / stepBytes) * stepBytes

function fieldsOf(facts: DataFacts) {
  const { on, name, trouble, usedBytes, disks, last } = facts
  return {
    ...{ on, name, trouble, usedBytes: roughly(usedBytes) },
    minutes: minutesOf(facts),
    cardFits: on === 'disk' ? fitsOnCard(facts) : undefined,
    disks: disks.map(({ device: _, ...one }) => ({ ...one, enough: isEnough(one as PlainDisk, usedBytes) })),
    ...(last && {
      lastOk: last.ok,
      lastAtMs: last.atMs,
      lastWords: last.words,
      lastFix: last.fix,
      lastTo: last.to,
      lastFiles: last.files,
    }),
  }
}
