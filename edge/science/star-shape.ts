// One star measured: where it is to hundredths of a pixel, how much light, how wide, how round.
import { medianInPlace, spreadInPlace } from './order-statistic.js'

/** What stars are measured on: height × width pixels in ADU, row by row, NaN where there is no data. */
export interface Plate {
  readonly light: Float32Array
  readonly width: number // px
  readonly height: number // px
}

/** A bright spot as detection leaves it. */
export interface Spot {
  readonly x: number // px
  readonly y: number
  readonly sizePx: number // about its width at half height
  readonly levelAdu: number // sky of the mesh there
  readonly noiseAdu: number
}

export interface StarShape {
  readonly x: number
  readonly y: number
  readonly fluxAdu: number
  readonly skyAdu: number // local sky, from the ring around the star
  readonly skyNoiseAdu: number
  readonly hfdPx: number
  readonly fwhmPx: number
  readonly eccentricity: number
  readonly angleRad: number
}

const sigmaPerFwhm = 1 / 2.3548200450309493
const narrowestWindowPx = 1 // sigma; narrower ones see the pixel grid and pull centroids by hundredths of a pixel
const largestRadiusPx = 120
const rounds = 5 // a second one leaves 0.010 px of error, the fifth 0.002 px

/** Scratch lists for measuring, made once per frame. */
export interface Bench {
  readonly ring: Float32Array
  readonly growth: Float64Array
  readonly weightX: Float64Array
  readonly weightY: Float64Array
}

const growthStepPx = 0.05

export function makeBench(): Bench {
  const span = 2 * largestRadiusPx + 3
  return {
    ring: new Float32Array(span * span),
    growth: new Float64Array(Math.ceil((largestRadiusPx + 2) / growthStepPx) + 1),
    weightX: new Float64Array(span),
    weightY: new Float64Array(span),
  }
}

/**
 * Measures the star at a spot; `undefined` when what is there has no shape of a star (no light above its
 * surroundings, or it runs off the picture or into pixels without data).
 *
 * - Centroid: Gaussian-weighted, window matched to the star, five rounds (SExtractor's XWIN/YWIN scheme).
 * - FWHM, eccentricity, angle: from second moments under that window, the window's own narrowing taken out; exact for
 *   a Gaussian, the best-fitting one for other profiles. Bernstein & Jarvis, AJ 123 (2002) 583, §3.
 * - HFD: the true half-flux diameter, twice the radius in which half of the light out to 3 FWHM falls, read from the
 *   curve of growth with pixels split 5 × 5. (1.00 FWHM for a Gaussian, 1.26 for a Moffat profile with β = 3;
 *   programs that weight by radius show larger numbers.) HFR is half of it.
 */
export function measureShape(plate: Plate, spot: Spot, bench: Bench): StarShape | undefined {
  let { x, y } = spot
  let size = Math.min(Math.max(spot.sizePx, 1.5), largestRadiusPx / 4)
  let moments: Moments | undefined
  let sky = measureRing(plate, x, y, size, spot, bench)
  for (let pass = 0; pass < 2; pass++) {
    for (let round = 0; round < rounds; round++) {
      moments = windowMoments(plate, x, y, Math.max(narrowestWindowPx, size * sigmaPerFwhm), sky.level, bench)
      if (!moments) return undefined
      x += moments.stepX
      y += moments.stepY
      if (Math.hypot(x - spot.x, y - spot.y) > 1 + spot.sizePx) return undefined
    }
    if (!moments) return undefined
    size = Math.min(Math.max(moments.fwhmPx, 1), 1.6 * size, largestRadiusPx / 4)
    if (pass === 0) sky = measureRing(plate, x, y, size, spot, bench)
  }
  if (!moments) return undefined
  const growth = growthCurve(plate, x, y, size, sky.level, bench)
  if (!growth) return undefined
  return {
    x,
    y,
    fluxAdu: growth.fluxAdu,
    skyAdu: sky.level,
    skyNoiseAdu: sky.noise,
    hfdPx: growth.hfdPx,
    fwhmPx: moments.fwhmPx,
    eccentricity: moments.eccentricity,
    angleRad: moments.angleRad,
  }
}

/**
 * Level and spread of a ring beyond the star's light; the mesh's sky where too little of the ring is on the
 * picture.
 */
