// Stars on a frame: what the steps measured, sifted from cosmic rays, trails and doubles, brightest first.
import { spotBytes } from '../kernels/blobs.js'
import type { Views } from '../kernels/memory.js'
import { shapeBytes } from '../kernels/star-shape.js'
import { medianInPlace } from './order-statistic.js'
import { skyOf } from './sky-mesh.js'
import { mostSpots, type StarOrder, type StarPlaces } from './star-places.js'
import type { Star, StarOptions, Stars } from './stars.js'

/** Stars in columns: thousands of them are sifted before the few that are wanted become objects. */
interface Drafts {
  readonly count: number
  readonly shape: Int32Array // index into f32 of the star's shape
  readonly x: Float64Array // px of the light, as all lengths here
  readonly y: Float64Array
  readonly fwhm: Float64Array
  readonly stretch: Float64Array // long axis over short axis
  readonly clipped: Uint8Array
}

/**
 * Stars out of the shapes that `measureChunk` left, in sequence.
 *
 * A star stands out of the ring around it, is no second maximum of a brighter one, and is neither much sharper nor much
 * larger nor longer than the frame's other stars (cosmic rays, satellite trails, knots of a nebula). Places and sizes
 * are in pixels of the frame; superpixels are scaled back, and the width that their averaging adds is taken off. The
 * noise stays that of the light.
 */
export function collectStars(views: Views, order: StarOrder, options: StarOptions = {}): Stars {
  const { f32 } = views
  const { places } = order
  const drafts = draftStars(views, order, options.saturationAdu)
  const list = keepStarLike(f32, drafts)
  const narrower = narrowing(f32, drafts, list)
  // The brightest first; places in the list of shapes, which is in order of peaks, settle the rest.
  const ranks = rank(f32, drafts, list)
  const most = Math.min(list.length, options.maxStars ?? 500)
  const stars: Star[] = []
  for (let i = 0; i < most; i++) stars.push(starOf(f32, drafts, list[ranks[i]], narrower, places.scale))
  const good = stars.filter(star => !star.saturated && star.snr >= 10)
  const told = good.length > 0 ? good : stars
  const { levelAdu, noiseAdu } = skyOf(f32, places)
  return {
    stars,
    found: Math.round(list.length * unmeasured(views, order)),
    backgroundAdu: levelAdu,
    noiseAdu,
    medianHfdPx: medianOf(told.length, i => told[i].hfdPx),
    medianFwhmPx: medianOf(told.length, i => told[i].fwhmPx),
    medianEccentricity: medianOf(told.length, i => told[i].eccentricity),
  }
}

/** Spots for each that was measured, at least 1: the others are taken to be stars as often. */
function unmeasured({ i32 }: Views, { places, most = mostSpots }: StarOrder): number {
  return Math.max(1, i32[places.spotCount >> 2] / most)
}

