// Star lists with known truth, made without pixels: hundreds of skies a second for tests of registration.
import type { Anchor } from '../../edge/science/reference.js'
import { invert, moveX, moveY, type Similarity } from '../../edge/science/similarity.js'
import { seeded } from './star-field.js'

/** Stars over a patch of sky three frames wide and high, coordinates those of the reference frame. */
export interface Sky {
  readonly width: number // px of a frame
  readonly height: number
  readonly stars: readonly { readonly x: number; readonly y: number; readonly flux: number }[]
}

/** @param perFrame  stars on one frame, on average; fluxes as on the sky, many faint ones */
export function makeSky(width: number, height: number, perFrame: number, seed: number): Sky {
  const { uniform } = seeded(seed)
  const stars = Array.from({ length: 9 * perFrame }, () => ({
    x: width * (3 * uniform() - 1),
    y: height * (3 * uniform() - 1),
    flux: 3_000 * (1 - 0.999 * uniform()) ** -1,
  }))
  return { width, height, stars }
}

export interface Sight {
  readonly seed?: number
  readonly most?: number // stars listed; 500
  readonly missing?: number // share of stars not found; 0
  readonly strangers?: number // listed spots that are no stars; 0
  readonly hot?: readonly Spot[] // spots that sit still on the sensor
  readonly magnitudes?: number // scatter of brightness from frame to frame; 0.05
  readonly transparency?: number
  readonly sharpest?: number // px, centroid scatter of the brightest stars; 0.01
  readonly clear?: (x: number, y: number) => boolean // where no cloud hides the sky
}

export interface Spot {
  readonly x: number
  readonly y: number
  readonly flux: number
}

/** The list that a star finder would give of a frame, brightest first. */
export function sight(sky: Sky, frameToReference: Similarity, options: Sight = {}): Anchor[] {
  const { most = 500, missing = 0, strangers = 0, hot = [], magnitudes = 0.05, transparency = 1 } = options
  const { sharpest = 0.01, clear = () => true } = options
  const { uniform, gaussian } = seeded(options.seed ?? 1)
  const back = invert(frameToReference)
  const listed: Anchor[] = []
  const list = (x: number, y: number, flux: number) => {
    const snr = flux / 180
    const error = Math.hypot(sharpest, 1.2 / snr)
    if (snr < 8 || x < 2 || y < 2 || x > sky.width - 3 || y > sky.height - 3) return
    listed.push({
      x: x + error * gaussian(),
      y: y + error * gaussian(),
      snr,
      fwhmPx: 2.8,
      saturated: false,
      fluxAdu: flux,
    })
  }
  for (const star of sky.stars) {
    const [x, y] = [moveX(back, star.x, star.y), moveY(back, star.x, star.y)]
    const flux = star.flux * transparency * 10 ** (0.4 * magnitudes * gaussian())
    if (clear(x, y) && uniform() >= missing) list(x, y, flux)
  }
  for (const { x, y, flux } of hot) list(x, y, flux)
  for (let i = 0; i < strangers; i++) {
    list(sky.width * uniform(), sky.height * uniform(), 3_000 * (1 - 0.999 * uniform()) ** -1)
  }
  return listed.sort((p, q) => q.fluxAdu - p.fluxAdu).slice(0, most)
}

/** The sky on a frame turned and scaled about the frame's middle, then moved. */
export interface PoseOnSky {
  readonly dx?: number // px
  readonly dy?: number
  readonly turnDeg?: number
  readonly scale?: number
  readonly mirrored?: boolean
}

/** The frame's true transform to the reference when the sky lies on it so. */
export function poseOf({ width, height }: Pick<Sky, 'width' | 'height'>, pose: PoseOnSky): Similarity {
  const { dx = 0, dy = 0, turnDeg = 0, scale = 1, mirrored = false } = pose
  const turn = (turnDeg * Math.PI) / 180
  const [a, b] = [scale * Math.cos(turn), scale * Math.sin(turn)]
  const [x, y] = [(width - 1) / 2, (height - 1) / 2]
  const still = { a, b, tx: 0, ty: 0, mirrored }
  // Reference → frame; its inverse is asked for.
  return invert({ ...still, tx: x + dx - moveX(still, x, y), ty: y + dy - moveY(still, x, y) })
}

/** How far two transforms put the corners and the middle of a frame apart, px, smallest first. */
export function errorsPx({ width, height }: Pick<Sky, 'width' | 'height'>, found: Similarity, truth: Similarity) {
  const points = [
    [0, 0],
    [width - 1, 0],
    [0, height - 1],
    [width - 1, height - 1],
    [(width - 1) / 2, (height - 1) / 2],
  ]
  const apart = ([x, y]: number[]) =>
    Math.hypot(moveX(found, x, y) - moveX(truth, x, y), moveY(found, x, y) - moveY(truth, x, y))
  return points.map(apart).sort((p, q) => p - q)
}
