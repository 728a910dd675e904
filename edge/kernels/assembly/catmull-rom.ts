// Runs of Catmull and Rom's cubic over 4 × 4 pixels, for warp.ts: columns first, each from its four rows, then across.
// `to` and `p` are the places of column 0, as for the linear ones. They tell how far they came: they stop at four columns
// that lack data, and before a rest of less than four.

function four(a: v128, b: v128, c: v128, d: v128, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.mul(a, w0), f32x4.mul(b, w1)), f32x4.add(f32x4.mul(c, w2), f32x4.mul(d, w3)))
}

function before4(u: v128): v128 {
  const inner = f32x4.mul(u, f32x4.sub(f32x4.splat(1), f32x4.mul(u, f32x4.splat(0.5))))
  return f32x4.mul(u, f32x4.sub(inner, f32x4.splat(0.5)))
}

function near4(u: v128): v128 {
  const more = f32x4.mul(f32x4.splat(3), f32x4.mul(u, f32x4.splat(0.5)))
  return f32x4.add(f32x4.splat(1), f32x4.mul(f32x4.mul(u, u), f32x4.sub(more, f32x4.splat(2.5))))
}

function next4(u: v128): v128 {
  const more = f32x4.mul(f32x4.splat(3), f32x4.mul(u, f32x4.splat(0.5)))
  return f32x4.mul(u, f32x4.add(f32x4.mul(u, f32x4.sub(f32x4.splat(2), more)), f32x4.splat(0.5)))
}

function after4(u: v128): v128 {
  return f32x4.mul(f32x4.mul(u, u), f32x4.sub(f32x4.mul(u, f32x4.splat(0.5)), f32x4.splat(0.5)))
}

/** `four` with the weights of a share. */
// @ts-expect-error: decorator
@inline
function blend(a: v128, b: v128, c: v128, d: v128, u: v128): v128 {
  const half = f32x4.mul(u, f32x4.splat(0.5))
  const square = f32x4.mul(u, u)
  const more = f32x4.mul(f32x4.splat(3), half)
  const inner = f32x4.mul(u, f32x4.sub(f32x4.splat(1), half))
  const before = f32x4.mul(u, f32x4.sub(inner, f32x4.splat(0.5)))
  const near = f32x4.add(f32x4.splat(1), f32x4.mul(square, f32x4.sub(more, f32x4.splat(2.5))))
  const next = f32x4.mul(u, f32x4.add(f32x4.mul(u, f32x4.sub(f32x4.splat(2), more)), f32x4.splat(0.5)))
  const after = f32x4.mul(square, f32x4.sub(half, f32x4.splat(0.5)))
  return four(a, b, c, d, before, near, next, after)
}

// A run follows a line across the source's columns: where it crosses one, that column has one value, from its four rows.
// The run, whose numbers these are for the instance's one thread, and the line's slope.
let rowBytes: usize = 0
let firstU: f32 = 0
let byU: f32 = 0
let firstV: f32 = 0
let byV: f32 = 0
let slant: f32 = 0

/** Of the runs to come: `row` bytes from row to row of the source, shares at column 0 and what they change by. */
export function setLine(row: usize, shareX: f32, stepX: f32, shareY: f32, stepY: f32, turnX: i32): void {
  rowBytes = row
  firstU = shareX
  byU = stepX
  firstV = shareY
  byV = stepY
  slant = stepY / (<f32>turnX + stepX)
}

// @ts-expect-error: decorator
@inline
function shareAt(first: f32, by: f32, k: v128): v128 {
  return f32x4.add(f32x4.splat(first), f32x4.mul(f32x4.splat(by), k))
}

/** Where the line crosses the source's columns that belong to columns `k` of the run. */
// @ts-expect-error: decorator
@inline
function crossing(k: v128): v128 {
  return f32x4.sub(shareAt(firstV, byV, k), f32x4.mul(f32x4.splat(slant), shareAt(firstU, byU, k)))
}

/** Four columns at once, in order from `at` on. */
// @ts-expect-error: decorator
@inline
function crossed(at: usize, row: usize, k: v128): v128 {
  const q = at - row
  const r = at + row
  return blend(v128.load(q), v128.load(at), v128.load(r), v128.load(r + row), crossing(k))
}

/** The same from right to left: `at` is the place of the last. */
// @ts-expect-error: decorator
@inline
function crossedBack(at: usize, row: usize, k: v128): v128 {
  const q = at - row
  const r = at + row
  return blend(reversed(q), reversed(at), reversed(r), reversed(r + row), crossing(k))
}

