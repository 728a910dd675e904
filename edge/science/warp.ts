// Resampling: a frame's pixels brought onto the reference's grid.
import type { Samples } from './samples.js'
import { ScienceError } from './science-error.js'
import { invert, moveX, moveY, type Similarity } from './similarity.js'

/**
 * Brings one plane of a frame onto the reference grid of the same size, bilinear; `NaN` where the frame has no data,
 * and where one of the (up to four) pixels that make a value is NaN. Photometry: pixel values are interpolated, not
 * conserved; a scale s changes a star's summed flux by s².
 *
 * A shift by whole pixels, the identity among them, copies bit for bit.
 *
 * @param source  width × height pixels; not changed
 * @param out  width × height pixels, overwritten; must not share memory with `source`
 */
export function warp(
  source: Samples,
  width: number,
  height: number,
  frameToReference: Similarity,
  out: Float32Array,
): void {
  warpRows(source, width, height, frameToReference, 0, height, out)
}

/**
 * `warp` for `rows` rows of the reference from `firstRow` on, into the beginning of `out`: a frame is folded in strip
 * by strip without a second whole plane.
 * @throws ScienceError when a length does not fit or the transform has no inverse
 */
export function warpRows(
  source: Samples,
  width: number,
  height: number,
  frameToReference: Similarity,
  firstRow: number,
  rows: number,
  out: Float32Array,
): void {
  if (source.length !== width * height || out.length < rows * width) {
    throw new ScienceError(
      `${source.length} and ${out.length} pixels do not fit ${rows} rows of ${width} × ${height} px`,
    )
  }
  const back = invert(frameToReference)
  if (![back.a, back.b, back.tx, back.ty].every(Number.isFinite)) {
    throw new ScienceError(`transform ${Object.values(frameToReference).join(', ')} has no inverse`)
  }
  if (!back.mirrored && back.a === 1 && back.b === 0 && Number.isInteger(back.tx) && Number.isInteger(back.ty)) {
    shiftRows(source, width, height, back.tx, back.ty, firstRow, rows, out)
  } else {
    gatherRows(source, width, height, back, firstRow, rows, out)
  }
}

function shiftRows(
  source: Samples,
  width: number,
  height: number,
  dx: number,
  dy: number,
  firstRow: number,
  rows: number,
  out: Float32Array,
): void {
  const from = Math.min(width, Math.max(0, -dx))
  const to = Math.max(from, Math.min(width, width - dx))
  for (let row = 0; row < rows; row++) {
    const y = firstRow + row + dy
    const start = row * width
    if (y < 0 || y >= height || from === to) {
      out.fill(Number.NaN, start, start + width)
      continue
    }
    out.fill(Number.NaN, start, start + from)
    out.set(source.subarray(y * width + from + dx, y * width + to + dx), start + from)
    out.fill(Number.NaN, start + to, start + width)
  }
}

function gatherRows(
  source: Samples,
  width: number,
  height: number,
  { a, b, tx, ty, mirrored }: Similarity,
  firstRow: number,
  rows: number,
  out: Float32Array,
): void {
  const stepX = mirrored ? -a : a
  const stepY = mirrored ? -b : b
  const right = width - 1
  const bottom = height - 1
  for (let row = 0; row < rows; row++) {
    const y = firstRow + row
    const startX = tx - b * y
    const startY = ty + a * y
    for (let x = 0, i = row * width; x < width; x++, i++) {
      const sx = startX + stepX * x
      const sy = startY + stepY * x
      if (!(sx >= 0 && sy >= 0 && sx <= right && sy <= bottom)) {
        out[i] = Number.NaN
        continue
      }
      const left = Math.floor(sx)
      const top = Math.floor(sy)
      const u = sx - left
      const v = sy - top
      const at = top * width + left
      // A neighbour of no weight is not read: it may lie outside, or hold no data.
      const across = u === 0 ? 0 : 1
      const down = v === 0 ? 0 : width
      const upper = source[at] + u * (source[at + across] - source[at])
      const lower = source[at + down] + u * (source[at + down + across] - source[at + down])
      out[i] = upper + v * (lower - upper)
    }
  }
}

/**
 * What bilinear resampling does to the noise that is left in differences of neighbouring `blockPx`-square blocks:
 * variance after over variance before, 1 for a whole-pixel shift, for white noise in the source. Exact for the
 * transform, averaged over `samples`² places of the frame, since with a turn the weights change from place to place.
 */
export function resampledVariance(
  frameToReference: Similarity,
  width: number,
  height: number,
  blockPx: number,
  samples = 12,
): number {
  const back = invert(frameToReference)
  const span = 2 * blockPx
  const reach = Math.ceil(1.5 * span * (Math.abs(back.a) + Math.abs(back.b))) + 4
  const weights = new Float64Array(reach * reach)
  let sum = 0
  for (let place = 0; place < samples * samples; place++) {
    const x0 = Math.floor((((place % samples) + 0.5) / samples) * Math.max(1, width - span))
    const y0 = Math.floor(((Math.floor(place / samples) + 0.5) / samples) * Math.max(1, height - blockPx))
    sum += differenceVariance(back, x0, y0, blockPx, weights, reach)
  }
  return sum / (samples * samples)
}

/**
 * Sum of squared weights of (left block − right block) over the source's pixels, relative to that without
 * resampling.
 */
function differenceVariance(
  back: Similarity,
  x0: number,
  y0: number,
  blockPx: number,
  weights: Float64Array,
  reach: number,
): number {
  weights.fill(0)
  const middleX = moveX(back, x0 + blockPx - 0.5, y0 + blockPx / 2 - 0.5)
  const middleY = moveY(back, x0 + blockPx - 0.5, y0 + blockPx / 2 - 0.5)
  const originX = Math.floor(middleX - reach / 2)
  const originY = Math.floor(middleY - reach / 2)
  for (let y = y0; y < y0 + blockPx; y++) {
    for (let x = x0; x < x0 + 2 * blockPx; x++) {
      const sign = x < x0 + blockPx ? 1 : -1
      const sx = moveX(back, x, y) - originX
      const sy = moveY(back, x, y) - originY
      const u = sx - Math.floor(sx)
      const v = sy - Math.floor(sy)
      const at = Math.floor(sy) * reach + Math.floor(sx)
      weights[at] += sign * (1 - u) * (1 - v)
      weights[at + 1] += sign * u * (1 - v)
      weights[at + reach] += sign * (1 - u) * v
      weights[at + reach + 1] += sign * u * v
    }
  }
  let squares = 0
  for (const weight of weights) squares += weight * weight
  return squares / (2 * blockPx * blockPx)
}
