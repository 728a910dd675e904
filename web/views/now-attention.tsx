// What of the pier itself needs somebody: the box's warnings, sensors not believed, heaters on their safe duty,
// mounts that believe another time or place.
import { useAt, useKind } from '../live'
import { hrefOf } from '../route'
import type { BoxHealth, Heater, Mount, Readings } from '../states'
import { sentence } from '../words'

export function Attention() {
  const box = useAt<BoxHealth>('box')?.value
  const stations = [...useKind<Readings>('weather'), ...useKind<Readings>('sensor')]
  const heaters = useKind<Heater>('heater')
  const mounts = useKind<Mount>('mount')
  const lines = [
    ...(box?.warnings ?? []).map(words => ({ about: 'The box', words })),
    ...stations.flatMap(({ path, value }) =>
      typeof value.trouble === 'string' ? [{ about: path.slice(path.indexOf('/') + 1), words: value.trouble }] : [],
    ),
    ...mounts.flatMap(({ path, value }) =>
      value.trouble ? [{ about: path.replace('/', ' '), words: value.trouble }] : [],
    ),
    ...heaters.flatMap(({ path, value }) => {
      const words = value.outputTrouble ?? value.failed
      return words ? [{ about: `heater ${path.slice('heater/'.length)}`, words }] : []
    }),
  ]
  if (!lines.length) return null
  return (
    <a class="card trouble-card" href={hrefOf('devices')}>
      <h2>Look after this</h2>
      <ul class="lines">
        {lines.map(({ about, words }) => (
          <li key={`${about} ${words}`}>
            <span>{about}</span>
            <span class="dim">{sentence(words)}</span>
          </li>
        ))}
      </ul>
    </a>
  )
}
