// Pictures made small and light made grey. See ../stretch.ts, which says what the answer is.

export function addRowF32(from: usize, count: i32, share: f32, sums: usize, shares: usize): void {
  const part = f32x4.splat(share)
  const zero = f32x4.splat(0)
  let i = 0
  for (; i <= count - 4; i += 4) {
    const at = (<usize>i) << 2
    const value = v128.load(from + at)
    const finite = f32x4.eq(f32x4.sub(value, value), zero)
    const light = v128.and(f32x4.mul(value, part), finite)
    v128.store(sums + at, f32x4.add(v128.load(sums + at), light))
    v128.store(shares + at, f32x4.add(v128.load(shares + at), v128.and(part, finite)))
  }
  for (; i < count; i++) {
    const at = (<usize>i) << 2
    const value = load<f32>(from + at)
    const finite = value - value === 0
    store<f32>(sums + at, load<f32>(sums + at) + (finite ? value * share : 0))
    store<f32>(shares + at, load<f32>(shares + at) + (finite ? share : 0))
  }
}

export function addRowU16(from: usize, count: i32, share: f32, sums: usize): void {
  const part = f32x4.splat(share)
  let i = 0
  for (; i <= count - 8; i += 8) {
    const words = v128.load(from + ((<usize>i) << 1))
    const at = sums + ((<usize>i) << 2)
    const low = f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(words)), part)
    const high = f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(words)), part)
    v128.store(at, f32x4.add(v128.load(at), low))
    v128.store(at, f32x4.add(v128.load(at, 16), high), 16)
  }
  for (; i < count; i++) {
    const at = sums + ((<usize>i) << 2)
    store<f32>(at, load<f32>(at) + <f32>load<u16>(from + ((<usize>i) << 1)) * share)
  }
}

export function squeezeRow(
  sums: usize,
  shares: usize,
  share: f32,
  stride: i32,
  places: i32,
  scale: f64,
  columns: i32,
  toSums: usize,
  toShares: usize,
): void {
  const step = (<usize>stride) << 2
  for (let i = 0; i < columns; i++) {
    const start = <f64>i * scale
    const end = Math.min(<f64>places, <f64>(i + 1) * scale)
    const first = <i32>Math.floor(start)
    const last = <i32>Math.ceil(end) - 1
    let part: f32 = <f32>(last > first ? <f64>(first + 1) - start : end - start)
    const rest: f32 = <f32>(end - <f64>last)
    let sum: f32 = 0
    let seen: f32 = 0
    let at = <usize>first * step
    for (let p = first; p <= last; p++, at += step) {
      sum += part * load<f32>(sums + at)
      seen += part * (shares === 0 ? share : load<f32>(shares + at))
      part = p + 1 === last ? rest : 1
    }
    const out = (<usize>i) << 2
    store<f32>(toSums + out, load<f32>(toSums + out) + sum)
    store<f32>(toShares + out, load<f32>(toShares + out) + seen)
  }
}

export function shareRow(sums: usize, shares: usize, count: i32, to: usize): void {
  let i = 0
  for (; i <= count - 4; i += 4) {
    const at = (<usize>i) << 2
    v128.store(to + at, f32x4.div(v128.load(sums + at), v128.load(shares + at)))
  }
  for (; i < count; i++) {
    const at = (<usize>i) << 2
    store<f32>(to + at, load<f32>(sums + at) / load<f32>(shares + at))
  }
}

export function toneRow(
  from: usize,
  count: i32,
  low: f32,
  scale: f32,
  midtones: f32,
  table: usize,
  steps: i32,
  to: usize,
  stride: i32,
): void {
  const one: f32 = 1
  const over: f32 = midtones - one
  const under: f32 = <f32>2 * midtones - one
  const top = <f32>steps
  const limit = i32x4.splat(steps)
  const far = <usize>stride
  let i = 0
  let out = to
  for (; i <= count - 4; i += 4) {
    const raw = f32x4.mul(f32x4.sub(v128.load(from + ((<usize>i) << 2)), f32x4.splat(low)), f32x4.splat(scale))
    const x = f32x4.min(f32x4.max(raw, f32x4.splat(0)), f32x4.splat(1))
    const below = f32x4.sub(f32x4.mul(f32x4.splat(under), x), f32x4.splat(midtones))
    const bent = f32x4.div(f32x4.mul(f32x4.splat(over), x), below)
    const place = f32x4.add(f32x4.mul(bent, f32x4.splat(top)), f32x4.splat(0.5))
    // NaN becomes 0.
    const step = i32x4.max_s(i32x4.min_s(i32x4.trunc_sat_f32x4_s(place), limit), i32x4.splat(0))
    store<u8>(out, load<u8>(table + <usize>i32x4.extract_lane(step, 0)))
    store<u8>(out + far, load<u8>(table + <usize>i32x4.extract_lane(step, 1)))
    store<u8>(out + 2 * far, load<u8>(table + <usize>i32x4.extract_lane(step, 2)))
    store<u8>(out + 3 * far, load<u8>(table + <usize>i32x4.extract_lane(step, 3)))
    out += 4 * far
  }
  for (; i < count; i++, out += far) {
    const raw = (load<f32>(from + ((<usize>i) << 2)) - low) * scale
    const x: f32 = min<f32>(max<f32>(raw, 0), 1)
    const bent: f32 = (over * x) / (under * x - midtones)
    const place: f32 = bent * top + <f32>0.5
    const step = place > 0 ? <i32>min<f32>(place, top) : 0
    store<u8>(out, load<u8>(table + <usize>step))
  }
}
