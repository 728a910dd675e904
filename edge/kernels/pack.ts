// Masters into the 16 bits that calibration reads, and a quick look for pixels that stand out: what has to be done with
// every sample of a dark and a flat before the first frame can be calibrated.
import type { Views } from './memory.js'

/** Writes the least and the greatest of `count` f32 to `to`; NaN is passed over. +∞ and −∞ of none. */
export function rangeOf({ f32 }: Views, from: number, count: number, to: number): void {
  const first = from >> 2
  const least = new Float32Array(4).fill(Number.POSITIVE_INFINITY)
  const most = new Float32Array(4).fill(Number.NEGATIVE_INFINITY)
  const whole = count - (count % 4)
  for (let i = 0; i < whole; i++) {
    const value = f32[first + i]
    if (value < least[i & 3]) least[i & 3] = value
    if (value > most[i & 3]) most[i & 3] = value
  }
  let [low] = least
  let [high] = most
  for (let lane = 1; lane < 4; lane++) {
    if (least[lane] < low) low = least[lane]
    if (most[lane] > high) high = most[lane]
  }
  for (let i = whole; i < count; i++) {
    if (f32[first + i] < low) low = f32[first + i]
    if (f32[first + i] > high) high = f32[first + i]
  }
  f32[to >> 2] = low
  f32[(to >> 2) + 1] = high
}

/**
 * The first of `count` f32 that is further than `reach` + `share` · |l + r| from l + r, the sum of those `step` before
 * and behind it, when it is taken twice. NaN is.
 * @returns its number, `count` when none is
 */
export function firstOdd(
  { f32 }: Views,
  from: number,
  count: number,
  step: number,
  reach: number,
  share: number,
): number {
  const [add, times] = [Math.fround(reach), Math.fround(share)]
  const first = from >> 2
  for (let i = 0; i < count; i++) {
    const sum = Math.fround(f32[first + i - step] + f32[first + i + step])
    const apart = Math.abs(Math.fround(Math.fround(f32[first + i] + f32[first + i]) - sum))
    if (!(apart <= Math.fround(add + Math.fround(times * Math.abs(sum))))) return i
  }
  return count
}

const saturated = (value: number) => (value > 0 ? Math.min(65_535, Math.trunc(value)) : 0)

/**
 * (x − `zero`) · `inverse`, rounded, to u16; what lies beyond saturates, NaN becomes 0.
 * @param to  `count` u16, written
 * @returns how many lie beyond or are NaN
 */
export function packSteps(
  { f32, u16 }: Views,
  from: number,
  to: number,
  count: number,
  zero: number,
  inverse: number,
): number {
  const [least, times] = [Math.fround(zero), Math.fround(inverse)]
  let beyond = 0
  for (let i = 0; i < count; i++) {
    const steps = Math.fround(Math.fround(Math.fround(f32[(from >> 2) + i] - least) * times) + 0.5)
    if (!(steps >= 0 && steps < 65_536)) beyond++
    u16[(to >> 1) + i] = saturated(steps)
  }
  return beyond
}

/**
 * level / x · `inverse`, rounded, to u16, where samples alternate between two levels (`even` first). Of x below
 * `least` · level, and of NaN, 1 · `inverse`.
 * @param to  `count` u16, written
 */
export function packInverse(
  { f32, u16 }: Views,
  from: number,
  to: number,
  count: number,
  even: number,
  odd: number,
  inverse: number,
  least: number,
): void {
  const [times, dimmest] = [Math.fround(inverse), Math.fround(least)]
  const levels = [Math.fround(even), Math.fround(odd)]
  for (let i = 0; i < count; i++) {
    const level = levels[i & 1]
    const value = f32[(from >> 2) + i]
    const good = value >= Math.fround(dimmest * level)
    u16[(to >> 1) + i] = saturated(Math.fround(Math.fround((good ? Math.fround(level / value) : 1) * times) + 0.5))
  }
}
