// Light that comes from no star: sky glow with its slope, cloud in patches, and a lamp; and what cloud takes from the
// stars.
import { planeNoise } from './seeded-noise.js'
import type { Canvas } from './star-profile.js'

/** Cloud over the field. */
export interface Haze {
  /** 0 clear … 1 overcast. */
  readonly cover: number
  readonly seed: number
  /** How far the cloud has drifted, in field widths. */
  readonly driftX: number
  readonly driftY: number
}

/** Light at the knots of a coarse net over the picture, electrons per pixel; row by row. */
export interface LightGrid {
  readonly columns: number
  readonly rows: number
  readonly light: Float32Array
}

const columns = 17
const rows = 13

/**
 * @param gradient  share per degree toward an angle from the picture's top, clockwise
 * @param skyElectrons  per pixel in the middle of a clear field
 * @param lampElectrons  per pixel, even
 */
export function lightGrid(
  field: { readonly widthDeg: number; readonly heightDeg: number },
  gradient: { readonly perDeg: number; readonly towardDeg: number },
  haze: Haze,
  skyElectrons: number,
  lampElectrons: number,
): LightGrid {
  const light = new Float32Array(columns * rows)
  const toward = (gradient.towardDeg * Math.PI) / 180
  for (let row = 0; row < rows; row++) {
    const v = row / (rows - 1)
    for (let column = 0; column < columns; column++) {
      const u = column / (columns - 1)
      const along = (u - 0.5) * field.widthDeg * Math.sin(toward) - (v - 0.5) * field.heightDeg * Math.cos(toward)
      // Near a town cloud is brighter than the sky behind it: a thick one by a factor of three.
      const cloud = 1 + 2 * localCover(haze, u, v)
      light[row * columns + column] = skyElectrons * Math.max(0.2, 1 + gradient.perDeg * along) * cloud + lampElectrons
    }
  }
  return { columns, rows, light }
}

/** Writes the net's light over the whole canvas, bilinearly; `colour` holds a factor per pixel phase, see drawStar. */
export function spreadGrid(canvas: Canvas, grid: LightGrid, colour: readonly number[]): void {
  const { light, width, height } = canvas
  const line = new Float32Array(grid.columns)
  for (let row = 0; row < height; row++) {
    const v = height > 1 ? (row / (height - 1)) * (grid.rows - 1) : 0
    const above = Math.min(grid.rows - 2, Math.floor(v))
    for (let column = 0; column < grid.columns; column++) {
      const upper = grid.light[above * grid.columns + column]
      line[column] = upper + (grid.light[(above + 1) * grid.columns + column] - upper) * (v - above)
    }
    const even = colour[(row & 1) * 2]
    const odd = colour[(row & 1) * 2 + 1]
    const perPixel = width > 1 ? (grid.columns - 1) / (width - 1) : 0
    for (let column = 0; column < width; column++) {
      const u = column * perPixel
      const left = Math.min(grid.columns - 2, u | 0)
      light[row * width + column] =
        (line[left] + (line[left + 1] - line[left]) * (u - left)) * (column & 1 ? odd : even)
    }
  }
}

/** Share of star light that cloud lets through at a place in the picture; `u` and `v` run 0…1. */
export function veilAt(haze: Haze, u: number, v: number): number {
  return haze.cover === 0 ? 1 : 1 - 0.97 * localCover(haze, u, v)
}

function localCover(haze: Haze, u: number, v: number): number {
  if (haze.cover === 0) return 0
  const patch = planeNoise(haze.seed, u * 1.6 + haze.driftX, v * 1.2 + haze.driftY)
  return Math.min(1, haze.cover * (0.4 + 1.2 * patch))
}
