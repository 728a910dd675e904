// The transform that brings a frame's stars closest to the reference's, from a first one that is about right.
import { medianInPlace } from './order-statistic.js'
import { pairReachPx, type Reference } from './reference.js'
import { fitSimilarity, moveX, moveY, type Similarity, scaleOf } from './similarity.js'
import { type Found, pairStars, type StarPairs } from './star-pairs.js'
import type { Places } from './triangle-match.js'

export interface PairFit {
  readonly transform: Similarity
  readonly pairs: StarPairs // those within three sigma
  readonly rmsPx: number // of their distances
  readonly reachPx: number // root mean square over the pairs of the distance up to which one was let in
}

const floorPx = 0.01 // what pixel grid and seeing leave even to the brightest star; the pairs' scatter corrects it,
const fewPairsFloorPx = 0.05 // but for too few pairs to tell
const rounds = 10
const stillPx = 3e-4 // a tenth of what the best frames are known to
const loosePx = 0.5 // pairs further apart than that, all in all, hold more than one sky
const mostGathered = 80
const spotPx = 0.1
const wellPaired = 0.6 // of the stars on both
const clearlyMore = 1.3
const groupSize = 40 // pairs that together tell how far their like scatter
const mostGroups = 8
const rayleighMedian = 2 * Math.LN2 // of the squared distance over sigma squared, Gaussian on two axes

/**
 * The transform of all pairs around a first one: least squares, each pair weighted by how far pairs of its precision
 * really scatter, without those beyond three sigma of it. A fixed radius either lets neighbours in or, on real
 * seeing, cuts the distribution and loses half of the pairs.
 */
export function fitPairs(reference: Reference, frame: Found, start: Similarity): PairFit | undefined {
  const fit = settle(reference, frame, start, pairReachPx)
  if (!fit || reference.farReachPx === pairReachPx) return fit
  if (fit.pairs.count > wellPaired * sharedStars(reference, frame, fit.transform)) return fit
  // A lens or a low sky may bend the frame so far that only a part of it lies within reach, and draws all to itself.
  const whole = settle(reference, frame, fit.transform, reference.farReachPx)
  return whole && whole.pairs.count > clearlyMore * fit.pairs.count ? whole : fit
}

function settle(reference: Reference, frame: Found, start: Similarity, reachPx: number): PairFit | undefined {
  const box = boxOf(frame)
  let fit: PairFit | undefined
  let transform = start
  for (let pass = 0; pass < 4; pass++) {
    const near = pairStars(reference, frame, transform, reachPx, frame.x.length)
    if (near.count < 3) return undefined
    fit = clipPairs(reference, makeTable(reference, frame, near, transform, reachPx), near, transform, box)
    if (!fit) return undefined
    // Where the transform went on moving other stars may have come within reach.
    const moved = largestMove(fit.transform, transform, box)
    transform = fit.transform
    if (moved < 0.1 * reachPx) break
  }
  return fit
}

/** How many of a frame's stars lie where the reference has any. */
function sharedStars({ grid }: Reference, { x, y }: Places, transform: Similarity): number {
  const { left, top, columns, rows, cellPx } = grid
  let shared = 0
  for (let i = 0; i < x.length; i++) {
    const u = moveX(transform, x[i], y[i]) - left
    const v = moveY(transform, x[i], y[i]) - top
    if (u >= 0 && v >= 0 && u <= columns * cellPx && v <= rows * cellPx) shared++
  }
  return shared
}

/** All that is near each other, sorted into groups of like precision, the most precise first. */
interface Table {
  readonly count: number
  readonly numbers: Float64Array // see fitSimilarity; a weight of 0 leaves a pair out
  readonly expected: Float64Array // one axis' variance of a pair's distance, as width and signal to noise tell it, px²
  readonly group: Uint8Array // of each pair
  readonly groups: number
  readonly squares: Float64Array // distances under the present transform, px²
  readonly reachPx: number
}

