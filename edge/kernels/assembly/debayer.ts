// Colour out of a mosaic. See ../debayer.ts, which says what the answer is.

export function debayerBox(
  source: usize,
  stride: i32,
  width: i32,
  height: i32,
  x0: i32,
  y0: i32,
  columns: i32,
  rows: i32,
  red: i32,
  out: usize,
  outPlane: usize,
  outStride: i32,
): void {
  for (let row = 0; row < rows; row++) {
    const y = y0 + row
    const here = source + ((<usize>(y * stride)) << 2)
    // The row above the first mirrors the second.
    const above = source + ((<usize>(abs<i32>(y - 1) * stride)) << 2)
    const below = source + ((<usize>((y < height - 1 ? y + 1 : height - 2) * stride)) << 2)
    const redRow = (y & 1) === red >> 1
    const start = (<usize>(row * outStride)) << 2
    const own = (redRow ? out : out + 2 * outPlane) + start
    const other = (redRow ? out + 2 * outPlane : out) + start
    const green = out + outPlane + start
    const ownColumn = redRow ? red & 1 : (red & 1) ^ 1
    let column = 0
    // The first pixel of a frame has no left neighbour; vectors begin after it.
    for (; column < columns && x0 + column < 1; column++) {
      one(here, above, below, own, other, green, ownColumn, width, x0, column)
    }
    const mask = ((x0 + column) & 1) === ownColumn ? i32x4(-1, 0, -1, 0) : i32x4(0, -1, 0, -1)
    const half = f32x4.splat(0.5)
    for (; column + 4 <= columns && x0 + column + 4 < width; column += 4) {
      const at = (<usize>(x0 + column)) << 2
      const a = above + at - 4
      const h = here + at - 4
      const b = below + at - 4
      const pixel = v128.load(h, 4)
      const sides = f32x4.add(v128.load(h), v128.load(h, 8))
      const poles = f32x4.add(v128.load(a, 4), v128.load(b, 4))
      const cross = f32x4.mul(f32x4.add(sides, poles), f32x4.splat(0.25))
      const corners = f32x4.add(f32x4.add(v128.load(a), v128.load(a, 8)), f32x4.add(v128.load(b), v128.load(b, 8)))
      const owns = v128.bitselect(pixel, f32x4.mul(sides, half), mask)
      const greens = v128.bitselect(cross, pixel, mask)
      const others = v128.bitselect(f32x4.mul(corners, f32x4.splat(0.25)), f32x4.mul(poles, half), mask)
      const all = f32x4.add(f32x4.add(owns, greens), others)
      if (v128.any_true(f32x4.ne(all, all))) {
        for (let i = column; i < column + 4; i++) {
          one(here, above, below, own, other, green, ownColumn, width, x0, i)
        }
        continue
      }
      const to = (<usize>column) << 2
      v128.store(own + to, owns)
      v128.store(green + to, greens)
      v128.store(other + to, others)
    }
    for (; column < columns; column++) one(here, above, below, own, other, green, ownColumn, width, x0, column)
  }
}

function one(
  here: usize,
  above: usize,
  below: usize,
  own: usize,
  other: usize,
  green: usize,
  ownColumn: i32,
  width: i32,
  x0: i32,
  column: i32,
): void {
  const x = x0 + column
  const at = (<usize>x) << 2
  const left = (<usize>abs<i32>(x - 1)) << 2
  const right = (<usize>(x < width - 1 ? x + 1 : width - 2)) << 2
  const to = (<usize>column) << 2
  const pixel = load<f32>(here + at)
  if ((x & 1) === ownColumn) {
    store<f32>(own + to, pixel)
    store<f32>(
      green + to,
      mean4(load<f32>(here + left), load<f32>(here + right), load<f32>(above + at), load<f32>(below + at)),
    )
    store<f32>(
      other + to,
      mean4(load<f32>(above + left), load<f32>(above + right), load<f32>(below + left), load<f32>(below + right)),
    )
  } else {
    store<f32>(green + to, pixel)
    store<f32>(own + to, mean2(load<f32>(here + left), load<f32>(here + right)))
    store<f32>(other + to, mean2(load<f32>(above + at), load<f32>(below + at)))
  }
}

function mean2(a: f32, b: f32): f32 {
  const mean = (a + b) * 0.5
  return !F32.isNaN(mean) ? mean : F32.isNaN(a) ? b : a
}

function mean4(a: f32, b: f32, c: f32, d: f32): f32 {
  const mean = (a + b + (c + d)) * 0.25
  if (!F32.isNaN(mean)) return mean
  let sum: f32 = 0
  let count: f32 = 0
  if (!F32.isNaN(a)) {
    sum += a
    count += 1
  }
  if (!F32.isNaN(b)) {
    sum += b
    count += 1
  }
  if (!F32.isNaN(c)) {
    sum += c
    count += 1
  }
  if (!F32.isNaN(d)) {
    sum += d
    count += 1
  }
  return sum / count
}
