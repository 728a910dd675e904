// Bilinear runs of pixels, for warp.ts: columns `from` … `end` of an anchor. `to` and `p` are the places that column 0
// has in the picture and, going on as the run does, in the source.

function mix4(a: v128, b: v128, share: v128): v128 {
  return f32x4.add(a, f32x4.mul(share, f32x4.sub(b, a)))
}

/** The same for four columns, given where along the run they are. */
// @ts-expect-error: decorator
@inline
function four(above: usize, under: usize, right: usize, u: v128, v: v128, factor: v128, addend: v128): v128 {
  const upper = mix4(v128.load(above), v128.load(above + right), u)
  const value = mix4(upper, mix4(v128.load(under), v128.load(under + right), u), v)
  return f32x4.add(f32x4.mul(value, factor), addend)
}

/**
 * Four columns or more whose sources lie in one row, in order; `right` and `below` are bytes to the neighbours. What is
 * left at the end is made together with columns before it once more.
 */
export function runLinear(
  to: usize,
  p: usize,
  right: usize,
  below: usize,
  from: i32,
  end: i32,
  startX: f32,
  stepX: f32,
  startY: f32,
  stepY: f32,
  scale: f32,
  offset: f32,
): void {
  const firstX = f32x4.splat(startX)
  const firstY = f32x4.splat(startY)
  const byX = f32x4.splat(stepX)
  const byY = f32x4.splat(stepY)
  const factor = f32x4.splat(scale)
  const addend = f32x4.splat(offset)
  let k = f32x4.add(f32x4.splat(<f32>from), f32x4(0, 1, 2, 3))
  let above = p + ((<usize>from) << 2)
  const last = p + ((<usize>(end - 4)) << 2)
  to += (<usize>from) << 2
  for (; above + 16 <= last; above += 32, to += 32) {
    const under = above + below
    const u = f32x4.add(firstX, f32x4.mul(byX, k))
    const v = f32x4.add(firstY, f32x4.mul(byY, k))
    v128.store(to, four(above, under, right, u, v, factor, addend))
    k = f32x4.add(k, f32x4.splat(4))
    const nextU = f32x4.add(firstX, f32x4.mul(byX, k))
    const nextV = f32x4.add(firstY, f32x4.mul(byY, k))
    v128.store(to, four(above + 16, under + 16, right, nextU, nextV, factor, addend), 16)
    k = f32x4.add(k, f32x4.splat(4))
  }
  for (; above < last + 16; above += 16, to += 16) {
    if (above > last) {
      to -= above - last
      above = last
    }
    const column = f32x4.add(f32x4.splat(<f32>(<i32>(above - p) >> 2)), f32x4(0, 1, 2, 3))
    const u = f32x4.add(firstX, f32x4.mul(byX, column))
    const v = f32x4.add(firstY, f32x4.mul(byY, column))
    v128.store(to, four(above, above + below, right, u, v, factor, addend))
  }
}

function reversed(p: usize): v128 {
  const all = v128.load(p)
  return v128.shuffle<i32>(all, all, 3, 2, 1, 0)
}

/** The same from right to left. */
export function runLinearBack(
  to: usize,
  p: usize,
  right: usize,
  below: usize,
  from: i32,
  end: i32,
  startX: f32,
  stepX: f32,
  startY: f32,
  stepY: f32,
  scale: f32,
  offset: f32,
): void {
  const firstX = f32x4.splat(startX)
  const firstY = f32x4.splat(startY)
  const byX = f32x4.splat(stepX)
  const byY = f32x4.splat(stepY)
  const factor = f32x4.splat(scale)
  const addend = f32x4.splat(offset)
  for (let column = from; ; column += 4) {
    if (column > end - 4) {
      if (column === end) return
      column = end - 4
    }
    const k = f32x4.add(f32x4.splat(<f32>column), f32x4(0, 1, 2, 3))
    const q = p - ((<usize>(column + 3)) << 2)
    const u = f32x4.add(firstX, f32x4.mul(byX, k))
    const v = f32x4.add(firstY, f32x4.mul(byY, k))
    const upper = mix4(reversed(q), reversed(q + right), u)
    const value = mix4(upper, mix4(reversed(q + below), reversed(q + below + right), u), v)
    v128.store(to + ((<usize>column) << 2), f32x4.add(f32x4.mul(value, factor), addend))
  }
}

