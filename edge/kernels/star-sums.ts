// The two sums over a star's stamp that all its numbers come from: moments under a Gaussian window, and light in
// circles.
import type { Views } from './memory.js'
import type { Stamp } from './stamp.js'

const f = Math.fround

// Maps of clean light and of distance, in scratch memory after the stamp. No two of the three begin at the same place
// of a page: some processors hold back reading there after writing.
export const cleanAt = 8192 + 177 * 1024 + 320
export const awayAt = 8192 + 354 * 1024 + 640

/**
 * exp(−t / 2) for 0 ≤ t ≤ 16, nothing beyond, in arithmetic that is the same everywhere: four terms of the series at
 * t / 16, to the sixteenth power. Good to 1e-4 of the weight up to t = 9.
 */
function bell(t: number): number {
  if (!(t <= 16)) return 0
  const u = f(t * f(1 / 32))
  let power = f(1 - f(u * f(0.25)))
  power = f(1 - f(f(u * power) * f(1 / 3)))
  power = f(1 - f(f(u * power) * 0.5))
  power = f(1 - f(u * power))
  for (let i = 0; i < 4; i++) power = f(power * power)
  return power
}

/** Light under a Gaussian window of sigma `window` px about (x, y), px from the peak, and its moments about there. */
export function windowSums(
  { f32 }: Views,
  scratch: number,
  stamp: Stamp,
  x: number,
  y: number,
  window: number,
  sky: number,
) {
  const { place, radius, columns, rows } = stamp
  const middleX = radius + (x - stamp.x)
  const middleY = radius + (y - stamp.y)
  const narrowing = f(1 / (window * window))
  const weight = (to: number, i: number, middle: number) => {
    const d = f(i - middle)
    const g = bell(f(f(d * d) * narrowing))
    f32[to] = g
    f32[to + 256] = f(g * d)
    f32[to + 512] = f(f32[to + 256] * d)
  }
  const across = (scratch + 1024) >> 2
  const down = (scratch + 4096) >> 2
  const firstBlock = Math.max(0, Math.ceil(middleX - 4 * window)) >> 2
  const lastBlock = Math.min(columns - 1, Math.floor(middleX + 4 * window)) >> 2
  const firstRow = Math.max(0, Math.ceil(middleY - 4 * window))
  const lastRow = Math.min(rows - 1, Math.floor(middleY + 4 * window))
  for (let i = 4 * firstBlock; i < 4 * lastBlock + 4; i++) weight(across + i, i, f(middleX))
  for (let j = firstRow; j <= firstRow + ((lastRow - firstRow) | 3); j++) weight(down + j, j, f(middleY))
  const level = f(sky)
  const lanes = Array.from({ length: 6 }, () => new Float32Array(4)) // 1, x, y, xx, yy, xy
  for (let i = 4 * firstBlock; i < 4 * lastBlock + 4; i++) {
    let flat = 0
    let sloped = 0
    let bent = 0
    for (let j = firstRow; j <= lastRow; j++) {
      const light = f(f32[(place >> 2) + j * columns + i] - level)
      flat = f(flat + f(light * f32[down + j]))
      sloped = f(sloped + f(light * f32[down + j + 256]))
      bent = f(bent + f(light * f32[down + j + 512]))
    }
    const [w, wx, wxx] = [f32[across + i], f32[across + i + 256], f32[across + i + 512]]
    const terms = [f(flat * w), f(flat * wx), f(sloped * w), f(flat * wxx), f(bent * w), f(sloped * wx)]
    for (const [which, term] of terms.entries()) lanes[which][i & 3] += term
  }
  const [sum, sumX, sumY, sumXX, sumYY, sumXY] = lanes.map(([a, b, c, d]) => a + b + (c + d))
  return { sum, sumX, sumY, sumXX, sumYY, sumXY }
}

/**
 * Light in a circle about (x, y) as a function of its radius in px, up to `outer`; with it the light on its edge per
 * px of radius, and its area as the pixels have it. A pixel counts by how much of its radial extent, taken as one
 * pixel, lies inside. Beyond `inner`, what a pixel has over the one opposite plus four times the noise and 0.7 of it
 * is not the star's.
 */
export function growthSums(
  { f32 }: Views,
  scratch: number,
  stamp: Stamp,
  x: number,
  y: number,
  inner: number,
  outer: number,
  sky: number,
  noise: number,
): (radius: number) => { readonly light: number; readonly edge: number; readonly area: number } {
  const { place, radius, columns, rows } = stamp
  const middleX = radius + (x - stamp.x)
  const middleY = radius + (y - stamp.y)
  const clean = (scratch + cleanAt) >> 2
  const away = (scratch + awayAt) >> 2
  const span = (reach: number) => ({
    firstBlock: Math.max(0, Math.ceil(middleX - reach - 1)) >> 2,
    lastBlock: Math.min(columns - 1, Math.floor(middleX + reach + 1)) >> 2,
    firstRow: Math.max(0, Math.ceil(middleY - reach - 1)),
    lastRow: Math.min(rows - 1, Math.floor(middleY + reach + 1)),
  })
  const level = f(sky)
  const margin = f(4 * noise)
  const oppositeX = Math.floor(2 * middleX + 0.5)
  const oppositeY = Math.floor(2 * middleY + 0.5)
  const whole = span(outer)
  for (let j = whole.firstRow; j <= whole.lastRow; j++) {
    const dy = f(j - f(middleY))
    const mirrored = Math.min(Math.max(oppositeY - j, 0), rows - 1)
    for (let i = 4 * whole.firstBlock; i < 4 * whole.lastBlock + 4; i++) {
      const at = j * columns + i
      const dx = f(i - f(middleX))
      const distance = f(Math.sqrt(f(f(dx * dx) + f(dy * dy))))
      f32[away + at] = distance
      f32[clean + at] = 0
      if (!(distance < f(outer + 0.5))) continue
      const light = f(f32[(place >> 2) + at] - level)
      const other = f(f32[(place >> 2) + mirrored * columns + oppositeX - i] - level)
      const most = f(other + f(f(Math.max(0, other) * f(0.7)) + margin))
      f32[clean + at] = distance > f(inner) && light > most ? other : light
    }
  }
  return reach => {
    const rim = f(reach + 0.5)
    const { firstBlock, lastBlock, firstRow, lastRow } = span(reach)
    const light = new Float32Array(4)
    const edge = new Float32Array(4)
    const area = new Float32Array(4)
    for (let j = firstRow; j <= lastRow; j++) {
      for (let i = 4 * firstBlock; i < 4 * lastBlock + 4; i++) {
        const value = f32[clean + j * columns + i]
        const inside = f(rim - f32[away + j * columns + i])
        const part = Math.min(1, Math.max(0, inside))
        light[i & 3] += f(value * part)
        area[i & 3] += part
        if (part > 0 && part < 1) edge[i & 3] += value
      }
    }
    const total = ([a, b, c, d]: Float32Array) => a + b + (c + d)
    return { light: total(light), edge: total(edge), area: total(area) }
  }
}
