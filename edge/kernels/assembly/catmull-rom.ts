// Catmull and Rom's cubic over 4 × 4 pixels, for warp.ts: columns first, each from its four rows, then across.

export function reversed(p: usize): v128 {
  const all = v128.load(p)
  return v128.shuffle<i32>(all, all, 3, 2, 1, 0)
}

export function four(a: v128, b: v128, c: v128, d: v128, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.mul(a, w0), f32x4.mul(b, w1)), f32x4.add(f32x4.mul(c, w2), f32x4.mul(d, w3)))
}

export function before4(u: v128): v128 {
  const half = f32x4.mul(u, f32x4.splat(0.5))
  const inner = f32x4.mul(u, f32x4.sub(f32x4.splat(1), half))
  return f32x4.mul(u, f32x4.sub(inner, f32x4.splat(0.5)))
}

export function near4(u: v128): v128 {
  const more = f32x4.mul(f32x4.splat(3), f32x4.mul(u, f32x4.splat(0.5)))
  return f32x4.add(f32x4.splat(1), f32x4.mul(f32x4.mul(u, u), f32x4.sub(more, f32x4.splat(2.5))))
}

export function next4(u: v128): v128 {
  const more = f32x4.mul(f32x4.splat(3), f32x4.mul(u, f32x4.splat(0.5)))
  return f32x4.mul(u, f32x4.add(f32x4.mul(u, f32x4.sub(f32x4.splat(2), more)), f32x4.splat(0.5)))
}

export function after4(u: v128): v128 {
  const half = f32x4.mul(u, f32x4.splat(0.5))
  return f32x4.mul(f32x4.mul(u, u), f32x4.sub(half, f32x4.splat(0.5)))
}

export function runCubic(p: usize, row: usize, u: v128, v: v128): v128 {
  const w0 = before4(v)
  const w1 = near4(v)
  const w2 = next4(v)
  const w3 = after4(v)
  const q = p - row - 4
  const r = q + row
  const s = r + row
  const t = s + row
  const a = four(v128.load(q), v128.load(r), v128.load(s), v128.load(t), w0, w1, w2, w3)
  const b = four(v128.load(q, 4), v128.load(r, 4), v128.load(s, 4), v128.load(t, 4), w0, w1, w2, w3)
  const c = four(v128.load(q, 8), v128.load(r, 8), v128.load(s, 8), v128.load(t, 8), w0, w1, w2, w3)
  const d = four(v128.load(q, 12), v128.load(r, 12), v128.load(s, 12), v128.load(t, 12), w0, w1, w2, w3)
  return four(a, b, c, d, before4(u), near4(u), next4(u), after4(u))
}

export function runCubicBack(p: usize, row: usize, u: v128, v: v128): v128 {
  const w0 = before4(v)
  const w1 = near4(v)
  const w2 = next4(v)
  const w3 = after4(v)
  const q = p - row - 4
  const r = q + row
  const s = r + row
  const t = s + row
  const a = four(reversed(q), reversed(r), reversed(s), reversed(t), w0, w1, w2, w3)
  const b = four(reversed(q + 4), reversed(r + 4), reversed(s + 4), reversed(t + 4), w0, w1, w2, w3)
  const c = four(reversed(q + 8), reversed(r + 8), reversed(s + 8), reversed(t + 8), w0, w1, w2, w3)
  const d = four(reversed(q + 12), reversed(r + 12), reversed(s + 12), reversed(t + 12), w0, w1, w2, w3)
  return four(a, b, c, d, before4(u), near4(u), next4(u), after4(u))
}

export function columnsAt(p: usize, row: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  const q = p - row - 4
  return four(v128.load(q), v128.load(q + row), v128.load(q + 2 * row), v128.load(q + 3 * row), w0, w1, w2, w3)
}

export function singleCubic(at: usize, row: usize, u: f32, v: f32): f32 {
  const down = f32x4.splat(v)
  const columns = columnsAt(at, row, before4(down), near4(down), next4(down), after4(down))
  const across = f32x4.splat(u)
  const a = f32x4.extract_lane(columns, 0) * f32x4.extract_lane(before4(across), 0)
  const b = f32x4.extract_lane(columns, 1) * f32x4.extract_lane(near4(across), 0)
  const c = f32x4.extract_lane(columns, 2) * f32x4.extract_lane(next4(across), 0)
  const d = f32x4.extract_lane(columns, 3) * f32x4.extract_lane(after4(across), 0)
  return a + b + (c + d)
}
export function lane0(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 0, 0, 0, 0)
}

export function lane1(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 1, 1, 1, 1)
}

export function lane2(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 2, 2, 2, 2)
}

export function lane3(a: v128): v128 {
  return v128.shuffle<i32>(a, a, 3, 3, 3, 3)
}
