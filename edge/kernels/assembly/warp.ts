// Resampling. See ../warp.ts, which says what the answer is.
import { gatherCubic, runCubic, runCubicBack, singleCubic } from './catmull-rom'
import { gatherLinear, runLinear, runLinearBack } from './linear'

const anchorPx: i32 = 512
const spanPx: i32 = 64
const far: f64 = 1e9
/** Steeper rows leave a row of the source too soon for runs. */
const steepest: f32 = 1.0 / 16

export function warpLinear(
  source: usize,
  stride: i32,
  width: i32,
  height: i32,
  out: usize,
  outStride: i32,
  x0: i32,
  y0: i32,
  columns: i32,
  rows: i32,
  map: usize,
  scale: f32,
  offset: f32,
): void {
  warpBlocks(false, source, stride, width, height, out, outStride, x0, y0, columns, rows, map, scale, offset)
}

export function warpCubic(
  source: usize,
  stride: i32,
  width: i32,
  height: i32,
  out: usize,
  outStride: i32,
  x0: i32,
  y0: i32,
  columns: i32,
  rows: i32,
  map: usize,
  scale: f32,
  offset: f32,
): void {
  warpBlocks(true, source, stride, width, height, out, outStride, x0, y0, columns, rows, map, scale, offset)
}

function turnOf(slope: f64): i32 {
  return slope > 0.5 ? 1 : slope < -0.5 ? -1 : 0
}

function within(place: f64): f64 {
  return min<f64>(max<f64>(place, -far), far)
}

/** On whole pixels all along. */
function isFlush(rest: f32, step: f32): bool {
  return rest + step * <f32>(anchorPx - 1) === rest && (rest === 0 || rest === 1)
}

function wholeOf(rest: f32, step: f32, k: i32): i32 {
  return <i32>floor<f32>(rest + step * <f32>k)
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

function warpBlocks(
  sharp: bool,
  source: usize,
  stride: i32,
  width: i32,
  height: i32,
  out: usize,
  outStride: i32,
  x0: i32,
  y0: i32,
  columns: i32,
  rows: i32,
  map: usize,
  scale: f32,
  offset: f32,
): void {
  const m0 = load<f64>(map)
  const m1 = load<f64>(map, 8)
  const m2 = load<f64>(map, 16)
  const m3 = load<f64>(map, 24)
  const m4 = load<f64>(map, 32)
  const m5 = load<f64>(map, 40)
  const turnX = turnOf(m0)
  const turnY = turnOf(m3)
  const stepX = <f32>(m0 - <f64>turnX)
  const stepY = <f32>(m3 - <f64>turnY)
  const straight = turnY === 0 && turnX !== 0
  const gentle = straight && abs<f32>(stepX) <= steepest && abs<f32>(stepY) <= steepest
  for (let row = 0; row < rows; row++) {
    const y = <f64>(y0 + row)
    for (let column = 0; column < columns; ) {
      const anchor = (x0 + column) & ~(anchorPx - 1)
      const from = x0 + column - anchor
      const end = min<i32>(anchorPx, x0 + columns - anchor)
      const x = <f64>anchor
      const placeX = within(m0 * x + m1 * y + m2)
      const placeY = within(m3 * x + m4 * y + m5)
      const floorX = floor<f64>(placeX)
      const floorY = floor<f64>(placeY)
      const wholeX = <i32>floorX
      const wholeY = <i32>floorY
      const restX = <f32>(placeX - floorX)
      const restY = <f32>(placeY - floorY)
      const across: i32 = isFlush(restX, stepX) ? 0 : 1
      const down: i32 = isFlush(restY, stepY) ? 0 : 1
      // Where the pixel of the anchor itself would be.
      const to = out + ((<usize>(row * outStride + column)) << 2) - ((<usize>from) << 2)
      if (gentle) {
        warpRuns(
          sharp,
          source,
          stride,
          width,
          height,
          to,
          across,
          down,
          wholeX,
          wholeY,
          turnX,
          restX,
          stepX,
          restY,
          stepY,
          from,
          end,
          scale,
          offset,
        )
      } else {
        for (let span = from; span < end; span += spanPx) {
          warpSpan(
            sharp,
            source,
            stride,
            width,
            height,
            to,
            across,
            down,
            wholeX,
            wholeY,
            turnX,
            turnY,
            restX,
            stepX,
            restY,
            stepY,
            span,
            min<i32>(span + spanPx, end),
            scale,
            offset,
          )
        }
      }
      column += end - from
    }
  }
}

/** Columns `from` … `end` of an anchor in runs whose sources are neighbours in one row. */
function warpRuns(
  sharp: bool,
  source: usize,
  stride: i32,
  width: i32,
  height: i32,
  to: usize,
  across: i32,
  down: i32,
  wholeX: i32,
  wholeY: i32,
  turnX: i32,
  restX: f32,
  stepX: f32,
  restY: f32,
  stepY: f32,
  from: i32,
  end: i32,
  scale: f32,
  offset: f32,
): void {
  const rowBytes = (<usize>stride) << 2
  const right = (<usize>across) << 2
  const below = down ? rowBytes : 0
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
    let soft = last
    let sharpEnd = last
    if (sharp && atY >= 1 && atY <= height - 3) {
      soft = bounded(turnX > 0 ? 1 - atX : atX - (width - 3), first, last)
      sharpEnd = bounded(turnX > 0 ? width - 2 - atX : atX, soft, last)
      for (let next = soft; next < sharpEnd; ) {
        next =
          turnX > 0
            ? runCubic(to, p, rowBytes, next, sharpEnd, restX, stepX, lessX, restY, stepY, lessY, scale, offset)
            : runCubicBack(to, p, rowBytes, next, sharpEnd, restX, stepX, lessX, restY, stepY, lessY, scale, offset)
        // It stops before columns that lack data, and before a rest of less than four.
        for (const few = min<i32>(next + 4, sharpEnd); next < few; next++) {
          const u = restX + stepX * <f32>next - lessX
          const v = restY + stepY * <f32>next - lessY
          const at = p + ((<usize>(turnX * next)) << 2)
          let value = singleCubic(at, rowBytes, u, v)
          if (F32.isNaN(value)) value = singleLinear(at, right, below, u, v)
          store<f32>(to + ((<usize>next) << 2), value * scale + offset)
        }
      }
    }
    runPlain(to, p, right, below, turnX, first, soft, restX, stepX, lessX, restY, stepY, lessY, scale, offset)
    runPlain(to, p, right, below, turnX, sharpEnd, last, restX, stepX, lessX, restY, stepY, lessY, scale, offset)
  }
}

