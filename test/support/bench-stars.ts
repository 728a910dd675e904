// Our side of the rows about stars: the child process that measures them, and how its lists compare with the truth.
import type { Registration } from '../../edge/science/register.js'
import type { Similarity } from '../../edge/science/similarity.js'
import type { Star, Stars } from '../../edge/science/stars.js'
import { type Run, run } from './bench-run.js'
import type { BenchSky, TrueFrame } from './bench-sky.js'
import { posedAt } from './bench-sky-frame.js'
import { beside } from './bench-yardsticks.js'

export interface StarsTask {
  readonly files: readonly string[]
  readonly darkFile?: string
  readonly flatFile?: string
  readonly sigma: number
  /** Bring all onto the first. */
  readonly register?: boolean
  /** Give the stars themselves, too. */
  readonly list?: boolean
}

export type FoundStars = Pick<Stars, 'stars' | 'medianHfdPx' | 'noiseAdu' | 'backgroundAdu'>

export interface StarsReport {
  readonly stars: readonly number[]
  readonly medianHfdPx: readonly number[]
  readonly registrations: readonly Registration[]
  readonly found: readonly FoundStars[]
}

export async function starsOfFiles(task: StarsTask): Promise<{ run: Run; report: StarsReport }> {
  const done = await run(process.execPath, [beside(import.meta.url, './bench-stars-child.js'), JSON.stringify(task)])
  return { run: done, report: JSON.parse(done.out) as StarsReport }
}

const edgePx = 12
const samePx = 3

export interface Recall {
  readonly expected: number
  readonly found: number
  readonly false: number
}

/**
 * How many of the true stars above `electrons` were found, and how many finds are none. Of two true stars too close to
 * be told apart one find is enough; those at the edge count neither way.
 */
export function recallOf(sky: BenchSky, frame: TrueFrame, stars: readonly Star[], electrons: number): Recall {
  const truth = trueStars(sky, frame)
  const finds = gridOf(stars)
  const inside = ({ x, y }: { x: number; y: number }) =>
    x >= edgePx && y >= edgePx && x < sky.width - edgePx && y < sky.height - edgePx
  const expected = truth.filter(star => star.electrons > electrons && inside(star))
  const found = expected.filter(star => finds.near(star.x, star.y, samePx)).length
  const all = gridOf(truth)
  const wrong = stars.filter(star => inside(star) && !all.near(star.x, star.y, samePx)).length
  return { expected: expected.length, found, false: wrong }
}

/** The sky's stars where they fall on a frame, also a little outside, with what the air let through. */
export function trueStars(sky: BenchSky, frame: TrueFrame): { x: number; y: number; electrons: number }[] {
  return sky.starsTrue.map(({ x, y, electrons }) => ({
    ...posedAt(sky, frame.pose, x, y),
    electrons: electrons * frame.transparency,
  }))
}

function gridOf(points: readonly { readonly x: number; readonly y: number }[]) {
  const cellPx = 16
  const cells = new Map<string, { x: number; y: number }[]>()
  for (const point of points) {
    const key = `${Math.floor(point.x / cellPx)} ${Math.floor(point.y / cellPx)}`
    cells.set(key, [...(cells.get(key) ?? []), point])
  }
  return {
    near(x: number, y: number, within: number): boolean {
      const [column, row] = [Math.floor(x / cellPx), Math.floor(y / cellPx)]
      for (let j = row - 1; j <= row + 1; j++) {
        for (let i = column - 1; i <= column + 1; i++) {
          if (cells.get(`${i} ${j}`)?.some(one => Math.hypot(one.x - x, one.y - y) <= within)) return true
        }
      }
      return false
    },
  }
}

export type Mover = (x: number, y: number) => { readonly x: number; readonly y: number }

export const similarityMoves =
  ({ a, b, tx, ty, mirrored }: Similarity): Mover =>
  (x, y) => {
    const u = mirrored ? -x : x
    return { x: a * u - b * y + tx, y: b * u + a * y + ty }
  }

/** How far off, px, a transform puts the middle and four places near the corners of the first, unmoved frame. */
export function transformErrors(sky: BenchSky, frame: TrueFrame, moves: Mover): number[] {
  const { width, height } = sky
  const places = [
    [0.5, 0.5],
    [0.1, 0.1],
    [0.9, 0.1],
    [0.1, 0.9],
    [0.9, 0.9],
  ]
  return places.map(([u, v]) => {
    const [x, y] = [u * width, v * height]
    const on = posedAt(sky, frame.pose, x, y)
    const back = moves(on.x, on.y)
    return Math.hypot(back.x - x, back.y - y)
  })
}
