// How much of the reference's light comes through to a frame: thin cloud, dew and a low sky dim all stars alike.
import { sigmaOfMad } from './order-statistic.js'
import { type Anchor, pairReachPx, placesOf, type Reference } from './reference.js'
import { type Similarity, scaleOf } from './similarity.js'
import { pairStars } from './star-pairs.js'

export interface Transparency {
  /** Light of a star on the frame, brought onto the grid, over that on the first frame; 0.8 lost a fifth. */
  readonly ratio: number
  /** Of single stars about it, as a share of it, robust; the ratio itself is known better by about √pairs. */
  readonly scatter: number
  readonly pairs: number
}

const fewestPairs = 4
const flatShare = 0.02 // what flat field, seeing and blends leave even to bright stars

/**
 * The median over a registered frame's stars, weighted by how well each is known. Saturated stars are left out. With a
 * scale s between frame and grid, resampling makes a star's summed light s² times as much; the ratio holds that.
 * Fewer than four pairs tell nothing: then the ratio is 1 and `pairs` says so.
 *
 * @param stars  of the frame, brightest first
 * @param transform  frame → grid
 */
export function transparency(reference: Reference, stars: readonly Anchor[], transform: Similarity): Transparency {
  const places = placesOf(stars)
  const {
    count,
    reference: theirs,
    frame: ours,
  } = pairStars(reference, places, transform, pairReachPx / 2, stars.length)
  const area = scaleOf(transform) ** 2
  const votes: Vote[] = []
  for (let i = 0; i < count; i++) {
    const star = stars[ours[i]]
    const other = reference.stars[theirs[i]]
    const [flux, before] = [star.fluxAdu * area, reference.flux[theirs[i]]]
    if (star.saturated || other.saturated || !(flux > 0 && before > 0)) continue
    const variance = flatShare ** 2 + 1 / star.snr ** 2 + 1 / other.snr ** 2
    votes.push({ value: Math.log(flux / before), weight: 1 / variance })
  }
  if (votes.length < fewestPairs) return { ratio: 1, scatter: 0, pairs: votes.length }
  const middle = weightedMedian(votes)
  const scatter =
    sigmaOfMad * weightedMedian(votes.map(({ value, weight }) => ({ value: Math.abs(value - middle), weight })))
  return { ratio: Math.exp(middle), scatter, pairs: votes.length }
}

interface Vote {
  readonly value: number
  readonly weight: number
}

/** The value that half of the weight lies below; sorts the votes. */
function weightedMedian(votes: Vote[]): number {
  votes.sort((p, q) => p.value - q.value)
  const half = votes.reduce((sum, { weight }) => sum + weight, 0) / 2
  let below = 0
  for (const { value, weight } of votes) {
    below += weight
    if (below >= half) return value
  }
  return 0
}
