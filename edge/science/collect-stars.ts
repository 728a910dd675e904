// Stars on a frame: what the steps measured, sifted from cosmic rays, trails and doubles, brightest first.
import { spotBytes } from '../kernels/blobs.js'
import type { Views } from '../kernels/memory.js'
import { shapeBytes } from '../kernels/star-shape.js'
import { medianInPlace } from './order-statistic.js'
import { skyOf } from './sky-mesh.js'
import type { StarOrder, StarPlaces } from './star-places.js'
import type { Star, StarOptions, Stars } from './stars.js'

type Draft = { -readonly [K in keyof Star]: Star[K] }

/**
 * Stars out of the shapes that `measureChunk` left, in sequence.
 *
 * A star stands out of the ring around it, is no second maximum of a brighter one, and is neither much sharper nor much
 * larger nor longer than the frame's other stars (cosmic rays, satellite trails, knots of a nebula). Places and sizes
 * are in pixels of the frame; superpixels are scaled back, and the width that their averaging adds is taken off. The
 * noise stays that of the light.
 */
export function collectStars(views: Views, order: StarOrder, options: StarOptions = {}): Stars {
  const { places } = order
  const stars = keepStarLike(draftStars(views, order, options.saturationAdu))
  tellWidth(stars)
  stars.sort((a, b) => b.fluxAdu - a.fluxAdu || a.y - b.y || a.x - b.x)
  const kept = stars.slice(0, options.maxStars ?? 500)
  if (places.scale > 1) for (const star of kept) enlarge(star, places.scale)
  const good = kept.filter(star => !star.saturated && star.snr >= 10)
  const told = good.length > 0 ? good : kept
  const { levelAdu, noiseAdu } = skyOf(views.f32, places)
  return {
    stars: kept,
    found: stars.length,
    backgroundAdu: levelAdu,
    noiseAdu,
    medianHfdPx: medianOf(told, star => star.hfdPx),
    medianFwhmPx: medianOf(told, star => star.fwhmPx),
    medianEccentricity: medianOf(told, star => star.eccentricity),
  }
}

function enlarge(star: Draft, scale: number): void {
  const blur = ((scale * scale - 1) / 12) * 8 * Math.LN2 // FWHM² that a superpixel adds beyond a pixel's own, px²
  const unblur = (widthPx: number) => Math.sqrt(Math.max((scale * widthPx) ** 2 - blur, (0.5 * scale * widthPx) ** 2))
  star.x = star.x * scale + (scale - 1) / 2
  star.y = star.y * scale + (scale - 1) / 2
  star.fluxAdu *= scale * scale
  star.hfdPx = unblur(star.hfdPx)
  star.fwhmPx = unblur(star.fwhmPx)
}

/** Stars that are of their own, from the brightest peak down. */
function draftStars({ f32, i32 }: Views, { places, sigma }: StarOrder, saturationAdu: number | undefined): Draft[] {
  const count = i32[places.spotCount >> 2]
  const clip = saturationAdu ?? clipLevel({ f32, i32 }, places, count)
  const known = starMap(places)
  const stars: Draft[] = []
  for (let i = 0; i < count; i++) {
    const at = (places.shapes + i * shapeBytes) >> 2
    if (i32[at] === 0) continue
    const valueAdu = f32[at + 14]
    const noiseAdu = f32[at + 7]
    const peakAdu = valueAdu - f32[at + 6]
    // Against the ring, not the mesh: a ripple in the wings of a bright star or in a nebula is not a star.
    if (!(peakAdu >= sigma * noiseAdu)) continue
    const x = i32[at + 1] + f32[at + 3]
    const y = i32[at + 2] + f32[at + 4]
    if (known.holds(stars, x, y)) continue
    const fluxAdu = f32[at + 5]
    const hfdPx = f32[at + 8]
    const star = {
      ...{ x, y, fluxAdu, peakAdu, hfdPx },
      snr: fluxAdu / (Math.max(noiseAdu, 1e-9) * Math.sqrt(Math.PI) * hfdPx),
      fwhmPx: f32[at + 9],
      eccentricity: Math.sqrt(Math.max(0, 1 - f32[at + 11] / f32[at + 10])),
      angleRad: 0.5 * Math.atan2(f32[at + 12], f32[at + 13]),
      saturated: valueAdu >= clip,
    }
    known.add(star, stars.length)
    stars.push(star)
  }
  return stars
}

