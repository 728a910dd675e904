// Pictures of stars whose truth is known to the last digit: seeded, so that a failure comes back the same.
import type { Image } from '../../edge/science/samples.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'

export interface TrueStar {
  readonly x: number // px on the reference frame
  readonly y: number
  readonly flux: number // electrons
}

/** Where the sky lies on a frame: turned by `turnDeg` and scaled about the middle, then moved by dx, dy px. */
export interface Pose {
  readonly dx?: number
  readonly dy?: number
  readonly turnDeg?: number
  readonly scale?: number
}

export interface Field {
  readonly width: number
  readonly height: number
  readonly stars: readonly TrueStar[]
  readonly fwhmPx: number
  /** Moffat exponent; a Gaussian when absent. */
  readonly beta?: number
  readonly sky: number // electrons per pixel
  readonly readNoise: number // electrons
  readonly bias: number // ADU, gain is 1
  readonly hot: readonly { readonly i: number; readonly electrons: number }[]
  readonly full: number // ADU, where pixels clip
}

/** Random numbers of one seed: 0 ≤ uniform < 1, and a standard Gaussian (Box–Muller). */
export function seeded(seed: number): { uniform(): number; gaussian(): number } {
  const { next: uniform } = seededRandom(seed)
  let spare: number | undefined
  const gaussian = () => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
  return { uniform, gaussian }
}

export interface FieldOptions extends Partial<Omit<Field, 'stars' | 'hot'>> {
  readonly seed?: number
  readonly count?: number
  readonly faintest?: number // electrons; counts rise to the faint end as on the sky
  readonly brightest?: number
  readonly hotPixels?: number
  /** Smallest distance between two stars, px; 0 lets them blend. */
  readonly apartPx?: number
}

export function makeField(options: FieldOptions = {}): Field {
  const {
    width = 800,
    height = 600,
    seed = 1,
    count = 300,
    faintest = 2_000,
    brightest = 200_000,
    apartPx = 0,
  } = options
  const random = seeded(seed)
  const stars: TrueStar[] = []
  // Stars reach beyond the frame, so that a drift brings new ones in.
  const margin = 0.4 * Math.max(width, height)
  const total = Math.round((count * (width + 2 * margin) * (height + 2 * margin)) / (width * height))
  for (let tries = 0; stars.length < total && tries < 50 * total; tries++) {
    const x = random.uniform() * (width + 2 * margin) - margin
    const y = random.uniform() * (height + 2 * margin) - margin
    if (apartPx > 0 && stars.some(star => Math.hypot(star.x - x, star.y - y) < apartPx)) continue
    const u = random.uniform()
    stars.push({ x, y, flux: 1 / (u / brightest + (1 - u) / faintest) })
  }
  const hot = Array.from({ length: options.hotPixels ?? 0 }, () => ({
    i: Math.floor(random.uniform() * width * height),
    electrons: 500 + 20_000 * random.uniform(),
  }))
  const { fwhmPx = 2.8, beta, sky = 400, readNoise = 3, bias = 100, full = 65_535 } = options
  return { width, height, stars, fwhmPx, beta, sky, readNoise, bias, hot, full }
}

/** Where a point of the reference frame lies on a frame in this pose. */
export function posed({ width, height }: Field, pose: Pose, x: number, y: number): [number, number] {
  const { dx = 0, dy = 0, turnDeg = 0, scale = 1 } = pose
  const turn = (turnDeg * Math.PI) / 180
  const u = x - (width - 1) / 2
  const v = y - (height - 1) / 2
  const cos = scale * Math.cos(turn)
  const sin = scale * Math.sin(turn)
  return [(width - 1) / 2 + cos * u - sin * v + dx, (height - 1) / 2 + sin * u + cos * v + dy]
}

export interface Shot {
  readonly seed?: number
  readonly cosmics?: number
  readonly trails?: number
  /** Dims all stars, as cloud does; 1 is clear. */
  readonly transparency?: number
  /** Light on a Bayer sensor's red, green and blue pixels relative to white. */
  readonly tint?: readonly [number, number, number]
  readonly bayer?: Image['bayer']
}

/**
 * One exposure of the field: 16-bit ADU. Photon noise is Gaussian of the same variance, near enough above 50
 * electrons.
 */