function measureRing(
  { light, width, height }: Plate,
  x: number,
  y: number,
  sizePx: number,
  spot: Spot,
  { ring }: Bench,
): { level: number; noise: number } {
  const inner = Math.min(Math.max(5, 3 * sizePx), 0.75 * largestRadiusPx)
  const outer = inner + Math.max(4, sizePx)
  let count = 0
  for (let j = Math.max(0, Math.ceil(y - outer)); j <= Math.min(height - 1, Math.floor(y + outer)); j++) {
    for (let i = Math.max(0, Math.ceil(x - outer)); i <= Math.min(width - 1, Math.floor(x + outer)); i++) {
      const squared = (i - x) * (i - x) + (j - y) * (j - y)
      if (squared < inner * inner || squared > outer * outer) continue
      const value = light[j * width + i]
      if (!Number.isNaN(value)) ring[count++] = value
    }
  }
  if (count < 24) return { level: spot.levelAdu, noise: spot.noiseAdu }
  const level = medianInPlace(ring, count)
  let sum = 0
  let kept = 0
  for (let i = 0; i < count; i++) {
    if (Math.abs(ring[i] - level) > 2.5 * spot.noiseAdu + 0.5) continue
    sum += ring[i] - level
    kept++
  }
  const noise = Math.max(spot.noiseAdu, spreadInPlace(ring, count, level))
  // The mean near the median: a median alone moves in whole ADU where the noise is that small.
  const mean = kept > count / 2 ? level + sum / kept : level
  // The mesh rests on more pixels; the ring is believed where it differs by more than its own error.
  return { level: Math.abs(mean - spot.levelAdu) < (2 * noise) / Math.sqrt(count) ? spot.levelAdu : mean, noise }
}

interface Moments {
  readonly stepX: number
  readonly stepY: number
  readonly fwhmPx: number
  readonly eccentricity: number
  readonly angleRad: number
}

function windowMoments(
  { light, width, height }: Plate,
  x: number,
  y: number,
  windowPx: number,
  skyAdu: number,
  { weightX, weightY }: Bench,
): Moments | undefined {
  const reach = Math.ceil(4 * windowPx)
  const left = Math.round(x) - reach
  const top = Math.round(y) - reach
  const from = Math.max(0, left)
  const to = Math.min(width - 1, left + 2 * reach)
  const above = Math.max(0, top)
  const below = Math.min(height - 1, top + 2 * reach)
  const variance = windowPx * windowPx
  for (let i = from; i <= to; i++) weightX[i - from] = Math.exp((-(i - x) * (i - x)) / (2 * variance))
  for (let j = above; j <= below; j++) weightY[j - above] = Math.exp((-(j - y) * (j - y)) / (2 * variance))
  let sum = 0
  let sumX = 0
  let sumY = 0
  let sumXX = 0
  let sumYY = 0
  let sumXY = 0
  for (let j = above; j <= below; j++) {
    const dy = j - y
    const rowWeight = weightY[j - above]
    for (let i = from; i <= to; i++) {
      const dx = i - x
      const weighted = rowWeight * weightX[i - from] * (light[j * width + i] - skyAdu)
      sum += weighted
      sumX += weighted * dx
      sumY += weighted * dy
      sumXX += weighted * dx * dx
      sumYY += weighted * dy * dy
      sumXY += weighted * dx * dy
    }
  }
  if (!(sum > 0)) return undefined // also when a pixel without data lies under the window
  const meanX = sumX / sum
  const meanY = sumY / sum
  const xx = sumXX / sum - meanX * meanX
  const yy = sumYY / sum - meanY * meanY
  const xy = sumXY / sum - meanX * meanY
  // A Gaussian star of variance s under a window of variance v peaks v / (s + v) of the way to its middle; undo that.
  const gain = Math.min(3, Math.max(1, 1 / (1 - Math.min(0.66, (xx + yy) / 2 / variance))))
  return { stepX: gain * meanX, stepY: gain * meanY, ...ellipse(xx, yy, xy, variance) }
}

