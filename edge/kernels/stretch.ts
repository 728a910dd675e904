// Pictures made small and light made grey: the hot loops of everything that is shown.
import type { Views } from './memory.js'

/**
 * Adds `share` of a row of f32 to running sums, and `share` to the shares of pixels that have data.
 * @param sums  `count` f32, changed; so are `shares`
 */
export function addRowF32({ f32 }: Views, from: number, count: number, share: number, sums: number, shares: number) {
  const part = Math.fround(share)
  for (let i = 0; i < count; i++) {
    const value = f32[(from >> 2) + i]
    const finite = Math.fround(value - value) === 0
    f32[(sums >> 2) + i] += finite ? Math.fround(value * part) : 0
    f32[(shares >> 2) + i] += finite ? part : 0
  }
}

/** Adds `share` of a row of u16 to running sums; all of them have data. */
export function addRowU16({ u16, f32 }: Views, from: number, count: number, share: number, sums: number) {
  const part = Math.fround(share)
  for (let i = 0; i < count; i++) f32[(sums >> 2) + i] += Math.fround(u16[(from >> 1) + i] * part)
}

/**
 * Squeezes a row of sums into fewer columns: column i covers the places i · `scale` to (i + 1) · `scale`, as far as
 * `places` reach, with their parts at both ends; its sum and its share are added to `toSums` and `toShares`.
 * @param sums  f32; place p stands at p · `stride`
 * @param shares  f32 like them; 0: every place has `share`
 */
export function squeezeRow(
  { f32 }: Views,
  sums: number,
  shares: number,
  share: number,
  stride: number,
  places: number,
  scale: number,
  columns: number,
  toSums: number,
  toShares: number,
) {
  const all = Math.fround(share)
  for (let i = 0; i < columns; i++) {
    const start = i * scale
    const end = Math.min(places, (i + 1) * scale)
    const first = Math.floor(start)
    const last = Math.ceil(end) - 1
    let part = Math.fround(last > first ? first + 1 - start : end - start)
    const rest = Math.fround(end - last)
    let sum = 0
    let seen = 0
    for (let p = first; p <= last; p++) {
      const at = p * stride
      sum = Math.fround(sum + Math.fround(part * f32[(sums >> 2) + at]))
      seen = Math.fround(seen + Math.fround(part * (shares === 0 ? all : f32[(shares >> 2) + at])))
      part = p + 1 === last ? rest : 1
    }
    f32[(toSums >> 2) + i] += sum
    f32[(toShares >> 2) + i] += seen
  }
}

/** Sums over shares, NaN where nothing had data. @param to  `count` f32, written; may be `sums` */
export function shareRow({ f32 }: Views, sums: number, shares: number, count: number, to: number) {
  for (let i = 0; i < count; i++) f32[(to >> 2) + i] = f32[(sums >> 2) + i] / f32[(shares >> 2) + i]
}

/**
 * Light to grey: (ADU − `low`) · `scale`, held within 0…1, bent by the midtones transfer function and looked up, so
 * that a table of a few thousand steps is fine enough for the steepest stretch. No data is as dark as black.
 * @param table  `steps` + 1 bytes
 * @param to  a byte every `stride`, written
 */
export function toneRow(
  { u8, f32 }: Views,
  from: number,
  count: number,
  low: number,
  scale: number,
  midtones: number,
  table: number,
  steps: number,
  to: number,
  stride: number,
) {
  const black = Math.fround(low)
  const unit = Math.fround(scale)
  const mid = Math.fround(midtones)
  const over = Math.fround(mid - 1)
  const under = Math.fround(Math.fround(2 * mid) - 1)
  const top = Math.fround(steps)
  for (let i = 0; i < count; i++) {
    const raw = Math.fround(Math.fround(f32[(from >> 2) + i] - black) * unit)
    const x = Math.min(Math.max(raw, 0), 1)
    const bent = Math.fround(Math.fround(over * x) / Math.fround(Math.fround(under * x) - mid))
    const step = Math.fround(Math.fround(bent * top) + 0.5)
    u8[to + i * stride] = u8[table + (step > 0 ? Math.min(steps, Math.trunc(step)) : 0)]
  }
}
