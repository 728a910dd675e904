// What is black, what is half grey and what is white: the curve from light to grey, chosen by the light itself or by
// whoever looks. Pictures are made with it in stretch.ts.
import { sampleOf } from './light-sample.js'
import { selectInPlace, spreadInPlace } from './order-statistic.js'
import type { Image, Samples } from './samples.js'
import { ScienceError } from './science-error.js'

/**
 * Tones. `black`, `mid` and `white` are places on the axis of the picture's histogram, 0 its left end and 1 its right;
 * what is absent the stretch chooses. The three stretches are three families of curves from black over half grey at
 * `mid` to white: `auto` the midtones transfer function, sky at a quarter of the way up; `asinh` from percentile 1 to
 * 99.5, as steep as asinh(10 x); `linear` a straight line from the least to the greatest, a power of it when `mid` is
 * given.
 */
export interface Display {
  readonly stretch: 'auto' | 'asinh' | 'linear'
  readonly black?: number // 0…1, below white
  readonly mid?: number // 0…1, shown half grey
  readonly white?: number // 0…1
  readonly gamma?: number // 0.1…10; above 1 brightens the middle; 1 unless told
  readonly invert?: boolean
  /** Pixels shown white are painted red, those shown black blue, those without data grey. */
  readonly clipMarks?: boolean
  /** Colour only: `sky` (unless told) brings the planes' backgrounds to one grey and the stars to white on average. */
  readonly balance?: 'sky' | 'none'
}

/** One plane's part in the balance: light is shown as (ADU − `skyAdu`) · `gain` + the common sky. */
export interface PlaneBalance {
  readonly skyAdu: number
  readonly gain: number
}

/** The light of a picture in a few numbers, after balancing; all that its tones are chosen from. */
export interface Levels {
  readonly balance: readonly PlaneBalance[] // per plane
  readonly commonSkyAdu: number
  readonly minAdu: number
  readonly maxAdu: number
  readonly medianAdu: number
  readonly noiseAdu: number // robust spread of the picture's own pixels
  readonly grainAdu: number // the same of the pixels as shown small
  readonly lowAdu: number // percentile 1
  readonly highAdu: number // percentile 99.5
}

const lowShare = 0.01
const highShare = 0.995

/**
 * Measures the light of a picture, its ranks (median, spread, percentiles) by a sample of its own pixels and its
 * extremes when it is made small. Nothing finite in it: all levels 0.
 * @param sample  see sampleLight; reordered
 * @throws ScienceError for a mosaic or a number of planes that is neither grey nor colour
 */
export function levelsOf(
  small: Image,
  sample: readonly Float32Array[],
  balance: NonNullable<Display['balance']>,
): Levels {
  const planes = planesOf(small).map((plane, index) => measurePlane(plane, sample[index]))
  const balanced = planes.length === 3 && balance === 'sky'
  const commonSkyAdu = balanced ? planes.reduce((sum, { medianAdu }) => sum + medianAdu, 0) / planes.length : 0
  const reference = planes[planes.length >> 1].brightAdu
  const shares = planes.map(({ medianAdu, brightAdu }) => ({
    skyAdu: balanced ? medianAdu : 0,
    gain: balanced && brightAdu > 0 && reference > 0 ? Math.min(4, Math.max(0.25, reference / brightAdu)) : 1,
  }))
  const shown = (adu: number, plane: number) => (adu - shares[plane].skyAdu) * shares[plane].gain + commonSkyAdu
  const mean = (of: (plane: Plane, index: number) => number) =>
    planes.reduce((sum, plane, index) => sum + of(plane, index), 0) / planes.length
  return {
    balance: shares,
    commonSkyAdu,
    minAdu: Math.min(...planes.map(({ minAdu }, index) => shown(minAdu, index))),
    maxAdu: Math.max(...planes.map(({ maxAdu }, index) => shown(maxAdu, index))),
    medianAdu: mean(({ medianAdu }, index) => shown(medianAdu, index)),
    noiseAdu: mean(({ sigmaAdu }, index) => sigmaAdu * shares[index].gain),
    grainAdu: mean(({ grainAdu }, index) => grainAdu * shares[index].gain),
    lowAdu: Math.min(...planes.map(({ lowAdu }, index) => shown(lowAdu, index))),
    highAdu: Math.max(...planes.map(({ highAdu }, index) => shown(highAdu, index))),
  }
}

