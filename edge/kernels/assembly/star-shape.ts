// Stars measured. See ../star-shape.ts, ../stamp.ts and ../star-sums.ts, which say what the answer is.
import { clippedMean } from './clipped-mean'
import { sortAround } from './peaks'

const sigmaPerFwhm: f64 = 1 / 2.3548200450309493
const pi: f64 = 3.141592653589793
const ln2: f64 = 0.6931471805599453
const endless: f32 = 3e38

// Where things are in the scratch memory of one thread.
const nearAt: usize = 64
const acrossAt: usize = 1024
const downAt: usize = 4096
const stampAt: usize = 8192
const cleanAt: usize = 8192 + 177 * 1024 + 320
const awayAt: usize = 8192 + 354 * 1024 + 640

// One thread has one instance, and these are its registers: a function gives but one number back.
let width: i32 = 0
let height: i32 = 0
let plane: usize = 0
let scratch: usize = 0
let spotX: i32 = 0
let spotY: i32 = 0
let spotLevel: f32 = 0
let spotNoise: f64 = 0
let hotFloor: f32 = 0
let skyLevel: f64 = 0
let skyNoise: f64 = 0
let stampX: i32 = 0
let stampY: i32 = 0
let stampRadius: i32 = 0
let stampColumns: i32 = 0
let stampRows: i32 = 0
let stepX: f64 = 0
let stepY: f64 = 0
let fwhm: f64 = 0
let major: f64 = 0
let minor: f64 = 0
let sine: f64 = 0
let cosine: f64 = 0
let middleX: f64 = 0
let middleY: f64 = 0
let light: f64 = 0
let edge: f64 = 0
let area: f64 = 0
let flux: f64 = 0
let hfd: f64 = 0

// @ts-expect-error: decorator
@inline
function total(lanes: v128): f64 {
  const first = <f64>f32x4.extract_lane(lanes, 0) + <f64>f32x4.extract_lane(lanes, 1)
  return first + (<f64>f32x4.extract_lane(lanes, 2) + <f64>f32x4.extract_lane(lanes, 3))
}

export function measureStars(
  planeAt: usize,
  planeWidth: i32,
  planeHeight: i32,
  spots: usize,
  list: usize,
  first: i32,
  last: i32,
  sigma: f64,
  scratchAt: usize,
  shapes: usize,
): void {
  plane = planeAt
  width = planeWidth
  height = planeHeight
  scratch = scratchAt
  for (let next = first; next < last; next++) {
    const i = <usize>load<u32>(list + ((<usize>next) << 2))
    const from = spots + i * 40
    const to = shapes + i * 64
    spotX = load<i32>(from)
    spotY = load<i32>(from + 4)
    spotLevel = load<f32>(from + 24)
    spotNoise = <f64>load<f32>(from + 28)
    hotFloor = <f32>(sigma * spotNoise)
    touch()
    for (let byte: usize = 0; byte < 64; byte += 16) v128.store(to + byte, i32x4.splat(0))
    const x = <f64>load<f32>(from + 8)
    const y = <f64>load<f32>(from + 12)
    if (!measure(x, y, <f64>load<f32>(from + 16), to)) continue
    store<i32>(to, 1)
    store<i32>(to + 4, spotX)
    store<i32>(to + 8, spotY)
    store<f32>(to + 20, <f32>flux)
    store<f32>(to + 24, <f32>(<f64>spotLevel + skyLevel))
    store<f32>(to + 28, <f32>skyNoise)
    store<f32>(to + 32, <f32>hfd)
    store<f32>(to + 36, <f32>fwhm)
    store<f32>(to + 40, <f32>major)
    store<f32>(to + 44, <f32>minor)
    store<f32>(to + 48, <f32>sine)
    store<f32>(to + 52, <f32>cosine)
    store<f32>(to + 56, load<f32>(from + 20))
    store<i32>(to + 60, load<i32>(from + 32))
  }
}

let touched: i32 = 0

