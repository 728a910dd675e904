// Frames made small for a page, and parts of them for tiles, before anything else is done to them: what is looked at
// decides what is computed.
import { shiftBayer } from './bayer.js'
import { bilinearRows } from './debayer.js'
import type { BayerPattern, Image, Samples } from './samples.js'
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

/** Bytes of scratch that a hand must have to make pictures of frames so wide smaller. */
export function shrinkScratchBytes(width: number): number {
  return 8 * rowBytes(width) // a row on its way, two rows of sums and shares, three of the result's
}

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
 * `downscale` for a part of a picture. Its last column and row average what there is where the scale does not divide it.
 * A mosaic: at scale 2 and above, where the cut begins at even pixels, each 2 × 2 square is a pixel; else the colours
 * between are filled in bilinearly first.
 */
export function shrink(hand: Hand, image: Image, cut: Cut): Image {
  if (image.bayer === undefined || image.planes !== 1 || image.width < 2 || image.height < 2) {
    const places = fold(cut.width, cut.height, cut.scaleX, cut.scaleY)
    return gather(
      hand,
      places,
      Array.from({ length: image.planes }, (_, plane) => plainLayer(hand, image, cut, plane)),
    )
  }
  const squares = cut.scaleX >= 2 && cut.scaleY > 1.9 && cut.x % 2 === 0 && cut.y % 2 === 0
  if (!squares) return shrink(hand, inColour(image, cut), { ...cut, x: 0, y: 0 })
  const places = fold(cut.width >> 1, cut.height >> 1, cut.scaleX / 2, cut.scaleY / 2)
  return gather(
    hand,
    places,
    [...'rgb'].map(colour => mosaicLayer(hand, image, cut, image.bayer!, colour)),
  )
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

function fold(places: number, lines: number, scaleX: number, scaleY: number): Fold {
  const many = (length: number, scale: number) => Math.max(1, Math.ceil(length / scale - 1e-6))
  return { places, lines, scaleX, scaleY, columns: many(places, scaleX), rows: many(lines, scaleY) }
}

/** Rows of one colour: which stored rows make up a line, and at which of their samples the places stand. */
interface Layer {
  /** Rows of samples that make up line `line`, and where in each the colour stands. */
  parts(line: number): readonly { readonly row: number; readonly offset: number }[]
  /** Samples from one place to the next. */
  readonly stride: number
  /** Brings a row into the hand's memory. @returns its byte offset */
  fetch(row: number): number
  readonly kind: 'u16' | 'f32'
  /** Samples of a row. */
  readonly length: number
}

function plainLayer(hand: Hand, image: Image, cut: Cut, plane: number): Layer {
  return {
    parts: line => [{ row: line, offset: 0 }],
    stride: 1,
    length: cut.width,
    kind: image.samples instanceof Uint16Array ? 'u16' : 'f32',
    fetch: fetcher(hand, image, cut, plane),
  }
}

function mosaicLayer(hand: Hand, image: Image, cut: Cut, pattern: BayerPattern, colour: string): Layer {
  const places = [0, 1, 2, 3].filter(place => pattern[place] === colour)
  return {
    parts: line => places.map(place => ({ row: 2 * line + (place >> 1), offset: place % 2 })),
    stride: 2,
    length: cut.width,
    kind: image.samples instanceof Uint16Array ? 'u16' : 'f32',
    fetch: fetcher(hand, image, cut, 0),
  }
}

function fetcher({ views, scratch }: Hand, { samples, width, height, topDown }: Image, cut: Cut, plane: number) {
  const kept = samples.buffer === views.u8.buffer && (samples instanceof Float32Array || samples instanceof Uint16Array)
  return (row: number): number => {
    const y = cut.y + row
    const at = (plane * height + (topDown ? y : height - 1 - y)) * width + cut.x
    if (kept) return samples.byteOffset + at * samples.BYTES_PER_ELEMENT
    const part = samples.subarray(at, at + cut.width)
    if (samples instanceof Uint16Array) views.u16.set(part, scratch >> 1)
    else views.f32.set(part, scratch >> 2)
    return scratch
  }
}

function gather(hand: Hand, { places, lines, scaleX, scaleY, columns, rows }: Fold, layers: readonly Layer[]): Image {
  const { kernels, views, scratch } = hand
  const samples = new Float32Array(layers.length * columns * rows)
  for (const [plane, layer] of layers.entries()) {
    const bytes = rowBytes(layer.length)
    // Rows of a mosaic that hold the colour at different places are summed apart.
    const sumsOf = (offset: number) => scratch + (1 + 2 * offset) * bytes
    const toSums = scratch + 5 * bytes
    const toShares = scratch + 6 * bytes
    const offsets = [...new Set(layer.parts(0).map(({ offset }) => offset))]
    const clear = () => {
      for (const offset of offsets) views.f32.fill(0, sumsOf(offset) >> 2, (sumsOf(offset) + 2 * bytes) >> 2)
    }
    clear()
    let line = 0
    for (let out = 0; out < rows; out++) {
      const from = out * scaleY
      const to = out === rows - 1 ? lines : Math.min(lines, (out + 1) * scaleY)
      const shares = [0, 0]
      for (line = Math.floor(from); line < to; line++) {
        const share = Math.min(to, line + 1) - Math.max(from, line)
        for (const { row, offset } of layer.parts(line)) {
          const at = layer.fetch(row)
          const sums = sumsOf(offset)
          if (layer.kind === 'u16') kernels.addRowU16(at, layer.length, share, sums)
          else kernels.addRowF32(at, layer.length, share, sums, sums + bytes)
          shares[offset] += share
        }
      }
      views.f32.fill(0, toSums >> 2, (toSums + 2 * bytes) >> 2)
      for (const offset of offsets) {
        const sums = sumsOf(offset) + 4 * offset
        const seen = layer.kind === 'u16' ? 0 : sums + bytes
        kernels.squeezeRow(sums, seen, shares[offset], layer.stride, places, scaleX, columns, toSums, toShares)
      }
      kernels.shareRow(toSums, toShares, columns, toSums)
      samples.set(views.f32.subarray(toSums >> 2, (toSums >> 2) + columns), (plane * rows + out) * columns)
      clear()
    }
  }
  return { width: columns, height: rows, planes: layers.length, type: 'f32', samples, topDown: true }
}

/** A part of a mosaic in full colour, as if the whole picture had been made so. */
function inColour(image: Image, { x, y, width, height }: Cut): Image {
  // Two pixels around the cut, or as many as there are: neighbours for every colour, and mirrored edges at the edges.
  const left = Math.min(2, x)
  const top = Math.min(2, y)
  const wide = Math.min(image.width, x + width + 2) - (x - left)
  const high = Math.min(image.height, y + height + 2) - (y - top)
  const mosaic: Samples = new Float32Array(wide * high)
  for (let row = 0; row < high; row++) {
    const shown = y - top + row
    const at = (image.topDown ? shown : image.height - 1 - shown) * image.width + x - left
    mosaic.set(image.samples.subarray(at, at + wide), row * wide)
  }
  const bayer = shiftBayer(image.bayer!, x - left, y - top)
  const source = bilinearRows({
    width: wide,
    height: high,
    planes: 1,
    type: 'f32',
    samples: mosaic,
    bayer,
    topDown: true,
  })
  const samples = new Float32Array(3 * width * height)
  const rows = [0, 1, 2].map(() => new Float32Array(wide))
  for (let row = 0; row < height; row++) {
    source.read(top + row, rows)
    for (const [plane, values] of rows.entries()) {
      samples.set(values.subarray(left, left + width), (plane * height + row) * width)
    }
  }
  return { width, height, planes: 3, type: 'f32', samples, topDown: true }
}
