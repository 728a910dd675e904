// How the pier camera catches its light: by itself, by day or always, or with an exposure and a gain.
import { useState } from 'preact/hooks'
import { ask } from '../ask'
import { Act, Said, useJob } from '../parts/act'
import { Choice, Field, readNumber } from '../parts/fields'
import { Fold } from '../parts/fold'
import { useGone } from '../parts/gone'
import type { Video } from '../states'
import { fixed } from '../words'

const choices = [
  { value: 'by-day', label: 'By day' },
  { value: 'always', label: 'Always' },
  { value: 'never', label: 'Never' },
]

export function PierLight({ video }: { video: Video }) {
  const job = useJob()
  const gone = useGone()
  const [exposure, setExposure] = useState('')
  const [gain, setGain] = useState('')
  const { autoExposure = 'always', automatic, exposureMs = 0, gain: gainNow = 0 } = video
  const typed = {
    exposure: readNumber(exposure, { name: 'Exposure', min: 0.1, max: 10_000, unit: 'ms' }),
    gain: readNumber(gain, { name: 'Gain', min: 0, max: 10_000 }),
  }
  const wrong = (exposure && typed.exposure.wrong) || (gain && typed.gain.wrong)
  const summary = automatic ? 'by itself' : `${fixed(exposureMs, 0)} ms, gain ${fixed(gainNow, 0)}`
  return (
    <section class="card">
      <Fold label="Exposure" summary={summary}>
        <div class="stacked">
          <Choice
            label="Exposes by itself"
            value={autoExposure}
            options={choices}
            disabled={gone || !!job.pending}
            onValue={value => void job.run('auto', () => ask('pier-camera-set', { autoExposure: value }))}
          />
          {autoExposure !== 'always' && (
            <>
              <Field
                label="Exposure"
                unit="ms"
                keys="decimal"
                value={exposure}
                wrong={exposure ? typed.exposure.wrong : undefined}
                placeholder={fixed(exposureMs, 1)}
                onValue={setExposure}
              />
              <Field
                label="Gain"
                keys="decimal"
                value={gain}
                wrong={gain ? typed.gain.wrong : undefined}
                placeholder={fixed(gainNow, 1)}
                onValue={setGain}
              />
              <Act
                job={job}
                label="Set exposure and gain"
                ask="pier-camera-set"
                input={{
                  exposureMs: exposure ? typed.exposure.value : undefined,
                  gain: gain ? typed.gain.value : undefined,
                }}
                unless={wrong || (!exposure && !gain && 'Type a number')}
              />
            </>
          )}
          <Said by={job} />
          <p class="dim">Until the next start. What shall stay belongs into the settings of the pier camera.</p>
        </div>
      </Fold>
    </section>
  )
}
