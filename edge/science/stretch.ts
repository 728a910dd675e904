// Linear light into the 256 steps of a screen, so that faint things are seen and the sky is grey, not green.
import { downscale, shrinkScratchBytes } from './downscale.js'
import { clippedScratchBytes } from './histogram.js'
import { sampleLight } from './light-sample.js'
import type { Image } from './samples.js'
import type { Hand } from './strip-step.js'
import { curveOf, type Display, type Levels, levelsOf, midtonesTransfer, planesOf, tonesOf } from './tones.js'

/** Eight bits a channel, rows from the top; colour interleaved (r, g, b, r, …). */
export interface ScreenPicture {
  readonly width: number // px
  readonly height: number // px
  readonly channels: 1 | 3
  readonly data: Uint8Array // channels * height * width long
}

/**
 * A frame or stack as a picture for the page: made small first, then measured, then stretched.
 * @param hand  with `pictureScratchBytes(image.width)`
 */
export function renderPicture(hand: Hand, image: Image, display: Display, maxWidth: number): ScreenPicture {
  const small = downscale(hand, image, maxWidth)
  return stretchPicture(hand, small, levelsOf(small, sampleLight(image), display.balance ?? 'sky'), display)
}

/** Bytes of scratch that a hand must have to make pictures of frames so wide. */
export function pictureScratchBytes(width: number): number {
  return Math.max(shrinkScratchBytes(width), tableBytes + 4 * width + 16 + 3 * width, clippedScratchBytes)
}

/** Steps of the table from bent light to grey: none is wider than a grey level. */
const tableSteps = 4095
const tableBytes = 4096

/**
 * A picture of f32 samples (rows from the top) with given levels: of itself, or of the whole picture it is a part of.
 * Missing pixels are as dark as black.
 * @param hand  with `pictureScratchBytes(image.width)`
 * @throws ScienceError for a mosaic, which must become colour first
 */
export function stretchPicture(hand: Hand, image: Image, levels: Levels, display: Display): ScreenPicture {
  const planes = planesOf(image)
  const { width, height } = image
  const { blackAdu, midAdu, whiteAdu } = tonesOf(levels, display)
  const range = whiteAdu - blackAdu
  const mid = range > 0 ? (midAdu - blackAdu) / range : 0.5
  const { views, kernels, scratch } = hand
  const table = scratch
  views.u8.set(tableOf(display, mid), table)
  const from = table + tableBytes
  const to = from + 4 * width + 16
  const channels = planes.length === 3 ? 3 : 1
  const data = new Uint8Array(channels * width * height)
  for (let row = 0; row < height; row++) {
    for (let index = 0; index < channels; index++) {
      const { skyAdu, gain } = levels.balance[index]
      const low = skyAdu + (blackAdu - levels.commonSkyAdu) / gain
      const scale = range > 0 ? gain / range : 0
      views.f32.set(planes[index].subarray(row * width, (row + 1) * width), from >> 2)
      kernels.toneRow(from, width, low, scale, mid, table, tableSteps, to + index, channels)
    }
    data.set(views.u8.subarray(to, to + channels * width), row * channels * width)
  }
  const picture: ScreenPicture = { width, height, channels, data }
  return display.clipMarks ? withMarks(picture, planes, levels, { blackAdu, whiteAdu }) : picture
}

/** Grey for light that has been bent by the midtones transfer function already. */
function tableOf({ stretch, gamma = 1, invert }: Display, mid: number): Uint8Array {
  const curve = curveOf(stretch, mid)
  return Uint8Array.from({ length: tableSteps + 1 }, (_, step) => {
    const bent = step / tableSteps
    const shown = stretch === 'auto' ? bent : curve(midtonesTransfer(1 - mid, bent))
    const grey = Math.round(255 * Math.min(1, Math.max(0, shown)) ** (1 / gamma))
    return invert ? 255 - grey : grey
  })
}

const whiteMark = [255, 40, 40]
const blackMark = [40, 80, 255]
const emptyMark = [110, 110, 110]

/** In colour: a pixel at white or above in any plane is marked, at black or below where all planes are. */
function withMarks(
  { width, height, channels, data }: ScreenPicture,
  planes: readonly Image['samples'][],
  { balance, commonSkyAdu }: Levels,
  { blackAdu, whiteAdu }: { blackAdu: number; whiteAdu: number },
): ScreenPicture {
  const marked = new Uint8Array(3 * width * height)
  for (let i = 0; i < width * height; i++) {
    let white = false
    let black = true
    let empty = false
    for (const [index, plane] of planes.entries()) {
      const adu = (plane[i] - balance[index].skyAdu) * balance[index].gain + commonSkyAdu
      white ||= adu >= whiteAdu
      black &&= adu <= blackAdu
      empty ||= Number.isNaN(adu)
    }
    const mark = empty ? emptyMark : white ? whiteMark : black ? blackMark : undefined
    for (let c = 0; c < 3; c++) marked[3 * i + c] = mark ? mark[c] : data[channels * i + (channels === 3 ? c : 0)]
  }
  return { width, height, channels: 3, data: marked }
}
