// Where stars may be. See ../peaks.ts, which says what the answer is.

function skyAt(mesh: usize, columns: i32, left: i32, right: i32, upper: i32, lower: i32, u: f64, v: f64): f64 {
  const a = <f64>load<f32>(mesh + ((<usize>(upper * columns + left)) << 2))
  const b = <f64>load<f32>(mesh + ((<usize>(upper * columns + right)) << 2))
  const c = <f64>load<f32>(mesh + ((<usize>(lower * columns + left)) << 2))
  const d = <f64>load<f32>(mesh + ((<usize>(lower * columns + right)) << 2))
  return (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d)
}

/** The next of eight values into its place among the `i` that are sorted. */
// @ts-ignore: decorator
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

// @ts-ignore: decorator
@inline
function isLit(place: usize, over: f64): i32 {
  return <i32>(<f64>load<f32>(place) > over)
}

function judge(place: usize, stride: usize, levelAdu: f64, noiseAdu: f64, sigma: f64, near: usize): f32 {
  const value = load<f32>(place)
  const up = place - stride
  const down = place + stride
  if (load<f32>(place - 4) >= value || load<f32>(place + 4) > value) return NaN
  if (load<f32>(up - 4) >= value || load<f32>(up) >= value || load<f32>(up + 4) >= value) return NaN
  if (load<f32>(down - 4) > value || load<f32>(down) > value || load<f32>(down + 4) > value) return NaN
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

// @ts-ignore: decorator
@inline
function brighter(place: usize, gate: v128): bool {
  const one = v128.or(f32x4.gt(v128.load(place), gate), f32x4.gt(v128.load(place + 16), gate))
  const two = v128.or(f32x4.gt(v128.load(place + 32), gate), f32x4.gt(v128.load(place + 48), gate))
  return v128.any_true(v128.or(one, two))
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
    for (let block = 0; block < width; block += 16) {
      const limit = load<f32>(gates + ((<usize>(block >> 6)) << 2))
      if (!brighter(row + ((<usize>block) << 2), f32x4.splat(limit))) continue
      const end = min(block + 16, width - 1)
      for (let x = max(1, block); x < end; x++) {
        const place = row + ((<usize>x) << 2)
        const value = load<f32>(place)
        if (!(value > limit)) continue
        const across = min(max((<f64>x - 31.5) / 64, 0), <f64>(columns - 1))
        const left = <i32>floor(across)
        const right = min(columns - 1, left + 1)
        const u = across - <f64>left
        const levelAdu = skyAt(level, columns, left, right, upper, lower, u, v)
        const noiseAdu = skyAt(noise, columns, left, right, upper, lower, u, v)
        if (!(<f64>value > levelAdu + sigma * noiseAdu)) continue
        const seen = judge(place, stride, levelAdu, noiseAdu, sigma, near)
        if (!(<f64>seen > levelAdu + sigma * noiseAdu)) continue
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
  return count
}
