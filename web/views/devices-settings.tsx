// The duties' settings as a form made from the config's own schema; saving sends only what was changed.
import { useEffect, useState } from 'preact/hooks'
import { ask, fetched, type Refusal } from '../ask'
import { Act, asRefusal, Said, Trouble, useJob } from '../parts/act'
import { type JsonSchema, readValues, SchemaForm, type Values } from '../parts/schema-form'
import { Sheet } from '../parts/sheet'

/** These three are what "Use my equipment" is for. */
const equipment = ['links', 'devices', 'use']

interface Read {
  readonly schema: JsonSchema
  readonly saved: Values
}

export function Settings({ onClose }: { onClose: () => void }) {
  const [read, setRead] = useState<Read>()
  const [values, setValues] = useState<Values>({})
  const [failed, setFailed] = useState<Refusal>()
  const [done, setDone] = useState(false)
  const job = useJob()
  useEffect(() => {
    Promise.all([fetched<{ settings: JsonSchema }>('/api/drivers'), fetched<Values>('/api/config/parsed')]).then(
      ([{ settings }, saved]) => {
        setRead({ schema: settings, saved })
        setValues(saved)
      },
      error => setFailed(asRefusal(error)),
    )
  }, [])
  const result = read && readValues(read.schema, values, equipment)
  const changed: Record<string, unknown> = {}
  if (read && result)
    for (const name of Object.keys(read.schema.properties ?? {}))
      if (!equipment.includes(name) && JSON.stringify(result.values[name]) !== JSON.stringify(read.saved[name]))
        changed[name] = result.values[name] ?? null
  const none = !Object.keys(changed).length
  return (
    <Sheet wide title="Settings" onClose={onClose}>
      <div class="stacked">
        <Trouble of={failed} />
        {!read && !failed && <p class="dim">Reading …</p>}
        {read && (
          <SchemaForm
            schema={read.schema}
            values={values}
            without={equipment}
            onValues={next => {
              setValues(next)
              setDone(false)
            }}
          />
        )}
        <Said by={job} />
        {done && <p role="status">Saved. What changed has been started anew.</p>}
        {read && (
          <Act
            job={job}
            kind="main"
            class="wide"
            label="Save the settings"
            work={() => ask('config-merge', { settings: changed })}
            unless={result?.wrong ?? (none && 'Nothing has been changed')}
            onDone={() => {
              setRead({ ...read, saved: result!.values })
              setDone(true)
            }}
          />
        )}
      </div>
    </Sheet>
  )
}
