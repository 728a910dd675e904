// The sky under the stars: level and noise on a coarse mesh, so that gradients, glow and nebulae do not pass for stars.
import type { Views } from '../kernels/memory.js'
import { skyCellPx } from '../kernels/sky-mesh.js'
import { medianInPlace } from './order-statistic.js'
import { lightOf, type StarOrder, type StarPlaces } from './star-places.js'
import type { Step } from './strip-step.js'

/** Frames from here on have every eighth row looked at: 500 pixels a cell, a level good to 5 % of the noise. */
const largePx = 500_000

/** Luminance of one strip (64 rows of light); nothing to do for mono. */
export const lightStrip: Step<StarOrder> = ({ kernels }, order, strip) => {
  const { kind, light, width, lightWidth, lightHeight, height } = order.places
  const top = strip * skyCellPx
  const rows = Math.min(skyCellPx, lightHeight - top)
  const to = light + 4 * top * lightWidth
  if (kind === 'bayer') kernels.superpixels(order.plane + 8 * top * width, width, rows, to)
  if (kind !== 'colour') return
  const red = order.plane + 4 * top * width
  const plane = 4 * width * height
  kernels.meanOfThree(red, red + plane, red + 2 * plane, rows * width, to)
}

/**
 * Level and noise of one row of mesh cells, from the strip's own 64 rows of light: median and MAD, then five rounds of
 * 3-sigma clipping about the mean. Source of the scheme: Bertin & Arnouts, A&AS 117 (1996) 393, §7.1.
 */
export const skyMeshStrip: Step<StarOrder> = ({ kernels, scratch }, order, strip) => {
  const { lightWidth, lightHeight, columns, level, noise, tops } = order.places
  const top = strip * skyCellPx
  const rows = Math.min(skyCellPx, lightHeight - top)
  const step = rows >= skyCellPx / 2 && lightWidth * lightHeight >= largePx ? 8 : 1
  const cells = 4 * strip * columns
  kernels.skyCells(lightOf(order), lightWidth, top, rows, step, scratch, level + cells, noise + cells)
  // While the strip is in the cache: few of its rows are then read again for their peaks.
  kernels.rowTops(lightOf(order), lightWidth, top, rows, tops)
}

/** Level and noise of the whole frame: medians over its mesh; NaN when no pixel holds a number. */
export interface Sky {
  readonly levelAdu: number
  readonly noiseAdu: number
}

/**
 * Ends the mesh when all strips are through, in place. Cells without data, and cells both brighter and noisier than
 * those around them, take the median of their 3 × 3 neighbourhood; the others keep their own level: a median
 * everywhere would flatten the foot and the top of every slope. Noise is the median everywhere. Then the gates that
 * `findPeaks` wants.
 */
export function finishSkyMesh({ f32 }: Views, { places, sigma }: StarOrder): Sky {
  const { level, noise, cells } = meshOf(f32, places)
  const levels = medianMesh(level, places)
  const noises = medianMesh(noise, places)
  for (let i = 0; i < cells; i++) {
    const lit = level[i] - levels[i] > noises[i] && noise[i] > 1.3 * noises[i]
    if (Number.isNaN(level[i]) || lit) level[i] = levels[i]
    noise[i] = noises[i]
  }
  setGates(f32, places, sigma)
  return skyOf(f32, places)
}

/** Of a finished mesh. */
export function skyOf(f32: Float32Array, places: StarPlaces): Sky {
  const { level, noise, cells } = meshOf(f32, places)
  return { levelAdu: medianInPlace(level.slice(), cells), noiseAdu: medianInPlace(noise.slice(), cells) }
}

function meshOf(f32: Float32Array, places: StarPlaces) {
  const cells = places.columns * places.rows
  const level = f32.subarray(places.level >> 2, (places.level >> 2) + cells)
  return { level, noise: f32.subarray(places.noise >> 2, (places.noise >> 2) + cells), cells }
}

/** The lowest threshold in and around each cell: what is not above it is no peak. */
function setGates(f32: Float32Array, { columns, rows, level, noise, gates }: StarPlaces, sigma: number): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let least = Number.POSITIVE_INFINITY
      for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
          const i = y * columns + x
          least = Math.min(least, f32[(level >> 2) + i] + sigma * f32[(noise >> 2) + i])
        }
      }
      f32[(gates >> 2) + row * columns + column] = least
    }
  }
}

/** Medians of 3 × 3 cells, fewer at the edges and where there are NaN; of all when there is no number around. */
function medianMesh(mesh: Float32Array, { columns, rows }: StarPlaces): Float32Array {
  const smooth = new Float32Array(mesh.length)
  const near = new Float64Array(9)
  let whole: number | undefined
  for (let row = 0; row < rows; row++) {
    const top = Math.max(0, row - 1) * columns
    const bottom = Math.min(rows - 1, row + 1) * columns
    for (let column = 0; column < columns; column++) {
      const left = Math.max(0, column - 1)
      const right = Math.min(columns - 1, column + 1)
      let count = 0
      for (let y = top; y <= bottom; y += columns) {
        for (let i = y + left; i <= y + right; i++) {
          const value = mesh[i]
          if (Number.isNaN(value)) continue
          let place = count++
          for (; place > 0 && near[place - 1] > value; place--) near[place] = near[place - 1]
          near[place] = value
        }
      }
      const half = count >> 1
      if (count === 0) whole ??= medianOfNumbers(mesh)
      const middle = count & 1 ? near[half] : (near[half - 1] + near[half]) / 2
      smooth[row * columns + column] = count === 0 ? whole! : middle
    }
  }
  return smooth
}

function medianOfNumbers(mesh: Float32Array): number {
  const numbers = mesh.filter(value => !Number.isNaN(value))
  return medianInPlace(numbers, numbers.length)
}
