// Stars measured: centres, widths and light of spots, each from a stamp of its own.
import { spotBytes } from './blobs.js'
import { clippedMean } from './clipped-mean.js'
import type { Views } from './memory.js'
import { makeStamp, type Stamp } from './stamp.js'
import { awayAt, cleanAt, growthSums, windowSums } from './star-sums.js'

const f = Math.fround

/**
 * i32 1 for a star, 0 for none; i32 x, y of the peak; then f32: x, y (from the peak), flux, sky, sky noise, HFD, FWHM,
 * major and minor axis squared (px² of the Gaussian's variance), sine and cosine part of twice the angle, value; i32
 * flat px.
 */
export const shapeBytes = 64
/** What `measureStars` overwrites. */
export const shapeScratchBytes = awayAt + 176 * 1024

const sigmaPerFwhm = 1 / 2.3548200450309493
const narrowestWindowPx = 1 // sigma; narrower ones see the pixel grid and pull centroids by hundredths of a pixel
const largestSizePx = 30
const rounds = 5 // a second one leaves 0.010 px of error, the fifth 0.002 px

/**
 * Measures the spots that stand in a list from `first` to `last` − 1. What has no shape of a star (no light above its
 * surroundings, or it runs off the picture) is marked so.
 *
 * - Centroid: Gaussian-weighted, window matched to the star, up to five rounds, twice (SExtractor's XWIN/YWIN scheme).
 * - FWHM and axes: from second moments under that window, the window's own narrowing taken out; exact for a Gaussian,
 *   the best-fitting one for other profiles. Bernstein & Jarvis, AJ 123 (2002) 583, §3.
 * - Sky: clipped mean of a ring beyond the star; the mesh's where the ring does not differ by more than its error.
 * - Flux: light out to 3 FWHM. Beyond 1.5 FWHM a pixel much brighter than the one opposite is a neighbour's, and the
 *   one opposite counts twice.
 * - HFD: the true half-flux diameter, that of the circle of half the light. (1.00 FWHM for a Gaussian, 1.26 for a
 *   Moffat profile with β = 3; programs that weight by radius show larger numbers.)
 *
 * @param plane  f32, `width` × `height`; hot pixels and pixels without data are mended in the stamp
 * @param list  u32, numbers of spots
 * @param sigma  of the detection; what is hot must stand as far over the sky
 * @param scratch  `shapeScratchBytes`, overwritten
 * @param shapes  one of `shapeBytes` for every spot, written for those measured
 */
export function measureStars(
  views: Views,
  plane: number,
  width: number,
  height: number,
  spots: number,
  list: number,
  first: number,
  last: number,
  sigma: number,
  scratch: number,
  shapes: number,
): void {
  const { f32, i32, u32 } = views
  const picture = { plane, width, height, scratch }
  for (let next = first; next < last; next++) {
    const i = u32[(list >> 2) + next]
    const from = (spots + i * spotBytes) >> 2
    const to = (shapes + i * shapeBytes) >> 2
    const spot: Spot = {
      x: i32[from],
      y: i32[from + 1],
      dx: f32[from + 2],
      dy: f32[from + 3],
      size: f32[from + 4],
      level: f32[from + 6],
      noise: f32[from + 7],
      floor: f(sigma * f32[from + 7]),
    }
    i32.fill(0, to, to + 16)
    const shape = measure(views, picture, spot)
    if (!shape) continue
    i32[to] = 1
    i32[to + 1] = spot.x
    i32[to + 2] = spot.y
    f32[to + 3] = shape.x
    f32[to + 4] = shape.y
    f32[to + 5] = shape.flux
    f32[to + 6] = spot.level + shape.sky
    f32[to + 7] = shape.noise
    f32[to + 8] = shape.hfd
    f32[to + 9] = shape.fwhm
    f32[to + 10] = shape.major
    f32[to + 11] = shape.minor
    f32[to + 12] = shape.sine
    f32[to + 13] = shape.cosine
    f32[to + 14] = f32[from + 5]
    i32[to + 15] = i32[from + 8]
  }
}

interface Picture {
  readonly plane: number
  readonly width: number
  readonly height: number
  readonly scratch: number
}

interface Spot {
  readonly x: number
  readonly y: number
  readonly dx: number
  readonly dy: number
  readonly size: number
  readonly level: number
  readonly noise: number
  readonly floor: number
}