/** Asks for the cache lines around the spot all at once; one after the other they would be waited for. */
function touch(): void {
  const left = plane + ((<usize>max(0, spotX - 14)) << 2)
  const middle = plane + ((<usize>spotX) << 2)
  const right = plane + ((<usize>min(width - 1, spotX + 14)) << 2)
  const last = min(height - 1, spotY + 14)
  let all = 0
  for (let y = max(0, spotY - 14); y <= last; y++) {
    const row = (<usize>y * <usize>width) << 2
    all |= load<i32>(left + row) | load<i32>(middle + row) | load<i32>(right + row)
  }
  touched = all
}

function measure(dx: f64, dy: f64, spotSize: f64, to: usize): bool {
  if (!(dx * dx + dy * dy + spotSize < 1e9)) return false
  let x = dx
  let y = dy
  let size = min(max(spotSize, 1.5), 30)
  const furthest = (1 + spotSize) * (1 + spotSize)
  let ringInner = ring(x, y, size)
  for (let pass = 0; pass < 2; pass++) {
    const window = max<f64>(1, size * sigmaPerFwhm)
    const reach = <i32>ceil(4 * window) + 2
    const radius = max(reach, <i32>ceil(outerOf(size)) + 2)
    const moved = max(abs(x - <f64>stampX), abs(y - <f64>stampY))
    if (pass == 0 || !(moved <= 1) || stampRadius < radius) {
      makeStamp(<i32>floor(x + 0.5), <i32>floor(y + 0.5), radius + 1)
    }
    for (let round = 0; round < 5; round++) {
      if (!windowMoments(x, y, window)) return false
      x += stepX
      y += stepY
      if (!((x - dx) * (x - dx) + (y - dy) * (y - dy) <= furthest)) return false
      if (stepX * stepX + stepY * stepY < (pass == 0 ? 1e-4 : 1e-6)) break
    }
    size = min(min(max(fwhm, 1), 1.6 * size), 30)
    // The ring was too close to a star that turned out wider.
    if (pass == 0 && 4 * size > ringInner + 2) ringInner = ring(x, y, size)
  }
  store<f32>(to + 12, <f32>x)
  store<f32>(to + 16, <f32>y)
  if (growth(x, y, size)) return true
  store<f32>(to + 12, 0)
  store<f32>(to + 16, 0)
  return false
}

// @ts-expect-error: decorator
@inline
function innerOf(size: f64): f64 {
  return max<f64>(2.5, 1.5 * size)
}

// @ts-expect-error: decorator
@inline
function outerOf(size: f64): f64 {
  return max(innerOf(size) + 1, 3 * size)
}

/** Samples first to end − 1 of a row, the mesh's sky off; up to three more are written that do not count. */
// @ts-expect-error: decorator
@inline
function appendRow(row: usize, first: i32, end: i32, to: usize): usize {
  if (end <= first) return to
  const level = f32x4.splat(spotLevel)
  for (let i = first, at = to; i < end; i += 4, at += 16) {
    v128.store(at, f32x4.sub(v128.load(row + ((<usize>i) << 2)), level))
  }
  return to + ((<usize>(end - first)) << 2)
}

/** Samples first to end − 1 of a row, the mesh's sky off, and no more. */
// @ts-expect-error: decorator
@inline
function copyRow(row: usize, first: i32, end: i32, to: usize): void {
  const level = f32x4.splat(spotLevel)
  let i = first
  for (; i <= end - 4; i += 4) {
    v128.store(to, f32x4.sub(v128.load(row + ((<usize>i) << 2)), level))
    to += 16
  }
  for (; i < end; i++) {
    store<f32>(to, load<f32>(row + ((<usize>i) << 2)) - spotLevel)
    to += 4
  }
}

