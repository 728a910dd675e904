// Where stars may be. See ../peaks.ts, which says what the answer is.

function skyAt(mesh: usize, columns: i32, left: i32, right: i32, upper: i32, lower: i32, u: f64, v: f64): f64 {
  const a = <f64>load<f32>(mesh + ((<usize>(upper * columns + left)) << 2))
  const b = <f64>load<f32>(mesh + ((<usize>(upper * columns + right)) << 2))
  const c = <f64>load<f32>(mesh + ((<usize>(lower * columns + left)) << 2))
  const d = <f64>load<f32>(mesh + ((<usize>(lower * columns + right)) << 2))
  return (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d)
}

/** The next of eight values into its place among the `i` that are sorted. */
// @ts-expect-error: decorator
@inline
export function sortIn(near: usize, i: i32, value: f32): void {
  const sure: f32 = value == value ? value : -f32.POSITIVE_INFINITY
  let place = near + ((<usize>i) << 2)
  for (; place > near && load<f32>(place - 4) > sure; place -= 4) store<f32>(place, load<f32>(place - 4))
  store<f32>(place, sure)
}

/** The eight values around a pixel, smallest first. */
export function sortAround(place: usize, stride: usize, near: usize): void {
  sortIn(near, 0, load<f32>(place - stride - 4))
  sortIn(near, 1, load<f32>(place - stride))
  sortIn(near, 2, load<f32>(place - stride + 4))
  sortIn(near, 3, load<f32>(place - 4))
  sortIn(near, 4, load<f32>(place + 4))
  sortIn(near, 5, load<f32>(place + stride - 4))
  sortIn(near, 6, load<f32>(place + stride))
  sortIn(near, 7, load<f32>(place + stride + 4))
}

// @ts-expect-error: decorator
@inline
function isLit(place: usize, over: f64): i32 {
  return <i32>(<f64>load<f32>(place) > over)
}

function judge(place: usize, stride: usize, levelAdu: f64, noiseAdu: f64, sigma: f64, near: usize): f32 {
  const value = load<f32>(place)
  const up = place - stride
  const down = place + stride
  const over = levelAdu + 2 * noiseAdu
  const above = isLit(up - 4, over) + isLit(up, over) + isLit(up + 4, over)
  const below = isLit(down - 4, over) + isLit(down, over) + isLit(down + 4, over)
  if (above + below + isLit(place - 4, over) + isLit(place + 4, over) < 4) return NaN
  sortAround(place, stride, near)
  const low = <f64>load<f32>(near + 16) + <f64>load<f32>(near + 20)
  const brightest = (low + (<f64>load<f32>(near + 24) + <f64>load<f32>(near + 28))) / 4
  const hot = <f64>value - levelAdu > sigma * noiseAdu + 5 * max<f64>(0, brightest - levelAdu)
  return hot ? load<f32>(near + 28) : value
}

// @ts-expect-error: decorator
@inline
function brighter(place: usize, gate: v128): bool {
  const one = v128.or(f32x4.gt(v128.load(place), gate), f32x4.gt(v128.load(place + 16), gate))
  const two = v128.or(f32x4.gt(v128.load(place + 32), gate), f32x4.gt(v128.load(place + 48), gate))
  return v128.any_true(v128.or(one, two))
}

/** Bits of those of four pixels that are over the gate and no lower than their neighbours; of equal ones the first. */
// @ts-expect-error: decorator
@inline
function summits(place: usize, stride: usize, gate: v128): i32 {
  const value = v128.load(place)
  const up = place - stride
  const down = place + stride
  const before = v128.or(f32x4.ge(v128.load(up - 4), value), f32x4.ge(v128.load(up), value))
  const first = v128.or(f32x4.ge(v128.load(up + 4), value), f32x4.ge(v128.load(place - 4), value))
  const after = v128.or(f32x4.gt(v128.load(down - 4), value), f32x4.gt(v128.load(down), value))
  const second = v128.or(f32x4.gt(v128.load(down + 4), value), f32x4.gt(v128.load(place + 4), value))
  const lower = v128.or(v128.or(before, first), v128.or(after, second))
  return i32x4.bitmask(v128.andnot(f32x4.gt(value, gate), lower))
}

// @ts-expect-error: decorator
@inline
function top16(place: usize, floor: v128): v128 {
  // Where neither is larger the first stays, so that NaN are passed over.
  const one = f32x4.pmax(f32x4.pmax(floor, v128.load(place)), v128.load(place + 16))
  return f32x4.pmax(f32x4.pmax(one, v128.load(place + 32)), v128.load(place + 48))
}

