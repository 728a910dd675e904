// Off, and off and on again: at once when nothing goes on, after the end of the night, or whatever goes on.
import { useState } from 'preact/hooks'
import { useKind } from '../live'
import { Said, TwiceTapped, useJob } from '../parts/act'
import { Choice } from '../parts/fields'
import type { Activity } from '../states'

const manners = [
  { value: 'calm', label: 'When idle' },
  { value: 'end', label: 'End the night' },
  { value: 'now', label: 'At once' },
] as const
type Manner = (typeof manners)[number]['value']

const words: Readonly<Record<Manner, string>> = {
  calm: 'Refused while something moves or exposes.',
  end:
    'First stops what runs, parks the mount, switches heaters off, warms cooled cameras slowly, ' +
    'and switches the station off.',
  now: 'Whatever moves or exposes is cut off; outputs go into their safe states.',
}

export function PowerCard() {
  const job = useJob()
  const [manner, setManner] = useState<Manner>('calm')
  const running = useKind<Activity>('activity').find(
    ({ value }) => value.status === 'running' && /^box-(power-off|restart)$/.test(value.action ?? ''),
  )?.value
  const input = { endNight: manner === 'end', anyway: manner === 'now' }
  const busy = running && 'Under way'
  return (
    <section class="card">
      <h2>Off and on</h2>
      <Choice label="How" value={manner} onValue={setManner} options={manners} />
      <p class="dim">{words[manner]}</p>
      <div class="row">
        <TwiceTapped
          job={job}
          label="Switch the box off"
          again="Really off?"
          ask="box-power-off"
          input={input}
          unless={busy}
        />
        <TwiceTapped job={job} label="Restart" again="Really restart?" ask="box-restart" input={input} unless={busy} />
      </div>
      {running && <p role="status">{running.summary} …</p>}
      <p class="dim">Once it is off, its power button or plugging its supply in again switches it on.</p>
      <Said by={job} />
    </section>
  )
}
