// The offline catalogue: what is called so, where it stands now, and whether it is up.
import { useState } from 'preact/hooks'
import { ask } from '../ask'
import { Act, Said, Trouble, TwiceTapped, useJob } from '../parts/act'
import { Field } from '../parts/fields'
import { useAnswers } from '../parts/search'
import { azimuth, declination, fixed, rightAscension } from '../words'

interface Entry {
  readonly id: string
  readonly name?: string
  readonly type?: string
  readonly raHours: number
  readonly decDeg: number
  readonly magnitude?: number
  readonly sizeArcmin?: number
  readonly constellation?: string
  readonly altDeg?: number
  readonly azDeg?: number
  readonly up?: boolean
}

const alike = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** Nobody says HIP 91262 for Vega, nor moon for the Moon. */
const calledBy = ({ id, name }: Entry): string => (name && (id.startsWith('HIP ') || alike(id, name)) ? name : id)

/** The other of its two names, where it has two. */
function alsoCalled(entry: Entry): string | undefined {
  const other = calledBy(entry) === entry.id ? entry.name : entry.id
  return other && !alike(other, calledBy(entry)) ? other : undefined
}

export function Catalogue({ name, why }: { name: string | undefined; why: string | undefined }) {
  const [words, setWords] = useState('')
  const job = useJob()
  const wanted = words.trim()
  const { found: said, failed } = useAnswers<{ found: readonly Entry[] }>(
    wanted ? `/api/catalogue?search=${encodeURIComponent(wanted)}` : undefined,
  )
  const found = said?.found
  return (
    <section class="card">
      <h2>Go to</h2>
      <Field
        label="Catalogue"
        keys="search"
        value={words}
        onValue={setWords}
        placeholder="M 42, NGC 7000, Vega, Moon …"
      />
      <Trouble of={failed} />
      <Said by={job} />
      {found && !found.length && <p class="dim">Nothing in the catalogue is called “{wanted}”.</p>}
      <ul class="found">
        {found?.slice(0, 12).map(entry => (
          <li key={entry.id} class={entry.up === false ? 'down' : ''}>
            <div class="what">
              <strong>{calledBy(entry)}</strong> <span>{alsoCalled(entry)}</span>
              <small class="dim">
                {[
                  entry.type,
                  entry.constellation,
                  entry.magnitude !== undefined && `mag ${fixed(entry.magnitude, 1)}`,
                  entry.sizeArcmin !== undefined && `${fixed(entry.sizeArcmin, 0)}′`,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </small>
              <small class="mono">
                {rightAscension(entry.raHours)} {declination(entry.decDeg)}
              </small>
            </div>
            <div class="where">
              {entry.altDeg !== undefined && (
                <>
                  <strong>{fixed(entry.altDeg, 0)}°</strong>
                  <small>{entry.up === false ? 'below the horizon' : `up, ${azimuth(entry.azDeg)}`}</small>
                </>
              )}
            </div>
            <div class="row">
              <Act
                job={job}
                kind="main"
                label={`Slew to ${calledBy(entry)}`}
                ask="mount-slew"
                input={{ mount: name, target: entry.id }}
                unless={why ?? (entry.up === false && 'It is below the horizon')}
                told={why && 'pad-why'}
              />
              <TwiceTapped
                job={job}
                label={`Sync on ${calledBy(entry)}`}
                again="Tap again: it stands exactly there"
                work={() => ask('mount-sync', { mount: name, raHours: entry.raHours, decDeg: entry.decDeg })}
                unless={why}
                told="pad-why"
              />
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
