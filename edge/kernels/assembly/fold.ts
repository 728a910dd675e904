// Frames folded into a running mean. See ../fold.ts, which says what the answer is.

// What all functions here take: a sample's data are there when it is finite.
function finite4(x: v128): v128 {
  return f32x4.lt(f32x4.abs(x), f32x4.splat(f32.MAX_VALUE + f32.MAX_VALUE))
}

function finite1(x: f32): bool {
  return x - x === 0
}

/** A mean is NaN until there is something to take a mean of. */
function known4(mean: v128): v128 {
  return v128.and(mean, f32x4.eq(mean, mean))
}

function known1(mean: f32): f32 {
  return F32.isNaN(mean) ? 0 : mean
}

function share4(weights: v128, w: i32): v128 {
  const after = i32x4.min_s(i32x4.splat(65535), i32x4.add(weights, i32x4.splat(w)))
  return f32x4.div(f32x4.splat(<f32>w), f32x4.convert_i32x4_s(after))
}

function spare4(weights: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.sub(weights, i32x4.splat(16)))
}

function hasData(x: usize, xPlane: usize, planes: i32): bool {
  for (let p = 0; p < planes; p++) if (!finite1(load<f32>(x + <usize>p * xPlane))) return false
  return true
}

export function foldMean(
  x: usize,
  xPlane: usize,
  xStride: i32,
  mean: usize,
  meanPlane: usize,
  weight: usize,
  stride: i32,
  columns: i32,
  rows: i32,
  planes: i32,
  w: i32,
): void {
  const more = i16x8.splat(<i16>w)
  let known = i16x8.splat(0)
  let shareLow = share4(i32x4.splat(0), w)
  let shareHigh = shareLow
  for (let row = 0; row < rows; row++) {
    let from = x + ((<usize>(row * xStride)) << 2)
    let to = mean + ((<usize>(row * stride)) << 2)
    let at = weight + ((<usize>(row * stride)) << 1)
    let column = 0
    for (; column + 8 <= columns; column += 8, from += 32, to += 32, at += 16) {
      let low = finite4(v128.load(from))
      let high = finite4(v128.load(from, 16))
      for (let p = 1; p < planes; p++) {
        low = v128.and(low, finite4(v128.load(from + <usize>p * xPlane)))
        high = v128.and(high, finite4(v128.load(from + <usize>p * xPlane, 16)))
      }
      const taken = i16x8.narrow_i32x4_s(low, high)
      if (!v128.any_true(taken)) continue
      const weights = v128.load(at)
      if (v128.any_true(v128.xor(weights, known))) {
        known = weights
        shareLow = share4(i32x4.extend_low_i16x8_u(weights), w)
        shareHigh = share4(i32x4.extend_high_i16x8_u(weights), w)
      }
      if (planes === 1) {
        // Nearly always all eight are there, and have a mean: nothing is chosen then.
        const x = v128.load(from)
        const y = v128.load(from, 16)
        const meanX = v128.load(to)
        const meanY = v128.load(to, 16)
        const apartX = f32x4.sub(x, meanX)
        const apartY = f32x4.sub(y, meanY)
        if (i32x4.all_true(v128.and(finite4(apartX), finite4(apartY)))) {
          v128.store(to, f32x4.add(meanX, f32x4.mul(apartX, shareLow)))
          v128.store(to, f32x4.add(meanY, f32x4.mul(apartY, shareHigh)), 16)
          v128.store(at, i16x8.add_sat_u(weights, more))
          continue
        }
      }
      for (let p = 0; p < planes; p++) {
        const source = from + <usize>p * xPlane
        const place = to + <usize>p * meanPlane
        const a = v128.load(place)
        const b = v128.load(place, 16)
        const fromA = known4(a)
        const fromB = known4(b)
        const nextA = f32x4.add(fromA, f32x4.mul(f32x4.sub(v128.load(source), fromA), shareLow))
        const nextB = f32x4.add(fromB, f32x4.mul(f32x4.sub(v128.load(source, 16), fromB), shareHigh))
        v128.store(place, v128.bitselect(nextA, a, low))
        v128.store(place, v128.bitselect(nextB, b, high), 16)
      }
      v128.store(at, i16x8.add_sat_u(weights, v128.and(taken, more)))
    }
    for (; column < columns; column++, from += 4, to += 4, at += 2) {
      if (!hasData(from, xPlane, planes)) continue
      const after = min<i32>(65535, <i32>load<u16>(at) + w)
      const share = <f32>w / <f32>after
      for (let p = 0; p < planes; p++) {
        const place = to + <usize>p * meanPlane
        const before = known1(load<f32>(place))
        store<f32>(place, before + (load<f32>(from + <usize>p * xPlane) - before) * share)
      }
      store<u16>(at, <u16>after)
    }
  }
}

