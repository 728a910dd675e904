// The camera's cooler: where the sensor is, where it shall go, and off.
import { useState } from 'preact/hooks'
import { ask } from '../ask'
import { Act, Said, useJob } from '../parts/act'
import { Field, Figure, readNumber } from '../parts/fields'
import { notReady } from '../ready'
import type { Camera } from '../states'
import { fixed } from '../words'

export function Cooling({ camera, name }: { camera: Camera | undefined; name: string | undefined }) {
  const job = useJob()
  const [wish, setWish] = useState('-10')
  if (camera?.coolerOn === undefined) return null
  const target = readNumber(wish, { name: 'The target', min: -80, max: 40, unit: '°C' })
  const why = notReady(camera, name)
  return (
    <section class="card">
      <h2>Cooling</h2>
      <dl class="figures">
        <Figure label="Sensor" value={fixed(camera.sensorCelsius, 1)} unit="°C" />
        <Figure
          label="Target"
          value={camera.coolerOn ? fixed(camera.targetCelsius, 1) : 'off'}
          unit={camera.coolerOn ? '°C' : undefined}
        />
        {camera.coolerPowerPercent !== undefined && (
          <Figure label="Power" value={fixed(camera.coolerPowerPercent, 0)} unit="%" />
        )}
      </dl>
      <div class="row beside">
        <Field label="Cool to" unit="°C" keys="text" value={wish} wrong={target.wrong} onValue={setWish} />
        <Act
          job={job}
          label="Cool"
          work={() => ask('camera-cool', { camera: name, targetCelsius: target.value })}
          unless={why ?? target.wrong}
        />
        <Act
          job={job}
          label="Off"
          ask="camera-cool"
          input={{ camera: name }}
          unless={why}
          yet={!camera.coolerOn && 'It is off'}
        />
      </div>
      <Said by={job} />
    </section>
  )
}