function makeTable(reference: Reference, frame: Found, near: StarPairs, transform: Similarity, reachPx: number): Table {
  const { count } = near
  const scale = scaleOf(transform)
  const numbers = new Float64Array(5 * count)
  const expected = new Float64Array(count)
  const floor = count < groupSize ? fewPairsFloorPx : floorPx
  for (let i = 0; i < count; i++) {
    const from = near.frame[i]
    const to = near.reference[i]
    numbers[5 * i] = frame.x[from]
    numbers[5 * i + 1] = frame.y[from]
    numbers[5 * i + 2] = reference.x[to]
    numbers[5 * i + 3] = reference.y[to]
    numbers[5 * i + 4] = 1
    const theirs = reference.errorPx[to]
    const ours = scale * frame.errorPx[from]
    expected[i] = theirs * theirs + ours * ours + floor * floor
  }
  const groups = Math.max(1, Math.min(mostGroups, Math.floor(count / groupSize)))
  const sorted = expected.slice().sort()
  const group = new Uint8Array(count)
  for (let n = 1; n < groups; n++) {
    const least = sorted[Math.floor((n * count) / groups)]
    for (let i = 0; i < count; i++) if (expected[i] >= least) group[i] = n
  }
  return { count, numbers, expected, group, groups, squares: new Float64Array(count), reachPx }
}

/**
 * Leaves out the pairs that sit where they sat on the sensor while the transform says that the sky moved on: hot
 * pixels. Says whether there are any among those let in.
 */
function barSpots({ count, numbers, expected, squares }: Table, near: StarPairs, { stars }: Reference): boolean {
  let any = false
  for (let i = 0; i < count; i++) {
    const before = stars[near.reference[i]]
    const spot = Math.max(spotPx * spotPx, 9 * expected[i])
    const moved = (numbers[5 * i] - before.x) ** 2 + (numbers[5 * i + 1] - before.y) ** 2
    if (moved > spot || squares[i] < 9 * spot) continue
    any ||= numbers[5 * i + 4] > 0
    numbers[5 * i + 4] = 0
    expected[i] = Number.POSITIVE_INFINITY
  }
  return any
}

function clipPairs(
  reference: Reference,
  table: Table,
  near: StarPairs,
  start: Similarity,
  box: Box,
): PairFit | undefined {
  const { count, numbers, squares, reachPx } = table
  let transform = start
  measure(table, transform)
  if (reachPx === pairReachPx && medianInPlace(squares.slice(), count) > loosePx * loosePx) {
    transform = gather(table, start)
    measure(table, transform)
    for (let i = 0; i < count; i++) if (squares[i] > 4 * loosePx * loosePx) numbers[5 * i + 4] = 0
  }
  const all = converge(table, transform, box)
  const moving = all && barSpots(table, near, reference) ? converge(table, all.transform, box) : all
  return moving && keepPairs(moving, near, table)
}

interface Converged {
  readonly transform: Similarity
  readonly factors: Float64Array // see learnScatter
}

/** Fits, learns the scatter and lets in what is within three sigma of it, until nothing changes. */
function converge(table: Table, start: Similarity, box: Box): Converged | undefined {
  const { count, numbers, expected, group, squares } = table
  let transform = start
  let factors = learnScatter(table)
  for (let round = 0; round < rounds; round++) {
    let changed = 0
    let used = 0
    for (let i = 0; i < count; i++) {
      const variance = expected[i] * factors[group[i]]
      const weight = squares[i] <= 9 * variance ? 1 / variance : 0
      if (weight > 0) used++
      if (weight > 0 !== numbers[5 * i + 4] > 0) changed++
      numbers[5 * i + 4] = weight
    }
    const fitted = used < 3 ? undefined : fitSimilarity(numbers, count, start)
    if (!fitted) return undefined
    const moved = largestMove(fitted, transform, box)
    transform = fitted
    measure(table, transform)
    if (moved < stillPx || (changed === 0 && moved < 3 * stillPx)) break
    factors = learnScatter(table)
  }
  return { transform, factors }
}

function measure({ count, numbers, squares }: Table, transform: Similarity): void {
  for (let i = 0, at = 0; i < count; i++, at += 5) {
    const dx = moveX(transform, numbers[at], numbers[at + 1]) - numbers[at + 2]
    const dy = moveY(transform, numbers[at], numbers[at + 1]) - numbers[at + 3]
    squares[i] = dx * dx + dy * dy
  }
}

