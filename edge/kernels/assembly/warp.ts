// Resampling. See ../warp.ts, which says what the answer is.
import {
  after4,
  before4,
  columnsAt,
  four,
  lane0,
  lane1,
  lane2,
  lane3,
  near4,
  next4,
  reversed,
  runCubic,
  runCubicBack,
  singleCubic,
} from './catmull-rom'

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
  const turnX: i32 = m0 > 0.5 ? 1 : m0 < -0.5 ? -1 : 0
  const turnY: i32 = m3 > 0.5 ? 1 : m3 < -0.5 ? -1 : 0
  const stepX = <f32>(m0 - <f64>turnX)
  const stepY = <f32>(m3 - <f64>turnY)
  const rowBytes = (<usize>stride) << 2
  for (let row = 0; row < rows; row++) {
    const to = out + ((<usize>(row * outStride)) << 2)
    for (let column = 0; column < columns; column += anchorPx) {
      const x = <f64>(x0 + column)
      const y = <f64>(y0 + row)
      const placeX = min<f64>(max<f64>(m0 * x + m1 * y + m2, -far), far)
      const placeY = min<f64>(max<f64>(m3 * x + m4 * y + m5, -far), far)
      const floorX = floor<f64>(placeX)
      const floorY = floor<f64>(placeY)
      const wholeX = <i32>floorX
      const wholeY = <i32>floorY
      const restX = <f32>(placeX - floorX)
      const restY = <f32>(placeY - floorY)
      const flushX = restX + stepX * 63 === restX && (restX === 0 || restX === 1)
      const flushY = restY + stepY * 63 === restY && (restY === 0 || restY === 1)
      const across: i32 = flushX ? 0 : 1
      const down: i32 = flushY ? 0 : 1
      const count = min<i32>(anchorPx, columns - column)
      const place = to + ((<usize>column) << 2)
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
      if (highX < 0 || highY < 0 || lowX + across >= width || lowY + down >= height) {
        for (let k = 0; k < count; k++) store<f32>(place + ((<usize>k) << 2), f32.NaN)
        continue
      }
      const within = sharp
        ? lowX >= 1 && lowY >= 1 && highX <= width - 3 && highY <= height - 3
        : lowX >= 0 && lowY >= 0 && highX + across < width && highY + down < height
      const straight = turnY === 0 && turnX !== 0
      let done = 0
      if (within) {
        const even = straight && sameWhole(restX, stepX, 0, last) && sameWhole(restY, stepY, 0, last)
        const size = even ? anchorPx : 16
        while (done + 4 <= count) {
          const end = min<i32>(done + size, count) & ~3
          const atX = wholeX + turnX * done + wholeOf(restX, stepX, done)
          const atY = wholeY + turnY * done + wholeOf(restY, stepY, done)
          const from = source + ((<usize>(atY * stride + atX)) << 2)
          const run =
            even || (straight && sameWhole(restX, stepX, done, end - 1) && sameWhole(restY, stepY, done, end - 1))
          if (!run) {
            const base = source + ((<usize>(wholeY * stride + wholeX)) << 2)
            const walk = turnX + turnY * stride
            for (; done < end; done += 4) {
              let value: v128
              if (sharp) value = gatherCubic(base, walk, stride, restX, stepX, restY, stepY, done)
              else value = gatherLinear(base, walk, stride, across, down, restX, stepX, restY, stepY, done)
              if (sharp && v128.any_true(f32x4.ne(value, value))) {
                for (let k = done; k < done + 4; k++) {
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
                  store<f32>(place + ((<usize>k) << 2), pixel * scale + offset)
                }
              } else v128.store(place + ((<usize>done) << 2), scaled(value, scale, offset))
            }
            continue
          }
          const acrossBytes = (<usize>across) << 2
          const downBytes = down ? rowBytes : 0
          const lessX = f32x4.splat(floor<f32>(restX + stepX * <f32>done))
          const lessY = f32x4.splat(floor<f32>(restY + stepY * <f32>done))
          const first = done
          for (; done < end; done += 4) {
            const k = f32x4.add(f32x4.splat(<f32>done), f32x4(0, 1, 2, 3))
            const u = f32x4.sub(f32x4.add(f32x4.splat(restX), f32x4.mul(f32x4.splat(stepX), k)), lessX)
            const v = f32x4.sub(f32x4.add(f32x4.splat(restY), f32x4.mul(f32x4.splat(stepY), k)), lessY)
            const gone = (<usize>(done - first)) << 2
            let value: v128
            if (turnX > 0) {
              const p = from + gone
              if (sharp) value = runCubic(p, rowBytes, u, v)
              else value = runLinear(p, acrossBytes, downBytes, u, v)
            } else {
              const p = from - gone - 12
              if (sharp) value = runCubicBack(p, rowBytes, u, v)
              else value = runLinearBack(p, acrossBytes, downBytes, u, v)
            }
            if (sharp && v128.any_true(f32x4.ne(value, value))) {
              for (let j = done; j < done + 4; j++) {
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
                  j,
                )
                store<f32>(place + ((<usize>j) << 2), pixel * scale + offset)
              }
            } else v128.store(place + ((<usize>done) << 2), scaled(value, scale, offset))
          }
        }
      }
      for (; done < count; done++) {
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
        store<f32>(place + ((<usize>done) << 2), pixel * scale + offset)
      }
    }
  }
}

function wholeOf(rest: f32, step: f32, k: i32): i32 {
  return <i32>floor<f32>(rest + step * <f32>k)
}

function sameWhole(rest: f32, step: f32, from: i32, to: i32): bool {
  return floor<f32>(rest + step * <f32>from) === floor<f32>(rest + step * <f32>to)
}

