// Which star of a frame is which of the reference under a given transform.
import type { Reference } from './reference.js'
import { moveX, moveY, type Similarity } from './similarity.js'
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
  const theirs = new Int32Array(count)
  const ours = new Int32Array(count)
  for (let star = 0; star < x.length; star++) {
    if (holder[star] < 0) continue
    theirs[pairs] = star
    ours[pairs++] = holder[star]
  }
  return { count: pairs, reference: theirs, frame: ours }
}
