// The disk that the box lives on, at `card`: how it is, in a sentence, and an event when that gets worse.
import type { ReadCard } from '../ports/card.js'
import type { Clock } from '../ports/clock.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import { type CardHealth, cardHealth } from '../rules/card-health.js'
import { lookAgain } from './look-again.js'

export interface CardParts {
  readonly read: ReadCard
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
}

/** Reading the journal costs some tenths of a second. */
const everyMs = 600_000

/** @returns what ends it */
export function reportCard({ read, feed, clock, log }: CardParts): () => void {
  let before: CardHealth['level'] = 'well'
  const stop = lookAgain(
    { clock, log },
    {
      what: 'looking at the card',
      everyMs,
      look: read,
      tell(facts) {
        const { level, sentence } = cardHealth(facts)
        feed.set('card', { ...facts, level, sentence, troubled: level === 'worn' || level === 'failing' })
        if (level !== before && (level === 'worn' || level === 'failing')) {
          void feed.event('card-warning', { level, words: sentence })
        }
        before = level
      },
    },
  )
  return () => {
    stop()
    feed.drop('card')
  }
}
