// Stars on a raw plane: found among hot pixels, cosmic rays and trails, and measured.
import { type Background, checkPlane, measureBackground, type Region } from './background.js'
import { type Luminance, luminanceOf } from './luminance.js'
import { medianInPlace } from './order-statistic.js'
import type { Image, Samples } from './samples.js'
import { blobFiller, findPeaks, repairHot } from './star-peaks.js'
import { type Bench, makeBench, measureShape, type Plate, type Spot } from './star-shape.js'

export interface Star {
  readonly x: number // px; (0, 0) is the middle of the first pixel
  readonly y: number
  readonly fluxAdu: number // light within 3 FWHM, sky taken off
  readonly peakAdu: number // brightest pixel, above the sky
  readonly snr: number // flux over the sky's noise in a circle of radius HFD; the star's own photon noise is not in it
  readonly hfdPx: number // half-flux diameter; HFR is half of it
  readonly fwhmPx: number // full width at half maximum, geometric mean of both axes
  readonly eccentricity: number // 0 round … 1 a line
  readonly angleRad: number // long axis, from +x towards +y, −π/2 … π/2
  readonly saturated: boolean
}

export interface StarOptions {
  readonly sigma?: number // detection threshold over the sky's noise; 5 unless told
  readonly maxStars?: number // keep this many, the brightest; 500 unless told
  readonly saturationAdu?: number // where the sensor clips; recognised by its flat top when absent
  readonly region?: Region // look only here; coordinates stay those of the whole plane
}

export interface Stars {
  readonly stars: readonly Star[] // brightest first
  readonly found: number // before `maxStars` cut the list
  readonly backgroundAdu: number // median over the mesh
  readonly noiseAdu: number // of one sky pixel of the plane searched
  // Medians over unsaturated stars of snr ≥ 10, else over all; undefined without stars.
  readonly medianHfdPx: number | undefined
  readonly medianFwhmPx: number | undefined
  readonly medianEccentricity: number | undefined
}

const maxMeasured = 20_000 // the brightest peaks only, so that no frame takes longer than a second or so

/**
 * Finds and measures stars.
 *
 * A star is a local maximum above `sigma` times the noise with at least four of its eight neighbours above two sigma
 * (a hot pixel or a cosmic ray has none or a few), that also stands out of the ring around it, and is neither much
 * sharper nor much larger than the frame's other stars (cosmic rays, satellite trails, knots of a nebula). Hot pixels
 * are taken out first, so that one in a star's wing does not pull its centre. Works on a copy of the region, 4 bytes
 * a pixel, and a map of 1 byte a pixel.
 *
 * @param plane  width × height pixels, ADU, NaN = no data; not changed. For a Bayer sensor use `starsOf`.
 * @throws ScienceError on sizes that do not fit
 */
export function findStars(plane: Samples, width: number, height: number, options: StarOptions = {}): Stars {
  const region = options.region ?? { x: 0, y: 0, width, height }
  checkPlane(plane, width, height, region)
  const sigma = options.sigma ?? 5
  const plate = cutOut(plane, width, region)
  const background = measureBackground(plate.light, plate.width, plate.height)
  repairHot(plate, background, sigma)
  const peaks = findPeaks(plate, background, sigma)
  const stars = tellWidth(keepStarLike(measurePeaks(plate, peaks, background, sigma, options.saturationAdu)))
  stars.sort((a, b) => b.fluxAdu - a.fluxAdu || a.y - b.y || a.x - b.x)
  const kept = stars.slice(0, options.maxStars ?? 500)
  return {
    stars: kept.map(star => ({ ...star, x: star.x + region.x, y: star.y + region.y })),
    found: stars.length,
    backgroundAdu: background.medianLevelAdu,
    noiseAdu: background.medianNoiseAdu,
    medianHfdPx: medianHfd(kept),
    medianFwhmPx: kept.length > 0 ? medianOf(kept.map(star => star.fwhmPx)) : undefined,
    medianEccentricity: kept.length > 0 ? medianOf(kept.map(star => star.eccentricity)) : undefined,
  }
}

