// What is plugged into the box, what drives it, and a button that makes a device of it.
import { useAt } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { Fold } from '../parts/fold'
import type { Plugged, PluggedThing } from '../states'
import { counted } from '../words'

export function PluggedIn() {
  const things = useAt<Plugged>('plugged')?.value.things ?? []
  return (
    <section class="card">
      <Fold label="Plugged in" summary={things.length === 0 ? 'nothing' : counted(things.length, 'thing')}>
        {!things.length && (
          <p class="dim">Nothing is plugged in that this box knows. It looks by itself every few seconds.</p>
        )}
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
  const { id, name, place, drivenBy, usedBy, entry, entryAs, ways = [] } = thing
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
          <Act job={job} label={entryAs ? `Add ${name} as ${entryAs}` : `Add ${name}`} ask="plugged-add" input={{ id }}>
            <span>{entryAs ? `Add as ${entryAs}` : 'Add it'}</span>
          </Act>
          {ways.map(({ as }) => (
            <Act key={as} job={job} label={`Add ${name} as ${as}`} ask="plugged-add" input={{ id, as }}>
              <span>Add as {as}</span>
            </Act>
          ))}
        </div>
      )}
      <Said by={job} />
    </li>
  )
}
