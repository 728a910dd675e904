// All properties of a device as its own driver names them, plainly, by the driver's groups: to look at, and to set.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../ask'
import { Act, Said, useJob } from '../parts/act'
import { Choice, Field, Toggle } from '../parts/fields'
import { Sheet } from '../parts/sheet'

type RawValue = string | number | boolean

interface Item {
  readonly name: string
  readonly label: string
  readonly value?: RawValue
}

interface Property {
  readonly name: string
  readonly label: string
  readonly group: string
  readonly kind: string
  readonly state: string
  readonly writable: boolean
  readonly locked?: string
  readonly items: readonly Item[]
}

export function Properties({ device, onClose }: { device: string; onClose: () => void }) {
  const [all, setAll] = useState<readonly Property[]>()
  const [group, setGroup] = useState<string>()
  const job = useJob()
  const load = async (): Promise<boolean> => {
    setAll((await ask<{ properties: readonly Property[] }>('device-properties', { device })).properties)
    return true
  }
  useEffect(() => void job.run('load', load), [device])
  const groups = [...new Set(all?.map(one => one.group) ?? [])]
  const shown = group ?? groups[0]
  return (
    <Sheet title={`Properties of ${device}`} onClose={onClose}>
      <div class="stacked">
        <p class="dim">
          In the words of its own driver. What moves a mount or a dome is set elsewhere, within the limits.
        </p>
        {groups.length > 1 && (
          <Choice
            label="Group"
            value={shown ?? ''}
            onValue={setGroup}
            options={groups.map(value => ({ value, label: value || 'others' }))}
          />
        )}
        {all
          ?.filter(one => one.group === shown)
          .map(property => (
            <One key={property.name} device={device} property={property} onSet={() => void job.run('load', load)} />
          ))}
        <Said by={job} />
        <Act job={job} icon="again" label="Read them again" work={load} />
      </div>
    </Sheet>
  )
}

interface OneProps {
  readonly device: string
  readonly property: Property
  readonly onSet: () => void
}

function One({ device, property, onSet }: OneProps) {
  const [wishes, setWishes] = useState<Readonly<Record<string, RawValue>>>({})
  const job = useJob()
  const { name, label, kind, state, writable, locked, items } = property
  const set = async (values: Readonly<Record<string, RawValue>>): Promise<boolean> => {
    await ask('device-property-set', { device, property: name, values })
    setWishes({})
    onSet()
    return true
  }
  const free = writable && !locked
  const unread = kind === 'number' && Object.values(wishes).some(wish => !Number.isFinite(Number(wish)))
  const typed = Object.fromEntries(
    Object.entries(wishes).map(([item, wish]) => [item, kind === 'number' ? Number(wish) : wish]),
  )
  return (
    <section class="card">
      <div class="row ends">
        <strong>{label}</strong>
        <small class="dim">
          {name} · {state}
        </small>
      </div>
      {items.map(({ name: item, label: itemLabel, value }) =>
        kind === 'switch' && free ? (
          <Toggle
            key={item}
            label={itemLabel}
            on={value === true}
            disabled={!!job.pending}
            onToggle={on => void job.run('set', () => set({ [item]: on }))}
          />
        ) : free ? (
          <Field
            key={item}
            label={itemLabel}
            keys={kind === 'number' ? 'decimal' : 'text'}
            value={String(wishes[item] ?? '')}
            placeholder={String(value ?? '')}
            onValue={next => setWishes({ ...wishes, [item]: next })}
          />
        ) : (
          <div key={item} class="row ends">
            <span>{itemLabel}</span>
            <span>{value === true ? 'on' : value === false ? 'off' : String(value ?? '–')}</span>
          </div>
        ),
      )}
      {locked && <p class="why block">{locked}</p>}
      {free && kind !== 'switch' && (
        <Act
          job={job}
          label={`Set ${label}`}
          work={() => set(typed)}
          unless={unread && 'Type a number'}
          yet={!Object.keys(wishes).length && 'Type a value'}
        />
      )}
      <Said by={job} />
    </section>
  )
}
