// Frames made small for a page, and parts of them for tiles, before anything else is done to them: what is looked at
// decides what is computed.
import { colourScratchBytes, inColour } from './debayer.js'
import type { Image } from './samples.js'
import { ScienceError } from './science-error.js'
import type { Hand } from './strip-step.js'

/** A part of a picture as it is shown (rows from the top), and how many pixels of it become one, each way. */
export interface Cut {
  readonly x: number // px
  readonly y: number
  readonly width: number
  readonly height: number
  readonly scaleX: number // at least 1
  readonly scaleY: number
}

/** Rows taken together; more come in several goes. */
const mostRows = 16

/** Bytes of scratch that a hand must have to make pictures of frames so wide smaller. */
export function shrinkScratchBytes(width: number): number {
  // Rows on their way, sums and shares of two bands, those of the result, and what each column is made of.
  return Math.max((mostRows + 6) * rowBytes(width) + spanBytes * width, colourScratchBytes(width))
}

/** At most, for each pixel of a row: a head of 16 bytes and four weights where it is a column of its own. */
const spanBytes = 40

const rowBytes = (width: number) => Math.ceil((4 * (width + 4)) / 64) * 64

/**
 * A picture at most `maxWidth` wide by area averaging, in f32, rows from the top; a mosaic becomes colour on the way
 * (whole squares where half the size is enough). Light is kept: a star's flux is the same share of the picture's.
 * Missing pixels (NaN) do not count; a pixel with nothing but them is NaN.
 * @param hand  with `shrinkScratchBytes(image.width)`; samples in its memory are read where they are
 * @param maxWidth px, at least 1; a narrower picture keeps its size
 * @throws ScienceError for an empty picture or width
 */
export function downscale(hand: Hand, image: Image, maxWidth: number): Image {
  if (!(maxWidth >= 1) || image.width < 1 || image.height < 1) {
    throw new ScienceError(`${image.width}×${image.height} px cannot be made ${maxWidth} px wide`)
  }
  // Of a mosaic only whole squares are looked at where half the size is enough.
  const halves = image.bayer !== undefined && maxWidth <= image.width >> 1 ? 2 : 1
  const width = image.width - (image.width % halves)
  const height = image.height - (image.height % halves)
  const columns = Math.min(width, Math.floor(maxWidth))
  const rows = Math.max(1, Math.round((height * columns) / width))
  return shrink(hand, image, { x: 0, y: 0, width, height, scaleX: width / columns, scaleY: height / rows })
}

/**
 * `downscale` for a part of a picture. Its last column and row average what there is where the scale does not divide
 * it. A mosaic: at scale 2 and above, where the cut begins at even pixels, each 2 × 2 square is a pixel; else the
 * colours between are filled in bilinearly first.
 */
export function shrink(hand: Hand, image: Image, cut: Cut): Image {
  if (image.bayer === undefined || image.planes !== 1 || image.width < 2 || image.height < 2) {
    const fold = foldOf(cut.width, cut.height, cut.scaleX, cut.scaleY)
    const planes = Array.from({ length: image.planes }, (_, plane) => {
      const band = bandOf(hand, image, cut, plane, { first: 0, step: 1 })
      return gather(hand, fold, [band], [[{ band: 0, offset: 0 }]])
    })
    return asImage(fold, planes.flat())
  }
  const squares = cut.scaleX >= 2 && cut.scaleY > 1.9 && cut.x % 2 === 0 && cut.y % 2 === 0
  if (!squares) return shrink(hand, inColour(hand, image, cut), { ...cut, x: 0, y: 0 })
  const fold = foldOf(cut.width >> 1, cut.height >> 1, cut.scaleX / 2, cut.scaleY / 2)
  // Upper and lower rows of the squares are summed apart, and each colour then picks its own.
  const bands = [0, 1].map(first => bandOf(hand, image, cut, 0, { first, step: 2 }))
  const places = [...'rgb'].map(colour =>
    [0, 1, 2, 3]
      .filter(place => image.bayer![place] === colour)
      .map(place => ({ band: place >> 1, offset: place % 2 })),
  )
  return asImage(fold, gather(hand, fold, bands, places))
}

function asImage({ columns, rows }: Fold, planes: readonly Float32Array[]): Image {
  let samples = planes[0]
  if (planes.length > 1) {
    samples = new Float32Array(planes.length * columns * rows)
    for (const [index, plane] of planes.entries()) samples.set(plane, index * columns * rows)
  }
  return { width: columns, height: rows, planes: planes.length, type: 'f32', samples, topDown: true }
}

/** How many places (pixels, or squares of a mosaic) there are each way, and how many the result has. */
interface Fold {
  readonly places: number
  readonly lines: number
  readonly scaleX: number
  readonly scaleY: number
  readonly columns: number
  readonly rows: number
}

function foldOf(places: number, lines: number, scaleX: number, scaleY: number): Fold {
  const many = (length: number, scale: number) => Math.max(1, Math.ceil(length / scale - 1e-6))
  return { places, lines, scaleX, scaleY, columns: many(places, scaleX), rows: many(lines, scaleY) }
}

/** Rows that are summed together, from the top of the cut. */
interface Band {
  readonly kind: 'u16' | 'f32'
  readonly length: number // samples of a row
  /** Brings rows of so many lines into the hand's memory. */
  fetch(line: number, lines: number): { readonly at: number; readonly stride: number } // bytes
}