function reversed(p: usize): v128 {
  const all = v128.load(p)
  return v128.shuffle<i32>(all, all, 3, 2, 1, 0)
}

/** Sources in one row, in order: `p` is that of column 0. */
export function runCubic(to: usize, p: usize, from: i32, end: i32, scale: f32, offset: f32): i32 {
  const row = rowBytes
  const step = f32x4.splat(4)
  let at = p + ((<usize>from) << 2)
  let k = f32x4.add(f32x4.splat(<f32>from), f32x4(0, 1, 2, 3))
  let before = crossed(at - 16, row, f32x4.sub(k, step))
  let here = crossed(at, row, k)
  to += (<usize>from) << 2
  for (; from + 4 <= end; from += 4, to += 16) {
    const u = shareAt(firstU, byU, k)
    k = f32x4.add(k, step)
    at += 16
    const after = crossed(at, row, k)
    const a = v128.shuffle<i32>(before, here, 3, 4, 5, 6)
    const c = v128.shuffle<i32>(here, after, 1, 2, 3, 4)
    const d = v128.shuffle<i32>(here, after, 2, 3, 4, 5)
    const value = blend(a, here, c, d, u)
    if (v128.any_true(f32x4.ne(value, value))) return from
    v128.store(to, f32x4.add(f32x4.mul(value, f32x4.splat(scale)), f32x4.splat(offset)))
    before = here
    here = after
  }
  return from
}

/** Sources in one row, from right to left. */
export function runCubicBack(to: usize, p: usize, from: i32, end: i32, scale: f32, offset: f32): i32 {
  const row = rowBytes
  const step = f32x4.splat(4)
  let at = p - ((<usize>(from + 3)) << 2)
  let k = f32x4.add(f32x4.splat(<f32>from), f32x4(0, 1, 2, 3))
  let before = crossedBack(at + 16, row, f32x4.sub(k, step))
  let here = crossedBack(at, row, k)
  to += (<usize>from) << 2
  for (; from + 4 <= end; from += 4, to += 16) {
    const u = shareAt(firstU, byU, k)
    k = f32x4.add(k, step)
    at -= 16
    const after = crossedBack(at, row, k)
    const a = v128.shuffle<i32>(here, after, 1, 2, 3, 4)
    const c = v128.shuffle<i32>(before, here, 3, 4, 5, 6)
    const d = v128.shuffle<i32>(before, here, 2, 3, 4, 5)
    const value = blend(a, here, c, d, u)
    if (v128.any_true(f32x4.ne(value, value))) return from
    v128.store(to, f32x4.add(f32x4.mul(value, f32x4.splat(scale)), f32x4.splat(offset)))
    before = here
    here = after
  }
  return from
}

/** Column `k` of a run. */
export function oneOfRun(p: usize, turnX: i32, k: i32): f32 {
  const turn = <f32>turnX
  const w = crossing(f32x4.add(f32x4.splat(<f32>k), f32x4.mul(f32x4.splat(turn), f32x4(-1, 0, 1, 2))))
  const at = p + ((<usize>(turnX * k)) << 2)
  const columns = columnsAt(at, rowBytes, before4(w), near4(w), next4(w), after4(w))
  return acrossOf(columns, firstU + byU * <f32>k)
}

function columnsAt(p: usize, row: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  const q = p - row - 4
  return four(v128.load(q), v128.load(q + row), v128.load(q + 2 * row), v128.load(q + 3 * row), w0, w1, w2, w3)
}

