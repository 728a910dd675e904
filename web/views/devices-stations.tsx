// What the weather station and the sensors say, with the age of what has not been heard lately.
import { boxNow, useKind } from '../live'
import { Figure } from '../parts/fields'
import type { Readings } from '../states'
import { duration, fixed, sentence } from '../words'

/** Order of showing; names, units and decimals as edge/ports/fields.ts has them. */
const rows: readonly (readonly [field: string, label: string, unit: string, decimals: number])[] = [
  ['ambientCelsius', 'Air', '°C', 1],
  ['celsius', 'Temperature', '°C', 1],
  ['humidityPercent', 'Humidity', '%', 0],
  ['dewPointCelsius', 'Dew point', '°C', 1],
  ['skyCelsius', 'Sky', '°C', 1],
  ['cloudPercent', 'Cloud', '%', 0],
  ['windMetresPerSecond', 'Wind', 'm/s', 1],
  ['pressureHectopascals', 'Pressure', 'hPa', 0],
  ['skyMagnitude', 'Sky brightness', 'mag/″²', 2],
  ['volts', 'Supply', 'V', 2],
]

export function Stations() {
  const weather = useKind<Readings>('weather')
  const sensors = useKind<Readings>('sensor')
  return (
    <>
      {[...weather, ...sensors].map(({ path, kind, value, stale, atMs }) => (
        <section key={path} class="card">
          <h2>{kind === 'weather' ? 'Weather' : `Sensor ${path.slice(7)}`}</h2>
          <dl class="figures">
            {rows
              .filter(([field]) => typeof value[field] === 'number')
              .map(([field, label, unit, decimals]) => (
                <Figure key={field} label={label} value={fixed(value[field] as number, decimals)} unit={unit} />
              ))}
            {typeof value.raining === 'boolean' && <Figure label="Rain" value={value.raining ? 'yes' : 'no'} />}
          </dl>
          {stale && (
            <p class="why block">Last heard {duration((boxNow() - atMs) / 1000)} ago: do not trust these numbers.</p>
          )}
          {value.condition && value.condition !== 'ready' && (
            <p class="why block">{sentence(value.reason ?? value.condition)}</p>
          )}
        </section>
      ))}
    </>
  )
}