/**
 * `findStars` on a picture of any kind, coordinates and sizes in its own pixels (Bayer superpixels are scaled back,
 * and the width that their averaging adds is taken off). `options.region` is in the picture's pixels; the noise stays
 * that of the luminance.
 */
export function starsOf(image: Image, options: StarOptions = {}): Stars {
  const light = luminanceOf(image)
  const { plane, width, height, scale } = light
  if (scale === 1) return findStars(plane, width, height, options)
  const region = options.region && shrink(options.region, light)
  const result = findStars(plane, width, height, { ...options, region })
  const stars = result.stars.map(star => enlarge(star, light))
  return { ...result, stars, medianHfdPx: medianHfd(stars) }
}

function shrink(region: Region, { scale, width, height }: Luminance): Region {
  const x = Math.min(Math.floor(region.x / scale), width - 1)
  const y = Math.min(Math.floor(region.y / scale), height - 1)
  return {
    x,
    y,
    width: Math.max(1, Math.min(width, Math.floor((region.x + region.width) / scale)) - x),
    height: Math.max(1, Math.min(height, Math.floor((region.y + region.height) / scale)) - y),
  }
}

function enlarge(star: Star, { scale, offsetPx }: Luminance): Star {
  const blur = ((scale * scale - 1) / 12) * 8 * Math.LN2 // FWHM² that a superpixel adds beyond a pixel's own, px²
  const unblur = (widthPx: number) => Math.sqrt(Math.max((scale * widthPx) ** 2 - blur, (0.5 * scale * widthPx) ** 2))
  return {
    ...star,
    x: star.x * scale + offsetPx,
    y: star.y * scale + offsetPx,
    fluxAdu: star.fluxAdu * scale * scale,
    hfdPx: unblur(star.hfdPx),
    fwhmPx: unblur(star.fwhmPx),
  }
}

function cutOut(plane: Samples, width: number, region: Region): Plate {
  const light = new Float32Array(region.width * region.height)
  for (let y = 0; y < region.height; y++) {
    const start = (region.y + y) * width + region.x
    light.set(plane.subarray(start, start + region.width), y * region.width)
  }
  return { light, width: region.width, height: region.height }
}

/** Measures the peaks from the brightest down; each takes the pixels above half its height out of play. */
function measurePeaks(
  plate: Plate,
  peaks: Int32Array,
  background: Background,
  sigma: number,
  saturationAdu: number | undefined,
): Star[] {
  const { light, width } = plate
  peaks.sort((a, b) => light[b] - light[a] || a - b)
  const blobs = blobFiller(plate)
  const bench = makeBench()
  const known = starMap()
  const spots: (Spot & { readonly valueAdu: number; readonly flatPx: number })[] = []
  for (const peak of peaks.subarray(0, maxMeasured)) {
    if (blobs.isTaken(peak)) continue
    const valueAdu = light[peak]
    const sky = nearestCell(background, peak % width, Math.floor(peak / width))
    const blob = blobs.fill(peak, sky.levelAdu + (valueAdu - sky.levelAdu) / 2)
    if (blob) spots.push({ ...sky, ...blob, valueAdu })
  }
  const clip = saturationAdu ?? clipLevel(spots)
  const stars: Star[] = []
  for (const spot of spots) {
    const star = measurePeak(plate, spot, spot.valueAdu, spot.valueAdu >= clip, sigma, bench)
    if (!star || known.holds(star)) continue
    stars.push(star)
    known.add(star)
  }
  return stars
}

/**
 * Where the sensor clips, told by a star with three pixels of one height at the frame's very top; Infinity when
 * none has.
 */
function clipLevel(spots: readonly { valueAdu: number; flatPx: number }[]): number {
  const top = spots.length > 0 ? spots[0].valueAdu : 0
  const flat = spots.some(({ valueAdu, flatPx }) => flatPx >= 3 && valueAdu >= 0.995 * top)
  // Converters end a step or two apart: 65504 and 65534 in one frame.
  return flat ? 0.995 * top : Number.POSITIVE_INFINITY
}