function ring(x: f64, y: f64, size: f64): f64 {
  const inner = max<f64>(6, 4 * size)
  const outer = inner + max<f64>(4, size)
  const atX = <f64>spotX + x
  const atY = <f64>spotY + y
  const samples = scratch + cleanAt
  let next = samples
  const lastRow = min(height - 1, <i32>floor(atY + outer))
  for (let j = max(0, <i32>ceil(atY - outer)); j <= lastRow; j += 2) {
    const dy = <f64>j - atY
    const half = sqrt(max<f64>(0, outer * outer - dy * dy))
    const hole = inner * inner - dy * dy
    const from = max(0, <i32>ceil(atX - half))
    const to = min(width - 1, <i32>floor(atX + half))
    const row = plane + ((<usize>j * <usize>width) << 2)
    if (hole > 0) {
      const gap = sqrt(hole)
      next = appendRow(row, from, min(to, <i32>ceil(atX - gap) - 1) + 1, next)
      next = appendRow(row, max(from, <i32>floor(atX + gap) + 1), to + 1, next)
    } else {
      next = appendRow(row, from, to + 1, next)
    }
  }
  v128.store(next, f32x4.splat(0))
  skyLevel = 0
  skyNoise = spotNoise
  const count = <i32>((next - samples) >> 2)
  if (count < 24) return inner
  clippedMean(samples, count >> 2, scratch + awayAt, scratch)
  const mean = load<f64>(scratch)
  if (mean != mean) return inner
  const spread = load<f64>(scratch + 8)
  skyNoise = spread > spotNoise * (1 + 2 / sqrt(<f64>count)) ? spread : spotNoise
  skyLevel = abs(mean) < (2 * skyNoise) / sqrt(<f64>count) ? 0 : mean
  return inner
}

function makeStamp(x: i32, y: i32, radius: i32): void {
  stampX = x
  stampY = y
  stampRadius = radius
  stampRows = 2 * radius + 1
  stampColumns = (stampRows + 3) & ~3
  const left = spotX + x - radius
  const top = spotY + y - radius
  const place = scratch + stampAt
  const from = min(max(0, -left), stampColumns)
  const to = max(from, min(stampColumns, width - left))
  const level = f32x4.splat(spotLevel)
  const limit = f32x4.splat(endless)
  let even = i32x4.splat(-1)
  for (let j = 0; j < stampRows; j++) {
    const out = place + ((<usize>(j * stampColumns)) << 2)
    const row = plane + (((<isize>(top + j)) * <isize>width + <isize>left) << 2)
    const inside = top + j >= 0 && top + j < height
    if (inside && from == 0 && to == stampColumns) {
      const end = (<usize>stampColumns) << 2
      for (let at: usize = 0; at < end; at += 16) {
        const value = f32x4.sub(v128.load(row + at), level)
        v128.store(out + at, value)
        even = v128.and(even, f32x4.lt(f32x4.abs(value), limit))
      }
      continue
    }
    for (let i = 0; i < stampColumns; i += 4) v128.store(out + ((<usize>i) << 2), f32x4.splat(0))
    if (!inside) continue
    copyRow(row, from, to, out + ((<usize>from) << 2))
    for (let i = 0; i < stampColumns; i += 4) {
      even = v128.and(even, f32x4.lt(f32x4.abs(v128.load(out + ((<usize>i) << 2))), limit))
    }
  }
  if (!i32x4.all_true(even)) mendAbsent(place)
  mendHot(place)
}

function mendAbsent(place: usize): void {
  for (let j = 0; j < stampRows; j++) {
    for (let i = 0; i < stampColumns; i++) {
      const at = place + ((<usize>(j * stampColumns + i)) << 2)
      if (abs(load<f32>(at)) < endless) continue
      let sum: f64 = 0
      let count = 0
      const lastRow = min(stampRows - 1, j + 1)
      const lastColumn = min(stampColumns - 1, i + 1)
      for (let v = max(0, j - 1); v <= lastRow; v++) {
        for (let u = max(0, i - 1); u <= lastColumn; u++) {
          const other = load<f32>(place + ((<usize>(v * stampColumns + u)) << 2))
          if (!(abs(other) < endless)) continue
          sum += <f64>other
          count++
        }
      }
      store<f32>(at, count > 0 ? <f32>(sum / <f64>count) : 0)
    }
  }
}

