// What the board's own lamp shows while the agent runs: how the box is reached, or that something is wrong with it.
// What the patterns look like is written in image-build/first-boot/files/usr/lib/pierside-image/light.
import type { Clock } from '../ports/clock.js'
import { asFault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import type { ImageDeed } from '../ports/machine.js'
import { lookAgain } from './look-again.js'

export interface BoxLampParts {
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly deed: ImageDeed
}

const everyMs = 5_000
const deedMs = 8_000
/** While the box starts, root may be slow. */
const tries = 5

/** @returns what ends it; the lamp stays as it is */
export function showOnLamp({ feed, clock, log, deed }: BoxLampParts): () => void {
  let shown: string | undefined
  let left = tries
  return lookAgain(
    { clock, log },
    {
      what: 'the lamp of the box',
      everyMs,
      async look(signal) {
        const shows = wanted(feed)
        if (shows === shown) return
        const limit = clock.deadline(deedMs, 'the lamp', signal)
        try {
          await deed('light', { shows }, limit.signal)
        } catch (error) {
          // Told once: a board without a lamp would fill the log.
          if (--left > 0) return
          log.warn(`the lamp does not show “${shows}”: ${asFault(error, 'lamp').message}`)
        } finally {
          limit.cancel()
        }
        shown = shows
        left = tries
      },
      tell() {},
    },
  )
}

function wanted(feed: Feed): 'fault' | 'joined' | 'hotspot' {
  if (feed.get('box')?.value.troubled === true) return 'fault'
  return feed.get('network')?.value.phase === 'joined' ? 'joined' : 'hotspot'
}
