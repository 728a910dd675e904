// The numbers of a part of a picture: what an observer reads off it to judge exposure, sky and signal.
import { clippedIn } from './histogram.js'
import { sigmaOfMad } from './order-statistic.js'
import type { Image, Samples } from './samples.js'
import { measureSamples } from './statistics.js'

export interface RegionOfPicture {
  readonly x: number // px, as shown
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface PlaneNumbers {
  readonly samples: number
  readonly minAdu: number
  readonly maxAdu: number
  readonly meanAdu: number
  readonly medianAdu: number
  readonly deviationAdu: number
  readonly noiseAdu: number
  readonly clippedLow: number
  readonly clippedHigh: number
  readonly snr: number
}

/**
 * Each plane of a region that lies within the picture; of a mosaic red, green and blue, each over its own pixels.
 * @param skyAdu  of the whole picture, which the SNR is counted from
 */
export function measureRegion(image: Image, region: RegionOfPicture, skyAdu: number): PlaneNumbers[] {
  return layersOf(image, region).map(rows => measureRows(rows, skyAdu))
}

/** Rows of samples of one colour. */
function layersOf(image: Image, { x, y, width, height }: RegionOfPicture): Samples[][] {
  const { bayer, planes, samples, topDown } = image
  const rowOf = (plane: number, row: number) => {
    const stored = topDown ? y + row : image.height - 1 - y - row
    const at = (plane * image.height + stored) * image.width + x
    return samples.subarray(at, at + width)
  }
  const rows = Array.from({ length: height }, (_, row) => row)
  if (bayer === undefined) {
    return Array.from({ length: planes }, (_, plane) => rows.map(row => rowOf(plane, row)))
  }
  return [...'rgb'].map(colour =>
    rows.flatMap(row => {
      const own = rowOf(0, row)
      const first = [0, 1].find(column => bayer[((y + row) & 1) * 2 + ((x + column) & 1)] === colour)
      return first === undefined ? [] : [own.filter((_, column) => column % 2 === first)]
    }),
  )
}

function measureRows(rows: readonly Samples[], skyAdu: number): PlaneNumbers {
  const length = rows.reduce((sum, row) => sum + row.length, 0)
  const all: Samples = new ((rows[0] ?? new Float32Array(0)).constructor as new (length: number) => Samples)(length)
  const steps = new Float32Array(length)
  let at = 0
  let pairs = 0
  for (const row of rows) {
    all.set(row, at)
    at += row.length
    for (let i = 1; i < row.length; i++) {
      const step = row[i] - row[i - 1]
      if (step - step === 0) steps[pairs++] = Math.abs(step)
    }
  }
  const { count, min, max, mean, median, std } = measureSamples(all)
  // Half of the differences lie below their median, which for a Gaussian is 0.6745 · √2 σ.
  const noise = (sigmaOfMad * measureSamples(steps.subarray(0, pairs)).median) / Math.SQRT2
  return {
    samples: count,
    minAdu: min,
    maxAdu: max,
    meanAdu: mean,
    medianAdu: median,
    deviationAdu: std,
    noiseAdu: noise,
    ...clippedIn(all),
    snr: noise > 0 ? (mean - skyAdu) / noise : 0,
  }
}