function measure(views: Views, picture: Picture, spot: Spot) {
  // A pixel without end makes a blob without a middle.
  if (!(spot.dx * spot.dx + spot.dy * spot.dy + spot.size < 1e9)) return undefined
  let x = spot.dx
  let y = spot.dy
  let size = Math.min(Math.max(spot.size, 1.5), largestSizePx)
  const furthest = (1 + spot.size) * (1 + spot.size)
  let sky = ring(views, picture, spot, x, y, size)
  let stamp: Stamp | undefined
  let moments: Moments | undefined
  for (let pass = 0; pass < 2; pass++) {
    const window = Math.max(narrowestWindowPx, size * sigmaPerFwhm)
    const reach = Math.ceil(4 * window) + 2
    const radius = Math.max(reach, Math.ceil(outerOf(size)) + 2)
    if (!stamp || !holds(stamp, x, y, radius)) {
      stamp = makeStamp(views, picture, spot, Math.floor(x + 0.5), Math.floor(y + 0.5), radius + 1)
    }
    for (let round = 0; round < rounds; round++) {
      moments = windowMoments(views, picture.scratch, stamp, x, y, window, sky.level)
      if (!moments) return undefined
      x += moments.stepX
      y += moments.stepY
      if (!((x - spot.dx) * (x - spot.dx) + (y - spot.dy) * (y - spot.dy) <= furthest)) return undefined
      const squared = moments.stepX * moments.stepX + moments.stepY * moments.stepY
      if (squared < (pass === 0 ? 1e-4 : 1e-6)) break
    }
    if (!moments) return undefined
    size = Math.min(Math.max(moments.fwhm, 1), 1.6 * size, largestSizePx)
    // The ring was too close to a star that turned out wider.
    if (pass === 0 && 4 * size > sky.inner + 2) sky = ring(views, picture, spot, x, y, size)
  }
  if (!stamp || !moments) return undefined
  const growth = growthOf(views, picture, spot, stamp, x, y, size, sky)
  if (!growth) return undefined
  const { fwhm, major, minor, sine, cosine } = moments
  return { x, y, ...growth, sky: sky.level, noise: sky.noise, fwhm, major, minor, sine, cosine }
}

/** Whether a circle of `radius` px about (x, y), and the one opposite of what lies in it, is on the stamp. */
function holds(stamp: Stamp, x: number, y: number, radius: number): boolean {
  return Math.max(Math.abs(x - stamp.x), Math.abs(y - stamp.y)) <= 1 && stamp.radius >= radius
}

function innerOf(size: number): number {
  return Math.max(2.5, 1.5 * size)
}

function outerOf(size: number): number {
  return Math.max(innerOf(size) + 1, 3 * size)
}

/** Level, above the mesh's, and spread of every other row of a ring beyond the star's light. */
function ring(views: Views, picture: Picture, spot: Spot, x: number, y: number, size: number) {
  const { f32, f64 } = views
  const { plane, width, height, scratch } = picture
  const inner = Math.max(6, 4 * size)
  const outer = inner + Math.max(4, size)
  const middleX = spot.x + x
  const middleY = spot.y + y
  const samples = (scratch + cleanAt) >> 2
  let count = 0
  const lastRow = Math.min(height - 1, Math.floor(middleY + outer))
  for (let j = Math.max(0, Math.ceil(middleY - outer)); j <= lastRow; j += 2) {
    const dy = j - middleY
    const half = Math.sqrt(Math.max(0, outer * outer - dy * dy))
    const hole = inner * inner - dy * dy
    const from = Math.max(0, Math.ceil(middleX - half))
    const to = Math.min(width - 1, Math.floor(middleX + half))
    const gap = hole > 0 ? Math.sqrt(hole) : 0
    const before = hole > 0 ? Math.min(to, Math.ceil(middleX - gap) - 1) : to
    const after = hole > 0 ? Math.max(from, Math.floor(middleX + gap) + 1) : to + 1
    const row = (plane >> 2) + j * width
    for (let i = from; i <= before; i++) f32[samples + count++] = f32[row + i] - spot.level
    for (let i = after; i <= to; i++) f32[samples + count++] = f32[row + i] - spot.level
  }
  f32.fill(0, samples + count, samples + count + 4)
  const mesh = { level: 0, noise: spot.noise, inner }
  if (count < 24) return mesh
  clippedMean(views, 4 * samples, count >> 2, scratch + awayAt, scratch)
  const mean = f64[scratch >> 3]
  if (Number.isNaN(mean)) return mesh
  // The mesh rests on more pixels; the ring is believed where it differs by more than its own error.
  const spread = f64[(scratch >> 3) + 1]
  const noise = spread > spot.noise * (1 + 2 / Math.sqrt(count)) ? spread : spot.noise
  return { level: Math.abs(mean) < (2 * noise) / Math.sqrt(count) ? 0 : mean, noise, inner }
}

