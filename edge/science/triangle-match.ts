// Guesses at how two star lists lie on each other, from triangles whose shape does not care about shift, turn, scale or
// mirror.
import { fitSimilarity, moveX, moveY, type Similarity, scaleOf } from './similarity.js'

/** Places of stars, px, brightest first. */
export interface Places {
  readonly x: Float64Array
  readonly y: Float64Array
}

/** Triangles of one list; corner 0 lies opposite the longest side, corner 2 opposite the shortest. */
export interface Triangles {
  readonly count: number
  readonly middle: Float32Array // middle over longest side, ½ … 1
  readonly short: Float32Array // shortest over longest side
  readonly longestPx: Float32Array
  readonly clockwise: Uint8Array
  readonly corners: Uint16Array // three per triangle
  readonly points: number // corners are below it
}

/** Triangles in the order of their shapes' cells. */
export interface TriangleIndex extends Triangles {
  readonly starts: Int32Array // where each cell begins in `order`
  readonly order: Int32Array
}

/** A transform frame → reference worth trying. */
export interface Guess {
  readonly transform: Similarity
  readonly trials: number // triangles found alike, true or not: so many chances there were to err
}

const neighbours = 5
const neighboursOfFew = 8 // where every star counts
const few = 12
const shapeCell = 0.01 // of both side ratios
const columns = Math.floor(0.5 / shapeCell) + 2
const rows = Math.floor(1 / shapeCell) + 2
const shortestSide = 0.08 // of the longest: slivers match everything
const flattest = 1.02 // both shorter sides over the longest: along a line, as trails are, nothing tells corners apart
const shortestPx = 4
const centroidErrorPx = 0.5 // generous: a clipped star's centre is known to a few tenths
const tightest = 0.0015 // of side ratios, for lenses that draw the sky a little differently across the field
const widest = 0.02
const matchesEach = 40 // of a frame's triangle, on average; more are a crowd in which nothing is told apart
const mostScore = 255
const mostLikely = 600

/**
 * Triangles that every star of the brightest `levels[0]`, then of the brightest `levels[1]` … makes with two of its
 * nearest neighbours among these. Local, so that they stand in both lists however little of the sky the two share;
 * of several depths, so that lists of different depth or scale find a level where their stars are as dense.
 */
export function makeTriangles({ x, y }: Places, levels: readonly number[]): Triangles {
  const depths = [...new Set(levels.map(level => Math.min(level, x.length, 0xffff)))]
  const around = (depth: number) => (depth <= few ? neighboursOfFew : neighbours)
  const most = depths.reduce((sum, depth) => sum + (depth * around(depth) * (around(depth) - 1)) / 2, 0)
  const made = {
    middle: new Float32Array(most),
    short: new Float32Array(most),
    longestPx: new Float32Array(most),
    clockwise: new Uint8Array(most),
    corners: new Uint16Array(3 * most),
  }
  let count = 0
  for (const depth of depths) {
    const near = new Int32Array(around(depth))
    for (let i = 0; i < depth; i++) {
      const found = nearestOf(x, y, depth, i, near)
      for (let p = 0; p < found; p++) {
        for (let q = p + 1; q < found; q++) if (measureTriangle(x, y, i, near[p], near[q], made, count)) count++
      }
    }
  }
  return { ...made, count, points: depths.length === 0 ? 0 : Math.max(...depths) }
}

/** Sorts a reference's triangles by shape, once; the frames' look theirs up. */
export function indexTriangles(triangles: Triangles): TriangleIndex {
  const { count, middle, short } = triangles
  const starts = new Int32Array(columns * rows + 1)
  const cells = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    cells[i] = Math.floor((middle[i] - 0.5) / shapeCell) * rows + Math.floor(short[i] / shapeCell)
    starts[cells[i] + 1]++
  }
  for (let cell = 0; cell < columns * rows; cell++) starts[cell + 1] += starts[cell]
  const next = starts.slice()
  const order = new Int32Array(count)
  for (let i = 0; i < count; i++) order[next[cells[i]]++] = i
  return { ...triangles, starts, order }
}

/** Writes the nearest of the first `depth` points to point `i` into `near`; returns how many. */
function nearestOf(x: Float64Array, y: Float64Array, depth: number, i: number, near: Int32Array): number {
  const most = near.length
  const squares = new Float64Array(most)
  let found = 0
  for (let j = 0; j < depth; j++) {
    if (j === i) continue
    const dx = x[j] - x[i]
    const dy = y[j] - y[i]
    const square = dx * dx + dy * dy
    if (found === most && square >= squares[found - 1]) continue
    let at = found === most ? found - 1 : found++
    for (; at > 0 && squares[at - 1] > square; at--) {
      squares[at] = squares[at - 1]
      near[at] = near[at - 1]
    }
    squares[at] = square
    near[at] = j
  }
  return found
}

type Made = Pick<Triangles, 'middle' | 'short' | 'longestPx' | 'clockwise' | 'corners'>