function runPlain(
  to: usize,
  p: usize,
  right: usize,
  below: usize,
  turnX: i32,
  from: i32,
  end: i32,
  restX: f32,
  stepX: f32,
  lessX: f32,
  restY: f32,
  stepY: f32,
  lessY: f32,
  scale: f32,
  offset: f32,
): void {
  let k = from
  if (end - from >= 4) {
    if (turnX > 0) runLinear(to, p, right, below, from, end, restX, stepX, lessX, restY, stepY, lessY, scale, offset)
    else runLinearBack(to, p, right, below, from, end, restX, stepX, lessX, restY, stepY, lessY, scale, offset)
    return
  }
  for (; k < end; k++) {
    const u = restX + stepX * <f32>k - lessX
    const v = restY + stepY * <f32>k - lessY
    const value = singleLinear(p + ((<usize>(turnX * k)) << 2), right, below, u, v)
    store<f32>(to + ((<usize>k) << 2), value * scale + offset)
  }
}

/** Columns `from` … `end` of an anchor, at most 64, whose sources lie anywhere. */
function warpSpan(
  sharp: bool,
  source: usize,
  stride: i32,
  width: i32,
  height: i32,
  to: usize,
  across: i32,
  down: i32,
  wholeX: i32,
  wholeY: i32,
  turnX: i32,
  turnY: i32,
  restX: f32,
  stepX: f32,
  restY: f32,
  stepY: f32,
  from: i32,
  end: i32,
  scale: f32,
  offset: f32,
): void {
  // Places move one way along a row, so that the ends tell of all between.
  const last = end - 1
  const firstX = wholeX + turnX * from + wholeOf(restX, stepX, from)
  const lastX = wholeX + turnX * last + wholeOf(restX, stepX, last)
  const firstY = wholeY + turnY * from + wholeOf(restY, stepY, from)
  const lastY = wholeY + turnY * last + wholeOf(restY, stepY, last)
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
  const below = down ? (<usize>stride) << 2 : 0
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
      const pixel = single(
        sharp,
        source,
        stride,
        width,
        height,
        across,
        down,
        wholeX,
        wholeY,
        turnX,
        turnY,
        restX,
        stepX,
        restY,
        stepY,
        k,
      )
      store<f32>(to + ((<usize>k) << 2), pixel * scale + offset)
    }
  }
}

/** One pixel at the frame's edges, beside missing ones, and at the end of a row. */
function single(
  sharp: bool,
  source: usize,
  stride: i32,
  width: i32,
  height: i32,
  across: i32,
  down: i32,
  wholeX: i32,
  wholeY: i32,
  turnX: i32,
  turnY: i32,
  restX: f32,
  stepX: f32,
  restY: f32,
  stepY: f32,
  k: i32,
): f32 {
  const x = restX + stepX * <f32>k
  const y = restY + stepY * <f32>k
  const floorX = floor<f32>(x)
  const floorY = floor<f32>(y)
  const atX = wholeX + turnX * k + <i32>floorX
  const atY = wholeY + turnY * k + <i32>floorY
  if (atX < 0 || atY < 0 || atX + across >= width || atY + down >= height) return f32.NaN
  const u = x - floorX
  const v = y - floorY
  const at = source + ((<usize>(atY * stride + atX)) << 2)
  if (sharp && atX >= 1 && atY >= 1 && atX <= width - 3 && atY <= height - 3) {
    const value = singleCubic(at, (<usize>stride) << 2, u, v)
    if (!F32.isNaN(value)) return value
  }
  return singleLinear(at, (<usize>across) << 2, (<usize>(down * stride)) << 2, u, v)
}

/** `right` and `below` are bytes to the neighbours. */
function singleLinear(at: usize, right: usize, below: usize, u: f32, v: f32): f32 {
  const upper = mix(load<f32>(at), load<f32>(at + right), u)
  return mix(upper, mix(load<f32>(at + below), load<f32>(at + below + right), u), v)
}

function mix(a: f32, b: f32, share: f32): f32 {
  return a + share * (b - a)
}
