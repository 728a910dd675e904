// Resampling. See ../warp.ts, which says what the answer is.
import { gatherCubic, oneOfRun, runCubic, runCubicBack, setLine, singleCubic } from './catmull-rom'
import { gatherLinear, runLinear, runLinearBack } from './linear'

const anchorPx: i32 = 512
const spanPx: i32 = 64
const far: f64 = 1e9
/** Steeper rows leave a row of the source too soon for runs. */
const steepest: f32 = 1.0 / 16

// One thread has one instance, and these are its registers: the order …
let source: usize = 0
let stride: i32 = 0
let width: i32 = 0
let height: i32 = 0
let scale: f32 = 0
let offset: f32 = 0
let sharp: bool = false
let turnX: i32 = 0
let turnY: i32 = 0
let stepX: f32 = 0
let stepY: f32 = 0
// … and where the anchor lies.
let wholeX: i32 = 0
let wholeY: i32 = 0
let restX: f32 = 0
let restY: f32 = 0
let across: i32 = 0
let down: i32 = 0

export function warpLinear(
  sourceAt: usize,
  sourceStride: i32,
  sourceWidth: i32,
  sourceHeight: i32,
  out: usize,
  outStride: i32,
  x0: i32,
  y0: i32,
  columns: i32,
  rows: i32,
  map: usize,
  factor: f32,
  addend: f32,
): void {
  sharp = false
  take(sourceAt, sourceStride, sourceWidth, sourceHeight, factor, addend)
  warpRows(out, outStride, x0, y0, columns, rows, map)
}

export function warpCubic(
  sourceAt: usize,
  sourceStride: i32,
  sourceWidth: i32,
  sourceHeight: i32,
  out: usize,
  outStride: i32,
  x0: i32,
  y0: i32,
  columns: i32,
  rows: i32,
  map: usize,
  factor: f32,
  addend: f32,
): void {
  sharp = true
  take(sourceAt, sourceStride, sourceWidth, sourceHeight, factor, addend)
  warpRows(out, outStride, x0, y0, columns, rows, map)
}

function take(at: usize, rowPx: i32, columns: i32, rows: i32, factor: f32, addend: f32): void {
  source = at
  stride = rowPx
  width = columns
  height = rows
  scale = factor
  offset = addend
}

function warpRows(
  out: usize,
  outStride: i32,
  x0: i32,
  y0: i32,
  columns: i32,
  rows: i32,
  map: usize,
): void {
  const m0 = load<f64>(map)
  const m1 = load<f64>(map, 8)
  const m2 = load<f64>(map, 16)
  const m3 = load<f64>(map, 24)
  const m4 = load<f64>(map, 32)
  const m5 = load<f64>(map, 40)
  turnX = turnOf(m0)
  turnY = turnOf(m3)
  stepX = <f32>(m0 - <f64>turnX)
  stepY = <f32>(m3 - <f64>turnY)
  const straight = turnY === 0 && turnX !== 0
  const gentle = straight && abs<f32>(stepX) <= steepest && abs<f32>(stepY) <= steepest
  // The furthest row of the source that a row of the picture needs is the one that those before did not.
  const ahead: f64 = sharp ? 2 : 1
  const end = x0 + columns
  for (let row = 0; row < rows; row++) {
    const y = <f64>(y0 + row)
    const startX = m1 * y + m2
    const startY = m4 * y + m5
    if (gentle) {
      const left = m3 * <f64>x0 + startY
      const right = m3 * <f64>end + startY
      const furthest = m4 > 0 ? max<f64>(left, right) + ahead : min<f64>(left, right) + 1 - ahead
      touchRow(furthest, m0 * <f64>x0 + startX, m0 * <f64>end + startX)
    }
    for (let x = x0; x < end; x = min<i32>(end, (x | (anchorPx - 1)) + 1)) {
      const anchor = x & ~(anchorPx - 1)
      setAnchor(m0 * <f64>anchor + startX, m3 * <f64>anchor + startY)
      // Where the pixel of the anchor itself would be.
      const to = out + ((<usize>(row * outStride + anchor - x0)) << 2)
      const stop = min<i32>(anchorPx, end - anchor)
      if (gentle) warpRuns(to, x - anchor, stop)
      else for (let k = x - anchor; k < stop; k += spanPx) warpSpan(to, k, min<i32>(k + spanPx, stop))
    }
  }
}

function turnOf(slope: f64): i32 {
  return slope > 0.5 ? 1 : slope < -0.5 ? -1 : 0
}

