// What is plugged into the box, what drives it, and a button that makes a device of it.
import { useAt } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { Fold } from '../parts/fold'
import type { Plugged, PluggedThing } from '../states'

export function PluggedIn() {
  const things = useAt<Plugged>('plugged')?.value.things ?? []
  if (!things.length) return null
  return (
    <section class="card">
      <Fold label="Plugged in" summary={things.length === 1 ? 'one thing' : `${things.length} things`}>
        <ul class="boxes">
          {things.map(thing => (
            <ThingRow key={thing.id} thing={thing} />
          ))}
        </ul>
      </Fold>
    </section>
  )
}

function ThingRow({ thing }: { thing: PluggedThing }) {
  const job = useJob()
  const { id, name, place, drivenBy, usedBy, entry } = thing
  return (
    <li class="well">
      <strong>{name}</strong>
      <p class="dim">
        {[place, usedBy ? `is the device ${usedBy}` : drivenBy ? `driven by ${drivenBy}` : 'nothing here drives it']
          .filter(Boolean)
          .join(' · ')}
      </p>
      {entry && !usedBy && (
        <div class="row">
          <Act job={job} label={`Add ${name}`} ask="plugged-add" input={{ id }}>
            <span>Add it</span>
          </Act>
        </div>
      )}
      <Said by={job} />
    </li>
  )
}
