// The stars that the box found on a picture: circles, and the numbers of the one that was tapped.
import type { StarOverlay } from '../../edge/ports/display'
import { useAt } from '../live'
import { sizeName, sizeOf } from '../star-size'
import type { Observatory } from '../states'
import { colour } from '../theme'
import { fixed, whole } from '../words'
import { Figure } from './fields'
import type { Paint } from './zoom'

type Star = StarOverlay['stars'][number]

/** A circle of three half-flux radii, and never so small that it hides the star. */
const radiusPx = (star: Star, perPx: number): number => Math.max(6 * devicePixelRatio, 1.5 * star.hfdPx * perPx)

/** Round every star a circle as wide as its light; broken where it is saturated, full and thick where it was tapped. */
export function paintStars(stars: readonly Star[], chosen: Star | undefined): Paint {
  return (pen, { left, top, perPx }) => {
    const { width, height } = pen.canvas
    const accent = colour('--accent')
    const warn = colour('--warn')
    for (const star of stars) {
      const x = left + (star.x + 0.5) * perPx
      const y = top + (star.y + 0.5) * perPx
      const radius = radiusPx(star, perPx)
      if (x + radius < 0 || y + radius < 0 || x - radius > width || y - radius > height) continue
      pen.lineWidth = (star === chosen ? 3 : 1.25) * devicePixelRatio
      pen.strokeStyle = star.saturated ? warn : accent
      pen.setLineDash(star.saturated ? [4 * devicePixelRatio, 3 * devicePixelRatio] : [])
      pen.beginPath()
      pen.arc(x, y, radius, 0, 2 * Math.PI)
      pen.stroke()
    }
    pen.setLineDash([])
  }
}

/** A finger is no needle: the nearest star, unless that is this part of the picture's width away. */
const reach = 0.06

/** Index of the star at (x, y) of the file, or `undefined`. */
export function starAt(overlay: StarOverlay, x: number, y: number): number | undefined {
  let found: number | undefined
  let nearest = reach * overlay.width
  overlay.stars.forEach((star, index) => {
    const distance = Math.hypot(star.x + 0.5 - x, star.y + 0.5 - y)
    if (distance >= nearest) return
    nearest = distance
    found = index
  })
  return found
}

interface CardProps {
  readonly overlay: StarOverlay
  readonly at: number | undefined
  readonly onStar: (index: number | undefined) => void
}

export function StarCard({ overlay, at, onStar }: CardProps) {
  const sizes = useAt<Observatory>('observatory')?.value.sizes
  const { stars } = overlay
  const star = at === undefined ? undefined : stars[at]
  const many = overlay.found > stars.length ? `The ${stars.length} brightest of ${overlay.found}` : stars.length
  const saturated = stars.filter(one => one.saturated).length
  const step = (by: number) => (): void => onStar(((((at ?? -1) + by) % stars.length) + stars.length) % stars.length)
  return (
    <div class="stacked star-card">
      <div class="row ends">
        <p class="dim">
          {star
            ? `Star ${at! + 1} of ${stars.length}`
            : stars.length
              ? `${many} stars${saturated ? `, ${saturated} saturated (dashed)` : ''}. Tap one.`
              : 'No star was found.'}
        </p>
        {!!stars.length && (
          <span class="steps">
            {star && (
              <button type="button" class="bare worded" onClick={step(-1)}>
                Brighter
              </button>
            )}
            <button type="button" class="bare worded" onClick={step(1)}>
              {star ? 'Fainter' : 'Brightest'}
            </button>
          </span>
        )}
      </div>
      {star && (
        <dl class="figures" aria-live="polite">
          <Figure label={sizeName(sizes)} value={fixed(sizeOf(star.hfdPx, sizes), 2)} unit="px" />
          <Figure label="FWHM" value={fixed(star.fwhmPx, 2)} unit="px" />
          <Figure label="Peak" value={whole(star.peakAdu)} unit="ADU" class={star.saturated ? 'warned' : ''} />
          <Figure label="Flux" value={whole(star.fluxAdu)} unit="ADU" />
          <Figure label="SNR" value={fixed(star.snr, star.snr < 100 ? 1 : 0)} />
          <Figure label="Eccentricity" value={fixed(star.eccentricity, 2)} />
          <Figure label="Long axis" value={`${fixed((star.angleRad * 180) / Math.PI, 0)}°`} />
          <Figure label="Place" value={`${fixed(star.x, 1)}, ${fixed(star.y, 1)}`} unit="px" />
          {star.saturated && <Figure label="Saturated" value="yes" class="warned" />}
        </dl>
      )}
    </div>
  )
}
