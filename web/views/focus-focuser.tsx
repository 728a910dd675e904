// The motor of the focuser: in and out by steps, to a position, halt.
import { useState } from 'preact/hooks'
import { ask } from '../ask'
import { keptCell, useCell } from '../cell'
import { useAt } from '../live'
import { Act, Said, useJob, Why } from '../parts/act'
import { Choice, Field, Figure, readNumber } from '../parts/fields'
import { away } from '../ready'
import type { Focuser } from '../states'
import { fixed, whole } from '../words'

const kept = keptCell('focuser', { by: '50' })

export function FocuserButtons({ name }: { name: string | undefined }) {
  const focuser = useAt<Focuser>(name && `focuser/${name}`)?.value
  const { by } = useCell(kept)
  const [wish, setWish] = useState('')
  const job = useJob()
  if (!name || !focuser) return null
  const off = away(focuser, 'focuser')
  const why = off ?? (focuser.moving ? 'It is moving' : undefined)
  const to = readNumber(wish, {
    name: 'The position',
    min: focuser.minSteps,
    max: focuser.maxSteps,
    integer: true,
    unit: 'steps',
  })
  const move = (steps: number) => ({ focuser: name, by: steps })
  return (
    <section class="card">
      <h2>Focuser</h2>
      <dl class="figures">
        <Figure label="Position" value={whole(focuser.position)} unit="steps" />
        {focuser.celsius !== undefined && <Figure label="Temperature" value={fixed(focuser.celsius, 1)} unit="°C" />}
        <Figure label="Doing" value={focuser.moving ? 'moving' : 'standing still'} />
      </dl>
      <Choice
        label="Step (steps)"
        value={by}
        onValue={next => kept.set({ by: next })}
        options={['1', '10', '50', '200'].map(value => ({ value, label: value }))}
      />
      <div class="row even">
        <Act
          job={job}
          icon="minus"
          label={`In by ${by}`}
          ask="focuser-move"
          input={move(-Number(by))}
          unless={why}
          told="focuser-why"
        />
        <Act
          job={job}
          icon="plus"
          label={`Out by ${by}`}
          ask="focuser-move"
          input={move(Number(by))}
          unless={why}
          told="focuser-why"
        />
        <Act
          job={job}
          kind="danger"
          label="Halt"
          ask="focuser-halt"
          input={{ focuser: name }}
          unless={off}
          told="focuser-why"
        />
      </div>
      <Why id="focuser-why" words={why} />
      <div class="row beside">
        <Field
          label="Go to"
          unit="steps"
          keys="numeric"
          value={wish}
          wrong={wish ? to.wrong : undefined}
          placeholder={whole(focuser.position)}
          onValue={setWish}
        />
        <Act
          job={job}
          label="Go"
          work={() => ask('focuser-move', { focuser: name, position: to.value })}
          unless={why ?? (wish && to.wrong)}
          yet={!wish && 'Type a position'}
        />
      </div>
      <Said by={job} />
    </section>
  )
}
