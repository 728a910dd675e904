// What the agent says, newest first, as it says it.
import { keptCell, useCell } from '../cell'
import { logLines } from '../live'
import { Choice, Field } from '../parts/fields'
import { Icon } from '../parts/icon'
import { clockSeconds } from '../words'

const levels = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof levels)[number]

const shownLinesMost = 300
const kept = keptCell<{ level: Level; words: string }>('log', { level: 'info', words: '' })

export function LogView() {
  const { level, words } = useCell(kept)
  const least = levels.indexOf(level)
  const wanted = words.trim().toLowerCase()
  const lines = useCell(logLines)
    .filter(line => levels.indexOf(line.level) >= least)
    .filter(line => !wanted || `${line.from} ${line.message}`.toLowerCase().includes(wanted))
    .slice(-shownLinesMost)
    .reverse()
  return (
    <section class="card log-card">
      <div class="row ends">
        <Choice
          bare
          label="Least level shown"
          value={level}
          onValue={next => kept.set({ level: next, words })}
          options={[
            { value: 'debug', label: 'all' },
            { value: 'info', label: 'info' },
            { value: 'warn', label: 'warnings' },
            { value: 'error', label: 'errors' },
          ]}
        />
        <Field
          label="Find"
          keys="search"
          value={words}
          onValue={next => kept.set({ level, words: next })}
          placeholder="camera, mqtt …"
        />
      </div>
      <div class="row">
        <a class="button" href="/api/log-bundle" download>
          <Icon name="download" />
          <span>Log bundle</span>
        </a>
        <small class="dim">
          For whoever shall help: log, states and settings in one file. Passwords and tokens are left out.
        </small>
      </div>
      {!lines.length && <p class="dim">Nothing of this level{wanted ? ` with “${words.trim()}”` : ''} yet.</p>}
      <ol class="log" aria-live="off">
        {lines.map((line, index) => (
          <li key={`${line.atMs}-${lines.length - index}`} class={line.level}>
            <time>{clockSeconds(line.atMs)}</time>
            <span class="level">{line.level}</span>
            <span class="from">{line.from}</span>
            <span class="message">{line.message}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