function measurePeak(
  plate: Plate,
  spot: Spot,
  valueAdu: number,
  saturated: boolean,
  sigma: number,
  bench: Bench,
): Star | undefined {
  const shape = measureShape(plate, spot, bench)
  if (!shape) return undefined
  const { skyAdu, skyNoiseAdu, ...measured } = shape
  const peakAdu = valueAdu - skyAdu
  // Against the ring, not the mesh: a ripple in the wings of a bright star or in a nebula is not a star.
  if (peakAdu < sigma * skyNoiseAdu) return undefined
  const snr = shape.fluxAdu / (Math.max(skyNoiseAdu, 1e-9) * Math.sqrt(Math.PI) * shape.hfdPx)
  return { ...measured, peakAdu, snr, saturated }
}

/** The mesh at a point without interpolation: enough to seed a measurement that takes its own ring. */
function nearestCell({ region, columns, rows, levelAdu, noiseAdu }: Background, x: number, y: number) {
  const cell = Math.floor((y * rows) / region.height) * columns + Math.floor((x * columns) / region.width)
  return { levelAdu: levelAdu[cell], noiseAdu: noiseAdu[cell] }
}

/** Remembers where stars are, so that a noise peak in a wide star's flank is not listed as the same star again. */
function starMap() {
  const squarePx = 32
  const squares = new Map<number, Star[]>()
  const key = (column: number, row: number) => row * 65_536 + column
  return {
    add(star: Star): void {
      const span = (at: number) => [
        Math.floor((at - star.fwhmPx) / squarePx),
        Math.floor((at + star.fwhmPx) / squarePx),
      ]
      const [left, right] = span(star.x)
      const [top, bottom] = span(star.y)
      for (let row = top; row <= bottom; row++) {
        for (let column = left; column <= right; column++) {
          const square = squares.get(key(column, row))
          if (square) square.push(star)
          else squares.set(key(column, row), [star])
        }
      }
    },
    holds({ x, y }: Star): boolean {
      const square = squares.get(key(Math.floor(x / squarePx), Math.floor(y / squarePx)))
      return square?.some(other => Math.hypot(other.x - x, other.y - y) < 0.8 * other.fwhmPx) === true
    },
  }
}

/** Drops what is far sharper, wider or longer than the frame's own stars; needs ten to know what those look like. */
function keepStarLike(stars: Star[]): Star[] {
  if (stars.length < 10) return stars.filter(star => star.eccentricity < 0.995)
  const hfd = medianOf(stars.map(star => star.hfdPx))
  const length = medianOf(stars.map(axisRatio))
  const longest = Math.max(3, 3 * length)
  return stars.filter(
    star => star.hfdPx > 0.5 * hfd && (star.saturated || (star.hfdPx < 2.2 * hfd && axisRatio(star) < longest)),
  )
}

function axisRatio({ eccentricity }: Star): number {
  return 1 / Math.sqrt(Math.max(1e-4, 1 - eccentricity * eccentricity))
}

/**
 * Turns the width of the best-fitting Gaussian into the full width at half maximum. Real stars have wings, which
 * widen both the fit and the HFD; how far the two part tells the profile, which is the whole frame's. The curve is a
 * fit to simulated Moffat profiles of β = 2.5 to 8 and a Gaussian, FWHM 2 to 4.5 px, good to 1 %.
 */
function tellWidth(stars: Star[]): Star[] {
  const good = stars.filter(star => !star.saturated && star.snr >= 20)
  if (good.length === 0) return stars
  const wings = Math.min(0.3, Math.max(0, medianOf(good.map(star => star.hfdPx / star.fwhmPx)) - 1))
  const narrower = 1 - (0.264 * wings) / (wings + 0.132)
  return stars.map(star => ({ ...star, fwhmPx: star.fwhmPx * narrower }))
}

function medianHfd(stars: readonly Star[]): number | undefined {
  if (stars.length === 0) return undefined
  const good = stars.filter(star => !star.saturated && star.snr >= 10)
  return medianOf((good.length > 0 ? good : stars).map(star => star.hfdPx))
}

function medianOf(numbers: readonly number[]): number {
  return medianInPlace(Float64Array.from(numbers), numbers.length)
}
