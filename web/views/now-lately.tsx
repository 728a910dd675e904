// What happened lately, before the page came and since.
import { useEffect, useState } from 'preact/hooks'
import type { FeedEvent } from '../../edge/ports/feed'
import { useCell } from '../cell'
import { eventWords, isTrouble } from '../event-words'
import { boot, eventsBefore, happened } from '../live'
import { clockTime, dayTime } from '../words'

const shownMost = 10
/** Some of them are for programs only. */
const eventsBack = 60
const dayMs = 86_400_000

interface Line {
  readonly key: string
  readonly atMs: number
  readonly words: string
  readonly bad: boolean
}

export function Lately() {
  const events = useCell(happened)
  const start = useCell(boot)
  const [before, setBefore] = useState<readonly FeedEvent[]>([])
  useEffect(() => {
    const left = new AbortController()
    void eventsBefore(eventsBack, left.signal).then(found => !left.signal.aborted && setBefore(found))
    return () => left.abort()
  }, [start])
  const told = new Map([...before, ...events].map(event => [event.cursor, event]))
  const all = [...told.values()].sort((a, b) => b.cursor - a.cursor)
  // That a device is ready is news only of one that was gone.
  const isNews = ({ kind, body }: FeedEvent, at: number) =>
    kind !== 'device-ready' ||
    all.slice(at).some(before => before.kind === 'device-lost' && before.body.device === body.device)
  const lines = all
    .filter(isNews)
    .flatMap((event): Line[] => {
      const words = eventWords(event)
      return words ? [{ key: `${event.cursor}`, atMs: event.atMs, words, bad: isTrouble(event) }] : []
    })
    .slice(0, shownMost)
  return (
    <section class="card">
      <h2>Lately</h2>
      {!lines.length && <p class="dim">Nothing has happened yet.</p>}
      <ol class="lines timed">
        {lines.map(({ key, atMs, words, bad }) => (
          <li key={key} class={bad ? 'warned' : ''}>
            <time>{Date.now() - atMs > dayMs / 2 ? dayTime(atMs) : clockTime(atMs)}</time>
            <span>{words}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