/**
 * Where the sensor clips, told by a star with three pixels of one height at the frame's very top; Infinity when
 * none has.
 */
function clipLevel({ f32, i32 }: Pick<Views, 'f32' | 'i32'>, { spots }: StarPlaces, count: number): number {
  const top = count > 0 ? f32[(spots >> 2) + 5] : 0
  for (let i = 0; i < count; i++) {
    const at = (spots + i * spotBytes) >> 2
    if (f32[at + 5] < 0.995 * top) break
    // Converters end a step or two apart: 65504 and 65534 in one frame.
    if (i32[at + 8] >= 3) return 0.995 * top
  }
  return Number.POSITIVE_INFINITY
}

/** Remembers where stars are, so that a noise peak in a wide star's flank is not listed as the same star again. */
function starMap({ lightWidth, lightHeight }: StarPlaces) {
  const columns = (lightWidth >> 5) + 1
  const rows = (lightHeight >> 5) + 1
  const heads = new Int32Array(columns * rows).fill(-1) // squares of 32 px, each a chain of stars
  const chain: number[] = [] // star, next, star, next …
  const within = (at: number, most: number) => Math.min(most - 1, Math.max(0, Math.floor(at / 32)))
  return {
    add({ x, y, fwhmPx }: Star, index: number): void {
      for (let row = within(y - fwhmPx, rows); row <= within(y + fwhmPx, rows); row++) {
        for (let column = within(x - fwhmPx, columns); column <= within(x + fwhmPx, columns); column++) {
          const square = row * columns + column
          chain.push(index, heads[square])
          heads[square] = chain.length - 2
        }
      }
    },
    holds(stars: readonly Star[], x: number, y: number): boolean {
      const square = within(y, rows) * columns + within(x, columns)
      for (let link = heads[square]; link >= 0; link = chain[link + 1]) {
        const other = stars[chain[link]]
        const near = 0.8 * other.fwhmPx
        if ((other.x - x) ** 2 + (other.y - y) ** 2 < near * near) return true
      }
      return false
    },
  }
}

/** Drops what is far sharper, wider or longer than the frame's own stars; needs ten to know what those look like. */
function keepStarLike(stars: Draft[]): Draft[] {
  if (stars.length < 10) return stars.filter(star => star.eccentricity < 0.995)
  const hfd = medianOf(stars, star => star.hfdPx) ?? 0
  const longest = Math.max(3, 3 * (medianOf(stars, axisRatio) ?? 0))
  return stars.filter(
    star => star.hfdPx > 0.5 * hfd && (star.saturated || (star.hfdPx < 2.2 * hfd && axisRatio(star) < longest)),
  )
}

function axisRatio({ eccentricity }: Star): number {
  return 1 / Math.sqrt(Math.max(1e-4, 1 - eccentricity * eccentricity))
}

/**
 * Turns the width of the best-fitting Gaussian into the full width at half maximum, in place. Real stars have wings,
 * which widen both the fit and the HFD; how far the two part tells the profile, which is the whole frame's. The curve is
 * a fit to simulated Moffat profiles of β = 2.5 to 8 and a Gaussian, FWHM 2 to 4.5 px, good to 1 %.
 */
function tellWidth(stars: Draft[]): void {
  const good = stars.filter(star => !star.saturated && star.snr >= 20)
  const ratio = medianOf(good, star => star.hfdPx / star.fwhmPx)
  if (ratio === undefined) return
  const wings = Math.min(0.3, Math.max(0, ratio - 1))
  const narrower = 1 - (0.264 * wings) / (wings + 0.132)
  for (const star of stars) star.fwhmPx *= narrower
}

function medianOf(stars: readonly Star[], number: (star: Star) => number): number | undefined {
  if (stars.length === 0) return undefined
  return medianInPlace(Float64Array.from(stars, number), stars.length)
}