// Where `measureStars` puts the numbers of a shape.
const [fluxAt, skyAt, noiseAt, hfdAt, fwhmAt, majorAt, minorAt, sineAt, cosineAt, valueAt] = [
  ...[5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
]

function starOf(f32: Float32Array, drafts: Drafts, i: number, narrower: number, scale: number): Star {
  const at = drafts.shape[i]
  const ratio = drafts.stretch[i]
  const unblurred = scale === 1 ? (width: number) => width : (width: number) => unblur(width, scale)
  return {
    x: drafts.x[i] * scale + (scale - 1) / 2,
    y: drafts.y[i] * scale + (scale - 1) / 2,
    fluxAdu: f32[at + fluxAt] * scale * scale,
    peakAdu: f32[at + valueAt] - f32[at + skyAt],
    snr: snrOf(f32, at),
    hfdPx: unblurred(f32[at + hfdAt]),
    fwhmPx: unblurred(f32[at + fwhmAt] * narrower),
    eccentricity: Math.sqrt(1 - 1 / (ratio * ratio)),
    angleRad: 0.5 * Math.atan2(f32[at + sineAt], f32[at + cosineAt]),
    saturated: drafts.clipped[i] === 1,
  }
}

function snrOf(f32: Float32Array, at: number): number {
  return f32[at + fluxAt] / (Math.max(f32[at + noiseAt], 1e-9) * Math.sqrt(Math.PI) * f32[at + hfdAt])
}

/** A width without what superpixels add to it. */
function unblur(widthPx: number, scale: number): number {
  const blur = ((scale * scale - 1) / 12) * 8 * Math.LN2 // FWHM², beyond a pixel's own, px²
  return Math.sqrt(Math.max((scale * widthPx) ** 2 - blur, (0.5 * scale * widthPx) ** 2))
}

/** Stars that are of their own, from the brightest peak down. */
function draftStars({ f32, i32 }: Views, { places, sigma }: StarOrder, saturationAdu: number | undefined): Drafts {
  const spots = i32[places.spotCount >> 2]
  const clip = saturationAdu ?? clipLevel(f32, i32, places, spots)
  const shape = new Int32Array(spots)
  const x = new Float64Array(spots)
  const y = new Float64Array(spots)
  const fwhm = new Float64Array(spots)
  const stretch = new Float64Array(spots)
  const clipped = new Uint8Array(spots)
  const known = starMap(places, x, y, fwhm)
  let count = 0
  for (let i = 0; i < spots; i++) {
    const at = (places.shapes + i * shapeBytes) >> 2
    if (i32[at] === 0) continue
    const value = f32[at + valueAt]
    // Against the ring, not the mesh: a ripple in the wings of a bright star or in a nebula is not a star.
    if (!(value - f32[at + skyAt] >= sigma * f32[at + noiseAt])) continue
    x[count] = i32[at + 1] + f32[at + 3]
    y[count] = i32[at + 2] + f32[at + 4]
    if (known.holds(x[count], y[count])) continue
    shape[count] = at
    fwhm[count] = f32[at + fwhmAt]
    stretch[count] = Math.sqrt(Math.min(1e4, Math.max(1, f32[at + majorAt] / f32[at + minorAt])))
    clipped[count] = value >= clip ? 1 : 0
    known.add(count++)
  }
  return { count, shape, x, y, fwhm, stretch, clipped }
}

/**
 * Where the sensor clips, told by a star with three pixels of one height at the frame's very top; Infinity when
 * none has.
 */
function clipLevel(f32: Float32Array, i32: Int32Array, { spots }: StarPlaces, count: number): number {
  const top = count > 0 ? f32[(spots >> 2) + 5] : 0
  for (let i = 0; i < count; i++) {
    const at = (spots + i * spotBytes) >> 2
    if (f32[at + 5] < 0.995 * top) break
    // Converters end a step or two apart: 65504 and 65534 in one frame.
    if (i32[at + 8] >= 3) return 0.995 * top
  }
  return Number.POSITIVE_INFINITY
}

/** Remembers where stars are, so that a noise peak in a wide star's flank is not listed as the same star again. */
function starMap({ lightWidth, lightHeight }: StarPlaces, x: Float64Array, y: Float64Array, fwhm: Float64Array) {
  const columns = (lightWidth >> 5) + 1
  const rows = (lightHeight >> 5) + 1
  const heads = new Int32Array(columns * rows).fill(-1) // squares of 32 px, each a chain of stars
  const chain: number[] = [] // star, next, star, next …
  const within = (at: number, most: number) => Math.min(most - 1, Math.max(0, Math.floor(at / 32)))
  return {
    add(star: number): void {
      const reach = fwhm[star]
      const right = within(x[star] + reach, columns)
      const below = within(y[star] + reach, rows)
      for (let row = within(y[star] - reach, rows); row <= below; row++) {
        for (let column = within(x[star] - reach, columns); column <= right; column++) {
          const square = row * columns + column
          chain.push(star, heads[square])
          heads[square] = chain.length - 2
        }
      }
    },
    holds(atX: number, atY: number): boolean {
      const square = within(atY, rows) * columns + within(atX, columns)
      for (let link = heads[square]; link >= 0; link = chain[link + 1]) {
        const other = chain[link]
        const near = 0.8 * fwhm[other]
        if ((x[other] - atX) ** 2 + (y[other] - atY) ** 2 < near * near) return true
      }
      return false
    },
  }
}

/** Leaves out what is far sharper, wider or longer than the frame's own stars; needs ten to know those. */
function keepStarLike(f32: Float32Array, { count, shape, stretch, clipped }: Drafts): Int32Array {
  const hfdOf = (i: number) => f32[shape[i] + hfdAt]
  const few = count < 10
  const hfd = few ? 0 : medianOf(count, hfdOf)!
  const widest = few ? Number.POSITIVE_INFINITY : 2.2 * hfd
  const longest = few ? 10 : Math.max(3, 3 * medianOf(count, i => stretch[i])!)
  const list = new Int32Array(count)
  let kept = 0
  for (let i = 0; i < count; i++) {
    if (!(hfdOf(i) > 0.5 * hfd)) continue
    if ((few || !clipped[i]) && !(hfdOf(i) < widest && stretch[i] < longest)) continue
    list[kept++] = i
  }
  return list.subarray(0, kept)
}

/**
 * The full width at half maximum as a share of the best-fitting Gaussian's. Real stars have wings, which widen both the
 * fit and the HFD; how far the two part tells the profile, which is the whole frame's. Where the window is wider than
 * the star, both see less of them. The curves are fits to simulated Moffat profiles of β = 2.2 to 9 and a Gaussian,
 * averaged over pixels, FWHM 1.75 to 8 px, good to 1.5 %.
 */
function narrowing(f32: Float32Array, { shape, clipped }: Drafts, list: Int32Array): number {
  const good = list.filter(i => !clipped[i] && snrOf(f32, shape[i]) >= 20)
  const ratio = medianOf(good.length, i => f32[shape[good[i]] + hfdAt] / f32[shape[good[i]] + fwhmAt])
  const fitted = medianOf(good.length, i => f32[shape[good[i]] + fwhmAt])
  if (ratio === undefined || fitted === undefined) return 1
  const hidden = 1 + 0.3 * Math.max(0, 2.35 - fitted)
  const wings = Math.min(0.3, Math.max(0, ratio - 1) * hidden)
  return 1 - (0.2527 * wings) / (wings + 0.1505)
}

/** Numbers of the shapes in the list, the most light first, equal ones in order. */
function rank(f32: Float32Array, { shape }: Drafts, list: Int32Array): Int32Array {
  const bits = new Uint32Array(f32.buffer, f32.byteOffset, f32.length)
  // One number for light and place, as a sort without a comparison of ours is far faster; light is above 0.
  const keys = Float64Array.from(list, (draft, i) => (0x80000000 - bits[shape[draft] + fluxAt]) * mostSpots + i).sort()
  return Int32Array.from(keys, key => key % mostSpots)
}

function medianOf(count: number, number: (i: number) => number): number | undefined {
  if (count === 0) return undefined
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = number(i)
  return medianInPlace(values, count)
}
