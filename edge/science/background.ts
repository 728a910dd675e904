// The sky under the stars: level and noise on a coarse mesh, so that gradients, glow and nebulae do not pass for stars.
import { medianInPlace, spreadInPlace } from './order-statistic.js'
import type { Samples } from './samples.js'
import { ScienceError } from './science-error.js'

/** Part of a picture: `x`, `y` its first pixel, all in px. */
export interface Region {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Sky level and noise at the middles of `columns` × `rows` equal cells of a region, row by row. */
export interface Background {
  readonly region: Region
  readonly columns: number
  readonly rows: number
  readonly levelAdu: Float32Array
  readonly noiseAdu: Float32Array // standard deviation of one pixel of sky
  readonly medianLevelAdu: number // NaN when no pixel of the region holds a number
  readonly medianNoiseAdu: number
}

const cellPx = 64 // stars up to some 20 px wide leave most of a cell dark; amp glow and gradients are wider
// Beyond this rows are skipped, up to three of four: a cell keeps 1000 pixels, its mean good to 3 % of the noise.
const maxSamples = 4_000_000

/**
 * Sky level and noise of a plane.
 *
 * Each cell: median and MAD, then five rounds of 3-sigma clipping about the mean. The mean, not the median, is kept:
 * where the noise is close to one ADU a median moves in steps of one. Cells under a bright star take their
 * neighbours' median. Source of the scheme: Bertin & Arnouts, A&AS 117 (1996) 393, §7.1.
 *
 * @param plane  `width` × `height` pixels in ADU, NaN = no data; not changed
 * @param region  measure only this part; must lie inside
 * @throws ScienceError when the plane is not width × height long or the region leaves it
 */
export function measureBackground(
  plane: Samples,
  width: number,
  height: number,
  region: Region = { x: 0, y: 0, width, height },
): Background {
  checkPlane(plane, width, height, region)
  const columns = Math.max(1, Math.round(region.width / cellPx))
  const rows = Math.max(1, Math.round(region.height / cellPx))
  const level = new Float32Array(columns * rows)
  const noise = new Float32Array(columns * rows)
  const rowStep = Math.min(4, Math.max(1, Math.ceil((region.width * region.height) / maxSamples)))
  const cellArea = Math.ceil(region.width / columns) * Math.ceil(region.height / rows)
  const cell = new Float32Array(cellArea)
  const scratch = new Float32Array(cellArea)
  for (let row = 0; row < rows; row++) {
    const top = region.y + Math.floor((row * region.height) / rows)
    const bottom = region.y + Math.floor(((row + 1) * region.height) / rows)
    for (let column = 0; column < columns; column++) {
      const left = region.x + Math.floor((column * region.width) / columns)
      const right = region.x + Math.floor(((column + 1) * region.width) / columns)
      let count = 0
      for (let y = top; y < bottom; y += rowStep) {
        for (let i = y * width + left; i < y * width + right; i++) {
          const value = plane[i]
          if (!Number.isNaN(value)) cell[count++] = value
        }
      }
      measureCell(cell, scratch, count, row * columns + column, level, noise)
    }
  }
  dropLitCells(level, noise, columns, rows)
  return {
    region,
    columns,
    rows,
    levelAdu: level,
    noiseAdu: noise,
    medianLevelAdu: medianOfNumbers(level),
    medianNoiseAdu: medianOfNumbers(noise),
  }
}

/**
 * Level and noise along picture row `y`, for the region's `width` pixels, bilinear between cell middles and flat
 * beyond them. Writes `levelAdu` and `noiseAdu` from index 0 (= the region's first column).
 */
export function backgroundRow(background: Background, y: number, levelAdu: Float32Array, noiseAdu: Float32Array): void {
  const { region, columns, rows } = background
  const place = clamp(((y - region.y + 0.5) * rows) / region.height - 0.5, rows - 1)
  const row = Math.floor(place)
  const v = place - row
  const upper = row * columns
  const lower = Math.min(rows - 1, row + 1) * columns
  const perPx = columns / region.width
  let x = 0
  // Segments between neighbouring cell middles; the first and the last, beyond the outer middles, are flat.
  for (let left = -1; left < columns; left++) {
    const a = Math.max(0, left)
    const b = Math.min(columns - 1, left + 1)
    const level = (1 - v) * background.levelAdu[upper + a] + v * background.levelAdu[lower + a]
    const levelStep = (1 - v) * background.levelAdu[upper + b] + v * background.levelAdu[lower + b] - level
    const noise = (1 - v) * background.noiseAdu[upper + a] + v * background.noiseAdu[lower + a]
    const noiseStep = (1 - v) * background.noiseAdu[upper + b] + v * background.noiseAdu[lower + b] - noise
    const end = Math.min(region.width, Math.ceil((left + 1.5) / perPx - 0.5))
    for (; x < end; x++) {
      const part = (x + 0.5) * perPx - 0.5 - left
      levelAdu[x] = level + part * levelStep
      noiseAdu[x] = noise + part * noiseStep
    }
  }
}

/**
 * One sky level for a whole plane, ADU: the clipped mean of some 65 000 pixels spread over it, precise to a few
 * thousandths of the noise. NaN when the plane holds no number.
 */
export function skyLevel(plane: Samples): number {
  // Odd, so as not to walk down one column of an even width.
  const step = Math.max(1, Math.floor(plane.length / 65_536)) | 1
  const cell = new Float32Array(Math.ceil(plane.length / step))
  let count = 0
  for (let i = 0; i < plane.length; i += step) if (!Number.isNaN(plane[i])) cell[count++] = plane[i]
  const level = new Float32Array(1)
  measureCell(cell, new Float32Array(count), count, 0, level, new Float32Array(1))
  return level[0]
}

/** @throws ScienceError unless the plane is width × height long and the region, in whole pixels, lies inside it */
export function checkPlane(plane: Samples, width: number, height: number, region: Region): void {
  if (plane.length !== width * height) {
    throw new ScienceError(`a plane of ${plane.length} pixels cannot be ${width} × ${height} px`)
  }
  const whole = [region.x, region.y, region.width, region.height].every(Number.isInteger)
  const inside =
    region.x >= 0 && region.y >= 0 && region.x + region.width <= width && region.y + region.height <= height
  if (!whole || !inside || region.width < 1 || region.height < 1) {
    throw new ScienceError(
      `region ${region.width} × ${region.height} at (${region.x}, ${region.y}) is no part of ${width} × ${height} px`,
    )
  }
}

function measureCell(
  cell: Float32Array,
  scratch: Float32Array,
  count: number,
  index: number,
  level: Float32Array,
  noise: Float32Array,
): void {
  if (count === 0) {
    level[index] = Number.NaN
    noise[index] = Number.NaN
    return
  }
  scratch.set(cell.subarray(0, count))
  let mean = medianInPlace(scratch, count)
  // Half an ADU keeps a cell of few distinct integers from being clipped to a single value when its MAD is 0.
  let sigma = Math.max(spreadInPlace(scratch, count, mean), quantum(cell, count) / 2)
  for (let round = 0; round < 5; round++) {
    const low = mean - 3 * sigma
    const high = mean + 3 * sigma
    let kept = 0
    let sum = 0
    let squares = 0
    for (let i = 0; i < count; i++) {
      const value = cell[i]
      if (value < low || value > high) continue
      const offset = value - mean
      kept++
      sum += offset
      squares += offset * offset
    }
    if (kept === 0) break
    const shift = sum / kept
    const variance = Math.max(0, squares / kept - shift * shift)
    mean += shift
    const clipped = Math.sqrt(variance) / sigmaAfterClip
    if (Math.abs(clipped - sigma) < 1e-3 * sigma) break
    if (clipped === 0) break
    sigma = clipped
  }
  level[index] = mean
  noise[index] = sigma
}

const sigmaAfterClip = 0.9866 // standard deviation of a unit Gaussian cut at ±3

/** 1 when all of the first values are whole numbers, else 0: a sensor's step as far as the noise floor is concerned. */
function quantum(cell: Float32Array, count: number): number {
  for (let i = 0; i < Math.min(count, 32); i++) if (!Number.isInteger(cell[i])) return 0
  return 1
}

/**
 * Gives cells without data, and cells both brighter and noisier than those around them, the median of their 3 × 3
 * neighbourhood, in place. The others keep their own level: a median everywhere would flatten the foot and the top of
 * every slope.
 */
function dropLitCells(level: Float32Array, noise: Float32Array, columns: number, rows: number): void {
  const levels = medianMesh(level, columns, rows)
  const noises = medianMesh(noise, columns, rows)
  for (let i = 0; i < level.length; i++) {
    const lit = level[i] - levels[i] > noises[i] && noise[i] > 1.3 * noises[i]
    if (Number.isNaN(level[i]) || lit) level[i] = levels[i]
    noise[i] = noises[i]
  }
}

function medianMesh(mesh: Float32Array, columns: number, rows: number): Float32Array {
  const smooth = new Float32Array(mesh.length)
  const near = new Float32Array(9)
  const whole = medianOfNumbers(mesh)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let count = 0
      for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
          const value = mesh[y * columns + x]
          if (!Number.isNaN(value)) near[count++] = value
        }
      }
      smooth[row * columns + column] = count === 0 ? whole : medianInPlace(near, count)
    }
  }
  return smooth
}

function medianOfNumbers(values: Float32Array): number {
  const numbers = values.filter(value => !Number.isNaN(value))
  return medianInPlace(numbers, numbers.length)
}

function clamp(value: number, high: number): number {
  return Math.max(0, Math.min(value, high))
}
