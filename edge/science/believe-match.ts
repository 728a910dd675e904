// Whether a match of two star lists is the sky's: more than chance makes, and not the sensor's own spots.

import type { PairFit } from './fit-pairs.js'
import { medianInPlace } from './order-statistic.js'
import { pairReachPx, type Reference } from './reference.js'
import { moveX, moveY } from './similarity.js'
import { nearestStar } from './star-grid.js'
import type { Places } from './triangle-match.js'

const doubt = 16 // natural logarithm: one in ten million
const lookedAt = 80 // frame stars moved aside to see what chance gives
const stillPx = 0.1
const thinnestPx = 2 // half width of a line of pairs
const mostOnLine = 0.4 // of all pairs
const tiles = 6 // a side

/**
 * Whether strangers could fit as well. Two pairs fix a transform and prove nothing; that so many others come within
 * reach by chance must be next to impossible, for any of the `trials` guesses. How dense chance pairs are is seen by
 * moving the frame aside, since stars crowd. Pairs along one line (a satellite's trail taken for stars) count for
 * nothing.
 */
export function isBelievable(fit: PairFit, reference: Reference, frame: Places, trials: number): boolean {
  const pairs = fit.pairs.count - alongLine(fit, reference)
  const chance = chancePairs(fit, reference, frame)
  // Chernoff's bound of a Poisson tail.
  const others = pairs - 2
  if (others <= chance) return false
  const unlikely = others * Math.log(others / chance) - others + chance
  return unlikely > doubt + Math.log(1 + trials)
}

/** Pairs that chance alone would make within the fit's reach. */
function chancePairs({ transform, reachPx }: PairFit, { grid }: Reference, frame: Places): number {
  const { left, top, columns, rows, cellPx } = grid
  const [right, bottom] = [left + columns * cellPx, top + rows * cellPx]
  const step = Math.max(1, Math.floor(frame.x.length / lookedAt))
  let [looked, met] = [0, 0]
  for (let i = 0; i < frame.x.length; i += step) {
    const x = moveX(transform, frame.x[i], frame.y[i])
    const y = moveY(transform, frame.x[i], frame.y[i])
    if (x < left || y < top || x > right || y > bottom) continue
    looked++
    for (const side of [-1, 1]) {
      if (nearestStar(grid, x + 4 * side * pairReachPx, y, pairReachPx) >= 0) met++
      if (nearestStar(grid, x, y + 4 * side * pairReachPx, pairReachPx) >= 0) met++
    }
  }
  const shared = looked * step
  const even = (grid.x.length * Math.PI * pairReachPx ** 2) / ((right - left) * (bottom - top))
  const share = (reachPx / pairReachPx) ** 2
  return Math.max(1e-9, shared * share * Math.min(1, Math.max(even, met / Math.max(1, 4 * looked))))
}

/** How many pairs lie along one line, when that is most of them; else none. */
function alongLine({ pairs }: PairFit, { x, y }: Reference): number {
  const { count, reference } = pairs
  const looked = Math.min(lookedAt, count)
  const at = (n: number) => reference[Math.floor(((n % looked) * count) / looked)]
  const [thinnest, enough] = [thinnestPx, mostOnLine * looked]
  // Of a line that holds nearly half of all, two that follow one another are on it both, soon.
  for (let n = 0; n < looked; n++) {
    const [p, q] = [at(n), at(n + 1 + (n % 5))]
    const length = Math.hypot(x[q] - x[p], y[q] - y[p])
    if (length < 4 * thinnest) continue
    const u = (x[q] - x[p]) / length
    const v = (y[q] - y[p]) / length
    let on = 0
    // No line that holds many is missed when a look at every fourth finds few on it.
    for (let i = n % 4; i < looked; i += 4) {
      const star = at(i)
      if (Math.abs(u * (y[star] - y[p]) - v * (x[star] - x[p])) < thinnest) on++
    }
    if (on < enough / 8) continue
    on = 0
    for (let i = 0; i < looked; i++) {
      const star = at(i)
      if (Math.abs(u * (y[star] - y[p]) - v * (x[star] - x[p])) < thinnest) on++
    }
    if (on > enough && on > 4) return Math.round((on * count) / looked)
  }
  return 0
}

/** Whether a match sits where it sat on the reference's own frame, to a tenth of a pixel or as well as it can tell. */
export function isSensorFixed({ pairs, rmsPx }: PairFit, { stars }: Reference, frame: Places): boolean {
  const apart = new Float64Array(pairs.count)
  for (let i = 0; i < pairs.count; i++) {
    const [to, from] = [stars[pairs.reference[i]], pairs.frame[i]]
    apart[i] = Math.hypot(to.x - frame.x[from], to.y - frame.y[from])
  }
  return medianInPlace(apart, pairs.count) < Math.max(stillPx, 4 * rmsPx)
}

/**
 * Whether a match holds the reference's brighter stars, not only spots fainter than many that are missing. Looks only
 * where the frame sees anything at all: cloud may hide the rest.
 */
export function seesBrightOnes({ pairs }: PairFit, { grid, x, y }: Reference): boolean {
  const { left, top, columns, rows, cellPx } = grid
  const tileOf = (star: number) => {
    const column = Math.floor((tiles * (x[star] - left)) / (columns * cellPx))
    return tiles * Math.floor((tiles * (y[star] - top)) / (rows * cellPx)) + column
  }
  const paired = new Uint8Array(x.length)
  const open = new Uint8Array(tiles * tiles)
  for (const star of pairs.reference) {
    paired[star] = 1
    open[tileOf(star)] = 1
  }
  // The list comes brightest first: the middle of the paired ones tells how faint they are.
  const middle = medianInPlace(Float64Array.from(pairs.reference), pairs.count)
  let [seen, missing] = [0, 0]
  for (let star = 0; star <= middle; star++) {
    if (open[tileOf(star)] === 0) continue
    if (paired[star] === 1) seen++
    else missing++
  }
  return seen >= missing
}
