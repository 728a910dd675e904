// Resampling: pixels of a frame at the places that the reference's grid asks for, bilinear or sharper.
//
// The answer does not hang on how a grid is cut up: places are counted from anchors every 512 columns. At an anchor the
// place is exact (f64); from there it goes on in f32, as a whole number (turn · k) and a small rest, so that near the
// identity, its half turn and its mirror long rows of neighbours have neighbours as their sources. What f32 rounds off
// such a rest is 3e-5 px at the most.
import type { Views } from './memory.js'

const anchorPx = 512

/** Steeper rows leave a row of the source too soon for runs. */
const steepest = 1 / 16

const far = 1e9 // px; beyond it whole numbers would not fit 31 bits

/** One coordinate of the source along the columns of an anchor. */
interface Way {
  readonly whole: number // px at the anchor
  readonly rest: number // px, 0 … 1
  readonly turn: number // px per column: −1, 0 or 1
  readonly step: number // px per column beside it
  readonly flush: boolean // on whole pixels all along: the neighbour has no weight and is not read
}

function wayFrom(start: number, slope: number): Way {
  const place = Math.min(Math.max(start, -far), far)
  const whole = Math.floor(place)
  const rest = Math.fround(place - whole)
  const turn = slope > 0.5 ? 1 : slope < -0.5 ? -1 : 0
  const step = Math.fround(slope - turn)
  const end = Math.fround(rest + Math.fround(step * (anchorPx - 1)))
  return { whole, rest, turn, step, flush: end === rest && (rest === 0 || rest === 1) }
}

/** Of column `k` on a way. */
interface Place {
  at: number // px, whole
  share: number // of the next pixel, 0 … 1 but for what f32 rounds
  k: number
  first: number // the share that column 0 would have, counted from the same whole pixel
  way: Way
}

function placeOn(way: Way, k: number): Place {
  const beside = Math.fround(way.step * k)
  const whole = Math.floor(Math.fround(way.rest + beside))
  const first = Math.fround(way.rest - whole)
  return { at: way.whole + way.turn * k + whole, share: Math.fround(first + beside), k, first, way }
}

type Sample = (at: number, across: number, down: number, x: Place, y: Place) => number

/**
 * Fills `rows` × `columns` pixels of the reference's grid from column `x0` and row `y0` on, bilinear: NaN where the
 * frame has no pixels, and where one of the pixels that make a value has none. Along an axis on which all 512 places of
 * an anchor are whole pixels one pixel makes a value.
 * @param source  byte offset of the frame's pixel (0, 0), or where it would be: only what the places ask for is read
 * @param stride  pixels from one row of the source to the next
 * @param width  of the frame, as `height`: where data end
 * @param out  f32, written; `outStride` pixels from row to row
 * @param x0  a multiple of 64
 * @param map  byte offset of six f64: source x = m0 x + m1 y + m2, source y = m3 x + m4 y + m5
 * @param scale  with `offset`, what becomes of a value: value · scale + offset
 */
export function warpLinear(
  views: Views,
  source: number,
  stride: number,
  width: number,
  height: number,
  out: number,
  outStride: number,
  x0: number,
  y0: number,
  columns: number,
  rows: number,
  map: number,
  scale: number,
  offset: number,
): void {
  const grid = { source, stride, width, height, out, outStride, x0, y0, columns, rows, map }
  warpWith(views, grid, scale, offset, linear(views.f32, stride))
}

/**
 * `warpLinear` with Catmull and Rom's cubic over 4 × 4 pixels, which keeps stars sharper; bilinear where the 16 pixels
 * are not all there. Columns are made first, each from its four rows, then the pixel from its four columns. Near the
 * identity, its half turn and its mirror a column is made where the line through the row's places crosses it (Catmull
 * and Smith, SIGGRAPH 1980, 279), so that neighbours share their columns; else where the pixel itself lies.
 */
export function warpCubic(
  views: Views,
  source: number,
  stride: number,
  width: number,
  height: number,
  out: number,
  outStride: number,
  x0: number,
  y0: number,
  columns: number,
  rows: number,
  map: number,
  scale: number,
  offset: number,
): void {
  const { f32 } = views
  const plain = linear(f32, stride)
  const grid = { source, stride, width, height, out, outStride, x0, y0, columns, rows, map }
  warpWith(views, grid, scale, offset, (at, across, down, x, y) => {
    if (x.at < 1 || y.at < 1 || x.at > width - 3 || y.at > height - 3) return plain(at, across, down, x, y)
    const value = cubic(f32, at, stride, x.share, crossings(x, y))
    return Number.isNaN(value) ? plain(at, across, down, x, y) : value
  })
}

