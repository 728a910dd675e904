// Which star of a frame is which of the reference under a given transform, and the transform that pairs make.
import { medianInPlace } from './order-statistic.js'
import { pairReachPx, type Reference } from './reference.js'
import { fitSimilarity, moveX, moveY, type Similarity, scaleOf } from './similarity.js'
import { nearestStar } from './star-grid.js'
import type { Places } from './triangle-match.js'

export interface StarPairs {
  readonly count: number
  readonly reference: Int32Array // indices into the lists; each star stands once at most
  readonly frame: Int32Array
}

/** A frame's places and their expected errors, px. */
export interface Found extends Places {
  readonly errorPx: Float64Array
}

/** Pairs each of the brightest `most` stars of a frame with the nearest of the reference; of two rivals the closer. */
export function pairStars(
  { grid, x, y }: Reference,
  frame: Places,
  transform: Similarity,
  withinPx: number,
  most: number,
): StarPairs {
  const count = Math.min(most, frame.x.length)
  const holder = new Int32Array(x.length).fill(-1)
  const apart = new Float64Array(x.length)
  for (let i = 0; i < count; i++) {
    const u = moveX(transform, frame.x[i], frame.y[i])
    const v = moveY(transform, frame.x[i], frame.y[i])
    const star = nearestStar(grid, u, v, withinPx)
    if (star < 0) continue
    const square = (x[star] - u) ** 2 + (y[star] - v) ** 2
    if (holder[star] >= 0 && apart[star] <= square) continue
    holder[star] = i
    apart[star] = square
  }
  let pairs = 0
  const [theirs, ours] = [new Int32Array(count), new Int32Array(count)]
  for (let star = 0; star < x.length; star++) {
    if (holder[star] < 0) continue
    theirs[pairs] = star
    ours[pairs++] = holder[star]
  }
  return { count: pairs, reference: theirs, frame: ours }
}

export interface PairFit {
  readonly transform: Similarity
  readonly pairs: StarPairs // those within three sigma
  readonly rmsPx: number // of their distances
  readonly reachPx: number // root mean square over the pairs of the distance up to which one was let in
}

const floorPx = 0.01 // what pixel grid and seeing leave even to the brightest star; the pairs' scatter corrects it,
const fewPairsFloorPx = 0.05 // but for too few pairs to tell
const rounds = 10
const loosePx = 0.5 // pairs further apart than that, all in all, hold more than one sky
const mostGathered = 80
const groupSize = 40 // pairs that together tell how far their like scatter
const mostGroups = 8
const rayleighMedian = 2 * Math.LN2 // of the squared distance over sigma squared, Gaussian on two axes

/**
 * The transform of all pairs around a first one: least squares, each pair weighted by how far pairs of its precision
 * really scatter, without those beyond three sigma of it. A fixed radius either lets neighbours in or, on real
 * seeing, cuts the distribution and loses half of the pairs.
 */
export function fitPairs(reference: Reference, frame: Found, start: Similarity): PairFit | undefined {
  let fit: PairFit | undefined
  let transform = start
  for (let pass = 0; pass < 3; pass++) {
    const near = pairStars(reference, frame, transform, pairReachPx, frame.x.length)
    fit = clipPairs(reference, frame, transform, near)
    if (!fit) return undefined
    // Where the transform went on moving other stars may have come within reach.
    const moved = largestMove(fit.transform, transform, frame)
    transform = fit.transform
    if (moved < 0.1 * pairReachPx) break
  }
  return fit
}

function clipPairs(reference: Reference, frame: Found, start: Similarity, near: StarPairs): PairFit | undefined {
  const { count } = near
  if (count < 3) return undefined
  const numbers = new Float64Array(5 * count) // see fitSimilarity
  const expected = expectedVariances(reference, frame, near, scaleOf(start))
  const order = Int32Array.from({ length: count }, (_, i) => i).sort((i, j) => expected[i] - expected[j] || i - j)
  const variances = new Float64Array(count)
  const squares = new Float64Array(count)
  const kept = new Uint8Array(count).fill(1)
  let transform = start
  measureSquares(reference, frame, near, transform, squares)
  if (medianOf(squares) > loosePx * loosePx) {
    transform = gather(reference, frame, near, start)
    measureSquares(reference, frame, near, transform, squares)
    for (let i = 0; i < count; i++) kept[i] = squares[i] <= 4 * loosePx * loosePx ? 1 : 0
  }
  for (let round = 0; round < rounds; round++) {
    learnVariances(expected, squares, kept, order, variances)
    let changed = 0
    let used = 0
    for (let i = 0; i < count; i++) {
      const keep = squares[i] <= 9 * variances[i] ? 1 : 0
      if (keep !== kept[i]) changed++
      kept[i] = keep
      if (keep === 0) continue
      const [from, to] = [near.frame[i], near.reference[i]]
      numbers[5 * used] = frame.x[from]
      numbers[5 * used + 1] = frame.y[from]
      numbers[5 * used + 2] = reference.x[to]
      numbers[5 * used + 3] = reference.y[to]
      numbers[5 * used++ + 4] = 1 / variances[i]
    }
    const fitted = used < 3 ? undefined : fitSimilarity(numbers, used, start)
    if (!fitted) return undefined
    const moved = largestMove(fitted, transform, frame)
    transform = fitted
    measureSquares(reference, frame, near, transform, squares)
    if (moved < 3e-4 || (changed === 0 && moved < 1e-3)) break
  }
  return keepPairs(transform, near, kept, squares, variances)
}