export function expose(field: Field, pose: Pose = {}, shot: Shot = {}): Image {
  const { width, height } = field
  const random = seeded((shot.seed ?? 1) * 7919 + 13)
  const light = new Float64Array(width * height).fill(field.sky)
  const profile = profileOf(field)
  for (const star of field.stars) {
    const [x, y] = posed(field, pose, star.x, star.y)
    addStar(light, field, profile, x, y, star.flux * (shot.transparency ?? 1))
  }
  for (let trail = 0; trail < (shot.trails ?? 0); trail++) {
    const angle = Math.PI * random.uniform()
    const x0 = width * random.uniform()
    const y0 = height * random.uniform()
    for (let along = -width - height; along < width + height; along += 0.5) {
      addStar(light, field, profile, x0 + along * Math.cos(angle), y0 + along * Math.sin(angle), 1_500)
    }
  }
  if (shot.bayer && shot.tint) colour(light, width, shot.bayer, shot.tint)
  for (const { i, electrons } of field.hot) light[i] += electrons
  for (let ray = 0; ray < (shot.cosmics ?? 0); ray++) addCosmic(light, field, random)
  const samples = new Uint16Array(width * height)
  for (let i = 0; i < light.length; i++) {
    const noisy = light[i] + Math.sqrt(light[i] + field.readNoise ** 2) * random.gaussian() + field.bias
    samples[i] = Math.max(0, Math.min(field.full, Math.round(noisy)))
  }
  return { width, height, planes: 1, type: 'u16', samples, topDown: true, bayer: shot.bayer }
}

/** Light per px² of a star of one electron, over distance² in steps of 1/64 px², out to where it is cut off. */
interface Profile {
  readonly reachPx: number
  readonly steps: Float64Array
}

function profileOf({ fwhmPx, beta }: Field): Profile {
  const reachPx = Math.ceil((beta === undefined ? 3 : 8) * fwhmPx)
  const sigma = fwhmPx / 2.3548200450309493
  const alpha = fwhmPx / 2 / Math.sqrt(2 ** (1 / (beta ?? 3)) - 1)
  const steps = Float64Array.from({ length: 64 * 2 * (reachPx + 2) ** 2 }, (_, i) =>
    beta === undefined
      ? Math.exp(-i / 64 / (2 * sigma * sigma)) / (2 * Math.PI * sigma * sigma)
      : ((beta - 1) / (Math.PI * alpha * alpha)) * (1 + i / 64 / (alpha * alpha)) ** -beta,
  )
  return { reachPx, steps }
}

function addStar(
  light: Float64Array,
  field: Field,
  { reachPx, steps }: Profile,
  x: number,
  y: number,
  flux: number,
): void {
  const { width, height, fwhmPx } = field
  if (x < -reachPx || y < -reachPx || x >= width + reachPx || y >= height + reachPx) return
  const parts = fwhmPx < 4 ? 5 : 3
  for (let j = Math.max(0, Math.floor(y) - reachPx); j <= Math.min(height - 1, Math.floor(y) + reachPx); j++) {
    for (let i = Math.max(0, Math.floor(x) - reachPx); i <= Math.min(width - 1, Math.floor(x) + reachPx); i++) {
      const fine = Math.abs(i - x) < 2 * fwhmPx && Math.abs(j - y) < 2 * fwhmPx ? parts : 1
      let sum = 0
      for (let v = 0; v < fine; v++) {
        for (let u = 0; u < fine; u++) {
          const du = i + (u + 0.5) / fine - 0.5 - x
          const dv = j + (v + 0.5) / fine - 0.5 - y
          const at = 64 * (du * du + dv * dv)
          const step = Math.floor(at)
          sum += steps[step] + (at - step) * (steps[step + 1] - steps[step])
        }
      }
      light[j * width + i] += (flux * sum) / (fine * fine)
    }
  }
}

/** A straight track of one to twelve pixels, thin as cosmic rays are. */
function addCosmic(light: Float64Array, { width, height }: Field, random: ReturnType<typeof seeded>): void {
  const angle = 2 * Math.PI * random.uniform()
  const length = 1 + Math.floor(12 * random.uniform() ** 2)
  const x = random.uniform() * width
  const y = random.uniform() * height
  const electrons = 1_000 + 10_000 * random.uniform()
  for (let along = 0; along < length; along++) {
    const i = Math.floor(x + along * Math.cos(angle))
    const j = Math.floor(y + along * Math.sin(angle))
    if (i >= 0 && j >= 0 && i < width && j < height) light[j * width + i] += electrons
  }
}

function colour(light: Float64Array, width: number, bayer: string, tint: readonly [number, number, number]): void {
  for (let i = 0; i < light.length; i++) {
    const x = i % width
    const y = (i - x) / width
    light[i] *= tint['rgb'.indexOf(bayer[(y % 2) * 2 + (x % 2)])]
  }
}