interface Plane {
  readonly minAdu: number
  readonly maxAdu: number
  readonly medianAdu: number
  readonly sigmaAdu: number
  readonly grainAdu: number
  readonly lowAdu: number
  readonly highAdu: number
  /** How far stars stand above the sky: mean of what is more than eight sigma above it; 0 without any. */
  readonly brightAdu: number
}

function measurePlane(small: Samples, sample: Float32Array): Plane {
  // Averaged pixels know the sky better than single ones; how far these reach from it only they know.
  const grains = sampleOf(small, 0, small.length)
  const medianAdu = percentileInPlace(grains, 0.5)
  const grainAdu = spreadInPlace(grains, grains.length, medianAdu)
  const threshold = medianAdu + 8 * grainAdu
  let minAdu = Number.POSITIVE_INFINITY
  let maxAdu = Number.NEGATIVE_INFINITY
  let sum = 0
  let bright = 0
  // No comparison holds for a pixel without data.
  for (let i = 0; i < small.length; i++) {
    const value = small[i]
    if (value < minAdu && value > Number.NEGATIVE_INFINITY) minAdu = value
    if (!(value > threshold) || value === Number.POSITIVE_INFINITY) continue
    if (value > maxAdu) maxAdu = value
    sum += value - medianAdu
    bright++
  }
  if (!(grains.length > 0)) {
    return { minAdu: 0, maxAdu: 0, medianAdu: 0, sigmaAdu: 0, grainAdu: 0, lowAdu: 0, highAdu: 0, brightAdu: 0 }
  }
  if (bright === 0) for (const value of small) if (value > maxAdu && value < Number.POSITIVE_INFINITY) maxAdu = value
  const ranked = sample.length > 0 ? sample : Float32Array.of(medianAdu)
  const lowAdu = percentileInPlace(ranked, lowShare)
  const highAdu = percentileInPlace(ranked, highShare)
  const sigmaAdu = spreadInPlace(ranked, ranked.length, percentileInPlace(ranked, 0.5))
  return { minAdu, maxAdu, medianAdu, sigmaAdu, grainAdu, lowAdu, highAdu, brightAdu: bright > 0 ? sum / bright : 0 }
}

/** Between neighbours linearly (numpy's default); reorders the values. */
function percentileInPlace(values: Float32Array, share: number): number {
  const place = share * (values.length - 1)
  const rank = Math.floor(place)
  const low = selectInPlace(values, values.length, rank)
  return place === rank ? low : low + (selectInPlace(values, values.length, rank + 1) - low) * (place - rank)
}

/** The planes of a picture that can be shown. @throws ScienceError for a mosaic and for neither 1 nor 3 planes */
export function planesOf({ width, height, planes, samples, bayer }: Image): Samples[] {
  if (bayer !== undefined) throw new ScienceError('a Bayer mosaic is not a picture yet: make colour of it first')
  if (planes !== 1 && planes !== 3) throw new ScienceError(`an image of ${planes} planes is neither grey nor colour`)
  const size = width * height
  return Array.from({ length: planes }, (_, plane) => samples.subarray(plane * size, (plane + 1) * size))
}

/** The axis of the histogram: even in asinh of the distance from the sky, so that sky and stars both have room. */
export interface Axis {
  place(adu: number): number // 0…1 within the picture's range
  adu(place: number): number
}

/** Within so many sigma of the sky the axis is nearly linear. */
const linearSigma = 3

export function axisOf({ minAdu, maxAdu, medianAdu, noiseAdu }: Levels): Axis {
  const unit = linearSigma * noiseAdu
  const range = maxAdu - minAdu
  if (!(range > 0)) return { place: () => 0, adu: () => minAdu }
  if (!(unit > 0)) return { place: adu => (adu - minAdu) / range, adu: place => minAdu + place * range }
  const left = Math.asinh((minAdu - medianAdu) / unit)
  const span = Math.asinh((maxAdu - medianAdu) / unit) - left
  return {
    place: adu => (Math.asinh((adu - medianAdu) / unit) - left) / span,
    adu: place => medianAdu + unit * Math.sinh(left + place * span),
  }
}

