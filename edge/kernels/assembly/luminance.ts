// One plane of light to look for stars in. See ../luminance.ts, which says what the answer is.

export function superpixels(from: usize, width: i32, rows: i32, to: usize): void {
  const columns = width >> 1
  const quarter = f32x4.splat(0.25)
  for (let y = 0; y < rows; y++) {
    const upper = from + ((<usize>(2 * y) * <usize>width) << 2)
    const lower = upper + ((<usize>width) << 2)
    const out = to + ((<usize>y * <usize>columns) << 2)
    let x = 0
    for (; x <= columns - 4; x += 4) {
      const place = (<usize>x) << 3
      const one = f32x4.add(v128.load(upper + place), v128.load(lower + place))
      const two = f32x4.add(v128.load(upper + place + 16), v128.load(lower + place + 16))
      const left = v128.shuffle<f32>(one, two, 0, 2, 4, 6)
      const right = v128.shuffle<f32>(one, two, 1, 3, 5, 7)
      v128.store(out + ((<usize>x) << 2), f32x4.mul(f32x4.add(left, right), quarter))
    }
    for (; x < columns; x++) {
      const place = (<usize>x) << 3
      const left = load<f32>(upper + place) + load<f32>(lower + place)
      const right = load<f32>(upper + place + 4) + load<f32>(lower + place + 4)
      store<f32>(out + ((<usize>x) << 2), (left + right) * <f32>0.25)
    }
  }
}

export function meanOfThree(red: usize, green: usize, blue: usize, count: i32, to: usize): void {
  const third = <f32>(1.0 / 3.0)
  const thirds = f32x4.splat(third)
  let i = 0
  for (; i <= count - 4; i += 4) {
    const place = (<usize>i) << 2
    const sum = f32x4.add(f32x4.add(v128.load(red + place), v128.load(green + place)), v128.load(blue + place))
    v128.store(to + place, f32x4.mul(sum, thirds))
  }
  for (; i < count; i++) {
    const place = (<usize>i) << 2
    store<f32>(to + place, (load<f32>(red + place) + load<f32>(green + place) + load<f32>(blue + place)) * third)
  }
}