/** The ellipse of a Gaussian whose moments under a round window of the given variance are xx, yy, xy. */
function ellipse(xx: number, yy: number, xy: number, variance: number) {
  const middle = (xx + yy) / 2
  const half = Math.hypot((xx - yy) / 2, xy)
  // Near the window's own width the inverse runs away (a plateau, a ring): 0.9 of it stands for "at least 3 windows
  // wide".
  const widen = (moment: number) => {
    const bounded = Math.min(Math.max(moment, 0.01), 0.9 * variance)
    return 1 / (1 / bounded - 1 / variance)
  }
  const major = widen(middle + half)
  const minor = widen(middle - half)
  return {
    fwhmPx: Math.sqrt(Math.sqrt(major * minor)) / sigmaPerFwhm,
    eccentricity: Math.sqrt(Math.max(0, 1 - minor / major)),
    angleRad: 0.5 * Math.atan2(2 * xy, xx - yy),
  }
}

/**
 * Light within growing circles. Inside 1.5 FWHM every pixel counts, split 5 × 5; from there to 3 FWHM each one-pixel
 * ring counts its median times its area, so that a neighbour in the wings adds nothing.
 */
function growthCurve(
  plate: Plate,
  x: number,
  y: number,
  fwhmPx: number,
  skyAdu: number,
  { ring, growth }: Bench,
): { fluxAdu: number; hfdPx: number } | undefined {
  const { light, width, height } = plate
  const inner = Math.max(2.5, 1.5 * fwhmPx)
  const outer = Math.max(inner + 1, 3 * fwhmPx)
  const bins = Math.ceil(inner / growthStepPx)
  growth.fill(0, 0, bins)
  const reach = Math.ceil(inner + 1)
  const middleX = Math.round(x)
  const middleY = Math.round(y)
  if (middleX - reach < 0 || middleY - reach < 0 || middleX + reach >= width || middleY + reach >= height)
    return undefined
  const parts = fwhmPx > 12 ? 1 : 5
  for (let j = middleY - reach; j <= middleY + reach; j++) {
    for (let i = middleX - reach; i <= middleX + reach; i++) {
      const share = (light[j * width + i] - skyAdu) / (parts * parts)
      for (let v = 0; v < parts; v++) {
        const dy = j + (v + 0.5) / parts - 0.5 - y
        for (let u = 0; u < parts; u++) {
          const dx = i + (u + 0.5) / parts - 0.5 - x
          const bin = Math.floor(Math.sqrt(dx * dx + dy * dy) / growthStepPx)
          if (bin < bins) growth[bin] += share
        }
      }
    }
  }
  let flux = 0
  for (let bin = 0; bin < bins; bin++) flux += growth[bin]
  for (let radius = bins * growthStepPx; radius < outer; radius++) {
    const end = Math.min(outer, radius + 1)
    flux += ringMedian(plate, x, y, radius, end, skyAdu, ring) * Math.PI * (end * end - radius * radius)
  }
  if (!(flux > 0)) return undefined
  const radius = halfFluxRadius(growth, bins, flux / 2)
  if (radius === undefined) return undefined
  // Splitting a pixel evenly blurs by its own variance, 1/12 px²; a Gaussian's half-flux radius² is 2 ln 2 times
  // its variance.
  const squared = parts === 1 ? radius * radius : radius * radius - (2 * Math.LN2) / 12
  return squared > 0 ? { fluxAdu: flux, hfdPx: 2 * Math.sqrt(squared) } : undefined
}

function halfFluxRadius(growth: Float64Array, bins: number, halfAdu: number): number | undefined {
  let sum = 0
  for (let bin = 0; bin < bins; bin++) {
    const next = sum + growth[bin]
    if (next >= halfAdu) return (bin + (growth[bin] > 0 ? (halfAdu - sum) / growth[bin] : 0)) * growthStepPx
    sum = next
  }
  return undefined
}

function ringMedian(
  { light, width, height }: Plate,
  x: number,
  y: number,
  fromPx: number,
  toPx: number,
  skyAdu: number,
  ring: Float32Array,
): number {
  let count = 0
  for (let j = Math.max(0, Math.ceil(y - toPx)); j <= Math.min(height - 1, Math.floor(y + toPx)); j++) {
    for (let i = Math.max(0, Math.ceil(x - toPx)); i <= Math.min(width - 1, Math.floor(x + toPx)); i++) {
      const squared = (i - x) * (i - x) + (j - y) * (j - y)
      if (squared < fromPx * fromPx || squared >= toPx * toPx) continue
      const value = light[j * width + i]
      if (!Number.isNaN(value)) ring[count++] = value - skyAdu
    }
  }
  return count === 0 ? 0 : medianInPlace(ring, count)
}
