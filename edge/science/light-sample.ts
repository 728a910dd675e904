// A few thousand pixels that stand for all of a picture, so that its ranks cost no more than a glance.
import type { Image, Samples } from './samples.js'

/** So many rank a picture's median within a seventieth of its noise. */
const mostPx = 2 ** 13
const golden = 0.6180339887498949

/**
 * Finite samples of each plane as it is shown (red, green and blue for a mosaic), at most 8192, in no order. Where in
 * its stretch each is taken from moves by the golden section, so that no column or row is favoured.
 */
export function sampleLight(image: Image): Float32Array[] {
  const { width, height, planes, samples, bayer } = image
  const size = width * height
  if (bayer === undefined || planes !== 1 || width < 2 || height < 2) {
    return Array.from({ length: planes }, (_, plane) => sampleOf(samples, plane * size, size))
  }
  const columns = width >> 1
  const squares = columns * (height >> 1)
  const taken = Math.min(squares, mostPx)
  const stretch = squares / taken
  // Rows from the bottom of the picture: an odd first one has no partner above.
  const rowOf = (shown: number) => (image.topDown ? shown : height - 1 - shown)
  return [...'rgb'].map(colour => {
    const places = [0, 1, 2, 3].filter(place => bayer[place] === colour)
    const values = new Float32Array(taken)
    let count = 0
    for (let i = 0; i < taken; i++) {
      const square = placeOf(i, stretch)
      const place = places[i % places.length]
      const row = rowOf(2 * Math.floor(square / columns) + (place >> 1))
      const value = samples[row * width + 2 * (square % columns) + (place & 1)]
      if (value - value === 0) values[count++] = value
    }
    return values.subarray(0, count)
  })
}

/** The same of `count` samples from `start` on. */
export function sampleOf(samples: Samples, start: number, count: number): Float32Array {
  const taken = Math.min(count, mostPx)
  const values = new Float32Array(taken)
  const stretch = count / taken
  let finite = 0
  for (let i = 0; i < taken; i++) {
    const value = samples[start + placeOf(i, stretch)]
    if (value - value === 0) values[finite++] = value
  }
  return values.subarray(0, finite)
}

const placeOf = (i: number, stretch: number) => (stretch === 1 ? i : Math.floor((i + ((i * golden) % 1)) * stretch))
