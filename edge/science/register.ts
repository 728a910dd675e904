// Registration: which stars of a frame are which of the reference, and the transform that brings one onto the other.
import { isBelievable, isSensorFixed, seesBrightOnes } from './believe-match.js'
import { fitPairs, type PairFit } from './fit-pairs.js'
import { type Anchor, makeReference, mostStars, pairReachPx, placesOf, type Reference } from './reference.js'
import { offsetAtCentre, type Similarity, scaleOf } from './similarity.js'
import { type Found, pairStars } from './star-pairs.js'
import { guessSimilarities, makeTriangles } from './triangle-match.js'

export interface RegisterOptions {
  readonly width: number // px of both frames; the shift is measured at their centre
  readonly height: number
  readonly maxShiftPx?: number // any way is taken unless told
  readonly minScale?: number // 0.45
  readonly maxScale?: number // 2.2
  readonly minInliers?: number // 6; less is taken as 4, for fewer pairs fit by chance
}

export type Registration =
  | {
      readonly ok: true
      readonly transform: Similarity // frame → reference
      readonly offsetPx: readonly [number, number] // of the sky at the centre, see offsetAtCentre
      readonly matched: number // star pairs the transform rests on
      readonly rmsPx: number // of their distances
    }
  | { readonly ok: false; readonly reason: RegistrationRefusal; readonly words: string }

export type RegistrationRefusal = 'too-few-stars' | 'no-match' | 'moved-too-far'

const fewestInliers = 4 // a similarity has four unknowns, two pairs fix it; below four anything matches something
const depths = [24, 64, 192] // brightest stars of the frame whose triangles are tried
const depthsOfRest = [24, 64] // of what a still match left over: mostly nothing, or a sky without hot pixels
const guessesTried = 24
const guessesFitted = 3
const starsTried = 200 // of the frame, to see how many a guess brings together

/**
 * Registers a frame's stars on a reference's, however the sky lies on it: moved, turned, scaled, mirrored.
 *
 * Triangles of neighbours make guesses; each is tried on the brighter stars; those with most pairs are refined on all
 * of them by weighted least squares with three-sigma clipping, see `fitPairs`. A match is believed only with
 * `minInliers` pairs and far more than chance would give. What matches because it sits still on the sensor (hot
 * pixels) gives way to any other match, and is refused where the sky's brighter stars are missing. No randomness: the
 * same lists give the same answer.
 *
 * @param found  stars of the frame, brightest first
 */
export function register(reference: Reference, found: readonly Anchor[], options: RegisterOptions): Registration {
  const stars = found.slice(0, mostStars)
  const { width, height, maxShiftPx = Number.POSITIVE_INFINITY } = options
  const minInliers = Math.max(fewestInliers, options.minInliers ?? 6)
  const fewer = Math.min(reference.stars.length, stars.length)
  if (fewer < minInliers) {
    const which = reference.stars.length < minInliers ? 'the reference has' : 'the frame has'
    return refusal('too-few-stars', `${which} ${fewer} stars, ${minInliers} are needed`)
  }
  const match = matchSky(reference, placesOf(stars), stars, { ...options, minInliers })
  if (typeof match === 'string') return refusal('no-match', match)
  const { transform, pairs, rmsPx } = match
  const offsetPx = offsetAtCentre(transform, width, height)
  const movedPx = Math.hypot(...offsetPx)
  if (movedPx > maxShiftPx) {
    return refusal(
      'moved-too-far',
      `the sky moved ${movedPx.toFixed(0)} px from the reference, at most ${maxShiftPx} px are taken`,
    )
  }
  return { ok: true, transform, offsetPx, matched: pairs.count, rmsPx }
}

function refusal(reason: RegistrationRefusal, words: string): Registration {
  return { ok: false, reason, words }
}

interface Limits {
  readonly minInliers: number
  readonly minScale?: number
  readonly maxScale?: number
}

/** The match of the sky, or why there is none. */
function matchSky(reference: Reference, frame: Found, stars: readonly Anchor[], limits: Limits): PairFit | string {
  const found = search(reference, frame, limits)
  if (!found.believed) {
    const pairs = found.best?.pairs.count ?? 0
    return `${pairs} of ${stars.length} stars fit the reference's ${reference.stars.length}; too few to believe`
  }
  if (!isSensorFixed(found.believed, reference, frame)) return found.believed
  const moving = matchRest(reference, stars, found.believed, limits)
  if (moving) return moving
  if (seesBrightOnes(found.believed, reference)) return found.believed
  const spots = found.believed.pairs.count
  return `${spots} spots sit still on the sensor, as hot pixels do; the reference's stars are missing`
}

/** The match of what a match on the sensor left over. */
function matchRest(
  reference: Reference,
  stars: readonly Anchor[],
  { pairs }: PairFit,
  limits: Limits,
): PairFit | undefined {
  const [theirs, ours] = [new Set(pairs.reference), new Set(pairs.frame)]
  const rest = stars.filter((_, i) => !ours.has(i))
  const restOfReference = reference.stars.filter((_, i) => !theirs.has(i))
  if (Math.min(rest.length, restOfReference.length) < limits.minInliers) return undefined
  const smaller = makeReference(restOfReference, reference.toGrid)
  const frame = placesOf(rest)
  const { believed } = search(smaller, frame, limits, depthsOfRest)
  return believed && !isSensorFixed(believed, smaller, frame) ? believed : undefined
}

interface Search {
  readonly believed?: PairFit
  readonly best?: PairFit // when none was
}

function search(reference: Reference, places: Found, limits: Limits, tries: readonly number[] = depths): Search {
  const { minInliers, minScale = 0.45, maxScale = 2.2 } = limits
  const few = Math.min(starsTried, places.x.length)
  let best: PairFit | undefined
  for (const depth of tries) {
    const frame = { ...places, triangles: makeTriangles(places, [depth]) }
    const tried: { transform: Similarity; pairs: number; trials: number }[] = []
    for (const { transform, trials } of guessSimilarities(reference, frame, minScale, maxScale, guessesTried)) {
      const pairs = pairStars(reference, frame, transform, pairReachPx, few).count
      tried.push({ transform, pairs, trials })
      if (pairs > 0.5 * few) break // no other can be as good
    }
    tried.sort((p, q) => q.pairs - p.pairs)
    for (const { transform, trials } of tried.slice(0, guessesFitted)) {
      const fit = fitPairs(reference, frame, transform)
      if (!fit) continue
      if (fit.pairs.count > (best?.pairs.count ?? 0)) best = fit
      const scale = scaleOf(fit.transform)
      if (fit.pairs.count < minInliers || scale < minScale || scale > maxScale) continue
      if (isBelievable(fit, reference, frame, trials)) return { believed: fit }
    }
    if (places.x.length <= depth) break
  }
  return { best }
}