function beyond4(x: v128, mean: v128, m2: v128, floor: v128, spare: v128, kappa2: v128): v128 {
  const apart = f32x4.sub(x, mean)
  const variance = f32x4.max(f32x4.mul(floor, spare), m2)
  const far = f32x4.gt(f32x4.mul(f32x4.mul(apart, apart), spare), f32x4.mul(kappa2, variance))
  return v128.or(far, f32x4.lt(floor, f32x4.splat(0)))
}

/** Surely there, with a mean, and to be taken; a square of infinity is not. */
function near4(apart: v128, m2: v128, floor: v128, spare: v128, kappa2: v128): v128 {
  const variance = f32x4.max(f32x4.mul(floor, spare), m2)
  const square = f32x4.mul(apart, apart)
  const near = f32x4.le(f32x4.mul(square, spare), f32x4.mul(kappa2, variance))
  const finite = f32x4.lt(square, f32x4.splat(Infinity))
  return v128.and(v128.and(near, finite), f32x4.ge(floor, f32x4.splat(0)))
}

/** Takes four samples into mean and M2 where `taken` says so. */
function take4(source: usize, mean: usize, m2: usize, share: v128, w: v128, taken: v128): void {
  const x = v128.load(source)
  const before = v128.load(mean)
  const former = known4(before)
  const squares = v128.load(m2)
  const apart = f32x4.sub(x, former)
  const after = f32x4.add(former, f32x4.mul(apart, share))
  const more = f32x4.add(squares, f32x4.mul(w, f32x4.mul(apart, f32x4.sub(x, after))))
  v128.store(mean, v128.bitselect(after, before, taken))
  v128.store(m2, v128.bitselect(more, squares, taken))
}

