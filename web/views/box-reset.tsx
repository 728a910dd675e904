// Back to how it was flashed: asked for in a sheet of its own, by its words.
import { useState } from 'preact/hooks'
import { Act, Said, useJob } from '../parts/act'
import { Choice, Field } from '../parts/fields'
import { Sheet } from '../parts/sheet'

const confirmation = 'factory reset'

export function ResetCard() {
  const [open, setOpen] = useState(false)
  return (
    <section class="card">
      <h2>Factory reset</h2>
      <p class="dim">
        Settings, pairings and known networks go; the box starts with its own open Wi-Fi, as when it was new.
      </p>
      <button type="button" class="quiet" onClick={() => setOpen(true)}>
        <span>Reset …</span>
      </button>
      {open && <ResetSheet onClose={() => setOpen(false)} />}
    </section>
  )
}

function ResetSheet({ onClose }: { onClose: () => void }) {
  const job = useJob()
  const [frames, setFrames] = useState<'keep' | 'remove'>('keep')
  const [typed, setTyped] = useState('')
  const [begun, setBegun] = useState(false)
  return (
    <Sheet title="Factory reset" onClose={onClose}>
      <p>Make a backup first if you may want the settings again.</p>
      <Choice
        label="Frames, stacks and masters"
        value={frames}
        onValue={setFrames}
        options={[
          { value: 'keep', label: 'Keep' },
          { value: 'remove', label: 'Remove for good' },
        ]}
      />
      <Field label={`Type “${confirmation}”`} value={typed} onValue={setTyped} />
      <Act
        job={job}
        kind="danger"
        label={frames === 'keep' ? 'Reset the box' : 'Reset it and remove all frames'}
        ask="box-factory-reset"
        input={{ frames, confirm: typed.trim().toLowerCase() }}
        yet={typed.trim().toLowerCase() !== confirmation && `Type “${confirmation}” first`}
        onDone={() => setBegun(true)}
      />
      {begun && <p role="status">It is being reset, and comes back with its own Wi-Fi in some minutes.</p>}
      <Said by={job} />
    </Sheet>
  )
}