function measureSquares(reference: Reference, frame: Found, near: StarPairs, transform: Similarity, out: Float64Array) {
  for (let i = 0; i < near.count; i++) {
    const [from, to] = [near.frame[i], near.reference[i]]
    const dx = moveX(transform, frame.x[from], frame.y[from]) - reference.x[to]
    const dy = moveY(transform, frame.x[from], frame.y[from]) - reference.y[to]
    out[i] = dx * dx + dy * dy
  }
}

/** One axis' variance of a pair's distance, as far as width and signal to noise tell, px². */
function expectedVariances(reference: Reference, frame: Found, { count, ...pairs }: StarPairs, scale: number) {
  const variances = new Float64Array(count)
  const floor = count < groupSize ? fewPairsFloorPx : floorPx
  for (let i = 0; i < count; i++) {
    const theirs = reference.errorPx[pairs.reference[i]]
    const ours = scale * frame.errorPx[pairs.frame[i]]
    variances[i] = theirs * theirs + ours * ours + floor * floor
  }
  return variances
}

/**
 * What pairs of like precision really scatter: the expected variance times a factor that follows the medians of some
 * groups of pairs, from the most precise to the least. So photon noise, seeing and lens have their say without being
 * known; only the order must be about right.
 */
function learnVariances(
  expected: Float64Array,
  squares: Float64Array,
  kept: Uint8Array,
  order: Int32Array,
  out: Float64Array,
): void {
  const ranks = order.filter(i => kept[i] === 1)
  const groups = Math.max(1, Math.min(mostGroups, Math.floor(ranks.length / groupSize)))
  const factors = new Float64Array(groups)
  const ratios = new Float64Array(ranks.length)
  for (let group = 0; group < groups; group++) {
    const first = Math.floor((group * ranks.length) / groups)
    const end = Math.floor(((group + 1) * ranks.length) / groups)
    for (let i = first; i < end; i++) ratios[i - first] = squares[ranks[i]] / expected[ranks[i]]
    // The fit takes the noise of two pairs with it; a few pairs may lie together by luck, closer than they can know.
    const scatter = medianInPlace(ratios, end - first) / rayleighMedian / Math.max(0.2, 1 - 2 / ranks.length)
    factors[group] = Math.max(ranks.length < groupSize ? 1 : 1e-4, scatter)
  }
  // Groups' middles lie at ½, 1½ … of their width; left-out pairs go by their rank among the kept.
  let rank = 0
  for (const i of order) {
    const place = Math.min(groups - 1, Math.max(0, (rank * groups) / Math.max(1, ranks.length) - 0.5))
    const below = Math.floor(place)
    const above = Math.min(groups - 1, below + 1)
    out[i] = expected[i] * (factors[below] + (place - below) * (factors[above] - factors[below]))
    rank += kept[i]
  }
}

/**
 * The start moved by what most of its bright pairs say. Where half of them are something else (hot pixels, whose place
 * is the sensor's and not the sky's) their middle is nobody's place.
 */
function gather(reference: Reference, frame: Found, near: StarPairs, start: Similarity): Similarity {
  const count = Math.min(mostGathered, near.count)
  const [dx, dy] = [new Float64Array(count), new Float64Array(count)]
  for (let i = 0; i < count; i++) {
    const [from, to] = [near.frame[i], near.reference[i]]
    dx[i] = reference.x[to] - moveX(start, frame.x[from], frame.y[from])
    dy[i] = reference.y[to] - moveY(start, frame.x[from], frame.y[from])
  }
  let [best, crowd] = [0, 0]
  for (let i = 0; i < count; i++) {
    let around = 0
    for (let j = 0; j < count; j++) if (Math.hypot(dx[i] - dx[j], dy[i] - dy[j]) < loosePx) around++
    if (around > crowd) [best, crowd] = [i, around]
  }
  return { ...start, tx: start.tx + dx[best], ty: start.ty + dy[best] }
}

function keepPairs(
  transform: Similarity,
  near: StarPairs,
  kept: Uint8Array,
  squares: Float64Array,
  variances: Float64Array,
): PairFit {
  const ours = near.frame.slice(0, near.count).filter((_, i) => kept[i] === 1)
  const theirs = near.reference.slice(0, near.count).filter((_, i) => kept[i] === 1)
  let [sum, reach] = [0, 0]
  for (let i = 0; i < near.count; i++) {
    if (kept[i] === 0) continue
    sum += squares[i]
    reach += Math.min(pairReachPx * pairReachPx, 9 * variances[i])
  }
  const count = ours.length
  const pairs = { count, reference: theirs, frame: ours }
  return { transform, pairs, rmsPx: Math.sqrt(sum / count), reachPx: Math.sqrt(reach / count) }
}

/** By how much two transforms differ at the corners of a frame's stars, px. */
function largestMove(one: Similarity, other: Similarity, { x, y }: Places): number {
  let [left, right, top, bottom] = [x[0], x[0], y[0], y[0]]
  for (let i = 1; i < x.length; i++) {
    left = Math.min(left, x[i])
    right = Math.max(right, x[i])
    top = Math.min(top, y[i])
    bottom = Math.max(bottom, y[i])
  }
  let most = 0
  for (const u of [left, right]) {
    for (const v of [top, bottom]) {
      const dx = moveX(one, u, v) - moveX(other, u, v)
      const dy = moveY(one, u, v) - moveY(other, u, v)
      most = Math.max(most, Math.hypot(dx, dy))
    }
  }
  return most
}

function medianOf(values: Float64Array): number {
  return medianInPlace(values.slice(), values.length)
}
