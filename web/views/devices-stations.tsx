// What weather stations, sensors, GPS and safety monitors say, with the age of what has not been heard lately.
import { boxNow, useKind } from '../live'
import { Figure } from '../parts/fields'
import type { Gps, Readings, Safety } from '../states'
import { clockTime, duration, fixed, sentence, titled } from '../words'

/** Order of showing; names, units and decimals as edge/ports/fields.ts has them. */
const rows: readonly (readonly [field: string, label: string, unit: string, decimals: number])[] = [
  ['ambientCelsius', 'Air', '°C', 1],
  ['celsius', 'Temperature', '°C', 1],
  ['humidityPercent', 'Humidity', '%', 0],
  ['dewPointCelsius', 'Dew point', '°C', 1],
  ['skyCelsius', 'Sky', '°C', 1],
  ['cloudPercent', 'Cloud', '%', 0],
  ['windMetresPerSecond', 'Wind', 'm/s', 1],
  ['gustMetresPerSecond', 'Gusts', 'm/s', 1],
  ['pressureHectopascals', 'Pressure', 'hPa', 0],
  ['skyMagnitude', 'Sky brightness', 'mag/″²', 2],
  ['nakedEyeMagnitude', 'Eye sees to', 'mag', 1],
  ['lux', 'Light', 'lx', 2],
  ['volts', 'Supply', 'V', 2],
  ['amperes', 'Current', 'A', 2],
  ['watts', 'Power', 'W', 1],
  ['elevationMetres', 'Height', 'm', 0],
  ['satellites', 'Satellites', '', 0],
]

/** The one weather station needs no name. */
const titleOf = (path: string, kind: string, stations: number) => {
  const name = path.slice(kind.length + 1)
  if (kind === 'sensor') return `Sensor ${name}`
  return stations > 1 ? `Weather ${name}` : 'Weather'
}

export function Stations() {
  const weather = useKind<Readings>('weather')
  const sensors = useKind<Readings>('sensor')
  const monitors = useKind<Safety>('safety')
  const receivers = useKind<Gps>('gps')
  return (
    <>
      {[...weather, ...sensors].map(({ path, kind, value, stale, atMs }) => (
        <section key={path} class="card">
          <h2>{titleOf(path, kind, weather.length)}</h2>
          <dl class="figures">
            {rows
              .filter(([field]) => typeof value[field] === 'number')
              .map(([field, label, unit, decimals]) => (
                <Figure key={field} label={label} value={fixed(value[field] as number, decimals)} unit={unit} />
              ))}
            {typeof value.raining === 'boolean' && <Figure label="Rain" value={value.raining ? 'yes' : 'no'} />}
          </dl>
          {typeof value.trouble === 'string' && <p class="why block">{sentence(value.trouble)}</p>}
          {stale && (
            <p class="why block">Last heard {duration((boxNow() - atMs) / 1000)} ago: do not trust these numbers.</p>
          )}
          {value.condition && value.condition !== 'ready' && (
            <p class="why block">{sentence(value.reason ?? value.condition)}</p>
          )}
        </section>
      ))}
      {monitors.map(({ path, value, stale }) => (
        <section key={path} class="card">
          <h2>{titled('Safety monitor', path.slice('safety/'.length))}</h2>
          <p class={value.safe && !stale ? 'dim' : 'why block'}>{safetyWords(value, stale)}</p>
        </section>
      ))}
      {receivers.map(({ path, value }) => (
        <section key={path} class="card">
          <h2>{titled('GPS', path.slice('gps/'.length))}</h2>
          {value.fixAtMs === undefined ? (
            <p class="why block">{sentence(value.reason ?? 'It has no fix yet')}</p>
          ) : (
            <dl class="figures">
              <Figure label="Latitude" value={fixed(value.latitudeDeg, 4)} unit="°" />
              <Figure label="Longitude" value={fixed(value.longitudeDeg, 4)} unit="°" />
              <Figure label="Elevation" value={fixed(value.elevationMetres, 0)} unit="m" />
              <Figure label="Heard at" value={clockTime(value.fixAtMs)} />
            </dl>
          )}
        </section>
      ))}
    </>
  )
}

/** Silence is not safe, and neither is an old word. */
function safetyWords({ safe, words, condition, reason }: Safety, stale: boolean | undefined): string {
  if (condition !== 'ready') return sentence(`not safe: ${reason ?? 'it is not there'}`)
  if (stale || safe === undefined) return 'Not safe: it has said nothing lately.'
  return sentence(`${safe ? 'safe' : 'not safe'}${words ? `: ${words}` : ''}`)
}
