// What is always in the same place on one sensor: vignetting and dust of its optics, uneven pixels, hot pixels.
import { hash32, hashUnit, normalFrom, wordsFrom } from './seeded-noise.js'

/** Part of the sensor that is read, in unbinned px, and how many pixels of it become one. */
export interface ReadWindow {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly binning: number
}

export interface SensorMould {
  readonly width: number // px, unbinned
  readonly height: number // px
  /** Makes this sensor different from others. */
  readonly seed: number
  /** Light lost in the corner, 0…1. */
  readonly vignetting: number
  /** Specks that throw ring shadows. */
  readonly dustSpecks: number
  /** Spread of the pixels' sensitivity, 0…1; about 0.006 on real sensors. */
  readonly unevenness: number
}

/**
 * Sensitivity of every pixel of a window relative to a perfect one: window height × width over binning², row by row.
 */
export function flatPattern(mould: SensorMould, window: ReadWindow): Float32Array {
  const { binning } = window
  const width = Math.floor(window.width / binning)
  const height = Math.floor(window.height / binning)
  const flat = new Float32Array(width * height)
  const centreX = (mould.width - 1) / 2
  const centreY = (mould.height - 1) / 2
  const corner2 = centreX * centreX + centreY * centreY
  const uneven = mould.unevenness / binning
  for (let row = 0; row < height; row++) {
    const y = window.y + (row + 0.5) * binning - 0.5
    for (let column = 0; column < width; column++) {
      const x = window.x + (column + 0.5) * binning - 0.5
      const r2 = ((x - centreX) ** 2 + (y - centreY) ** 2) / corner2
      const grain = normalFrom(hash32(mould.seed, x | 0, y | 0))
      flat[row * width + column] = (1 - mould.vignetting * r2 * (1.2 - 0.2 * r2)) * (1 + uneven * grain)
    }
  }
  for (let speck = 0; speck < mould.dustSpecks; speck++) shadeSpeck(mould, window, flat, width, height, speck)
  return flat
}

/** The shadow of a speck is the picture of the aperture: a soft ring, wider the further it sits from the sensor. */
function shadeSpeck(
  mould: SensorMould,
  window: ReadWindow,
  flat: Float32Array,
  width: number,
  height: number,
  speck: number,
): void {
  const unit = (which: number) => hashUnit(mould.seed, 77, speck, which)
  const centreX = (unit(0) * mould.width - window.x) / window.binning
  const centreY = (unit(1) * mould.height - window.y) / window.binning
  const radius = (9 + 26 * unit(2)) / window.binning
  const depth = 0.02 + 0.06 * unit(3)
  for (let row = Math.max(0, Math.ceil(centreY - radius)); row < Math.min(height, centreY + radius); row++) {
    for (let column = Math.max(0, Math.ceil(centreX - radius)); column < Math.min(width, centreX + radius); column++) {
      const r = Math.hypot(column - centreX, row - centreY) / radius
      const ring = step(1.05 - r, 0.2) * step(r - 0.25, 0.2)
      flat[row * width + column] *= 1 - depth * ring
    }
  }
}

function step(distance: number, softness: number): number {
  return Math.min(1, Math.max(0, distance / softness))
}

/** Pixels that leak: where they are, and how much at 0 °C, e-/s. The same for one mould always. */
export interface HotPixels {
  readonly x: Uint16Array
  readonly y: Uint16Array
  readonly electronsPerSecond: Float32Array
}

/** @param share  of all pixels; 0.0006 is an ordinary uncooled sensor */
export function hotPixels(mould: SensorMould, share: number): HotPixels {
  const count = Math.round(mould.width * mould.height * share)
  const words = wordsFrom(hash32(mould.seed, 4711))
  const x = new Uint16Array(count)
  const y = new Uint16Array(count)
  const electronsPerSecond = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    x[i] = words() % mould.width
    y[i] = words() % mould.height
    // Log-uniform with a steep end: most leak a little, a few saturate within a minute.
    electronsPerSecond[i] = 0.3 * 10 ** (3.6 * (words() / 4294967296) ** 3)
  }
  return { x, y, electronsPerSecond }
}