function within(place: f64): f64 {
  return min<f64>(max<f64>(place, -far), far)
}

function setAnchor(x: f64, y: f64): void {
  const placeX = within(x)
  const placeY = within(y)
  const floorX = floor<f64>(placeX)
  const floorY = floor<f64>(placeY)
  wholeX = <i32>floorX
  wholeY = <i32>floorY
  restX = <f32>(placeX - floorX)
  restY = <f32>(placeY - floorY)
  across = isFlush(restX, stepX) ? 0 : 1
  down = isFlush(restY, stepY) ? 0 : 1
}

/** On whole pixels all along. */
function isFlush(rest: f32, step: f32): bool {
  return rest + step * <f32>(anchorPx - 1) === rest && (rest === 0 || rest === 1)
}

/** The source's column of column `k`, and its row. */
function columnAt(k: i32): i32 {
  return wholeX + turnX * k + <i32>floor<f32>(restX + stepX * <f32>k)
}

function rowAt(k: i32): i32 {
  return wholeY + turnY * k + <i32>floor<f32>(restY + stepY * <f32>k)
}

/** The first column after `k` whose whole pixel is not `less` any more, at most `end`: exactly, as places are rounded. */
function changeAfter(rest: f32, step: f32, less: f32, k: i32, end: i32): i32 {
  if (step === 0) return end
  const guess = ((step > 0 ? less + 1 : less) - rest) / step
  let next = <i32>max<f32>(<f32>(k + 1), min<f32>(guess, <f32>end))
  while (next > k + 1 && floor<f32>(rest + step * <f32>(next - 1)) !== less) next--
  while (next < end && floor<f32>(rest + step * <f32>next) === less) next++
  return next
}

function fillNaN(to: usize, from: i32, end: i32): void {
  for (let k = from; k < end; k++) store<f32>(to + ((<usize>k) << 2), f32.NaN)
}

/** `value` between `low` and `high`. */
function bounded(value: i32, low: i32, high: i32): i32 {
  return max<i32>(low, min<i32>(value, high))
}

let touched: i32 = 0

/**
 * Asks for the cache lines of a row of the source between two columns, all at once: one after the other they would be
 * waited for.
 */
function touchRow(y: f64, x: f64, otherX: f64): void {
  const row = <i32>within(y)
  if (row < 0 || row >= height) return
  const first = source + ((<usize>(row * stride + bounded(<i32>within(min<f64>(x, otherX)), 0, width - 1))) << 2)
  const last = source + ((<usize>(row * stride + bounded(<i32>within(max<f64>(x, otherX)), 0, width - 1))) << 2)
  let all = 0
  for (let at = first; at <= last; at += 64) all |= load<i32>(at)
  touched = all
}

/** Columns `from` … `end` of an anchor in runs whose sources are neighbours in one row. */
function warpRuns(to: usize, from: i32, end: i32): void {
  const rowBytes = (<usize>stride) << 2
  for (let k = from, stop = 0; k < end; k = stop) {
    const lessX = floor<f32>(restX + stepX * <f32>k)
    const lessY = floor<f32>(restY + stepY * <f32>k)
    stop = changeAfter(restX, stepX, lessX, k, changeAfter(restY, stepY, lessY, k, end))
    const atY = wholeY + <i32>lessY
    if (atY < 0 || atY + down >= height) {
      fillNaN(to, k, stop)
      continue
    }
    // The source's column of column k is atX + turnX · k.
    const atX = wholeX + <i32>lessX
    const first = bounded(turnX > 0 ? -atX : atX - (width - 1 - across), k, stop)
    const last = bounded(turnX > 0 ? width - across - atX : atX + 1, first, stop)
    fillNaN(to, k, first)
    fillNaN(to, last, stop)
    const p = source + ((<usize>(atY * stride + atX)) << 2)
    const shareX = restX - lessX
    const shareY = restY - lessY
    let sharpFrom = last
    let sharpEnd = last
    if (sharp && atY >= 1 && atY <= height - 3) {
      sharpFrom = bounded(turnX > 0 ? 1 - atX : atX - (width - 3), first, last)
      sharpEnd = bounded(turnX > 0 ? width - 2 - atX : atX, sharpFrom, last)
      setLine(rowBytes, shareX, stepX, shareY, stepY, turnX)
      for (let next = sharpFrom; next < sharpEnd; ) {
        next =
          turnX > 0
            ? runCubic(to, p, next, sharpEnd, scale, offset)
            : runCubicBack(to, p, next, sharpEnd, scale, offset)
        // It stops before columns that lack data, and before a rest of less than four.
        for (const few = min<i32>(next + 4, sharpEnd); next < few; next++) {
          let value = oneOfRun(p, turnX, next)
          if (F32.isNaN(value)) {
            const at = p + ((<usize>(turnX * next)) << 2)
            value = plainOne(at, shareX + stepX * <f32>next, shareY + stepY * <f32>next)
          }
          store<f32>(to + ((<usize>next) << 2), value * scale + offset)
        }
      }
    }
    runPlain(to, p, first, sharpFrom, shareX, shareY)
    runPlain(to, p, sharpEnd, last, shareX, shareY)
  }
}

