// Frames made small for a page, before anything else is done to them: what is looked at decides what is computed.
import { bilinearRows, plainRows, type RowSource, superpixelRows } from './debayer.js'
import type { Image } from './samples.js'
import { ScienceError } from './science-error.js'

/**
 * A picture at most `maxWidth` wide by area averaging, in f32, rows from the top; a mosaic becomes colour on the way
 * (whole squares where half the size is enough). Light is kept: a star's flux is the same share of the picture's.
 * Missing pixels (NaN) do not count; a pixel with nothing but them is NaN. Memory beyond the result: a few rows.
 * @param maxWidth px, at least 1; a narrower picture keeps its size
 * @throws ScienceError for an empty picture or width
 */
export function downscale(image: Image, maxWidth: number): Image {
  if (!(maxWidth >= 1) || image.width < 1 || image.height < 1) {
    throw new ScienceError(`${image.width}×${image.height} px cannot be made ${maxWidth} px wide`)
  }
  const source = sourceOf(image, maxWidth)
  const { planes } = source
  const width = Math.min(source.width, Math.floor(maxWidth))
  const height = Math.max(1, Math.round((source.height * width) / source.width))
  const samples = new Float32Array(planes * width * height)
  const columns = spansOf(source.width, width)
  const scale = source.height / height
  const rows = Array.from({ length: planes }, () => new Float32Array(source.width))
  const folds = Array.from({ length: planes }, () => foldInto(width, columns))
  let out = 0
  for (let y = 0; y < source.height; y++) {
    source.read(image.topDown ? y : source.height - 1 - y, rows)
    for (let plane = 0; plane < planes; plane++) folds[plane].squeeze(rows[plane])
    // A source row belongs to one row of the result, or to two across a border.
    let from = y
    while (from < y + 1 && out < height) {
      const border = out === height - 1 ? source.height : (out + 1) * scale
      const to = Math.min(y + 1, border)
      for (const fold of folds) fold.add(to - from)
      if (to >= border) {
        for (let plane = 0; plane < planes; plane++) folds[plane].flush(samples, (plane * height + out) * width)
        out++
      }
      from = to
    }
  }
  return { width, height, planes, type: 'f32', samples, topDown: true }
}

function sourceOf(image: Image, maxWidth: number): RowSource {
  if (image.bayer === undefined || image.planes !== 1 || image.width < 2 || image.height < 2) return plainRows(image)
  return maxWidth <= image.width >> 1 ? superpixelRows(image) : bilinearRows(image)
}

/** Which source columns make up each of the result's, and how much of the first and last of them. */
interface Spans {
  readonly first: Int32Array
  readonly last: Int32Array
  readonly firstWeight: Float64Array
  readonly lastWeight: Float64Array // 0 when first and last are the same
}

function spansOf(from: number, to: number): Spans {
  const first = new Int32Array(to)
  const last = new Int32Array(to)
  const firstWeight = new Float64Array(to)
  const lastWeight = new Float64Array(to)
  const scale = from / to
  for (let i = 0; i < to; i++) {
    const start = i * scale
    const end = i === to - 1 ? from : (i + 1) * scale
    first[i] = Math.floor(start)
    last[i] = Math.min(from - 1, Math.ceil(end) - 1)
    const single = first[i] === last[i]
    firstWeight[i] = single ? end - start : first[i] + 1 - start
    lastWeight[i] = single ? 0 : end - last[i]
  }
  return { first, last, firstWeight, lastWeight }
}

interface Fold {
  /** Sums a source row into the result's columns. */
  squeeze(row: Float32Array): void
  /** Adds that share (0..1) of the squeezed row to the row being made. */
  add(share: number): void
  /** Writes the row being made and begins the next. */
  flush(samples: Float32Array, at: number): void
}

function foldInto(width: number, { first, last, firstWeight, lastWeight }: Spans): Fold {
  const rowSum = new Float64Array(width)
  const rowWeight = new Float64Array(width)
  const sum = new Float64Array(width)
  const weight = new Float64Array(width)
  return {
    squeeze(row) {
      for (let x = 0; x < width; x++) {
        const end = last[x]
        let total = 0
        let seen = 0
        let share = firstWeight[x]
        for (let i = first[x]; i <= end; i++) {
          const value = row[i]
          if (value - value === 0) {
            total += value * share
            seen += share
          }
          share = i + 1 === end ? lastWeight[x] : 1
        }
        rowSum[x] = total
        rowWeight[x] = seen
      }
    },
    add(share) {
      for (let x = 0; x < width; x++) {
        sum[x] += rowSum[x] * share
        weight[x] += rowWeight[x] * share
      }
    },
    flush(samples, at) {
      for (let x = 0; x < width; x++) samples[at + x] = weight[x] > 0 ? sum[x] / weight[x] : Number.NaN
      sum.fill(0)
      weight.fill(0)
    },
  }
}