function scaled(value: v128, scale: f32, offset: f32): v128 {
  return f32x4.add(f32x4.mul(value, f32x4.splat(scale)), f32x4.splat(offset))
}

function mix4(a: v128, b: v128, share: v128): v128 {
  return f32x4.add(a, f32x4.mul(share, f32x4.sub(b, a)))
}

function mix(a: f32, b: f32, share: f32): f32 {
  return a + share * (b - a)
}

function runLinear(p: usize, across: usize, down: usize, u: v128, v: v128): v128 {
  const upper = mix4(v128.load(p), v128.load(p + across), u)
  return mix4(upper, mix4(v128.load(p + down), v128.load(p + down + across), u), v)
}

function runLinearBack(p: usize, across: usize, down: usize, u: v128, v: v128): v128 {
  const upper = mix4(reversed(p), reversed(p + across), u)
  return mix4(upper, mix4(reversed(p + down), reversed(p + down + across), u), v)
}

function ways(rest: f32, step: f32, k: i32): v128 {
  const at = f32x4.add(f32x4.splat(<f32>k), f32x4(0, 1, 2, 3))
  return f32x4.add(f32x4.splat(rest), f32x4.mul(f32x4.splat(step), at))
}

/** Byte distances of four places from the anchor's. */
function places(floorX: v128, floorY: v128, walk: i32, stride: i32, k: i32): v128 {
  const along = i32x4.add(i32x4.splat(walk * k), i32x4.mul(i32x4.splat(walk), i32x4(0, 1, 2, 3)))
  const aside = i32x4.mul(i32x4.trunc_sat_f32x4_s(floorY), i32x4.splat(stride))
  return i32x4.shl(i32x4.add(along, i32x4.add(i32x4.trunc_sat_f32x4_s(floorX), aside)), 2)
}

function gatherLinear(
  base: usize,
  walk: i32,
  stride: i32,
  across: i32,
  down: i32,
  restX: f32,
  stepX: f32,
  restY: f32,
  stepY: f32,
  k: i32,
): v128 {
  const x = ways(restX, stepX, k)
  const y = ways(restY, stepY, k)
  const floorX = f32x4.floor(x)
  const floorY = f32x4.floor(y)
  const u = f32x4.sub(x, floorX)
  const v = f32x4.sub(y, floorY)
  const apart = places(floorX, floorY, walk, stride, k)
  const p0 = base + <usize>i32x4.extract_lane(apart, 0)
  const p1 = base + <usize>i32x4.extract_lane(apart, 1)
  const p2 = base + <usize>i32x4.extract_lane(apart, 2)
  const p3 = base + <usize>i32x4.extract_lane(apart, 3)
  const row = (<usize>(down * stride)) << 2
  const a = v128.load_lane<u64>(p1, v128.load64_zero(p0), 1)
  const b = v128.load_lane<u64>(p3, v128.load64_zero(p2), 1)
  const c = v128.load_lane<u64>(p1 + row, v128.load64_zero(p0 + row), 1)
  const d = v128.load_lane<u64>(p3 + row, v128.load64_zero(p2 + row), 1)
  const s00 = v128.shuffle<i32>(a, b, 0, 2, 4, 6)
  const s10 = v128.shuffle<i32>(c, d, 0, 2, 4, 6)
  const s01 = across ? v128.shuffle<i32>(a, b, 1, 3, 5, 7) : s00
  const s11 = across ? v128.shuffle<i32>(c, d, 1, 3, 5, 7) : s10
  return mix4(mix4(s00, s01, u), mix4(s10, s11, u), v)
}

function gatherCubic(
  base: usize,
  walk: i32,
  stride: i32,
  restX: f32,
  stepX: f32,
  restY: f32,
  stepY: f32,
  k: i32,
): v128 {
  const x = ways(restX, stepX, k)
  const y = ways(restY, stepY, k)
  const floorX = f32x4.floor(x)
  const floorY = f32x4.floor(y)
  const u = f32x4.sub(x, floorX)
  const v = f32x4.sub(y, floorY)
  const apart = places(floorX, floorY, walk, stride, k)
  const row = (<usize>stride) << 2
  const w0 = before4(v)
  const w1 = near4(v)
  const w2 = next4(v)
  const w3 = after4(v)
  const p = columnsAt(base + <usize>i32x4.extract_lane(apart, 0), row, lane0(w0), lane0(w1), lane0(w2), lane0(w3))
  const q = columnsAt(base + <usize>i32x4.extract_lane(apart, 1), row, lane1(w0), lane1(w1), lane1(w2), lane1(w3))
  const r = columnsAt(base + <usize>i32x4.extract_lane(apart, 2), row, lane2(w0), lane2(w1), lane2(w2), lane2(w3))
  const s = columnsAt(base + <usize>i32x4.extract_lane(apart, 3), row, lane3(w0), lane3(w1), lane3(w2), lane3(w3))
  const t0 = v128.shuffle<i32>(p, q, 0, 4, 1, 5)
  const t1 = v128.shuffle<i32>(r, s, 0, 4, 1, 5)
  const t2 = v128.shuffle<i32>(p, q, 2, 6, 3, 7)
  const t3 = v128.shuffle<i32>(r, s, 2, 6, 3, 7)
  const a = v128.shuffle<i32>(t0, t1, 0, 1, 4, 5)
  const b = v128.shuffle<i32>(t0, t1, 2, 3, 6, 7)
  const c = v128.shuffle<i32>(t2, t3, 0, 1, 4, 5)
  const d = v128.shuffle<i32>(t2, t3, 2, 3, 6, 7)
  return four(a, b, c, d, before4(u), near4(u), next4(u), after4(u))
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
