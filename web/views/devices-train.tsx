// What sits in and before the optical train: the rotator, the cover of the telescope and its light panel.
import { useState } from 'preact/hooks'
import { ask } from '../ask'
import { useKind } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { Field, Figure, readNumber } from '../parts/fields'
import { away } from '../ready'
import type { Cover, Rotator } from '../states'
import { fixed, titled } from '../words'

export function Train() {
  const rotators = useKind<Rotator>('rotator')
  const covers = useKind<Cover>('cover')
  return (
    <>
      {rotators.map(({ path, value }) => (
        <RotatorCard key={path} name={path.slice('rotator/'.length)} rotator={value} />
      ))}
      {covers.map(({ path, value }) => (
        <CoverCard key={path} name={path.slice('cover/'.length)} box={value} />
      ))}
    </>
  )
}

function RotatorCard({ name, rotator }: { name: string; rotator: Rotator }) {
  const [wish, setWish] = useState('')
  const job = useJob()
  const why = away(rotator, 'rotator') ?? (rotator.moving ? 'It is turning' : undefined)
  const to = readNumber(wish, { name: 'The angle', min: 0, max: 359.99, unit: '°' })
  return (
    <section class="card">
      <h2>{titled('Rotator', name)}</h2>
      <dl class="figures">
        <Figure label="Position angle" value={fixed(rotator.angleDeg, 1)} unit="°" />
      </dl>
      <div class="row beside">
        <Field
          label="Turn to"
          unit="°"
          keys="decimal"
          value={wish}
          wrong={wish ? to.wrong : undefined}
          placeholder={fixed(rotator.angleDeg, 1)}
          onValue={setWish}
        />
        <Act
          job={job}
          label={`Turn ${name}`}
          work={() => ask('rotator-move', { rotator: name, angleDeg: to.value })}
          unless={why ?? (wish && to.wrong)}
          yet={!wish && 'Type an angle'}
          onDone={() => setWish('')}
        >
          <span>Turn</span>
        </Act>
      </div>
      <Said by={job} />
    </section>
  )
}

function CoverCard({ name, box }: { name: string; box: Cover }) {
  const [wish, setWish] = useState('')
  const job = useJob()
  const off = away(box, 'cover')
  const { cover, brightness, maxBrightness: max } = box
  const moving = off ?? (cover === 'moving' ? 'It is moving' : undefined)
  const typed = readNumber(wish, { name: 'The brightness', min: 0, max })
  const glow = (value: number | undefined) => ask('panel-set', { cover: name, brightness: value })
  return (
    <section class="card">
      <h2>{titled(cover === undefined ? 'Light panel' : 'Cover', name)}</h2>
      <dl class="figures">
        {cover !== undefined && <Figure label="Cover" value={cover} />}
        {brightness !== undefined && <Figure label="Panel" value={brightness ? `${brightness} of ${max}` : 'dark'} />}
      </dl>
      {cover !== undefined && (
        <div class="row even">
          <Act
            job={job}
            label={`Open ${name}`}
            ask="cover-open"
            input={{ cover: name }}
            unless={moving}
            yet={cover === 'open' && 'It is open'}
          >
            <span>Open</span>
          </Act>
          <Act
            job={job}
            label={`Close ${name}`}
            ask="cover-close"
            input={{ cover: name }}
            unless={moving}
            yet={cover === 'closed' && 'It is closed'}
          >
            <span>Close</span>
          </Act>
        </div>
      )}
      {max !== undefined && (
        <div class="row beside">
          <Field
            label="Glow"
            keys="numeric"
            value={wish}
            wrong={wish ? typed.wrong : undefined}
            placeholder={`0 to ${max}`}
            onValue={setWish}
          />
          <Act
            job={job}
            label={`Light ${name}`}
            work={() => glow(typed.value)}
            unless={off ?? (wish && typed.wrong)}
            yet={!wish && 'Type a brightness'}
            onDone={() => setWish('')}
          >
            <span>Light</span>
          </Act>
          <Act job={job} label={`Put ${name} out`} work={() => glow(0)} unless={off} yet={!brightness && 'It is dark'}>
            <span>Out</span>
          </Act>
        </div>
      )}
      <Said by={job} />
    </section>
  )
}