/** Writes triangle number `at`; false when it is too thin or too small to be told from others. */
function measureTriangle(
  x: Float64Array,
  y: Float64Array,
  i: number,
  j: number,
  k: number,
  made: Made,
  at: number,
): boolean {
  let [p, q, r] = [i, j, k]
  let a = Math.sqrt((x[j] - x[k]) ** 2 + (y[j] - y[k]) ** 2) // opposite its corner
  let b = Math.sqrt((x[k] - x[i]) ** 2 + (y[k] - y[i]) ** 2)
  let c = Math.sqrt((x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2)
  if (a < b) [a, b, p, q] = [b, a, q, p]
  if (b < c) [b, c, q, r] = [c, b, r, q]
  if (a < b) [a, b, p, q] = [b, a, q, p]
  if (c < shortestPx || c < shortestSide * a || b + c < flattest * a) return false
  made.middle[at] = b / a
  made.short[at] = c / a
  made.longestPx[at] = a
  made.clockwise[at] = (x[q] - x[p]) * (y[r] - y[p]) > (y[q] - y[p]) * (x[r] - x[p]) ? 1 : 0
  made.corners[3 * at] = p
  made.corners[3 * at + 1] = q
  made.corners[3 * at + 2] = r
  return true
}

/**
 * Transforms frame → reference worth trying, the most voted first, at most `limit`.
 *
 * Every triangle of one list votes for the star pairs it would make with every like triangle of the other; triangles
 * whose three pairs gathered the most votes become guesses, made better by all pairs that agree with them. Method:
 * Groth, AJ 91 (1986) 1244; voting by Valdes et al., PASP 107 (1995) 1119. Deterministic: nothing is drawn by lot.
 */
export function* guessSimilarities(
  reference: Places & { readonly triangles: TriangleIndex },
  frame: Places & { readonly triangles: Triangles },
  minScale: number,
  maxScale: number,
  limit: number,
): Generator<Guess, void> {
  const theirs = reference.triangles
  const ours = frame.triangles
  const matches = matchTriangles(theirs, ours, minScale, maxScale)
  const trials = matches.length / 2
  const ballot = vote(matches, theirs, ours)
  const likely = likelyPairs(ballot)
  const given: Similarity[] = []
  const pairs = new Float64Array(5 * Math.max(3, likely.length))
  for (const match of mostVoted(matches, ballot, theirs, ours, 50 * limit)) {
    if (given.length === limit) return
    const [t, o] = [matches[2 * match], matches[2 * match + 1]]
    const corner = ours.corners[3 * o]
    for (let i = 0; i < 3; i++) {
      writePair(pairs, i, reference, theirs.corners[3 * t + i], frame, ours.corners[3 * o + i])
    }
    const three = fitSimilarity(pairs, 3, { mirrored: theirs.clockwise[t] !== ours.clockwise[o] })
    if (!three || given.some(other => isNear(other, three, frame, corner))) continue
    const transform = agree(three, ballot, likely, reference, frame, pairs, [corner, ours.longestPx[o]])
    const scale = scaleOf(transform)
    if (scale < minScale || scale > maxScale || given.some(other => isNear(other, transform, frame, corner))) continue
    given.push(transform)
    yield { transform, trials }
  }
}

/** Indices of like triangles, reference and frame in turn. */
function matchTriangles(theirs: TriangleIndex, ours: Triangles, minScale: number, maxScale: number): Int32Array {
  const most = matchesEach * ours.count
  const matches = new Int32Array(2 * most)
  let count = 0
  for (let o = 0; o < ours.count; o++) {
    const middle = ours.middle[o]
    const short = ours.short[o]
    const longest = ours.longestPx[o]
    const reach = tolerance(longest, minScale)
    const firstColumn = Math.max(0, Math.floor((middle - reach - 0.5) / shapeCell))
    const lastColumn = Math.min(columns - 1, Math.floor((middle + reach - 0.5) / shapeCell))
    const firstRow = Math.max(0, Math.floor((short - reach) / shapeCell))
    const lastRow = Math.min(rows - 1, Math.floor((short + reach) / shapeCell))
    for (let column = firstColumn; column <= lastColumn; column++) {
      const end = theirs.starts[column * rows + lastRow + 1]
      for (let at = theirs.starts[column * rows + firstRow]; at < end; at++) {
        const t = theirs.order[at]
        const scale = theirs.longestPx[t] / longest
        if (scale < minScale || scale > maxScale) continue
        const within = tolerance(longest, scale)
        if (Math.abs(theirs.middle[t] - middle) > within || Math.abs(theirs.short[t] - short) > within) continue
        if (count === most) return matches
        matches[2 * count] = t
        matches[2 * count + 1] = o
        count++
      }
    }
  }
  return matches.subarray(0, 2 * count)
}

/** How far side ratios of one triangle may be apart, the reference's being `scale` times as large. */
function tolerance(longestPx: number, scale: number): number {
  return Math.min(widest, Math.max(tightest, (1.5 * centroidErrorPx) / (longestPx * Math.min(1, scale))))
}

/** Votes for star pairs, apart for guesses with and without a mirror. */
interface Ballot {
  readonly columns: number // frame points
  readonly half: number // table entries of one handedness
  readonly votes: Uint16Array // pair → votes; pair = reference point × columns + frame point, plus `half` when mirrored
  readonly pairs: Int32Array // those with a vote
  readonly count: number
}

function vote(matches: Int32Array, theirs: Triangles, ours: Triangles): Ballot {
  const half = theirs.points * ours.points
  const votes = new Uint16Array(2 * half)
  const pairs = new Int32Array(Math.min(2 * half, (matches.length / 2) * 3))
  let count = 0
  for (let match = 0; match < matches.length; match += 2) {
    for (let corner = 0; corner < 3; corner++) {
      const pair = pairOf(theirs, ours, matches[match], matches[match + 1], corner)
      if (votes[pair] === 0) pairs[count++] = pair
      if (votes[pair] < mostScore) votes[pair]++
    }
  }
  return { columns: ours.points, half, votes, pairs, count }
}

function pairOf(theirs: Triangles, ours: Triangles, t: number, o: number, corner: number): number {
  const pair = theirs.corners[3 * t + corner] * ours.points + ours.corners[3 * o + corner]
  return theirs.clockwise[t] === ours.clockwise[o] ? pair : pair + theirs.points * ours.points
}

/** The pairs with the most votes, more than one; hundreds, so that a crowd of strangers costs no more than a sky. */
function likelyPairs({ votes, pairs, count }: Ballot): Int32Array {
  const more = new Int32Array(mostScore + 2) // pairs with at least so many votes
  for (let i = 0; i < count; i++) more[votes[pairs[i]]]++
  for (let score = mostScore; score >= 0; score--) more[score] += more[score + 1]
  let least = 2
  while (least < mostScore && more[least] > mostLikely) least++
  return pairs.subarray(0, count).filter(pair => votes[pair] >= least)
}

/** Matches by the votes of their weakest pair (two pairs that are right do not make the third so), about `most`. */
function mostVoted(
  matches: Int32Array,
  { votes }: Ballot,
  theirs: Triangles,
  ours: Triangles,
  most: number,
): Int32Array {
  const count = matches.length / 2
  const scores = new Uint8Array(count)
  const places = new Int32Array(mostScore + 2)
  for (let i = 0; i < count; i++) {
    let score = mostScore
    for (let corner = 0; corner < 3; corner++) {
      score = Math.min(score, votes[pairOf(theirs, ours, matches[2 * i], matches[2 * i + 1], corner)])
    }
    scores[i] = score
    places[mostScore - score + 1]++
  }
  for (let i = 0; i <= mostScore; i++) places[i + 1] += places[i]
  const ranked = new Int32Array(count)
  for (let i = 0; i < count; i++) ranked[places[mostScore - scores[i]]++] = i
  return ranked.subarray(0, Math.min(count, most))
}

function writePair(pairs: Float64Array, at: number, reference: Places, to: number, frame: Places, from: number): void {
  pairs[5 * at] = frame.x[from]
  pairs[5 * at + 1] = frame.y[from]
  pairs[5 * at + 2] = reference.x[to]
  pairs[5 * at + 3] = reference.y[to]
  pairs[5 * at + 4] = 1
}

/**
 * The guess fitted anew to all voted pairs that agree with it: what three stars close together say of the far end of
 * the frame is not worth much. What is allowed grows with the distance in triangles.
 */
function agree(
  guess: Similarity,
  { columns, half }: Ballot,
  likely: Int32Array,
  reference: Places,
  frame: Places,
  pairs: Float64Array,
  [corner, longestPx]: readonly [number, number],
): Similarity {
  let transform = guess
  for (const grows of [1, 0]) {
    let count = 0
    for (const pair of likely) {
      if (pair >= half !== guess.mirrored) continue
      const to = Math.floor((guess.mirrored ? pair - half : pair) / columns)
      const from = pair % columns
      const [x, y] = [frame.x[from], frame.y[from]]
      const apart =
        Math.abs(moveX(transform, x, y) - reference.x[to]) + Math.abs(moveY(transform, x, y) - reference.y[to])
      const way = grows * (Math.abs(x - frame.x[corner]) + Math.abs(y - frame.y[corner]))
      if (apart <= Math.min(20, 3 + (2 * way * centroidErrorPx) / longestPx)) {
        writePair(pairs, count++, reference, to, frame, from)
      }
    }
    const next = count < 3 ? undefined : fitSimilarity(pairs, count, guess)
    if (!next) return transform
    transform = next
  }
  return transform
}

/** Whether two guesses would be refined to the same answer. */
function isNear(p: Similarity, q: Similarity, { x, y }: Places, at: number): boolean {
  return (
    p.mirrored === q.mirrored &&
    Math.abs(p.a - q.a) < 0.02 &&
    Math.abs(p.b - q.b) < 0.02 &&
    Math.hypot(moveX(p, x[at], y[at]) - moveX(q, x[at], y[at]), moveY(p, x[at], y[at]) - moveY(q, x[at], y[at])) < 3
  )
}
