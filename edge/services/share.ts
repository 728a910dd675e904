// The frames as a folder of the network, at `share`: on unless the owner switches it off. Who serves it is root's
// affair; here it is kept in mind, and asked for at each start.
import { type Action, action } from '../ports/action.js'
import type { Clock } from '../ports/clock.js'
import { asFault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import type { ImageDeed } from '../ports/machine.js'
import { z } from '../ports/schema.js'
import type { Store } from '../ports/store.js'

export interface ShareParts {
  readonly deed: ImageDeed
  readonly store: Pick<Store, 'keep'>
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
}

const keptWish = z.object({ on: z.boolean() })
const switchMs = 30_000
const mostTries = 5
const againMs = 60_000

/** Switches it as it was left, and says how it stands. */
export function frameShare({ deed, store, feed, clock, log }: ShareParts): Action[] {
  const kept = store.keep('share/frames', keptWish, { on: true })
  const enact = async (on: boolean, signal?: AbortSignal) => {
    const limit = clock.deadline(switchMs, 'switching the share', signal)
    try {
      await limit.race(clock.outside(deed(on ? 'share-on' : 'share-off', {}, limit.signal)))
      feed.set('share', { on })
    } catch (error) {
      feed.set('share', { on: false, trouble: asFault(error, 'the share').message })
      throw error
    } finally {
      limit.cancel()
    }
  }
  /** A computer that is just starting may have no time for it yet. */
  const asLeft = async () => {
    for (let tries = 1; ; tries++) {
      try {
        return await enact((await kept).read().on)
      } catch (error) {
        if (tries === mostTries) throw error
      }
      await clock.sleep(againMs)
    }
  }
  asLeft().catch(error => log.warn(`the frames are no folder of the network: ${asFault(error, 'the share').message}`))

  return [
    action({
      name: 'share-set',
      summary: 'Switches on or off that anyone on the network may read the frames as a folder',
      input: z.strictObject({ on: z.boolean().describe('Whether the folder is there') }),
      output: z.object({}),
      role: 'administrator',
      claims: () => [{ name: 'share' }],
      settles: { kind: 'deed', deadlineMs: switchMs + 5_000 },
      async run({ input, signal }) {
        await (await kept).write({ on: input.on })
        await enact(input.on, signal)
        return {}
      },
    }),
  ]
}
