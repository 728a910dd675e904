// What frames are registered against: one star list, with all that is worked out of it once.
import { identity, moveX, moveY, type Similarity, scaleOf } from './similarity.js'
import { makeStarGrid, type StarGrid } from './star-grid.js'
import { indexTriangles, makeTriangles, type Places, type TriangleIndex } from './triangle-match.js'

/** What registration needs of a star; `Star` has it. Lists come brightest first. */
export interface Anchor {
  readonly x: number // px
  readonly y: number
  readonly fluxAdu: number
  readonly snr: number
  readonly fwhmPx: number
  readonly saturated: boolean
}

export interface Reference extends Places {
  readonly stars: readonly Anchor[] // as they were found, brightest first
  readonly toGrid: Similarity // from the pixels of the frame they were found on; x and y are on the grid already
  readonly errorPx: Float64Array // expected of each, one axis, on the grid
  readonly flux: Float64Array // as it would be on the first frame, ADU
  readonly grid: StarGrid
  readonly triangles: TriangleIndex
  readonly farReachPx: number // the furthest at which few strangers are met
}

export const pairReachPx = 3 // further apart no two stars are taken for one
const farthestPx = 15
export const mostStars = 600 // the brightest of a list; the rest would add time and nothing to the answer

const depths = [12, 24, 48, 96, 192]
const clippedErrorPx = 0.3 // of a saturated star

/**
 * A reference made of a frame's stars. The grid stays that of the first frame: a better frame that takes its place
 * brings its own transform along, and all later transforms lead to the same grid as before.
 *
 * @param found  brightest first
 * @param toGrid  the frame's own registration; the identity for the first
 * @param throughput  its own transparency, see there, so that all later ones are against the first frame too
 */
export function makeReference(found: readonly Anchor[], toGrid: Similarity = identity, throughput = 1): Reference {
  const stars = found.slice(0, mostStars)
  const { x, y, errorPx } = placesOf(stars)
  const flux = new Float64Array(stars.length)
  const scale = scaleOf(toGrid)
  for (let i = 0; i < stars.length; i++) {
    const [u, v] = [x[i], y[i]]
    x[i] = moveX(toGrid, u, v)
    y[i] = moveY(toGrid, u, v)
    errorPx[i] *= scale
    flux[i] = (stars[i].fluxAdu * scale * scale) / throughput
  }
  const triangles = indexTriangles(makeTriangles({ x, y }, depths))
  const grid = makeStarGrid(x, y, pairReachPx)
  const spacingPx = Math.sqrt((grid.columns * grid.rows * grid.cellPx ** 2) / Math.max(1, stars.length))
  const farReachPx = Math.min(farthestPx, Math.max(pairReachPx, 0.1 * spacingPx))
  return { stars, toGrid, x, y, errorPx, flux, grid, triangles, farReachPx }
}

/** A list's places, and what its stars' centres are expected to be off on one axis: width over signal to noise, px. */
export function placesOf(stars: readonly Anchor[]) {
  const x = new Float64Array(stars.length)
  const y = new Float64Array(stars.length)
  const errorPx = new Float64Array(stars.length)
  for (let i = 0; i < stars.length; i++) {
    const star = stars[i]
    x[i] = star.x
    y[i] = star.y
    const error = star.fwhmPx / 2.355 / Math.max(star.snr, 1)
    errorPx[i] = star.saturated ? Math.hypot(error, clippedErrorPx) : error
  }
  return { x, y, errorPx }
}
