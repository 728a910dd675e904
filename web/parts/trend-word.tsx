// What the numbers of the last frames say of the sky and the tube: dew, cloud, focus that drifts.
import { useAt } from '../live'
import type { Trend } from '../states'
import { sentence, spoken } from '../words'
import { Icon } from './icon'

export function TrendWord({ camera }: { camera: string | undefined }) {
  const trend = useAt<Trend>(camera && `trend/${camera}`)?.value
  if (!trend?.word) return null
  return (
    <p class="trend warned" role="status">
      <Icon name="warn" />
      <span>{sentence(trend.words ?? spoken(trend.word))}</span>
    </p>
  )
}
