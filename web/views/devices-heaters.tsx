// Dew heaters: how warm and why, by the dew point or by hand.
import { useState } from 'preact/hooks'
import { ask } from '../ask'
import { useKind } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { Choice, Field, Figure, readNumber } from '../parts/fields'
import { useGone } from '../parts/gone'
import type { Heater } from '../states'
import { fixed, sentence } from '../words'

const modes = [
  { value: 'auto', label: 'Dew point' },
  { value: 'manual', label: 'By hand' },
  { value: 'off', label: 'Off' },
]

export function Heaters() {
  const heaters = useKind<Heater>('heater')
  if (!heaters.length) return null
  return (
    <>
      {heaters.map(({ path, value }) => (
        <HeaterCard key={path} name={path.slice('heater/'.length)} heater={value} />
      ))}
    </>
  )
}

function HeaterCard({ name, heater }: { name: string; heater: Heater }) {
  const job = useJob()
  const gone = useGone()
  const set = (input: object) => job.run('set', () => ask('heater-set', { heater: name, ...input }))
  return (
    <section class="card">
      <h2>Dew heater {name}</h2>
      <Choice
        label="It goes by"
        value={heater.mode}
        options={modes}
        disabled={gone || !!job.pending}
        onValue={mode => void set({ mode })}
      />
      <dl class="figures">
        {heater.percent !== undefined && <Figure label="Heat" value={fixed(heater.percent, 0)} unit="%" />}
        {heater.glassCelsius !== undefined && <Figure label="Glass" value={fixed(heater.glassCelsius, 1)} unit="°C" />}
        {heater.targetCelsius !== undefined && (
          <Figure label="Shall have" value={fixed(heater.targetCelsius, 1)} unit="°C" />
        )}
        {heater.dewPointCelsius !== undefined && (
          <Figure label="Dew point" value={fixed(heater.dewPointCelsius, 1)} unit="°C" />
        )}
      </dl>
      {heater.mode === 'manual' && <ByHand name={name} heater={heater} />}
      {heater.rests && <p class="dim">Off since the night was ended; choose what it goes by to wake it.</p>}
      {heater.failed && <p class="why block">{sentence(`it goes by its safe duty: ${heater.failed}`)}</p>}
      {heater.outputTrouble && <p class="why block">{sentence(heater.outputTrouble)}</p>}
      <Said by={job} />
    </section>
  )
}

function ByHand({ name, heater }: { name: string; heater: Heater }) {
  const job = useJob()
  const [typing, setTyping] = useState<string>()
  const typed = readNumber(typing ?? '', { name: 'Heat', min: 0, max: 100, unit: '%' })
  return (
    <>
      <div class="row beside">
        <Field
          label="Heat by hand"
          unit="%"
          keys="decimal"
          value={typing ?? ''}
          wrong={typing ? typed.wrong : undefined}
          placeholder={String(heater.manualPercent ?? '')}
          onValue={setTyping}
        />
        <Act
          job={job}
          label={`Set the heat of ${name}`}
          work={() => ask('heater-set', { heater: name, percent: typed.value })}
          unless={typing && typed.wrong}
          yet={!typing && 'Type a value'}
          onDone={() => setTyping(undefined)}
        >
          <span>Set</span>
        </Act>
      </div>
      <Said by={job} />
    </>
  )
}