/**
 * A multiple of four columns whose sources lie anywhere. `walk` is pixels of the source to a column, without the rest.
 * @returns `end`
 */
export function gatherLinear(
  to: usize,
  base: usize,
  walk: i32,
  stride: i32,
  across: i32,
  below: usize,
  from: i32,
  end: i32,
  restX: f32,
  stepX: f32,
  restY: f32,
  stepY: f32,
  scale: f32,
  offset: f32,
): i32 {
  const startX = f32x4.splat(restX)
  const startY = f32x4.splat(restY)
  const byX = f32x4.splat(stepX)
  const byY = f32x4.splat(stepY)
  const factor = f32x4.splat(scale)
  const addend = f32x4.splat(offset)
  const four = f32x4.splat(4)
  const strides = i32x4.splat(stride << 2)
  const walks = i32x4.splat(walk << 4)
  let along = i32x4.add(
    i32x4.splat(<i32>base + ((walk * from) << 2)),
    i32x4.mul(i32x4.splat(walk << 2), i32x4(0, 1, 2, 3)),
  )
  let k = f32x4.add(f32x4.splat(<f32>from), f32x4(0, 1, 2, 3))
  const single = across ? i32x4.splat(0) : i32x4.splat(-1)
  const stop = to + ((<usize>end) << 2)
  for (to += (<usize>from) << 2; to < stop; to += 16) {
    const x = f32x4.add(startX, f32x4.mul(byX, k))
    const y = f32x4.add(startY, f32x4.mul(byY, k))
    const floorX = f32x4.floor(x)
    const floorY = f32x4.floor(y)
    const u = f32x4.add(f32x4.sub(startX, floorX), f32x4.mul(byX, k))
    const v = f32x4.add(f32x4.sub(startY, floorY), f32x4.mul(byY, k))
    const places = i32x4.add(
      i32x4.add(along, i32x4.shl(i32x4.trunc_sat_f32x4_s(floorX), 2)),
      i32x4.mul(i32x4.trunc_sat_f32x4_s(floorY), strides),
    )
    const p0 = <usize>i32x4.extract_lane(places, 0)
    const p1 = <usize>i32x4.extract_lane(places, 1)
    const p2 = <usize>i32x4.extract_lane(places, 2)
    const p3 = <usize>i32x4.extract_lane(places, 3)
    const a = v128.load_lane<u64>(p1, v128.load64_zero(p0), 1)
    const b = v128.load_lane<u64>(p3, v128.load64_zero(p2), 1)
    const c = v128.load_lane<u64>(p1 + below, v128.load64_zero(p0 + below), 1)
    const d = v128.load_lane<u64>(p3 + below, v128.load64_zero(p2 + below), 1)
    const s00 = v128.shuffle<i32>(a, b, 0, 2, 4, 6)
    const s10 = v128.shuffle<i32>(c, d, 0, 2, 4, 6)
    const s01 = v128.bitselect(s00, v128.shuffle<i32>(a, b, 1, 3, 5, 7), single)
    const s11 = v128.bitselect(s10, v128.shuffle<i32>(c, d, 1, 3, 5, 7), single)
    const value = mix4(mix4(s00, s01, u), mix4(s10, s11, u), v)
    v128.store(to, f32x4.add(f32x4.mul(value, factor), addend))
    k = f32x4.add(k, four)
    along = i32x4.add(along, walks)
  }
  return end
}
