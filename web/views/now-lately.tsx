// What happened lately: events since the page was opened, and before them the frames that the archive knows of.
import { useEffect, useState } from 'preact/hooks'
import type { Exposure } from '../../edge/ports/store'
import { fetched } from '../ask'
import { useCell } from '../cell'
import { eventWords, frameWords, isTrouble } from '../event-words'
import { boot, happened } from '../live'
import { clockTime, dayTime } from '../words'

const shownMost = 10
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
  const [frames, setFrames] = useState<readonly Exposure[]>([])
  useEffect(() => {
    fetched<{ exposures: readonly Exposure[] }>(`/api/exposures?limit=${shownMost}`).then(
      ({ exposures }) => setFrames(exposures),
      // The banner says already that the box does not answer; the list is asked for again when it is back.
      () => {},
    )
  }, [start])
  const told = events.flatMap((event): Line[] => {
    const words = eventWords(event)
    return words ? [{ key: `e${event.cursor}`, atMs: event.atMs, words, bad: isTrouble(event.kind) }] : []
  })
  const known = new Set(events.map(({ body }) => body.id))
  const before = frames
    .filter(({ id }) => !known.has(id))
    .map(frame => ({
      key: frame.id,
      atMs: frame.startedMs + 1000 * frame.exposureSeconds,
      words: frameWords(frame),
      bad: false,
    }))
  const lines = [...told, ...before].sort((a, b) => b.atMs - a.atMs).slice(0, shownMost)
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
