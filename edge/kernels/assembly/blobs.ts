// Peaks gathered into spots. See ../blobs.ts, which says what the answer is.

const pi: f64 = 3.141592653589793

function fill(
  plane: usize,
  width: i32,
  height: i32,
  taken: usize,
  stack: usize,
  peakX: i32,
  peakY: i32,
  value: f64,
  floor: f64,
  out: usize,
): bool {
  const top = value - 0.005 * abs(value)
  let pending = stack
  let area = 0
  let flat = 0
  let sum: f64 = 0
  let sumX: f64 = 0
  let sumY: f64 = 0
  let left = peakX
  let right = peakX
  let above = peakY
  let below = peakY
  const first = <usize>peakY * <usize>width + <usize>peakX
  store<u8>(taken + (first >> 3), load<u8>(taken + (first >> 3)) | ((<u8>1) << (<u8>(first & 7))))
  store<u32>(pending, ((<u32>peakY) << 16) | <u32>peakX)
  pending += 4
  while (pending > stack) {
    pending -= 4
    const at = load<u32>(pending)
    const x = <i32>(at & 0xffff)
    const y = <i32>(at >> 16)
    const light = <f64>load<f32>(plane + ((<usize>y * <usize>width + <usize>x) << 2))
    const weight = min(light, value) - floor + 1e-6
    area++
    if (light >= top) flat++
    sum += weight
    sumX += weight * <f64>(x - peakX)
    sumY += weight * <f64>(y - peakY)
    left = min(left, x)
    right = max(right, x)
    above = min(above, y)
    below = max(below, y)
    if (area + <i32>((pending - stack) >> 2) > 16_384 - 8) return false
    const lastY = min(height - 1, y + 1)
    const lastX = min(width - 1, x + 1)
    for (let v = max(0, y - 1); v <= lastY; v++) {
      for (let u = max(0, x - 1); u <= lastX; u++) {
        const next = <usize>v * <usize>width + <usize>u
        if (!(<f64>load<f32>(plane + (next << 2)) >= floor)) continue
        const byte = load<u8>(taken + (next >> 3))
        const bit = (<u8>1) << (<u8>(next & 7))
        if (byte & bit) continue
        store<u8>(taken + (next >> 3), byte | bit)
        store<u32>(pending, ((<u32>v) << 16) | <u32>u)
        pending += 4
      }
    }
  }
  const box = <f64>(right - left + below - above + 2) / 2
  store<f32>(out + 8, <f32>(sumX / sum))
  store<f32>(out + 12, <f32>(sumY / sum))
  store<f32>(out + 16, <f32>max<f64>(2 * sqrt<f64>(<f64>area / pi), 0.9 * box))
  store<i32>(out + 32, flat)
  return true
}

let touched: i32 = 0

/** Asks for the cache lines of a spot all at once; one after the other they would be waited for. */
// @ts-expect-error: decorator
@inline
function touch(plane: usize, width: i32, height: i32, x: i32, y: i32): void {
  const row = plane + ((<usize>y * <usize>width + <usize>x) << 2)
  const stride = (<usize>width) << 2
  if (y < 3 || y >= height - 3) return
  const above = load<i32>(row - 3 * stride) | load<i32>(row - 2 * stride) | load<i32>(row - stride)
  touched = above | load<i32>(row) | load<i32>(row + stride) | load<i32>(row + 2 * stride) | load<i32>(row + 3 * stride)
}

export function fillBlobs(
  plane: usize,
  width: i32,
  height: i32,
  peaks: usize,
  count: i32,
  taken: usize,
  stack: usize,
  out: usize,
  capacity: i32,
): i32 {
  let spots = 0
  for (let i = 0; i < count && spots < capacity; i++) {
    const peak = <usize>load<u32>(peaks + ((<usize>i) << 2))
    const x = load<i32>(peak)
    const y = load<i32>(peak + 4)
    const bit = <usize>y * <usize>width + <usize>x
    if ((load<u8>(taken + (bit >> 3)) >> <u8>(bit & 7)) & 1) continue
    const value = <f64>load<f32>(peak + 8)
    const level = <f64>load<f32>(peak + 12)
    const floor = level + (value - level) / 2
    touch(plane, width, height, x, y)
    if (!fill(plane, width, height, taken, stack, x, y, value, floor, out)) continue
    store<i32>(out, x)
    store<i32>(out + 4, y)
    store<f32>(out + 20, <f32>value)
    store<f32>(out + 24, <f32>level)
    store<f32>(out + 28, load<f32>(peak + 16))
    store<i32>(out + 36, 0)
    out += 40
    spots++
  }
  return spots
}
