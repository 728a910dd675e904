// Stars of a made-up sky: each cell of the sphere grows its own from the seed, so that a place always shows the same
// stars.
import { hash32, poissonFrom, wordsFrom } from './seeded-noise.js'

/** Columns of a star list, J2000. */
export interface Stars {
  readonly count: number
  readonly raDeg: Float64Array
  readonly decDeg: Float64Array
  readonly magnitude: Float32Array // V
  readonly colourIndex: Float32Array // B−V, mag
}

const cellDeg = 0.5
const bands = 360
/** Fainter stars are never made; a frame of the simulated telescope reaches them in about an hour. */
const faintestMagnitude = 17.5
const brightestMagnitude = 2.5
/**
 * log10 N(<m) rises by this much per magnitude between 10 and 17 (Bahcall & Soneira, ApJS 44 (1980) 73, mid latitudes).
 */
const slope = 0.35
/** Stars brighter than magnitude 10 per square degree: about 340 000 on the whole sphere. */
const brighterThanTenPerDeg2 = 8

/**
 * Stars within `radiusDeg` of a place, and some around it (whole cells), no fainter than `limitMagnitude`.
 * The brightest `atMost` are kept, so that a wide field stays bounded. A place, a seed: always the same stars.
 */
export function starsAround(
  seed: number,
  raDeg: number,
  decDeg: number,
  radiusDeg: number,
  limitMagnitude: number,
  atMost: number,
): Stars {
  const ra: number[] = []
  const dec: number[] = []
  const magnitude: number[] = []
  const colour: number[] = []
  const firstBand = bandOf(Math.max(-90, decDeg - radiusDeg))
  const lastBand = bandOf(Math.min(90, decDeg + radiusDeg))
  for (let band = firstBand; band <= lastBand; band++) {
    const southDeg = band * cellDeg - 90
    const cells = Math.max(1, Math.round((360 * Math.cos(rad(southDeg + cellDeg / 2))) / cellDeg))
    const widthDeg = 360 / cells
    // How far in RA the circle reaches in this band; all the way round near a pole.
    const farthest = Math.min(89.999, Math.max(Math.abs(southDeg), Math.abs(southDeg + cellDeg)))
    const stretch = Math.sin(rad(Math.min(90, radiusDeg))) / Math.cos(rad(farthest))
    const reachDeg = stretch >= 1 ? 180 : deg(Math.asin(stretch)) + widthDeg
    const span = Math.min(cells, 2 * Math.ceil(reachDeg / widthDeg) + 1)
    const first = Math.floor(raDeg / widthDeg) - (span >> 1)
    for (let k = 0; k < span; k++) {
      const cell = (((first + k) % cells) + cells) % cells
      growCell(seed, band, cell, widthDeg, limitMagnitude, ra, dec, magnitude, colour)
    }
  }
  return brightest(ra, dec, magnitude, colour, atMost)
}

function growCell(
  seed: number,
  band: number,
  cell: number,
  widthDeg: number,
  limitMagnitude: number,
  ra: number[],
  dec: number[],
  magnitude: number[],
  colour: number[],
): void {
  const words = wordsFrom(hash32(seed, band, cell))
  const unit = () => words() / 4294967296
  const southSin = Math.sin(rad(band * cellDeg - 90))
  const northSin = Math.sin(rad(band * cellDeg - 90 + cellDeg))
  const westDeg = cell * widthDeg
  const areaDeg2 = deg(northSin - southSin) * widthDeg
  const count = poissonFrom(words, areaDeg2 * densityPerDeg2(westDeg + widthDeg / 2, band * cellDeg - 90 + cellDeg / 2))
  for (let i = 0; i < count; i++) {
    // Four words per star whether it is kept or not: the limit must not change the stars that follow.
    const m = Math.max(brightestMagnitude, faintestMagnitude + Math.log10(unit() + 1e-12) / slope)
    const starRa = westDeg + unit() * widthDeg
    const starSin = southSin + unit() * (northSin - southSin)
    const starColour = -0.1 + 1.7 * unit() ** 1.2
    if (m > limitMagnitude) continue
    ra.push(starRa)
    dec.push(deg(Math.asin(starSin)))
    magnitude.push(m)
    colour.push(starColour)
  }
}

/** Stars down to the faintest per square degree: four times as many in the Milky Way as at its poles. */
function densityPerDeg2(raDeg: number, decDeg: number): number {
  const mean = brighterThanTenPerDeg2 * 10 ** (slope * (faintestMagnitude - 10))
  // Galactic pole at 192.859°, +27.128° (J2000).
  const sinB =
    Math.sin(rad(decDeg)) * Math.sin(rad(27.128)) +
    Math.cos(rad(decDeg)) * Math.cos(rad(27.128)) * Math.cos(rad(raDeg - 192.859))
  return mean * (0.5 + 1.5 * Math.exp(-Math.abs(deg(Math.asin(sinB))) / 12))
}

function brightest(ra: number[], dec: number[], magnitude: number[], colour: number[], atMost: number): Stars {
  let chosen = magnitude.map((_, i) => i)
  if (chosen.length > atMost) {
    chosen.sort((a, b) => magnitude[a] - magnitude[b] || a - b)
    chosen = chosen.slice(0, atMost)
  }
  return {
    count: chosen.length,
    raDeg: Float64Array.from(chosen, i => ra[i]),
    decDeg: Float64Array.from(chosen, i => dec[i]),
    magnitude: Float32Array.from(chosen, i => magnitude[i]),
    colourIndex: Float32Array.from(chosen, i => colour[i]),
  }
}

function bandOf(decDeg: number): number {
  return Math.min(bands - 1, Math.max(0, Math.floor((decDeg + 90) / cellDeg)))
}

function rad(degrees: number): number {
  return (degrees * Math.PI) / 180
}

function deg(radians: number): number {
  return (radians * 180) / Math.PI
}
