// Resampling. See ../warp.ts, which says what the answer is.
import { gatherCubic, runCubic, runCubicBack, singleCubic } from './catmull-rom'
import { gatherLinear, runLinear, runLinearBack } from './linear'

const anchorPx: i32 = 64
const far: f64 = 1e9

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
  return rest + step * 63 === rest && (rest === 0 || rest === 1)
}

function wholeOf(rest: f32, step: f32, k: i32): i32 {
  return <i32>floor<f32>(rest + step * <f32>k)
}

function sameWhole(rest: f32, step: f32, from: i32, to: i32): bool {
  return floor<f32>(rest + step * <f32>from) === floor<f32>(rest + step * <f32>to)
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
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += anchorPx) {
      const x = <f64>(x0 + column)
      const y = <f64>(y0 + row)
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
      const count = min<i32>(anchorPx, columns - column)
      const to = out + ((<usize>(row * outStride + column)) << 2)
      // Places move one way along a row, so that the ends tell of all between.
      const last = count - 1
      const firstX = wholeX + wholeOf(restX, stepX, 0)
      const lastX = wholeX + turnX * last + wholeOf(restX, stepX, last)
      const firstY = wholeY + wholeOf(restY, stepY, 0)
      const lastY = wholeY + turnY * last + wholeOf(restY, stepY, last)
      const lowX = min<i32>(firstX, lastX)
      const highX = max<i32>(firstX, lastX)
      const lowY = min<i32>(firstY, lastY)
      const highY = max<i32>(firstY, lastY)
      let done = 0
      if (highX < 0 || highY < 0 || lowX + across >= width || lowY + down >= height) {
        for (; done < count; done++) store<f32>(to + ((<usize>done) << 2), f32.NaN)
        continue
      }
      const inside = sharp
        ? lowX >= 1 && lowY >= 1 && highX <= width - 3 && highY <= height - 3
        : lowX >= 0 && lowY >= 0 && highX + across < width && highY + down < height
      if (inside) {
        done = warpInside(
          sharp,
          source,
          stride,
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
          0,
          count & ~3,
          scale,
          offset,
        )
      }
      while (done < count) {
        const end = min<i32>(inside ? done + 4 : count, count)
        for (; done < end; done++) {
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
            done,
          )
          store<f32>(to + ((<usize>done) << 2), pixel * scale + offset)
        }
        // Beside missing pixels the cubic stops for four.
        if (inside && done < count) {
          done = warpInside(
            sharp,
            source,
            stride,
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
            done,
            count & ~3,
            scale,
            offset,
          )
        }
      }
    }
  }
}

/** Columns `from` … `end`, both multiples of four, whose sources all lie on the frame; tells how far it came. */
function warpInside(
  sharp: bool,
  source: usize,
  stride: i32,
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
): i32 {
  const straight = turnY === 0 && turnX !== 0
  const even = straight && sameWhole(restX, stepX, 0, anchorPx - 1) && sameWhole(restY, stepY, 0, anchorPx - 1)
  const rowBytes = (<usize>stride) << 2
  const right = (<usize>across) << 2
  const below = down ? rowBytes : 0
  const base = source + ((<usize>(wholeY * stride + wholeX)) << 2)
  const walk = turnX + turnY * stride
  let done = from
  while (done < end) {
    const stop = even || !straight ? end : min<i32>((done & ~15) + 16, end)
    const place = to + ((<usize>done) << 2)
    if (even || (straight && sameWhole(restX, stepX, done, stop - 1) && sameWhole(restY, stepY, done, stop - 1))) {
      const lessX = floor<f32>(restX + stepX * <f32>done)
      const lessY = floor<f32>(restY + stepY * <f32>done)
      const p = base + ((<usize>(<i32>lessY * stride + <i32>lessX + turnX * done)) << 2)
      if (sharp) {
        const came =
          turnX > 0
            ? runCubic(place, p, rowBytes, done, stop, restX, stepX, lessX, restY, stepY, lessY, scale, offset)
            : runCubicBack(place, p, rowBytes, done, stop, restX, stepX, lessX, restY, stepY, lessY, scale, offset)
        if (came < stop) return came
      } else if (turnX > 0) {
        runLinear(place, p, right, below, done, stop, restX, stepX, lessX, restY, stepY, lessY, scale, offset)
      } else {
        runLinearBack(place, p, right, below, done, stop, restX, stepX, lessX, restY, stepY, lessY, scale, offset)
      }
    } else if (sharp) {
      const came = gatherCubic(place, base, walk, stride, done, stop, restX, stepX, restY, stepY, scale, offset)
      if (came < stop) return came
    } else gatherLinear(place, base, walk, stride, across, below, done, stop, restX, stepX, restY, stepY, scale, offset)
    done = stop
  }
  return done
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
  const right = (<usize>across) << 2
  const below = at + ((<usize>(down * stride)) << 2)
  const upper = mix(load<f32>(at), load<f32>(at + right), u)
  return mix(upper, mix(load<f32>(below), load<f32>(below + right), u), v)
}

function mix(a: f32, b: f32, share: f32): f32 {
  return a + share * (b - a)
}
