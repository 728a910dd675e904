// What the numbers of the last frames say of the sky and the tube: dew, cloud, focus that drifts.
import { useAt, useKind } from '../live'
import type { Observatory, Trend } from '../states'
import { sentence, spoken } from '../words'
import { Icon } from './icon'

/** @param camera  of this one only; of all of them when absent */
export function TrendWord({ camera }: { camera?: string }) {
  const main = useAt<Observatory>('observatory')?.value.camera
  const trends = useKind<Trend>('trend').filter(
    ({ path, value }) => value.word && (camera === undefined || path === `trend/${camera}`),
  )
  return (
    <>
      {trends.map(({ path, value }) => (
        <p key={path} class="trend warned" role="status">
          <Icon name="warn" />
          <span>
            {path === `trend/${main}` ? '' : `Camera “${path.slice(6)}”. `}
            {sentence(value.words ?? spoken(value.word!))}
          </span>
        </p>
      ))}
    </>
  )
}