/** Black, half grey and white of a display, ADU of the balanced light; `whiteAdu` = `blackAdu`: nothing to show. */
export interface Tones {
  readonly blackAdu: number
  readonly midAdu: number
  readonly whiteAdu: number
}

export function tonesOf(levels: Levels, display: Display): Tones {
  const axis = axisOf(levels)
  const own = ownTones(levels, display.stretch)
  const blackAdu = display.black === undefined ? own.blackAdu : axis.adu(display.black)
  const whiteAdu = display.white === undefined ? own.whiteAdu : axis.adu(display.white)
  if (!(whiteAdu > blackAdu)) return { blackAdu, midAdu: blackAdu, whiteAdu: blackAdu }
  const range = whiteAdu - blackAdu
  // A middle of its own keeps its place between black and white where those were moved past it.
  const wanted = display.mid === undefined ? own.midAdu : axis.adu(display.mid)
  const inside = Math.min(blackAdu + 0.999999 * range, Math.max(blackAdu + 1e-6 * range, wanted))
  return { blackAdu, midAdu: inside, whiteAdu }
}

const targetBackground = 0.25
const shadowsSigma = 2.8
/** Where asinh(10 x) / asinh(10) is one half. */
const asinhMid = Math.sinh(Math.asinh(10) / 2) / 10

function ownTones(levels: Levels, stretch: Display['stretch']): Tones {
  const { minAdu, maxAdu, medianAdu, noiseAdu, lowAdu, highAdu } = levels
  if (stretch === 'auto') {
    // PixInsight's ScreenTransferFunction: shadows cut 2.8 robust sigma below the median, and a midtones transfer
    // function that puts the median at a quarter (defaults of its AutoSTF script). White is the greatest sample,
    // whatever its type could hold, and a bright sky (twilight) is treated like a dark one.
    // A picture that can hardly be made smaller would be nothing but grain then, and no JPEG of it small enough.
    const grainSigma = levels.balance.length === 3 ? 7 : 5
    const blackAdu = noiseAdu > 0 ? medianAdu - Math.max(shadowsSigma * noiseAdu, grainSigma * levels.grainAdu) : minAdu
    const range = maxAdu - blackAdu
    const mid = midtonesTransfer(targetBackground, range > 0 ? (medianAdu - blackAdu) / range : 0)
    // A median at the very end of the range has no curve that moves it: then the picture stays linear.
    return { blackAdu, midAdu: blackAdu + (mid > 0 && mid < 1 ? mid : 0.5) * range, whiteAdu: maxAdu }
  }
  if (stretch === 'asinh') {
    return { blackAdu: lowAdu, midAdu: lowAdu + asinhMid * (highAdu - lowAdu), whiteAdu: highAdu }
  }
  return { blackAdu: minAdu, midAdu: (minAdu + maxAdu) / 2, whiteAdu: maxAdu }
}

/** The rational curve through (0, 0), (midtones, ½) and (1, 1); both arguments 0…1. */
export function midtonesTransfer(midtones: number, x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  return ((midtones - 1) * x) / ((2 * midtones - 1) * x - midtones)
}

/**
 * The curve of a stretch through half grey at `mid`, 0…1 to 0…1. `auto` is the midtones transfer function itself.
 * asinh(k x) / asinh(k) is one half where 1 / (2 cosh(asinh(k) / 2)) = x; beyond the middle it is turned about.
 */
export function curveOf(stretch: Display['stretch'], mid: number): (x: number) => number {
  if (stretch === 'auto') return x => midtonesTransfer(mid, x)
  if (Math.abs(mid - 0.5) < 1e-9) return x => x
  if (stretch === 'linear') {
    const power = Math.log(0.5) / Math.log(mid)
    return x => x ** power
  }
  const steepness = Math.sinh(2 * Math.acosh(1 / (2 * Math.min(mid, 1 - mid))))
  const rise = (x: number) => Math.asinh(steepness * x) / Math.asinh(steepness)
  return mid < 0.5 ? rise : x => 1 - rise(1 - x)
}