/** `p` is the place of column 0's source, `shareX` and `shareY` its shares, were the run to begin there. */
function runPlain(to: usize, p: usize, from: i32, end: i32, shareX: f32, shareY: f32): void {
  if (end - from >= 4) {
    const right = (<usize>across) << 2
    const below = (<usize>(down * stride)) << 2
    if (turnX > 0) runLinear(to, p, right, below, from, end, shareX, stepX, shareY, stepY, scale, offset)
    else runLinearBack(to, p, right, below, from, end, shareX, stepX, shareY, stepY, scale, offset)
    return
  }
  for (let k = from; k < end; k++) {
    const value = plainOne(p + ((<usize>(turnX * k)) << 2), shareX + stepX * <f32>k, shareY + stepY * <f32>k)
    store<f32>(to + ((<usize>k) << 2), value * scale + offset)
  }
}

/** Columns `from` … `end` of an anchor, at most 64, whose sources lie anywhere. */
function warpSpan(to: usize, from: i32, end: i32): void {
  // Places move one way along a row, so that the ends tell of all between.
  const firstX = columnAt(from)
  const lastX = columnAt(end - 1)
  const firstY = rowAt(from)
  const lastY = rowAt(end - 1)
  const lowX = min<i32>(firstX, lastX)
  const highX = max<i32>(firstX, lastX)
  const lowY = min<i32>(firstY, lastY)
  const highY = max<i32>(firstY, lastY)
  if (highX < 0 || highY < 0 || lowX + across >= width || lowY + down >= height) {
    fillNaN(to, from, end)
    return
  }
  const inside = sharp
    ? lowX >= 1 && lowY >= 1 && highX <= width - 3 && highY <= height - 3
    : lowX >= 0 && lowY >= 0 && highX + across < width && highY + down < height
  const base = source + ((<usize>(wholeY * stride + wholeX)) << 2)
  const below = (<usize>(down * stride)) << 2
  const walk = turnX + turnY * stride
  const whole = from + ((end - from) & ~3)
  for (let k = from; k < end; ) {
    if (inside && k < whole) {
      k = sharp
        ? gatherCubic(to, base, walk, stride, k, whole, restX, stepX, restY, stepY, scale, offset)
        : gatherLinear(to, base, walk, stride, across, below, k, whole, restX, stepX, restY, stepY, scale, offset)
    }
    // Beside missing pixels the cubic stops for four.
    for (const few = min<i32>(inside ? k + 4 : end, end); k < few; k++) {
      store<f32>(to + ((<usize>k) << 2), single(k) * scale + offset)
    }
  }
}

/** One pixel at the frame's edges, beside missing ones, and at the end of a row. */
function single(k: i32): f32 {
  const x = columnAt(k)
  const y = rowAt(k)
  if (x < 0 || y < 0 || x + across >= width || y + down >= height) return f32.NaN
  const u = restX - floor<f32>(restX + stepX * <f32>k) + stepX * <f32>k
  const v = restY - floor<f32>(restY + stepY * <f32>k) + stepY * <f32>k
  const at = source + ((<usize>(y * stride + x)) << 2)
  return sharp && x >= 1 && y >= 1 && x <= width - 3 && y <= height - 3 ? sharpOne(at, u, v) : plainOne(at, u, v)
}

function sharpOne(at: usize, u: f32, v: f32): f32 {
  const value = singleCubic(at, (<usize>stride) << 2, u, v)
  return F32.isNaN(value) ? plainOne(at, u, v) : value
}

function plainOne(at: usize, u: f32, v: f32): f32 {
  const right = (<usize>across) << 2
  const below = at + ((<usize>(down * stride)) << 2)
  const upper = mix(load<f32>(at), load<f32>(at + right), u)
  return mix(upper, mix(load<f32>(below), load<f32>(below + right), u), v)
}

function mix(a: f32, b: f32, share: f32): f32 {
  return a + share * (b - a)
}