export function foldReject(
  x: usize,
  xPlane: usize,
  xStride: i32,
  mean: usize,
  m2: usize,
  meanPlane: usize,
  weight: usize,
  stride: i32,
  columns: i32,
  rows: i32,
  planes: i32,
  floors: usize,
  floorPlane: usize,
  floorStride: i32,
  w: i32,
  kappa2: f32,
  fewest: i32,
): i32 {
  const more = i16x8.splat(<i16>w)
  const factor = f32x4.splat(<f32>w)
  const kappaSquare = f32x4.splat(kappa2)
  const least = i32x4.splat(fewest)
  let known = i16x8.splat(0)
  let shareLow = share4(i32x4.splat(0), w)
  let shareHigh = shareLow
  let spareLow = spare4(i32x4.splat(0))
  let spareHigh = spareLow
  let oldLow = i32x4.ge_s(i32x4.splat(0), least)
  let oldHigh = oldLow
  let rejected = 0
  for (let row = 0; row < rows; row++) {
    let from = x + ((<usize>(row * xStride)) << 2)
    let to = mean + ((<usize>(row * stride)) << 2)
    const apart = m2 - mean
    let at = weight + ((<usize>(row * stride)) << 1)
    let floor = floors + ((<usize>((row >> 2) * floorStride)) << 2)
    let column = 0
    for (; column + 8 <= columns; column += 8, from += 32, to += 32, at += 16, floor += 8) {
      const weights = v128.load(at)
      if (v128.any_true(v128.xor(weights, known))) {
        known = weights
        const wide = i32x4.extend_low_i16x8_u(weights)
        const wider = i32x4.extend_high_i16x8_u(weights)
        shareLow = share4(wide, w)
        shareHigh = share4(wider, w)
        spareLow = spare4(wide)
        spareHigh = spare4(wider)
        oldLow = i32x4.ge_s(wide, least)
        oldHigh = i32x4.ge_s(wider, least)
      }
      const a = v128.load(from)
      const b = v128.load(from, 16)
      if (planes === 1) {
        // Nearly always all eight are taken: then nothing is loaded twice, and nothing chosen.
        const meanA = v128.load(to)
        const meanB = v128.load(to, 16)
        const squaresA = v128.load(to + apart)
        const squaresB = v128.load(to + apart, 16)
        const apartA = f32x4.sub(a, meanA)
        const apartB = f32x4.sub(b, meanB)
        const nearA = near4(apartA, squaresA, v128.load32_splat(floor), spareLow, kappaSquare)
        const nearB = near4(apartB, squaresB, v128.load32_splat(floor, 4), spareHigh, kappaSquare)
        if (i32x4.all_true(v128.and(nearA, nearB))) {
          const afterA = f32x4.add(meanA, f32x4.mul(apartA, shareLow))
          const afterB = f32x4.add(meanB, f32x4.mul(apartB, shareHigh))
          v128.store(to, afterA)
          v128.store(to, afterB, 16)
          const moreA = f32x4.mul(factor, f32x4.mul(apartA, f32x4.sub(a, afterA)))
          const moreB = f32x4.mul(factor, f32x4.mul(apartB, f32x4.sub(b, afterB)))
          v128.store(to + apart, f32x4.add(squaresA, moreA))
          v128.store(to + apart, f32x4.add(squaresB, moreB), 16)
          v128.store(at, i16x8.add_sat_u(weights, more))
          continue
        }
      }
      let low = finite4(a)
      let high = finite4(b)
      let farLow = beyond4(a, v128.load(to), v128.load(to + apart), v128.load32_splat(floor), spareLow, kappaSquare)
      let farHigh = beyond4(
        b,
        v128.load(to, 16),
        v128.load(to + apart, 16),
        v128.load32_splat(floor, 4),
        spareHigh,
        kappaSquare,
      )
      for (let p = 1; p < planes; p++) {
        const source = from + <usize>p * xPlane
        const place = to + <usize>p * meanPlane
        const squares = place + apart
        const level = floor + <usize>p * floorPlane
        const c = v128.load(source)
        const d = v128.load(source, 16)
        low = v128.and(low, finite4(c))
        high = v128.and(high, finite4(d))
        farLow = v128.or(
          farLow,
          beyond4(c, v128.load(place), v128.load(squares), v128.load32_splat(level), spareLow, kappaSquare),
        )
        farHigh = v128.or(
          farHigh,
          beyond4(d, v128.load(place, 16), v128.load(squares, 16), v128.load32_splat(level, 4), spareHigh, kappaSquare),
        )
      }
      farLow = v128.and(farLow, oldLow)
      farHigh = v128.and(farHigh, oldHigh)
      const there = i16x8.narrow_i32x4_s(low, high)
      if (!v128.any_true(there)) continue
      const far = v128.and(there, i16x8.narrow_i32x4_s(farLow, farHigh))
      if (v128.any_true(far)) rejected += popcnt<i32>(i16x8.bitmask(far))
      low = v128.andnot(low, farLow)
      high = v128.andnot(high, farHigh)
      for (let p = 0; p < planes; p++) {
        const source = from + <usize>p * xPlane
        const place = to + <usize>p * meanPlane
        take4(source, place, place + apart, shareLow, factor, low)
        take4(source + 16, place + 16, place + apart + 16, shareHigh, factor, high)
      }
      v128.store(at, i16x8.add_sat_u(weights, v128.and(v128.andnot(there, far), more)))
    }
    for (; column < columns; column++, from += 4, to += 4, at += 2) {
      if (!hasData(from, xPlane, planes)) continue
      const block = floors + ((<usize>((row >> 2) * floorStride + (column >> 2))) << 2)
      const before = <i32>load<u16>(at)
      const spare = <f32>(before - 16)
      let out = false
      for (let p = 0; p < planes; p++) {
        const place = to + <usize>p * meanPlane
        const level = load<f32>(block + <usize>p * floorPlane)
        const off = load<f32>(from + <usize>p * xPlane) - load<f32>(place)
        const variance = max<f32>(level * spare, load<f32>(place + apart))
        if (off * off * spare > kappa2 * variance || level < 0) out = true
      }
      if (out && before >= fewest) {
        rejected++
        continue
      }
      const after = min<i32>(65535, before + w)
      const share = <f32>w / <f32>after
      for (let p = 0; p < planes; p++) {
        const place = to + <usize>p * meanPlane
        const value = load<f32>(from + <usize>p * xPlane)
        const former = known1(load<f32>(place))
        const off = value - former
        const moved = former + off * share
        store<f32>(place, moved)
        store<f32>(place + apart, load<f32>(place + apart) + <f32>w * (off * (value - moved)))
      }
      store<u16>(at, <u16>after)
    }
  }
  return rejected
}
