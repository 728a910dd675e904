// Registration: which stars of a frame are which of the reference, and the transform that brings one onto the other.
import { medianInPlace } from './order-statistic.js'
import { fitSimilarity, invert, moveX, moveY, offsetAtCentre, type Similarity } from './similarity.js'
import { guessSimilarities } from './triangle-match.js'

/** What registration needs of a star; `Star` has it. Lists come brightest first. */
export interface Anchor {
  readonly x: number // px
  readonly y: number
  readonly snr: number
  readonly fwhmPx: number
  readonly saturated: boolean
}

export interface RegisterOptions {
  readonly width: number // px of both frames; the shift is measured at their centre
  readonly height: number
  readonly maxShiftPx?: number // 300 unless told
  readonly minScale?: number // 0.9
  readonly maxScale?: number // 1.1
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
const centroidFloorPx = 0.02 // what pixel grid and seeing leave even to the brightest star
const clippedErrorPx = 0.3 // of a saturated star
const firstRadiusPx = 3 // around a guess made from three stars
const smallestRadiusPx = 0.15

/**
 * Registers a frame's stars on a reference's.
 *
 * Triangles of the 25 (then 45) brightest stars make guesses; each is tried on all stars; the one with most pairs is
 * refined by least squares weighted with the stars' precision, dropping pairs beyond three sigma of their own spread,
 * until nothing changes. A match is believed only with `minInliers` pairs, more than chance would give, and a spread
 * well below a star's width. No randomness: the same lists give the same answer.
 */
export function register(
  reference: readonly Anchor[],
  frame: readonly Anchor[],
  options: RegisterOptions,
): Registration {
  const { width, height, maxShiftPx = 300, minScale = 0.9, maxScale = 1.1 } = options
  const minInliers = Math.max(fewestInliers, options.minInliers ?? 6)
  if (Math.min(reference.length, frame.length) < minInliers) {
    const which = reference.length < minInliers ? 'the reference has' : 'the frame has'
    const stars = Math.min(reference.length, frame.length)
    return refusal('too-few-stars', `${which} ${stars} stars, ${minInliers} are needed`)
  }
  const matcher = makeMatcher(reference, frame)
  let best: { transform: Similarity; pairs: number } | undefined
  const most = Math.min(reference.length, frame.length)
  for (const points of [25, 45]) {
    for (const guess of guessSimilarities(reference, frame, points, minScale, maxScale, 40)) {
      if (best && best.pairs > 0.6 * most) break // no other can be as good
      const transform = settle(matcher, guess, 2)
      if (!transform) continue
      const pairs = matcher.pair(transform, () => firstRadiusPx)
      if (pairs > (best?.pairs ?? 0)) best = { transform, pairs }
    }
    if (best && best.pairs >= Math.max(minInliers, 0.3 * most)) break
  }
  const fit = best && refine(matcher, best.transform)
  const scale = fit ? Math.hypot(fit.transform.a, fit.transform.b) : 0
  if (!fit || fit.matched < minInliers || scale < minScale || scale > maxScale || !isBelievable(fit, matcher)) {
    const pairs = fit?.matched ?? 0
    return refusal(
      'no-match',
      `${pairs} of ${frame.length} stars fit the reference's ${reference.length}; too few to believe`,
    )
  }
  const offsetPx = offsetAtCentre(fit.transform, width, height)
  const movedPx = Math.hypot(...offsetPx)
  if (movedPx > maxShiftPx) {
    return refusal(
      'moved-too-far',
      `the sky moved ${movedPx.toFixed(0)} px from the reference, at most ${maxShiftPx} px are taken`,
    )
  }
  return { ok: true, transform: fit.transform, offsetPx, matched: fit.matched, rmsPx: fit.rmsPx }
}

function refusal(reason: RegistrationRefusal, words: string): Registration {
  return { ok: false, reason, words }
}

interface Matcher {
  readonly reference: readonly Anchor[]
  readonly frame: readonly Anchor[]
  readonly pairs: Float64Array // five numbers each, see fitSimilarity
  readonly distancesPx: Float64Array
  readonly errorsPx: Float64Array // expected of a pair, one axis
  /** Pairs each frame star with the nearest unpaired reference star within the radius its own expected error allows. */
  pair(transform: Similarity, radiusPx: (errorPx: number) => number): number
}

function makeMatcher(reference: readonly Anchor[], frame: readonly Anchor[]): Matcher {
  const most = Math.min(reference.length, frame.length)
  const pairs = new Float64Array(5 * most)
  const distancesPx = new Float64Array(most)
  const errorsPx = new Float64Array(most)
  const paired = new Int32Array(reference.length)
  let round = 0
  const byX = reference.map((star, index) => ({ x: star.x, index })).sort((p, q) => p.x - q.x || p.index - q.index)
  const xs = Float64Array.from(byX, ({ x }) => x)

  function pair(transform: Similarity, radiusPx: (errorPx: number) => number): number {
    round++
    let count = 0
    for (const star of frame) {
      const x = moveX(transform, star.x, star.y)
      const y = moveY(transform, star.x, star.y)
      let found = -1
      let nearest = Number.POSITIVE_INFINITY
      let error = 0
      for (let i = lowerBound(xs, x - firstRadiusPx); i < xs.length && xs[i] <= x + firstRadiusPx; i++) {
        const index = byX[i].index
        const other = reference[index]
        const apart = Math.hypot(other.x - x, other.y - y)
        if (apart >= nearest || paired[index] === round) continue
        const expected = Math.hypot(centroidError(star), centroidError(other))
        if (apart > radiusPx(expected)) continue
        found = index
        nearest = apart
        error = expected
      }
      if (found < 0) continue
      paired[found] = round
      const other = reference[found]
      pairs.set([star.x, star.y, other.x, other.y, 1 / (error * error)], 5 * count)
      distancesPx[count] = nearest
      errorsPx[count] = error
      count++
    }
    return count
  }
  return { reference, frame, pairs, distancesPx, errorsPx, pair }
}

/** Expected error of a star's centre on one axis, px: its width over its signal to noise, and what never goes away. */
function centroidError({ snr, fwhmPx, saturated }: Anchor): number {
  return Math.hypot(fwhmPx / 2.355 / Math.max(snr, 1), centroidFloorPx, saturated ? clippedErrorPx : 0)
}

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * A few rounds of pairing within the first radius and fitting, enough to see how many stars a guess brings
 * together.
 */
function settle(matcher: Matcher, guess: Similarity, rounds: number): Similarity | undefined {
  let transform: Similarity | undefined = guess
  for (let round = 0; round < rounds && transform; round++) {
    const count = matcher.pair(transform, () => firstRadiusPx)
    transform = count < 3 ? undefined : fitSimilarity(matcher.pairs, count)
  }
  return transform
}

interface Fit {
  readonly transform: Similarity
  readonly matched: number
  readonly rmsPx: number
  readonly radiusPx: number // median over the pairs of what was still let in
}

/**
 * Adaptive three-sigma clipping: the spread of distances in units of what was expected decides what is let in next
 * round. A fixed radius either lets neighbours in or, on real seeing, cuts the distribution and loses half of the
 * pairs.
 */
function refine(matcher: Matcher, start: Similarity): Fit | undefined {
  let transform = start
  let matched = matcher.pair(transform, () => firstRadiusPx)
  let fit: Fit | undefined
  const ratios = new Float64Array(matcher.distancesPx.length)
  for (let round = 0; round < 12; round++) {
    if (matched < 3) return undefined
    for (let i = 0; i < matched; i++) ratios[i] = matcher.distancesPx[i] / matcher.errorsPx[i]
    // The median of a two-axis Gaussian's distance (Rayleigh) is 1.1774 sigma.
    const stretch = medianInPlace(ratios, matched) / 1.1774
    const radius = (errorPx: number) => Math.min(firstRadiusPx, Math.max(smallestRadiusPx, 3 * stretch * errorPx))
    const before = matched
    matched = matcher.pair(transform, radius)
    const next = fitSimilarity(matcher.pairs, matched)
    if (!next) return undefined
    transform = next
    let squares = 0
    for (let i = 0; i < 5 * matched; i += 5) {
      const [x, y, u, v] = matcher.pairs.subarray(i, i + 4)
      squares += (moveX(transform, x, y) - u) ** 2 + (moveY(transform, x, y) - v) ** 2
    }
    for (let i = 0; i < matched; i++) ratios[i] = radius(matcher.errorsPx[i])
    fit = { transform, matched, rmsPx: Math.sqrt(squares / matched), radiusPx: medianInPlace(ratios, matched) }
    if (matched === before && round > 3) break
  }
  return fit
}

/**
 * Whether strangers could fit as well: more pairs than chance makes within the final radius, a quarter of all that
 * lie on both frames, and a spread well within a star's width.
 */
function isBelievable({ transform, matched, rmsPx, radiusPx }: Fit, { reference, frame }: Matcher): boolean {
  const box = boxOf(reference)
  const shared = frame.filter(({ x, y }) => isInside(box, moveX(transform, x, y), moveY(transform, x, y))).length
  const back = invert(transform)
  const frameBox = boxOf(frame)
  const seen = reference.filter(({ x, y }) => isInside(frameBox, moveX(back, x, y), moveY(back, x, y))).length
  const area = Math.max(1, (box.right - box.left) * (box.bottom - box.top))
  const byChance = (shared * reference.length * Math.PI * radiusPx * radiusPx) / area
  const widths = Float64Array.from(reference, ({ fwhmPx }) => fwhmPx)
  const width = medianInPlace(widths, widths.length)
  return (
    matched >= 3 + byChance + 4 * Math.sqrt(byChance) &&
    matched >= 0.25 * Math.min(shared, seen) &&
    rmsPx <= Math.max(1, 0.5 * width)
  )
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

function boxOf(stars: readonly Anchor[]): Box {
  const xs = stars.map(({ x }) => x)
  const ys = stars.map(({ y }) => y)
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) }
}

function isInside({ left, right, top, bottom }: Box, x: number, y: number): boolean {
  return x >= left && x <= right && y >= top && y <= bottom
}