function mendHot(place: usize): void {
  const stride = (<usize>stampColumns) << 2
  const near = scratch + nearAt
  const floors = f32x4.splat(hotFloor)
  const floor = <f64>hotFloor
  for (let j = 1; j < stampRows - 1; j++) {
    const row = place + <usize>j * stride
    for (let block = 0; block < stampColumns; block += 4) {
      const four = row + ((<usize>block) << 2)
      const values = v128.load(four)
      const lit = f32x4.gt(values, floors)
      if (!v128.any_true(lit)) continue
      const left = f32x4.gt(values, v128.load(four - 4))
      const right = f32x4.gt(values, v128.load(four + 4))
      let lanes = i32x4.bitmask(v128.and(lit, v128.and(left, right)))
      for (let i = block; lanes != 0; i++, lanes >>= 1) {
        if ((lanes & 1) == 0 || i == 0 || i >= stampColumns - 1) continue
        const at = row + ((<usize>i) << 2)
        const value = load<f32>(at)
        sortAround(at, stride, near)
        const high = <f64>load<f32>(near + 24) + <f64>load<f32>(near + 28)
        const brightest = (<f64>load<f32>(near + 16) + <f64>load<f32>(near + 20) + high) / 4
        if (<f64>value <= floor + 5 * max<f64>(0, brightest)) continue
        const upper = <f64>load<f32>(near + 16) + <f64>load<f32>(near + 20)
        store<f32>(at, <f32>((<f64>load<f32>(near + 8) + <f64>load<f32>(near + 12) + upper) / 4))
      }
    }
  }
}

/** Weights of four columns or rows: w, w·d, w·d², 1 kB apart. */
// @ts-expect-error: decorator
@inline
function weigh(to: usize, i: i32, middle: v128, narrowing: v128): void {
  const place = f32x4.add(f32x4.splat(<f32>i), f32x4(0, 1, 2, 3))
  const d = f32x4.sub(place, middle)
  const t = f32x4.mul(f32x4.mul(d, d), narrowing)
  const one = f32x4.splat(1)
  const u = f32x4.mul(t, f32x4.splat(1.0 / 32))
  let power = f32x4.sub(one, f32x4.mul(u, f32x4.splat(0.25)))
  power = f32x4.sub(one, f32x4.mul(f32x4.mul(u, power), f32x4.splat(<f32>(1.0 / 3.0))))
  power = f32x4.sub(one, f32x4.mul(f32x4.mul(u, power), f32x4.splat(0.5)))
  power = f32x4.sub(one, f32x4.mul(u, power))
  power = f32x4.mul(power, power)
  power = f32x4.mul(power, power)
  power = f32x4.mul(power, power)
  power = f32x4.mul(power, power)
  const g = v128.and(power, f32x4.le(t, f32x4.splat(16)))
  const sloped = f32x4.mul(g, d)
  v128.store(to, g)
  v128.store(to + 1024, sloped)
  v128.store(to + 2048, f32x4.mul(sloped, d))
}