export function rowTops(plane: usize, width: i32, top: i32, rows: i32, tops: usize): void {
  const none = f32x4.splat(-f32.POSITIVE_INFINITY)
  let place = plane + (((<usize>top) * <usize>width) << 2)
  let to = tops + ((<usize>(top * ((width + 63) >> 6))) << 2)
  for (let y = 0; y < rows; y++) {
    let left = width
    for (; left >= 64; left -= 64) {
      const one = f32x4.pmax(top16(place, none), top16(place + 64, none))
      const two = f32x4.pmax(top16(place + 128, none), top16(place + 192, none))
      const four = f32x4.pmax(one, two)
      const pair = f32x4.pmax(four, v128.shuffle<f32>(four, four, 2, 3, 0, 1))
      const most = f32x4.pmax(pair, v128.shuffle<f32>(pair, pair, 1, 0, 3, 2))
      store<f32>(to, f32x4.extract_lane(most, 0) + <f32>0)
      place += 256
      to += 4
    }
    if (left == 0) continue
    let most: f32 = -f32.POSITIVE_INFINITY
    for (; left > 0; left--) {
      const value = load<f32>(place)
      if (value > most) most = value
      place += 4
    }
    store<f32>(to, most + <f32>0)
    to += 4
  }
}

let touched: i32 = 0

/**
 * Asks for the cache lines of a row's stretches that have something to offer, and of those below, all at once: one after
 * the other they would be waited for.
 */
function touchRow(row: usize, stride: usize, width: i32, tops: usize, gates: usize): void {
  let all = 0
  for (let block = 0; block <= width - 64; block += 64) {
    const cell = (<usize>(block >> 6)) << 2
    if (!(load<f32>(tops + cell) > load<f32>(gates + cell))) continue
    const here = row + ((<usize>block) << 2)
    const down = here + stride
    all |= load<i32>(here) | load<i32>(here + 64) | load<i32>(here + 128) | load<i32>(here + 192)
    all |= load<i32>(down) | load<i32>(down + 64) | load<i32>(down + 128) | load<i32>(down + 192)
  }
  touched = all
}

export function findPeaks(
  plane: usize,
  width: i32,
  height: i32,
  top: i32,
  rows: i32,
  level: usize,
  noise: usize,
  gates: usize,
  tops: usize,
  sigma: f64,
  near: usize,
  out: usize,
  capacity: i32,
): i32 {
  const columns = (width + 63) >> 6
  const cellRows = (height + 63) >> 6
  const stride = (<usize>width) << 2
  let count = 0
  const bottom = min(height - 1, top + rows)
  for (let y = max(1, top); y < bottom; y++) {
    const row = plane + <usize>y * stride
    const down = min(max((<f64>y - 31.5) / 64, 0), <f64>(cellRows - 1))
    const upper = <i32>floor(down)
    const lower = min(cellRows - 1, upper + 1)
    const v = down - <f64>upper
    touchRow(row, stride, width, tops + ((<usize>(y * columns)) << 2), gates)
    for (let block = 0; block < width; block += 16) {
      const limit = load<f32>(gates + ((<usize>(block >> 6)) << 2))
      const gate = f32x4.splat(limit)
      // Most cells' rows have nothing to offer: they are passed in one go, and not even read.
      if ((block & 63) == 0) {
        if (!(load<f32>(tops + ((<usize>(y * columns + (block >> 6))) << 2)) > limit)) {
          block += 48
          continue
        }
      }
      if (!brighter(row + ((<usize>block) << 2), gate)) continue
      const end = min(block + 16, width - 1)
      for (let four = block; four < end; four += 4) {
        let lanes = summits(row + ((<usize>four) << 2), stride, gate)
        for (let x = four; lanes != 0; x++, lanes >>= 1) {
          if ((lanes & 1) == 0 || x == 0 || x >= end) continue
          const place = row + ((<usize>x) << 2)
          const across = min(max((<f64>x - 31.5) / 64, 0), <f64>(columns - 1))
          const left = <i32>floor(across)
          const right = min(columns - 1, left + 1)
          const u = across - <f64>left
          const levelAdu = skyAt(level, columns, left, right, upper, lower, u, v)
          const noiseAdu = skyAt(noise, columns, left, right, upper, lower, u, v)
          const least = levelAdu + sigma * noiseAdu
          if (!(<f64>load<f32>(place) > least)) continue
          const seen = judge(place, stride, levelAdu, noiseAdu, sigma, near)
          if (!(<f64>seen > least)) continue
          if (count == capacity) return count
          store<i32>(out, x)
          store<i32>(out + 4, y)
          store<f32>(out + 8, seen)
          store<f32>(out + 12, <f32>levelAdu)
          store<f32>(out + 16, <f32>noiseAdu)
          store<i32>(out + 20, 0)
          out += 24
          count++
        }
      }
    }
  }
  return count
}
