// The sky among stars, told from a list of samples. See ../clipped-mean.ts, which says what the answer is.

const sigmaOfMad: f64 = 1.482602218505602
const sigmaAfterClip: f64 = 0.9866
const endless: f32 = 3e38

// @ts-expect-error: decorator
@inline
function middle(a: v128, b: v128, c: v128): v128 {
  return f32x4.pmax(f32x4.pmin(a, b), f32x4.pmin(f32x4.pmax(a, b), c))
}

// @ts-expect-error: decorator
@inline
function distance(place: usize, centre: v128): v128 {
  return f32x4.abs(f32x4.sub(v128.load(place), centre))
}

function ofWork(work: usize, vectors: i32): f32 {
  let count = vectors
  while (count >= 3) {
    const third = count / 3
    const apart = (<usize>third) << 4
    for (let i = 0; i < third; i++) {
      const place = work + ((<usize>i) << 4)
      v128.store(place, middle(v128.load(place), v128.load(place + apart), v128.load(place + 2 * apart)))
    }
    count = third
  }
  const all = v128.load(work)
  const turned = v128.shuffle<f32>(all, all, 1, 0, 3, 2)
  const low = f32x4.pmin(all, turned) // (a, b), taken from both sides: lanes 0 and 2 hold what the twin says
  const high = f32x4.pmax(all, turned)
  const p = f32x4.extract_lane(low, 0)
  const q = f32x4.extract_lane(low, 2)
  const r = f32x4.extract_lane(high, 0)
  const s = f32x4.extract_lane(high, 2)
  const upper: f32 = p < q ? q : p
  const lower: f32 = s < r ? s : r
  return (upper + lower) * <f32>0.5
}

function median(from: usize, vectors: i32, work: usize): f32 {
  const third = vectors / 3
  const apart = (<usize>third) << 4
  if (third == 0) v128.store(work, v128.load(from))
  for (let i = 0; i < third; i++) {
    const place = from + ((<usize>i) << 4)
    const value = middle(v128.load(place), v128.load(place + apart), v128.load(place + 2 * apart))
    v128.store(work + ((<usize>i) << 4), value)
  }
  return ofWork(work, third)
}

function deviation(from: usize, vectors: i32, work: usize, about: f32): f32 {
  const centre = f32x4.splat(about)
  const third = vectors / 3
  const apart = (<usize>third) << 4
  if (third == 0) v128.store(work, distance(from, centre))
  for (let i = 0; i < third; i++) {
    const place = from + ((<usize>i) << 4)
    const value = middle(distance(place, centre), distance(place + apart, centre), distance(place + 2 * apart, centre))
    v128.store(work + ((<usize>i) << 4), value)
  }
  return ofWork(work, third)
}

// @ts-expect-error: decorator
@inline
function total(lanes: v128): f64 {
  const first = <f64>f32x4.extract_lane(lanes, 0) + <f64>f32x4.extract_lane(lanes, 1)
  return first + (<f64>f32x4.extract_lane(lanes, 2) + <f64>f32x4.extract_lane(lanes, 3))
}

// @ts-expect-error: decorator
@inline
function laneCount(lanes: v128): i32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  )
}

export function clippedMean(from: usize, vectors: i32, work: usize, answer: usize): void {
  store<f64>(answer, NaN)
  store<f64>(answer + 8, NaN)
  const end = from + ((<usize>vectors) << 4)
  let numbers = i32x4.splat(0)
  let whole = i32x4.splat(-1)
  let infinity = f32x4.splat(f32.POSITIVE_INFINITY)
  for (let place = from; place < end; place += 16) {
    const raw = v128.load(place)
    const number = f32x4.eq(raw, raw)
    const value = v128.bitselect(raw, infinity, number)
    infinity = f32x4.neg(infinity)
    numbers = i32x4.sub(numbers, number)
    whole = v128.and(whole, f32x4.eq(value, f32x4.floor(value)))
    v128.store(place, value)
  }
  if (laneCount(numbers) < 2 * vectors || vectors == 0) return
  const centre = median(from, vectors, work)
  if (!(abs(centre) < endless)) return
  const spread = deviation(from, vectors, work, centre)
  if (!(spread < endless)) return
  let mean: f64 = centre
  let sigma = sigmaOfMad * <f64>spread
  if (i32x4.all_true(whole) && sigma < 0.5) sigma = 0.5
  for (let round = 0; round < 5; round++) {
    const about: f32 = <f32>mean
    const middle = f32x4.splat(about)
    const low = f32x4.splat(<f32>(mean - 3 * sigma))
    const high = f32x4.splat(<f32>(mean + 3 * sigma))
    let sum = f32x4.splat(0)
    let squares = f32x4.splat(0)
    let kept = i32x4.splat(0)
    for (let place = from; place < end; place += 16) {
      const value = v128.load(place)
      const inside = v128.and(f32x4.ge(value, low), f32x4.le(value, high))
      const offset = v128.and(f32x4.sub(value, middle), inside)
      kept = i32x4.sub(kept, inside)
      sum = f32x4.add(sum, offset)
      squares = f32x4.add(squares, f32x4.mul(offset, offset))
    }
    const keptCount = laneCount(kept)
    if (keptCount == 0) break
    const shift = total(sum) / <f64>keptCount
    const variance = total(squares) / <f64>keptCount - shift * shift
    mean = <f64>about + shift
    const clipped = sqrt<f64>(max<f64>(0, variance)) / sigmaAfterClip
    if (abs(clipped - sigma) < 1e-3 * sigma || clipped == 0) break
    sigma = clipped
  }
  store<f64>(answer, mean)
  store<f64>(answer + 8, sigma)
}