/** Sources anywhere. `walk` is pixels of the source to a column, without the rest. */
export function gatherCubic(
  to: usize,
  base: usize,
  walk: i32,
  stride: i32,
  from: i32,
  end: i32,
  restX: f32,
  stepX: f32,
  restY: f32,
  stepY: f32,
  scale: f32,
  offset: f32,
): i32 {
  const row = (<usize>stride) << 2
  to += (<usize>from) << 2
  for (; from < end; from += 4, to += 16) {
    const k = f32x4.add(f32x4.splat(<f32>from), f32x4(0, 1, 2, 3))
    const x = f32x4.add(f32x4.splat(restX), f32x4.mul(f32x4.splat(stepX), k))
    const y = f32x4.add(f32x4.splat(restY), f32x4.mul(f32x4.splat(stepY), k))
    const floorX = f32x4.floor(x)
    const floorY = f32x4.floor(y)
    const u = f32x4.add(f32x4.sub(f32x4.splat(restX), floorX), f32x4.mul(f32x4.splat(stepX), k))
    const v = f32x4.add(f32x4.sub(f32x4.splat(restY), floorY), f32x4.mul(f32x4.splat(stepY), k))
    const along = i32x4.add(i32x4.splat(walk * from), i32x4.mul(i32x4.splat(walk), i32x4(0, 1, 2, 3)))
    const aside = i32x4.mul(i32x4.trunc_sat_f32x4_s(floorY), i32x4.splat(stride))
    const places = i32x4.shl(i32x4.add(along, i32x4.add(i32x4.trunc_sat_f32x4_s(floorX), aside)), 2)
    const w0 = before4(v)
    const w1 = near4(v)
    const w2 = next4(v)
    const w3 = after4(v)
    const p = columnsAt(
      base + <usize>i32x4.extract_lane(places, 0),
      row,
      v128.shuffle<i32>(w0, w0, 0, 0, 0, 0),
      v128.shuffle<i32>(w1, w1, 0, 0, 0, 0),
      v128.shuffle<i32>(w2, w2, 0, 0, 0, 0),
      v128.shuffle<i32>(w3, w3, 0, 0, 0, 0),
    )
    const q = columnsAt(
      base + <usize>i32x4.extract_lane(places, 1),
      row,
      v128.shuffle<i32>(w0, w0, 1, 1, 1, 1),
      v128.shuffle<i32>(w1, w1, 1, 1, 1, 1),
      v128.shuffle<i32>(w2, w2, 1, 1, 1, 1),
      v128.shuffle<i32>(w3, w3, 1, 1, 1, 1),
    )
    const r = columnsAt(
      base + <usize>i32x4.extract_lane(places, 2),
      row,
      v128.shuffle<i32>(w0, w0, 2, 2, 2, 2),
      v128.shuffle<i32>(w1, w1, 2, 2, 2, 2),
      v128.shuffle<i32>(w2, w2, 2, 2, 2, 2),
      v128.shuffle<i32>(w3, w3, 2, 2, 2, 2),
    )
    const s = columnsAt(
      base + <usize>i32x4.extract_lane(places, 3),
      row,
      v128.shuffle<i32>(w0, w0, 3, 3, 3, 3),
      v128.shuffle<i32>(w1, w1, 3, 3, 3, 3),
      v128.shuffle<i32>(w2, w2, 3, 3, 3, 3),
      v128.shuffle<i32>(w3, w3, 3, 3, 3, 3),
    )
    const t0 = v128.shuffle<i32>(p, q, 0, 4, 1, 5)
    const t1 = v128.shuffle<i32>(r, s, 0, 4, 1, 5)
    const t2 = v128.shuffle<i32>(p, q, 2, 6, 3, 7)
    const t3 = v128.shuffle<i32>(r, s, 2, 6, 3, 7)
    const a = v128.shuffle<i32>(t0, t1, 0, 1, 4, 5)
    const b = v128.shuffle<i32>(t0, t1, 2, 3, 6, 7)
    const c = v128.shuffle<i32>(t2, t3, 0, 1, 4, 5)
    const d = v128.shuffle<i32>(t2, t3, 2, 3, 6, 7)
    const value = blend(a, b, c, d, u)
    if (v128.any_true(f32x4.ne(value, value))) return from
    v128.store(to, f32x4.add(f32x4.mul(value, f32x4.splat(scale)), f32x4.splat(offset)))
  }
  return end
}

export function singleCubic(at: usize, row: usize, u: f32, v: f32): f32 {
  const down = f32x4.splat(v)
  return acrossOf(columnsAt(at, row, before4(down), near4(down), next4(down), after4(down)), u)
}

function acrossOf(columns: v128, u: f32): f32 {
  const across = f32x4.splat(u)
  const a = f32x4.extract_lane(columns, 0) * f32x4.extract_lane(before4(across), 0)
  const b = f32x4.extract_lane(columns, 1) * f32x4.extract_lane(near4(across), 0)
  const c = f32x4.extract_lane(columns, 2) * f32x4.extract_lane(next4(across), 0)
  const d = f32x4.extract_lane(columns, 3) * f32x4.extract_lane(after4(across), 0)
  return a + b + (c + d)
}
