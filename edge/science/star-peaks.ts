// Where stars may be: hot pixels taken out, local maxima found, and the pixels above half a maximum gathered around it.
import { type Background, backgroundRow } from './background.js'
import type { Plate } from './star-shape.js'

const maxPeaks = 200_000 // a frame of nothing but clouds at dawn ends here
const maxBlobPx = 16_384 // larger than any star: the Moon, a lamp, a dew-covered corner

/**
 * Replaces single hot pixels by the mean of their neighbours, in place. Hot is what stands more than `sigma` over the
 * sky and more than five times as high as the mean of its four brightest neighbours; a star does so only below 1.15
 * px FWHM.
 * @returns how many were replaced
 */
export function repairHot({ light, width, height }: Plate, background: Background, sigma: number): number {
  const level = new Float32Array(width)
  const noise = new Float32Array(width)
  const near = new Float32Array(8)
  let repaired = 0
  for (let y = 1; y < height - 1; y++) {
    backgroundRow(background, y, level, noise)
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x
      const value = light[i]
      const floor = level[x] + sigma * noise[x]
      if (!(value > floor) || value <= light[i - 1] || value <= light[i + 1]) continue
      gatherNeighbours(light, i, width, near)
      const brightestFour = (near[4] + near[5] + near[6] + near[7]) / 4
      if (value - level[x] <= sigma * noise[x] + 5 * Math.max(0, brightestFour - level[x])) continue
      light[i] = (near[2] + near[3] + near[4] + near[5]) / 4
      repaired++
    }
  }
  return repaired
}

/** The eight neighbours of pixel `i`, smallest first, into `near`. */
function gatherNeighbours(light: Float32Array, i: number, width: number, near: Float32Array): void {
  near[0] = light[i - width - 1]
  near[1] = light[i - width]
  near[2] = light[i - width + 1]
  near[3] = light[i - 1]
  near[4] = light[i + 1]
  near[5] = light[i + width - 1]
  near[6] = light[i + width]
  near[7] = light[i + width + 1]
  near.sort() // NaN goes last and makes every comparison above false
}

/**
 * Pixel indices of local maxima over `sigma` with at least four of eight neighbours over two sigma, in reading
 * order.
 */
export function findPeaks({ light, width, height }: Plate, background: Background, sigma: number): Int32Array {
  const level = new Float32Array(width)
  const noise = new Float32Array(width)
  const peaks = new Int32Array(maxPeaks)
  let count = 0
  for (let y = 1; y < height - 1 && count < maxPeaks; y++) {
    backgroundRow(background, y, level, noise)
    for (let x = 1; x < width - 1 && count < maxPeaks; x++) {
      const i = y * width + x
      const value = light[i]
      if (!(value > level[x] + sigma * noise[x])) continue
      const up = i - width
      const down = i + width
      // Ties go to the first pixel in reading order, so that a flat top has few maxima; the blob fill merges those.
      if (!(value > light[up - 1] && value > light[up] && value > light[up + 1] && value > light[i - 1])) continue
      if (value < light[i + 1] || value < light[down - 1] || value < light[down] || value < light[down + 1]) continue
      const lit = level[x] + 2 * noise[x]
      const neighbours =
        Number(light[up - 1] > lit) +
        Number(light[up] > lit) +
        Number(light[up + 1] > lit) +
        Number(light[i - 1] > lit) +
        Number(light[i + 1] > lit) +
        Number(light[down - 1] > lit) +
        Number(light[down] > lit) +
        Number(light[down + 1] > lit)
      if (neighbours >= 4) peaks[count++] = i
    }
  }
  return peaks.subarray(0, count)
}

export interface Blob {
  readonly x: number // px, middle weighted by light above half height
  readonly y: number
  readonly sizePx: number // width of a disc of the same area, or nearly the box's where that is hollow
  readonly flatPx: number // pixels within half a percent of the maximum
}

/** Gathers blobs of one plate; a pixel belongs to one blob only, the brightest that asked first. */
export interface BlobFiller {
  isTaken(i: number): boolean
  /** The connected pixels at or above `floorAdu` around pixel `peak`; `undefined` when they outgrow any star. */
  fill(peak: number, floorAdu: number): Blob | undefined
}

export function blobFiller({ light, width, height }: Plate): BlobFiller {
  const taken = new Uint8Array(width * height)
  const stack = new Int32Array(maxBlobPx)
  return { isTaken: i => taken[i] === 1, fill }

  function fill(peak: number, floorAdu: number): Blob | undefined {
    const top = light[peak] - 0.005 * Math.abs(light[peak]) // clipped pixels differ by a step or two of the converter
    let pending = 0
    let areaPx = 0
    let flatPx = 0
    let sum = 0
    let sumX = 0
    let sumY = 0
    let left = width
    let right = 0
    let above = height
    let below = 0
    stack[pending++] = peak
    taken[peak] = 1
    while (pending > 0) {
      const i = stack[--pending]
      const x = i % width
      const y = (i - x) / width
      const weight = light[i] - floorAdu + 1e-6
      areaPx++
      if (light[i] >= top) flatPx++
      sum += weight
      sumX += weight * x
      sumY += weight * y
      if (x < left) left = x
      if (x > right) right = x
      if (y < above) above = y
      if (y > below) below = y
      if (areaPx + pending > maxBlobPx - 8) return undefined
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const next = v * width + u
          if (taken[next] || !(light[next] >= floorAdu)) continue
          taken[next] = 1
          stack[pending++] = next
        }
      }
    }
    const box = (right - left + below - above + 2) / 2
    return { x: sumX / sum, y: sumY / sum, sizePx: Math.max(2 * Math.sqrt(areaPx / Math.PI), 0.9 * box), flatPx }
  }
}
