// The roof or dome over the mount: opened and closed by two taps, by a hand that can see it.
import { ask } from '../ask'
import { useAt } from '../live'
import { Act, Said, TwiceTapped, useJob, Why } from '../parts/act'
import { Figure } from '../parts/fields'
import { away } from '../ready'
import type { Dome } from '../states'
import { azimuth } from '../words'

export function Roof({ name }: { name: string | undefined }) {
  const dome = useAt<Dome>(name && `dome/${name}`)?.value
  const job = useJob()
  if (!name || !dome) return null
  const what = dome.build === 'dome' ? 'dome' : 'roof'
  const off = away(dome, what)
  const why = off ?? (dome.moving ? 'It is moving' : undefined)
  const input = { dome: name }
  return (
    <section class="card">
      <h2>{what === 'dome' ? 'Dome' : 'Roof'}</h2>
      <dl class="figures">
        <Figure label={what === 'dome' ? 'Shutter' : 'Roof'} value={dome.shutter ?? '–'} />
        {dome.azDeg !== undefined && <Figure label="Slit" value={azimuth(dome.azDeg)} />}
      </dl>
      <div class="row even">
        <TwiceTapped
          job={job}
          label="Open"
          again="Tap again: it opens"
          work={() => ask('dome-open', input)}
          unless={why ?? (dome.shutter === 'open' && 'It is open')}
          told="roof-why"
        />
        <TwiceTapped
          job={job}
          label="Close"
          again="Tap again: it closes"
          work={() => ask('dome-close', input)}
          unless={why ?? (dome.shutter === 'closed' && 'It is closed')}
          told="roof-why"
        />
        <Act job={job} kind="danger" label="Stop it" ask="dome-stop" input={input} unless={off} told="roof-why" />
      </div>
      <Why id="roof-why" words={why} />
      {dome.trouble && <p class="why block">{dome.trouble}</p>}
      {what === 'roof' && <p class="dim">It moves only while the mount is sensed parked. Look at it as it goes.</p>}
      <Said by={job} />
    </section>
  )
}
