// Guesses at how two star lists lie on each other, from triangles whose shape does not care about shift, turn or scale.
import { fitSimilarity, type Similarity, scaleOf } from './similarity.js'

interface Point {
  readonly x: number
  readonly y: number
}

/** Triangles of one list; vertex 0 lies opposite the longest side, vertex 2 opposite the shortest. */
interface Triangles {
  readonly count: number
  readonly order: Int32Array // by `middle`, rising
  readonly middle: Float32Array // middle over longest side
  readonly short: Float32Array // shortest over longest side
  readonly longestPx: Float32Array
  readonly clockwise: Uint8Array
  readonly corners: Int32Array // three per triangle
}

const shortestSide = 0.1 // of the longest: slivers match everything
const centroidErrorPx = 0.5 // generous: a clipped star's centre is known to a few tenths
const maxMatches = 400_000

/**
 * Transforms frame → reference worth trying, the most voted first, at most `limit`.
 *
 * Every triangle of the first `points` stars of one list votes for the star pairs it would make with every like
 * triangle of the other; triangles whose three pairs gathered the most votes become guesses. Method: Groth, AJ 91
 * (1986) 1244; voting by Valdes et al., PASP 107 (1995) 1119. Deterministic: all triangles are looked at, none drawn
 * by lot.
 */
export function guessSimilarities(
  reference: readonly Point[],
  frame: readonly Point[],
  points: number,
  minScale: number,
  maxScale: number,
  limit: number,
): Similarity[] {
  const theirs = makeTriangles(reference.slice(0, points))
  const ours = makeTriangles(frame.slice(0, points))
  const matches = matchTriangles(theirs, ours, minScale, maxScale)
  const columns = Math.min(points, frame.length)
  const votes = new Uint32Array(Math.min(points, reference.length) * columns)
  const pairOf = (match: number, corner: number) =>
    theirs.corners[3 * matches[match] + corner] * columns + ours.corners[3 * matches[match + 1] + corner]
  for (let match = 0; match < matches.length; match += 2) {
    for (let corner = 0; corner < 3; corner++) votes[pairOf(match, corner)]++
  }
  const scores = new Uint32Array(matches.length / 2)
  for (let i = 0; i < scores.length; i++) {
    // The weakest pair counts: two pairs that are right do not make the third so.
    scores[i] = Math.min(votes[pairOf(2 * i, 0)], votes[pairOf(2 * i, 1)], votes[pairOf(2 * i, 2)])
  }
  const ranked = highest(scores, 50 * limit)
  const guesses: Similarity[] = []
  const pairs = new Float64Array(15)
  for (const rank of ranked) {
    if (guesses.length === limit) break
    for (let corner = 0; corner < 3; corner++) {
      const from = frame[ours.corners[3 * matches[2 * rank + 1] + corner]]
      const to = reference[theirs.corners[3 * matches[2 * rank] + corner]]
      pairs.set([from.x, from.y, to.x, to.y, 1], 5 * corner)
    }
    const guess = fitSimilarity(pairs, 3)
    if (!guess || scaleOf(guess) < minScale || scaleOf(guess) > maxScale) continue
    if (!guesses.some(other => isNear(other, guess))) guesses.push(guess)
  }
  return guesses
}

/**
 * Indices of the highest scores, highest first; about `most` of them, so that a crowd of chance matches need not be
 * sorted.
 */
function highest(scores: Uint32Array, most: number): number[] {
  const floor = scores.length > most ? scores.slice().sort()[scores.length - most] : 0
  const indices: number[] = []
  for (let i = 0; i < scores.length && indices.length < 2 * most; i++) if (scores[i] >= floor) indices.push(i)
  return indices.sort((i, j) => scores[j] - scores[i] || i - j)
}

/** Indices of like triangles, reference and frame in turn. */
function matchTriangles(theirs: Triangles, ours: Triangles, minScale: number, maxScale: number): Int32Array {
  const matches = new Int32Array(2 * maxMatches)
  let count = 0
  let first = 0
  const widest = 0.02
  for (const t of theirs.order) {
    const middle = theirs.middle[t]
    while (first < ours.count && ours.middle[ours.order[first]] < middle - widest) first++
    for (let at = first; at < ours.count && count < maxMatches; at++) {
      const o = ours.order[at]
      const apart = ours.middle[o] - middle
      if (apart > widest) break
      const shorter = Math.min(theirs.longestPx[t], ours.longestPx[o])
      const tolerance = Math.min(widest, Math.max(0.001, (1.5 * centroidErrorPx) / shorter))
      if (Math.abs(apart) > tolerance || Math.abs(ours.short[o] - theirs.short[t]) > tolerance) continue
      if (ours.clockwise[o] !== theirs.clockwise[t]) continue
      const scale = theirs.longestPx[t] / ours.longestPx[o]
      if (scale < minScale || scale > maxScale) continue
      matches[2 * count] = t
      matches[2 * count + 1] = o
      count++
    }
  }
  return matches.subarray(0, 2 * count)
}

function makeTriangles(points: readonly Point[]): Triangles {
  const n = points.length
  const most = (n * (n - 1) * (n - 2)) / 6
  const middle = new Float32Array(most)
  const short = new Float32Array(most)
  const longestPx = new Float32Array(most)
  const clockwise = new Uint8Array(most)
  const corners = new Int32Array(3 * most)
  const sides = new Float64Array(3)
  let count = 0
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      for (let k = j + 1; k < n; k++) {
        corners[3 * count] = i // opposite its side, see sortSides
        corners[3 * count + 1] = j
        corners[3 * count + 2] = k
        sides[0] = Math.hypot(points[j].x - points[k].x, points[j].y - points[k].y)
        sides[1] = Math.hypot(points[k].x - points[i].x, points[k].y - points[i].y)
        sides[2] = Math.hypot(points[i].x - points[j].x, points[i].y - points[j].y)
        sortSides(sides, corners, 3 * count)
        if (sides[2] < Math.max(4, shortestSide * sides[0])) continue
        const p = points[corners[3 * count]]
        const q = points[corners[3 * count + 1]]
        const r = points[corners[3 * count + 2]]
        middle[count] = sides[1] / sides[0]
        short[count] = sides[2] / sides[0]
        longestPx[count] = sides[0]
        clockwise[count] = Number((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x) > 0)
        count++
      }
    }
  }
  const order = Int32Array.from({ length: count }, (_, i) => i).sort((i, j) => middle[i] - middle[j] || i - j)
  return { count, order, middle, short, longestPx, clockwise, corners }
}

/** Longest side first, the three corners from `at` along with them. */
function sortSides(sides: Float64Array, corners: Int32Array, at: number): void {
  for (const [i, j] of sorting) {
    if (sides[i] >= sides[j]) continue
    const side = sides[i]
    sides[i] = sides[j]
    sides[j] = side
    const corner = corners[at + i]
    corners[at + i] = corners[at + j]
    corners[at + j] = corner
  }
}

const sorting = [
  [0, 1],
  [1, 2],
  [0, 1],
] as const

/** Whether two guesses would be refined to the same answer. */
function isNear(p: Similarity, q: Similarity): boolean {
  return (
    Math.abs(p.a - q.a) < 1e-3 && Math.abs(p.b - q.b) < 1e-3 && Math.abs(p.tx - q.tx) < 1 && Math.abs(p.ty - q.ty) < 1
  )
}