interface Moments {
  readonly stepX: number
  readonly stepY: number
  readonly fwhm: number
  readonly major: number
  readonly minor: number
  readonly sine: number
  readonly cosine: number
}

function windowMoments(
  views: Views,
  scratch: number,
  stamp: Stamp,
  x: number,
  y: number,
  window: number,
  sky: number,
): Moments | undefined {
  const { sum, sumX, sumY, sumXX, sumYY, sumXY } = windowSums(views, scratch, stamp, x, y, window, sky)
  if (!(sum > 0)) return undefined
  const meanX = sumX / sum
  const meanY = sumY / sum
  const xx = sumXX / sum - meanX * meanX
  const yy = sumYY / sum - meanY * meanY
  const xy = sumXY / sum - meanX * meanY
  const variance = window * window
  // A Gaussian star of variance s under a window of variance v peaks v / (s + v) of the way to its middle; undo that.
  const gain = Math.min(3, Math.max(1, 1 / (1 - Math.min(0.66, (xx + yy) / 2 / variance))))
  const middle = (xx + yy) / 2
  const half = Math.sqrt(((xx - yy) / 2) * ((xx - yy) / 2) + xy * xy)
  const major = widen(middle + half, variance)
  const minor = widen(middle - half, variance)
  const fwhm = Math.sqrt(Math.sqrt(major * minor)) / sigmaPerFwhm
  return { stepX: gain * meanX, stepY: gain * meanY, fwhm, major, minor, sine: 2 * xy, cosine: xx - yy }
}

/** The variance of the Gaussian whose moment under a round window of `variance` is `moment`. */
function widen(moment: number, variance: number): number {
  // Near the window's own width the inverse runs away (a plateau, a ring): 0.9 of it stands for "at least 3 windows
  // wide".
  const bounded = Math.min(Math.max(moment, 0.01), 0.9 * variance)
  return 1 / (1 / bounded - 1 / variance)
}

/** Light within 3 FWHM and the circle that holds half of it. */
function growthOf(
  views: Views,
  picture: Picture,
  spot: Spot,
  before: Stamp,
  x: number,
  y: number,
  size: number,
  sky: { readonly level: number; readonly noise: number },
) {
  const inner = innerOf(size)
  const outer = outerOf(size)
  const reach = Math.ceil(inner + 1)
  const nearX = Math.floor(x + 0.5)
  const nearY = Math.floor(y + 0.5)
  const { width, height, scratch } = picture
  if (spot.x + nearX - reach < 0 || spot.x + nearX + reach >= width) return undefined
  if (spot.y + nearY - reach < 0 || spot.y + nearY + reach >= height) return undefined
  const span = Math.ceil(outer) + 2
  const stamp = holds(before, x, y, span) ? before : makeStamp(views, picture, spot, nearX, nearY, span)
  const curve = growthSums(views, scratch, stamp, x, y, inner, outer, sky.level, sky.noise)
  const flux = curve(outer).light
  if (!(flux > 0)) return undefined
  let low = 0
  let high = inner + 0.5
  let radius = Math.min(0.55 * size, inner)
  let areaPx = 0
  for (let round = 0; round < 12; round++) {
    const { light, edge, area } = curve(radius)
    const missing = flux / 2 - light
    if (missing > 0) low = radius
    else high = radius
    let next = edge > 0 ? radius + missing / edge : low
    if (!(next > low && next < high)) next = (low + high) / 2
    const step = next - radius
    areaPx = area + 2 * Math.PI * radius * step
    radius = next
    if (Math.abs(step) < 1e-3) break
  }
  if (!(radius < inner)) return undefined
  // Splitting pixels evenly blurs by their own variance, 1/12 px²; a Gaussian's half-flux radius² is 2 ln 2 times its
  // variance.
  const squared = areaPx / Math.PI - (2 * Math.LN2) / 12
  return squared > 0 ? { flux, hfd: 2 * Math.sqrt(squared) } : undefined
}