interface Grid {
  readonly source: number
  readonly stride: number
  readonly width: number
  readonly height: number
  readonly out: number
  readonly outStride: number
  readonly x0: number
  readonly y0: number
  readonly columns: number
  readonly rows: number
  readonly map: number
}

function warpWith({ f32, f64 }: Views, grid: Grid, scale: number, offset: number, sample: Sample): void {
  const { source, stride, width, height, out, outStride, x0, y0, columns, rows, map } = grid
  const m = f64.subarray(map >> 3, (map >> 3) + 6)
  const factor = Math.fround(scale)
  const addend = Math.fround(offset)
  const from = source / 4
  for (let row = 0; row < rows; row++) {
    const to = (out >> 2) + row * outStride
    for (let anchor = x0 - (x0 % anchorPx); anchor < x0 + columns; anchor += anchorPx) {
      const wayX = wayFrom(m[0] * anchor + m[1] * (y0 + row) + m[2], m[0])
      const wayY = wayFrom(m[3] * anchor + m[4] * (y0 + row) + m[5], m[3])
      const across = wayX.flush ? 0 : 1
      const down = wayY.flush ? 0 : 1
      const end = Math.min(anchorPx, x0 + columns - anchor)
      for (let k = Math.max(0, x0 - anchor); k < end; k++) {
        const x = placeOn(wayX, k)
        const y = placeOn(wayY, k)
        const inside = x.at >= 0 && y.at >= 0 && x.at + across < width && y.at + down < height
        const value = inside ? sample(from + y.at * stride + x.at, across, down, x, y) : Number.NaN
        f32[to + anchor + k - x0] = Math.fround(value * factor) + addend
      }
    }
  }
}

function linear(f32: Float32Array, stride: number): Sample {
  return (at, across, down, x, y) => {
    const below = at + down * stride
    const upper = mix(f32[at], f32[at + across], x.share)
    return mix(upper, mix(f32[below], f32[below + across], x.share), y.share)
  }
}

function mix(a: number, b: number, share: number): number {
  return Math.fround(a + Math.fround(share * Math.fround(b - a)))
}

/** How far down each of the four columns is made. */
function crossings(x: Place, y: Place): readonly number[] {
  const { turn, step } = x.way
  const gentle = turn !== 0 && y.way.turn === 0 && Math.abs(step) <= steepest && Math.abs(y.way.step) <= steepest
  if (!gentle) return [y.share, y.share, y.share, y.share]
  const slant = Math.fround(y.way.step / Math.fround(turn + step))
  return [-1, 0, 1, 2].map(dx => {
    const k = x.k + turn * dx
    const u = Math.fround(x.first + Math.fround(step * k))
    const v = Math.fround(y.first + Math.fround(y.way.step * k))
    return Math.fround(v - Math.fround(slant * u))
  })
}

/** Columns first, each from its four rows, then across. Keys, IEEE ASSP 29 (1981) 1153, with a = −1/2. */
function cubic(f32: Float32Array, at: number, stride: number, u: number, down: readonly number[]): number {
  const columns = [-1, 0, 1, 2].map(dx => {
    const weights = cubicWeights(down[dx + 1])
    const [a, b, c, d] = [-1, 0, 1, 2].map(dy => Math.fround(f32[at + dy * stride + dx] * weights[dy + 1]))
    return Math.fround(Math.fround(a + b) + Math.fround(c + d))
  })
  const [a, b, c, d] = cubicWeights(u).map((weight, i) => Math.fround(columns[i] * weight))
  return Math.fround(Math.fround(a + b) + Math.fround(c + d))
}

function cubicWeights(u: number): readonly number[] {
  const f = Math.fround
  const half = f(u * 0.5)
  const square = f(u * u)
  return [
    f(u * f(f(u * f(1 - half)) - 0.5)),
    f(1 + f(square * f(f(3 * half) - 2.5))),
    f(u * f(f(u * f(2 - f(3 * half))) + 0.5)),
    f(square * f(half - 0.5)),
  ]
}
