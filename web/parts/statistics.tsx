// The numbers of a picture: its light, its noise, what is clipped, and the medians over its stars.

import { Fragment } from 'preact'
import type { RegionStatistics, StarOverlay } from '../../edge/ports/display'
import { useAt } from '../live'
import { sizeName, sizeOf } from '../star-size'
import type { Observatory } from '../states'
import { fixed, whole } from '../words'
import { Figure } from './fields'

function median(values: number[]): number | undefined {
  if (!values.length) return undefined
  values.sort((a, b) => a - b)
  const middle = values.length >> 1
  return values.length % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2
}

const adu = (value: number): string => (Math.abs(value) < 100 ? fixed(value, 1) : whole(value))

const planeNames = ['Red', 'Green', 'Blue']

interface StatisticsProps {
  readonly statistics: RegionStatistics
  /** Of what is in sight, not of the whole picture. */
  readonly part: boolean
  readonly overlay: StarOverlay | undefined
}

export function Statistics({ statistics, part, overlay }: StatisticsProps) {
  const sizes = useAt<Observatory>('observatory')?.value.sizes
  const { region, planes } = statistics
  const within = ({ x, y }: { x: number; y: number }): boolean =>
    x >= region.x && y >= region.y && x < region.x + region.width && y < region.y + region.height
  const stars = overlay?.stars.filter(within) ?? []
  // A saturated star says nothing true of its size; one among noise little.
  const fit = stars.filter(star => !star.saturated && star.snr > 10)
  const samples = planes.reduce((sum, plane) => sum + plane.samples, 0)
  const share = (of: 'clippedLow' | 'clippedHigh'): string => {
    const percent = (100 * planes.reduce((sum, plane) => sum + plane[of], 0)) / Math.max(1, samples)
    return percent > 0 && percent < 0.01 ? '< 0.01' : fixed(percent, 2)
  }
  return (
    <dl class="figures">
      <Figure label={part ? 'In sight' : 'Size'} value={`${region.width} × ${region.height}`} unit="px" />
      {planes.map((plane, index) => {
        const of = planes.length > 1 ? `${planeNames[index] ?? index + 1}: ` : ''
        const label = (word: string): string => (of ? of + word.toLowerCase() : word)
        return (
          <Fragment key={of}>
            <Figure label={label('Median')} value={adu(plane.medianAdu)} unit="ADU" />
            <Figure label={label('Mean')} value={adu(plane.meanAdu)} unit="ADU" />
            <Figure label={label('Noise')} value={fixed(plane.noiseAdu, 2)} unit="ADU" />
            <Figure label={label('Deviation')} value={adu(plane.deviationAdu)} unit="ADU" />
            <Figure label={label('Least')} value={adu(plane.minAdu)} unit="ADU" />
            <Figure label={label('Greatest')} value={adu(plane.maxAdu)} unit="ADU" />
          </Fragment>
        )
      })}
      <Figure label="Clipped dark" value={share('clippedLow')} unit="%" />
      <Figure label="Clipped bright" value={share('clippedHigh')} unit="%" />
      {overlay && <Figure label="Stars" value={whole(part ? stars.length : overlay.found)} />}
      {overlay && (
        <Figure
          label={sizeName(sizes)}
          value={fixed(sizeOf(median(fit.map(star => star.hfdPx)), sizes), 2)}
          unit="px"
        />
      )}
      {overlay && <Figure label="FWHM" value={fixed(median(fit.map(star => star.fwhmPx)), 2)} unit="px" />}
      {overlay && <Figure label="Eccentricity" value={fixed(median(fit.map(star => star.eccentricity)), 2)} />}
    </dl>
  )
}