function windowMoments(x: f64, y: f64, window: f64): bool {
  const atX = <f64>stampRadius + (x - <f64>stampX)
  const atY = <f64>stampRadius + (y - <f64>stampY)
  const narrowing = f32x4.splat(<f32>(1 / (window * window)))
  const across = scratch + acrossAt
  const down = scratch + downAt
  const firstBlock = max(0, <i32>ceil(atX - 4 * window)) >> 2
  const lastBlock = min(stampColumns - 1, <i32>floor(atX + 4 * window)) >> 2
  const firstRow = max(0, <i32>ceil(atY - 4 * window))
  const lastRow = min(stampRows - 1, <i32>floor(atY + 4 * window))
  const columnMiddle = f32x4.splat(<f32>atX)
  for (let block = firstBlock; block <= lastBlock; block++) {
    weigh(across + ((<usize>block) << 4), 4 * block, columnMiddle, narrowing)
  }
  const rowMiddle = f32x4.splat(<f32>atY)
  for (let j = firstRow; j <= lastRow; j += 4) weigh(down + ((<usize>j) << 2), j, rowMiddle, narrowing)
  const level = f32x4.splat(<f32>skyLevel)
  const stride = (<usize>stampColumns) << 2
  let lanes = f32x4.splat(0)
  let lanesX = f32x4.splat(0)
  let lanesY = f32x4.splat(0)
  let lanesXX = f32x4.splat(0)
  let lanesYY = f32x4.splat(0)
  let lanesXY = f32x4.splat(0)
  for (let block = firstBlock; block <= lastBlock; block++) {
    let flat = f32x4.splat(0)
    let sloped = f32x4.splat(0)
    let bent = f32x4.splat(0)
    let place = scratch + stampAt + <usize>firstRow * stride + ((<usize>block) << 4)
    let weight = down + ((<usize>firstRow) << 2)
    for (let j = firstRow; j <= lastRow; j++) {
      const value = f32x4.sub(v128.load(place), level)
      flat = f32x4.add(flat, f32x4.mul(value, v128.load32_splat(weight)))
      sloped = f32x4.add(sloped, f32x4.mul(value, v128.load32_splat(weight, 1024)))
      bent = f32x4.add(bent, f32x4.mul(value, v128.load32_splat(weight, 2048)))
      place += stride
      weight += 4
    }
    const w = v128.load(across + ((<usize>block) << 4))
    const wx = v128.load(across + ((<usize>block) << 4), 1024)
    const wxx = v128.load(across + ((<usize>block) << 4), 2048)
    lanes = f32x4.add(lanes, f32x4.mul(flat, w))
    lanesX = f32x4.add(lanesX, f32x4.mul(flat, wx))
    lanesY = f32x4.add(lanesY, f32x4.mul(sloped, w))
    lanesXX = f32x4.add(lanesXX, f32x4.mul(flat, wxx))
    lanesYY = f32x4.add(lanesYY, f32x4.mul(bent, w))
    lanesXY = f32x4.add(lanesXY, f32x4.mul(sloped, wx))
  }
  const sum = total(lanes)
  if (!(sum > 0)) return false
  const meanX = total(lanesX) / sum
  const meanY = total(lanesY) / sum
  const xx = total(lanesXX) / sum - meanX * meanX
  const yy = total(lanesYY) / sum - meanY * meanY
  const xy = total(lanesXY) / sum - meanX * meanY
  const variance = window * window
  const gain = min<f64>(3, max<f64>(1, 1 / (1 - min<f64>(0.66, (xx + yy) / 2 / variance))))
  const middle = (xx + yy) / 2
  const half = sqrt(((xx - yy) / 2) * ((xx - yy) / 2) + xy * xy)
  major = widen(middle + half, variance)
  minor = widen(middle - half, variance)
  fwhm = sqrt(sqrt(major * minor)) / sigmaPerFwhm
  stepX = gain * meanX
  stepY = gain * meanY
  sine = 2 * xy
  cosine = xx - yy
  return true
}

// @ts-expect-error: decorator
@inline
function widen(moment: f64, variance: f64): f64 {
  const bounded = min(max(moment, 0.01), 0.9 * variance)
  return 1 / (1 / bounded - 1 / variance)
}

function growth(x: f64, y: f64, size: f64): bool {
  const inner = innerOf(size)
  const outer = outerOf(size)
  const reach = <i32>ceil(inner + 1)
  const nearX = <i32>floor(x + 0.5)
  const nearY = <i32>floor(y + 0.5)
  if (spotX + nearX - reach < 0 || spotX + nearX + reach >= width) return false
  if (spotY + nearY - reach < 0 || spotY + nearY + reach >= height) return false
  const moved = max(abs(x - <f64>stampX), abs(y - <f64>stampY))
  const least = <i32>ceil(outer) + 2
  if (!(moved <= 1) || stampRadius < least) makeStamp(nearX, nearY, least)
  middleX = <f64>stampRadius + (x - <f64>stampX)
  middleY = <f64>stampRadius + (y - <f64>stampY)
  flux = clear(inner, outer)
  if (!(flux > 0)) return false
  let low: f64 = 0
  let high = inner + 0.5
  let radius = min(0.55 * size, inner)
  let areaPx: f64 = 0
  for (let round = 0; round < 12; round++) {
    within(radius)
    const missing = flux / 2 - light
    if (missing > 0) low = radius
    else high = radius
    let next = edge > 0 ? radius + missing / edge : low
    if (!(next > low && next < high)) next = (low + high) / 2
    const step = next - radius
    areaPx = area + 2 * pi * radius * step
    radius = next
    if (abs(step) < 1e-3) break
  }
  if (!(radius < inner)) return false
  const squared = areaPx / pi - (2 * ln2) / 12
  if (!(squared > 0)) return false
  hfd = 2 * sqrt(squared)
  return true
}

