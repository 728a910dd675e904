// Linear light into the 256 steps of a screen, so that faint things are seen and the sky is grey, not green.
import { downscale } from './downscale.js'
import type { Image } from './samples.js'
import { ScienceError } from './science-error.js'
import { measureSamples, percentiles } from './statistics.js'

/** Eight bits a channel, rows from the top; colour interleaved (r, g, b, r, …). */
export interface ScreenPicture {
  readonly width: number // px
  readonly height: number // px
  readonly channels: 1 | 3
  readonly data: Uint8Array // channels * height * width long
}

/**
 * How planes of colour share a stretch: `neutral` measures each so that the background comes out grey, which raw sensor
 * colours need; `linked` uses one curve for all, for pictures whose colour is already balanced.
 */
export type ColourBalance = 'neutral' | 'linked'

export type Stretch = 'asinh' | 'auto'

/**
 * A frame or stack as a picture for the page: made small first, then stretched.
 * @param view `maxWidth` in px; 720 for a preview, 220 for a thumbnail
 */
export function renderPicture(
  image: Image,
  view: { readonly stretch: Stretch; readonly maxWidth: number; readonly balance?: ColourBalance },
): ScreenPicture {
  const small = downscale(image, view.maxWidth)
  return (view.stretch === 'asinh' ? asinhStretch : autoStretch)(small, view.balance)
}

const asinhGain = 10
const blackShare = 0.01
const whiteShare = 0.995

/**
 * asinh(10 x) / asinh(10) with x from 0 at percentile 1 to 1 at 99.5. Missing pixels are black.
 * `neutral` colour: each plane has its own white, and a black that puts its median where the planes' medians lie on
 * average.
 * @throws ScienceError for a mosaic, which must become colour first
 */
export function asinhStretch(image: Image, balance: ColourBalance = 'neutral'): ScreenPicture {
  const planes = planesOf(image)
  const shares = [blackShare, 0.5, whiteShare]
  const levels = measured(planes, balance, plane => percentiles(plane, shares))
  const places = levels.map(([black, median, white]) => (white > black ? (median - black) / (white - black) : 0))
  const place = places.reduce((sum, each) => sum + each, 0) / places.length
  const table = Uint8Array.from({ length: tableSteps + 1 }, (_, step) => {
    return Math.round((255 * Math.asinh((asinhGain * step) / tableSteps)) / Math.asinh(asinhGain))
  })
  return screen(image, planes, (plane, index, data, channels) => {
    const [black, median, white] = levels[index]
    const low = place < 1 && white > median ? (median - place * white) / (1 - place) : black
    const steps = tableSteps / (white - low)
    for (let i = 0, at = index; i < plane.length; i++, at += channels) {
      const step = (plane[i] - low) * steps
      data[at] = step >= tableSteps ? 255 : step > 0 ? table[Math.round(step)] : 0
    }
  })
}

/** Steps of the asinh table: at its steepest one of them is a twentieth of a grey level. */
const tableSteps = 16384

const targetBackground = 0.25
const shadowsSigma = -2.8

/**
 * The screen transfer function of PixInsight: shadows cut 2.8 robust sigma below the median, then a midtones transfer
 * function that puts the median at a quarter. Here white is the greatest sample, whatever its type could hold, and a
 * bright sky (twilight) is treated like a dark one, so that its stars are still seen. Missing pixels are black.
 * Source: PixInsight reference documentation, ScreenTransferFunction and HistogramTransformation (midtones transfer
 * function); the −2.8 and 0.25 are its AutoSTF script's defaults.
 * @throws ScienceError for a mosaic, which must become colour first
 */
export function autoStretch(image: Image, balance: ColourBalance = 'neutral'): ScreenPicture {
  const planes = planesOf(image)
  const curves = measured(planes, balance, autoCurve)
  return screen(image, planes, (plane, index, data, channels) => {
    const { low, high, midtones } = curves[index]
    const scale = high > low ? 1 / (high - low) : 0
    for (let i = 0, at = index; i < plane.length; i++, at += channels) {
      const x = (plane[i] - low) * scale
      data[at] = x >= 1 ? 255 : x > 0 ? Math.round(255 * midtonesTransfer(midtones, x)) : 0
    }
  })
}

/** The rational curve through (0, 0), (midtones, ½) and (1, 1); both arguments 0..1. */
export function midtonesTransfer(midtones: number, x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  return ((midtones - 1) * x) / ((2 * midtones - 1) * x - midtones)
}

interface Curve {
  readonly low: number // ADU, black
  readonly high: number // ADU, white
  readonly midtones: number
}

function autoCurve(samples: Image['samples']): Curve {
  const { min, max, median, sigma } = measureSamples(samples)
  const least = Math.min(0, min)
  const range = max - least
  if (!(range > 0)) return { low: 0, high: 0, midtones: 0.5 }
  const middle = (median - least) / range
  const spread = sigma / range
  const shadows = spread > 0 ? Math.max(0, middle + shadowsSigma * spread) : 0
  const midtones = midtonesTransfer(targetBackground, (middle - shadows) / (1 - shadows))
  return { low: least + shadows * range, high: max, midtones: usable(midtones) }
}

/** A median at the very end of the range has no curve that moves it: then the picture stays linear. */
function usable(midtones: number): number {
  return midtones > 0 && midtones < 1 ? midtones : 0.5
}

function planesOf({ width, height, planes, samples, bayer }: Image): Image['samples'][] {
  if (bayer !== undefined) throw new ScienceError('a Bayer mosaic is not a picture yet: make colour of it first')
  if (planes !== 1 && planes !== 3) throw new ScienceError(`an image of ${planes} planes is neither grey nor colour`)
  const size = width * height
  return Array.from({ length: planes }, (_, plane) => samples.subarray(plane * size, (plane + 1) * size))
}

function measured<Level>(
  planes: readonly Image['samples'][],
  balance: ColourBalance,
  measure: (samples: Image['samples']) => Level,
): Level[] {
  if (balance === 'neutral' || planes.length === 1) return planes.map(measure)
  const together = new Float32Array(planes.reduce((sum, plane) => sum + plane.length, 0))
  let at = 0
  for (const plane of planes) {
    together.set(plane, at)
    at += plane.length
  }
  const level = measure(together)
  return planes.map(() => level)
}

function screen(
  image: Image,
  planes: readonly Image['samples'][],
  fill: (plane: Image['samples'], index: number, data: Uint8Array, channels: number) => void,
): ScreenPicture {
  const channels = planes.length === 3 ? 3 : 1
  const { width, height } = image
  const data = new Uint8Array(channels * width * height)
  for (let index = 0; index < channels; index++) fill(planes[index], index, data, channels)
  if (!image.topDown) turnOver(data, width * channels)
  return { width, height, channels, data }
}

function turnOver(data: Uint8Array, rowBytes: number): void {
  const kept = new Uint8Array(rowBytes)
  for (let top = 0, bottom = data.length - rowBytes; top < bottom; top += rowBytes, bottom -= rowBytes) {
    kept.set(data.subarray(top, top + rowBytes))
    data.copyWithin(top, bottom, bottom + rowBytes)
    data.set(kept, bottom)
  }
}