/** @param rows  line n of the band is row `first` + n · `step` of the cut */
function bandOf(
  { views, scratch }: Hand,
  { samples, width, height, topDown }: Image,
  cut: Cut,
  plane: number,
  { first, step }: { readonly first: number; readonly step: number },
): Band {
  const short = samples instanceof Uint16Array
  const size = short ? 2 : 4
  const placeOf = (line: number) => {
    const y = cut.y + first + step * line
    return (plane * height + (topDown ? y : height - 1 - y)) * width + cut.x
  }
  const there = samples.buffer === views.u8.buffer && (short || samples instanceof Float32Array)
  const stride = (topDown ? 1 : -1) * step * width * size
  return {
    kind: short ? 'u16' : 'f32',
    length: cut.width,
    fetch(line, lines) {
      if (there) return { at: samples.byteOffset + placeOf(line) * size, stride }
      const bytes = rowBytes(cut.width)
      for (let i = 0; i < lines; i++) {
        const from = placeOf(line + i)
        const part = samples.subarray(from, from + cut.width)
        if (short) views.u16.set(part, (scratch + i * bytes) >> 1)
        else views.f32.set(part, (scratch + i * bytes) >> 2)
      }
      return { at: scratch, stride: bytes }
    },
  }
}

/** Where a plane of the result has its light from: of which bands, and at which of their samples. */
type Places = readonly { readonly band: number; readonly offset: number }[]

function gather(hand: Hand, fold: Fold, bands: readonly Band[], planes: readonly Places[]): Float32Array[] {
  const { kernels, views, scratch } = hand
  const { lines, scaleY, columns, rows } = fold
  const bytes = rowBytes(bands[0].length)
  const sumsOf = (band: number) => scratch + (mostRows + 2 * band) * bytes
  const toSums = scratch + (mostRows + 4) * bytes
  const toShares = toSums + bytes
  const spans = toShares + bytes
  writeSpans(hand, spans, fold)
  for (const index of bands.keys()) {
    // Vectors reach beyond the last sample, with a weight of nothing: what stands there must be a number.
    const end = (at: number) => (at >> 2) + bands[index].length
    for (const at of [sumsOf(index), sumsOf(index) + bytes]) views.f32.fill(0, end(at), (at + bytes + 64) >> 2)
  }
  const made = planes.map(() => new Float32Array(columns * rows))
  const stride = bands.length
  for (let row = 0; row < rows; row++) {
    const from = row * scaleY
    const to = row === rows - 1 ? lines : Math.min(lines, (row + 1) * scaleY)
    const summed = bands.map((band, index) => sumLines(hand, band, from, to, sumsOf(index), sumsOf(index) + bytes))
    for (const [plane, own] of planes.entries()) {
      for (const [nth, { band, offset }] of own.entries()) {
        const sums = sumsOf(band) + 4 * offset
        const shares = summed[band] === 'whole' ? 0 : sums + bytes
        const more = nth === 0 ? 0 : 1
        kernels.squeezeRow(sums, shares, to - from, stride, spans, columns, toSums, toShares, more)
      }
      kernels.shareRow(toSums, toShares, columns, toSums)
      made[plane].set(views.f32.subarray(toSums >> 2, (toSums >> 2) + columns), row * columns)
    }
  }
  return made
}

/** What each column of the result is made of, as squeezeRow reads it. */
function writeSpans({ views }: Hand, at: number, { places, scaleX, columns }: Fold): void {
  const { i32, f32 } = views
  let span = at >> 2
  for (let column = 0; column < columns; column++) {
    const start = column * scaleX
    const end = Math.min(places, (column + 1) * scaleX)
    const first = Math.floor(start)
    const vectors = Math.ceil((end - first) / 4)
    i32[span] = first
    i32[span + 1] = vectors
    f32[span + 2] = end - start
    for (let p = 0; p < 4 * vectors; p++) {
      f32[span + 4 + p] = Math.max(0, Math.min(first + p + 1, end) - Math.max(first + p, start))
    }
    span += 4 + 4 * vectors
  }
}

/** Sums the lines from one place to another, the first and the last by their shares. @returns whether all had data */
function sumLines(
  { kernels }: Hand,
  { kind, length, fetch }: Band,
  from: number,
  to: number,
  sums: number,
  shares: number,
): 'whole' | 'missing' {
  const start = Math.floor(from)
  const end = Math.ceil(to)
  let whole = true
  const go = (masked: boolean) => {
    for (let line = start; line < end; line += mostRows) {
      const rows = Math.min(mostRows, end - line)
      const first = Math.min(to, line + 1) - Math.max(from, line)
      const last = Math.min(to, line + rows) - (line + rows - 1)
      const more = line > start ? 1 : 0
      const { at, stride } = fetch(line, rows)
      if (kind === 'u16') kernels.addRowsU16(at, stride, rows, length, first, last, sums, more)
      else if (masked) kernels.addRowsMasked(at, stride, rows, length, first, last, sums, shares, more)
      else whole = kernels.addRowsF32(at, stride, rows, length, first, last, sums, more) === 1
    }
  }
  go(false)
  if (!whole) go(true)
  return whole ? 'whole' : 'missing'
}