/**
 * What pairs of like precision really scatter, group by group: the median of squared distances over the expected
 * variances. So photon noise, seeing and lens have their say without being known; only the order must be about right.
 */
function learnScatter({ count, numbers, expected, group, groups, squares }: Table): Float64Array {
  const factors = new Float64Array(groups)
  const ratios = new Float64Array(count)
  for (let n = 0; n < groups; n++) {
    let used = 0
    for (let i = 0; i < count; i++) {
      if (group[i] === n && numbers[5 * i + 4] > 0) ratios[used++] = squares[i] / expected[i]
    }
    const scatter = used === 0 ? 1 : medianInPlace(ratios, used) / rayleighMedian
    // The fit takes the noise of two pairs with it; a few pairs may lie together by luck, closer than they can know.
    factors[n] = groups > 1 ? Math.max(1e-4, scatter) : Math.max(1, scatter / Math.max(0.2, 1 - 2 / used))
  }
  return factors
}

/**
 * The start moved by what most of its bright pairs say. Where half of them are something else (hot pixels, whose place
 * is the sensor's and not the sky's) their middle is nobody's place.
 */
function gather({ count: all, numbers }: Table, start: Similarity): Similarity {
  const count = Math.min(mostGathered, all)
  const dx = new Float64Array(count)
  const dy = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    dx[i] = numbers[5 * i + 2] - moveX(start, numbers[5 * i], numbers[5 * i + 1])
    dy[i] = numbers[5 * i + 3] - moveY(start, numbers[5 * i], numbers[5 * i + 1])
  }
  let best = 0
  let crowd = 0
  for (let i = 0; i < count; i++) {
    let around = 0
    for (let j = 0; j < count; j++) {
      if ((dx[i] - dx[j]) ** 2 + (dy[i] - dy[j]) ** 2 < loosePx * loosePx) around++
    }
    if (around > crowd) {
      best = i
      crowd = around
    }
  }
  return { ...start, tx: start.tx + dx[best], ty: start.ty + dy[best] }
}

function keepPairs({ transform, factors }: Converged, near: StarPairs, table: Table): PairFit {
  const { count: all, numbers, expected, group, squares, reachPx } = table
  const ours = new Int32Array(all)
  const theirs = new Int32Array(all)
  let count = 0
  let sum = 0
  let reach = 0
  for (let i = 0; i < all; i++) {
    if (numbers[5 * i + 4] === 0) continue
    ours[count] = near.frame[i]
    theirs[count++] = near.reference[i]
    sum += squares[i]
    reach += Math.min(reachPx * reachPx, 9 * expected[i] * factors[group[i]])
  }
  const pairs = { count, reference: theirs.subarray(0, count), frame: ours.subarray(0, count) }
  return { transform, pairs, rmsPx: Math.sqrt(sum / count), reachPx: Math.sqrt(reach / count) }
}

interface Box {
  readonly left: number // px
  readonly right: number
  readonly top: number
  readonly bottom: number
}

function boxOf({ x, y }: Places): Box {
  let left = x[0]
  let right = x[0]
  let top = y[0]
  let bottom = y[0]
  for (let i = 1; i < x.length; i++) {
    if (x[i] < left) left = x[i]
    if (x[i] > right) right = x[i]
    if (y[i] < top) top = y[i]
    if (y[i] > bottom) bottom = y[i]
  }
  return { left, right, top, bottom }
}

/** By how much two transforms differ at the corners of a box, px. */
function largestMove(one: Similarity, other: Similarity, { left, right, top, bottom }: Box): number {
  let most = 0
  for (let corner = 0; corner < 4; corner++) {
    const x = corner % 2 === 0 ? left : right
    const y = corner < 2 ? top : bottom
    const dx = moveX(one, x, y) - moveX(other, x, y)
    const dy = moveY(one, x, y) - moveY(other, x, y)
    most = Math.max(most, dx * dx + dy * dy)
  }
  return Math.sqrt(most)
}