/** Fills the maps of clean light and of distance out to `outer`; returns the light in there. */
function clear(inner: f64, outer: f64): f64 {
  const firstBlock = max(0, <i32>ceil(middleX - outer - 1)) >> 2
  const lastBlock = min(stampColumns - 1, <i32>floor(middleX + outer + 1)) >> 2
  const firstRow = max(0, <i32>ceil(middleY - outer - 1))
  const lastRow = min(stampRows - 1, <i32>floor(middleY + outer + 1))
  const oppositeX = <i32>floor(2 * middleX + 0.5)
  const oppositeY = <i32>floor(2 * middleY + 0.5)
  const level = f32x4.splat(<f32>skyLevel)
  const margin = f32x4.splat(<f32>(4 * skyNoise))
  const rim = f32x4.splat(<f32>(outer + 0.5))
  const core = f32x4.splat(<f32>inner)
  const share = f32x4.splat(0.7)
  const stride = (<usize>stampColumns) << 2
  const stamp = scratch + stampAt
  const atX = f32x4.splat(<f32>middleX)
  const none = f32x4.splat(0)
  const one = f32x4.splat(1)
  let lights = none
  for (let j = firstRow; j <= lastRow; j++) {
    const dy: f32 = <f32>j - <f32>middleY
    const down = f32x4.splat(dy * dy)
    const row = stamp + <usize>j * stride
    const cleans = scratch + cleanAt + <usize>j * stride
    const aways = scratch + awayAt + <usize>j * stride
    const mirror = stamp + <usize>min(max(oppositeY - j, 0), stampRows - 1) * stride
    for (let block = firstBlock; block <= lastBlock; block++) {
      const at = (<usize>block) << 4
      const place = f32x4.add(f32x4.splat(<f32>(block << 2)), f32x4(0, 1, 2, 3))
      const dx = f32x4.sub(place, atX)
      const distance = f32x4.sqrt(f32x4.add(f32x4.mul(dx, dx), down))
      v128.store(aways + at, distance)
      const near = f32x4.lt(distance, rim)
      const value = f32x4.sub(v128.load(row + at), level)
      const outside = f32x4.gt(distance, core)
      // Whether a vector has any is guessed wrongly too often to ask first.
      const backwards = v128.load(mirror + ((<isize>(oppositeX - 4 * block - 3)) << 2))
      const other = f32x4.sub(v128.shuffle<f32>(backwards, backwards, 3, 2, 1, 0), level)
      const bounded = f32x4.pmax(other, none)
      const most = f32x4.add(other, f32x4.add(f32x4.mul(bounded, share), margin))
      const own = v128.bitselect(other, value, v128.and(outside, f32x4.gt(value, most)))
      const clean = v128.and(own, near)
      v128.store(cleans + at, clean)
      const part = f32x4.pmin(f32x4.pmax(f32x4.sub(rim, distance), none), one)
      lights = f32x4.add(lights, f32x4.mul(clean, part))
    }
  }
  return total(lights)
}

/** Light, edge and area of a circle. */
function within(reach: f64): void {
  const firstBlock = max(0, <i32>ceil(middleX - reach - 1)) >> 2
  const lastBlock = min(stampColumns - 1, <i32>floor(middleX + reach + 1)) >> 2
  const firstRow = max(0, <i32>ceil(middleY - reach - 1))
  const lastRow = min(stampRows - 1, <i32>floor(middleY + reach + 1))
  const rim = f32x4.splat(<f32>(reach + 0.5))
  const none = f32x4.splat(0)
  const one = f32x4.splat(1)
  const stride = (<usize>stampColumns) << 2
  let lights = none
  let edges = none
  let areas = none
  for (let j = firstRow; j <= lastRow; j++) {
    const row = scratch + cleanAt + <usize>j * stride
    for (let block = firstBlock; block <= lastBlock; block++) {
      const at = row + ((<usize>block) << 4)
      const value = v128.load(at)
      const inside = f32x4.sub(rim, v128.load(at, 177 * 1024 + 320))
      const part = f32x4.pmin(f32x4.pmax(inside, none), one)
      lights = f32x4.add(lights, f32x4.mul(value, part))
      areas = f32x4.add(areas, part)
      const partly = v128.and(f32x4.gt(part, none), f32x4.lt(part, one))
      edges = f32x4.add(edges, v128.and(value, partly))
    }
  }
  light = total(lights)
  edge = total(edges)
  area = total(areas)
}
