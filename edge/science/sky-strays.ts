// What crosses a frame uninvited: satellites and cosmic rays.
import type { Canvas } from './star-profile.js'

/**
 * A satellite's trail right across the picture.
 * @param words  uniform 32-bit words; two are used for where it goes
 * @param electrons  per px of trail length
 */
export function drawTrail(canvas: Canvas, words: () => number, electrons: number, fwhmPx: number): void {
  const { light, width, height } = canvas
  const angle = (Math.PI * words()) / 4294967296
  const offset = (words() / 4294967296 - 0.5) * Math.min(width, height) * 0.9
  const sine = Math.sin(angle)
  const cosine = Math.cos(angle)
  const alpha = fwhmPx * 0.981
  // A Moffat function with β = 3 summed along a line falls with the power 5/2; 3/(4α) makes its integral 1.
  const peak = (electrons * 3) / (4 * alpha)
  const reach = 12 * fwhmPx + 2
  for (let row = 0; row < height; row++) {
    const across = (row - height / 2) * cosine - offset
    // Columns where |across − (column − width/2)·sine| ≤ reach.
    let from = 0
    let to = width - 1
    if (Math.abs(sine) > 1e-6) {
      const one = width / 2 + (across - reach) / sine
      const other = width / 2 + (across + reach) / sine
      from = Math.max(0, Math.floor(Math.min(one, other)))
      to = Math.min(width - 1, Math.ceil(Math.max(one, other)))
    } else if (Math.abs(across) > reach) continue
    for (let column = from; column <= to; column++) {
      const distance = across - (column - width / 2) * sine
      const u = 1 + (distance * distance) / (alpha * alpha)
      light[row * width + column] += peak / (u * u * Math.sqrt(u))
    }
  }
}

/** A cosmic ray: a short straight track of a few thousand electrons, sharper than any star. */
export function drawCosmic(canvas: Canvas, words: () => number, binning: number): void {
  const unit = () => words() / 4294967296
  const { light, width, height } = canvas
  const angle = 2 * Math.PI * unit()
  const length = (1 + 14 * unit() ** 4) / binning
  const charge = 400 + 4000 * unit() ** 2
  const x = unit() * width
  const y = unit() * height
  const steps = Math.max(1, Math.ceil(length * 2))
  for (let i = 0; i < steps; i++) {
    const column = Math.floor(x + (Math.cos(angle) * length * i) / steps)
    const row = Math.floor(y + (Math.sin(angle) * length * i) / steps)
    if (column < 0 || row < 0 || column >= width || row >= height) continue
    light[row * width + column] += charge / steps
  }
}
