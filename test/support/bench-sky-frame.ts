// One frame of a bench sky, out of the sky maker's own parts, but with every star at a place that is known: a flat
// field under a similarity, so that the truth of a registration, a width or a trail is exact.
import type { BayerPattern, Image } from '../../edge/science/samples.js'
import {
  hash32,
  hashUnit,
  normalMask,
  normalQuantiles,
  normalShift,
  wordsFrom,
} from '../../edge/science/seeded-noise.js'
import { flatPattern } from '../../edge/science/sensor-pattern.js'
import { drawCosmic, drawTrail } from '../../edge/science/sky-strays.js'
import { type Canvas, drawStar, type StarProfile, starProfile } from '../../edge/science/star-profile.js'

/** Where the sky lies on a frame: mirrored, turned and scaled about the middle, then moved. */
export interface SkyPose {
  readonly dx: number // px
  readonly dy: number // px
  readonly turnDeg: number
  readonly scale: number
  readonly mirrored: boolean
}

/** A satellite right across the frame, along (row − height/2)·cos a − (column − width/2)·sin a = offset. */
export interface SkyTrail {
  readonly angleRad: number // 0 … π
  readonly offsetPx: number // less than 0.45 of the shorter side either way
  readonly electronsPerPx: number // of its length
}

export interface SkyShot {
  readonly name: string
  readonly kind: 'light' | 'dark' | 'flat'
  readonly pose: SkyPose
  /** Of the light that falls on the sensor; pixels make it wider, see `widthsOf`. */
  readonly fwhmPx: number
  readonly transparency: number
  readonly skyElectrons: number
  readonly cosmics: number
  readonly trails: readonly SkyTrail[]
  /** Frames that this one is the rounded mean of: 1 for a light, many for a master. */
  readonly meanOf: number
}

/** The sky and sensor that all frames of a sequence share. */
export interface SkyField {
  readonly width: number // px
  readonly height: number // px
  readonly bayer?: BayerPattern
  readonly seed: number
  /** Expected on the frame; as many again for their area lie beside it. */
  readonly stars: number
  readonly faintestElectrons: number
  readonly brightestElectrons: number
  readonly hotPixels: number
}

export interface SkyStar {
  readonly x: number // px on an unmoved frame
  readonly y: number
  readonly electrons: number
}

export const sensor = {
  biasAdu: 500,
  electronsPerAdu: 1,
  readNoiseElectrons: 3,
  darkElectrons: 20,
  fullWellElectrons: 60_000,
  flatElectrons: 30_000,
  vignetting: 0.25,
  exposureSeconds: 30,
  celsius: -10,
} as const

/** Colours of a Bayer sensor relative to white light on a mono one. */
const tint = { r: 0.32, g: 0.4, b: 0.28 }

/** @returns stars on the frame and around it, far enough out for a turn by any angle; counts rise as 1/electrons */
export function starsOf(field: SkyField): SkyStar[] {
  const { width, height, seed, faintestElectrons, brightestElectrons } = field
  const margin = 0.25 * Math.max(width, height)
  const wide = width + 2 * margin
  const high = height + 2 * margin
  const count = Math.round((field.stars * wide * high) / (width * height))
  return Array.from({ length: count }, (_, i) => {
    const share = hashUnit(seed, 1, i, 2)
    return {
      x: hashUnit(seed, 1, i, 0) * wide - margin,
      y: hashUnit(seed, 1, i, 1) * high - margin,
      electrons: 1 / (share / brightestElectrons + (1 - share) / faintestElectrons),
    }
  })
}

/** Where a place of the unmoved frame lies on a frame in this pose, px. */
export function posedAt({ width, height }: Pick<SkyField, 'width' | 'height'>, pose: SkyPose, x: number, y: number) {
  const turn = (pose.turnDeg * Math.PI) / 180
  const u = (x - (width - 1) / 2) * (pose.mirrored ? -1 : 1)
  const v = y - (height - 1) / 2
  const cosine = pose.scale * Math.cos(turn)
  const sine = pose.scale * Math.sin(turn)
  return {
    x: (width - 1) / 2 + cosine * u - sine * v + pose.dx,
    y: (height - 1) / 2 + sine * u + cosine * v + pose.dy,
  }
}

/** Pixels that leak, with what they leak in one exposure. */
export function hotOf({ width, height, seed, hotPixels }: SkyField) {
  return Array.from({ length: hotPixels }, (_, i) => ({
    x: Math.floor(hashUnit(seed, 2, i, 0) * width),
    y: Math.floor(hashUnit(seed, 2, i, 1) * height),
    electrons: 100 * 400 ** hashUnit(seed, 2, i, 2),
  }))
}

/** Sensitivity of each pixel; the same for all frames of a field, and a second's work. */
export function flatOf({ width, height, seed }: SkyField): Float32Array {
  const mould = { width, height, seed, vignetting: sensor.vignetting, dustSpecks: 20, unevenness: 0.006 }
  return flatPattern(mould, { x: 0, y: 0, width, height, binning: 1 })
}

export const profileOf = (fwhmPx: number): StarProfile =>
  starProfile({ fwhmPx, discPx: 0, obstruction: 0, haloFraction: 0, haloFwhmPx: fwhmPx })

/** 16-bit ADU, seeded: the same field, shot and index give the same frame bit by bit. */
export function renderShot(field: SkyField, shot: SkyShot, index: number, flat: Float32Array): Image {
  const { width, height, bayer } = field
  const canvas: Canvas = { light: new Float32Array(width * height), width, height }
  const words = wordsFrom(hash32(field.seed, 3, index))
  if (shot.kind === 'light') drawLight(field, shot, canvas, words)
  if (shot.kind === 'flat') canvas.light.fill(sensor.flatElectrons)
  for (let i = 0; i < canvas.light.length; i++) canvas.light[i] *= flat[i]
  // A master flat has its own dark taken off, and its bias.
  const leaks = shot.kind !== 'flat'
  if (leaks) for (const { x, y, electrons } of hotOf(field)) canvas.light[y * width + x] += electrons
  const samples = readOut(
    canvas.light,
    shot.meanOf,
    leaks ? sensor.darkElectrons : 0,
    leaks ? sensor.biasAdu : 0,
    words(),
  )
  return { width, height, planes: 1, type: 'u16', samples, bayer, topDown: true }
}

function drawLight(field: SkyField, shot: SkyShot, canvas: Canvas, words: () => number): void {
  const { width, height, bayer } = field
  const phases = [0, 1, 2, 3].map(i => (bayer ? tint[bayer[i] as keyof typeof tint] : 1))
  for (let y = 0, i = 0; y < height; y++) {
    // A slope of a tenth from side to side and from top to bottom, which the stack must keep and stars must not mind.
    const row = 0.95 + (0.1 * y) / height
    for (let x = 0; x < width; x++, i++) {
      canvas.light[i] = shot.skyElectrons * phases[(y & 1) * 2 + (x & 1)] * (row + (0.1 * x) / width - 0.05)
    }
  }
  const profile = profileOf(shot.fwhmPx)
  for (const star of starsOf(field)) {
    const { x, y } = posedAt(field, shot.pose, star.x, star.y)
    if (x < -200 || y < -200 || x > width + 200 || y > height + 200) continue
    const electrons = star.electrons * shot.transparency
    const colours = phases.map(phase => phase * electrons)
    drawStar(canvas, profile, x, y, colours, 0.5)
  }
  for (const { angleRad, offsetPx, electronsPerPx } of shot.trails) {
    const chosen = [angleRad / Math.PI, offsetPx / (0.9 * Math.min(width, height)) + 0.5]
    drawTrail(canvas, () => (chosen.shift() ?? 0) * 4294967296, electronsPerPx, shot.fwhmPx)
  }
  for (let i = 0; i < shot.cosmics; i++) drawCosmic(canvas, words, 1)
}

function readOut(light: Float32Array, meanOf: number, dark: number, biasAdu: number, seed: number): Uint16Array {
  const samples = new Uint16Array(light.length)
  const { fullWellElectrons, readNoiseElectrons, electronsPerAdu } = sensor
  const narrow = 1 / Math.sqrt(meanOf)
  let a = hash32(seed, 1) | 0
  let b = hash32(seed, 2) | 0
  let c = hash32(seed, 3) | 0
  let counter = 1
  for (let i = 0; i < light.length; i++) {
    // sfc32 as in wordsFrom, written out: a call per pixel would double the time of this loop.
    const word = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + word) | 0
    const normal = normalQuantiles[word & normalMask] + normalQuantiles[(word >>> normalShift) & normalMask]
    const expected = light[i] + dark
    const electrons = expected + narrow * normal * Math.sqrt(expected + readNoiseElectrons ** 2)
    const adu = Math.min(electrons, fullWellElectrons) / electronsPerAdu + biasAdu + 0.5
    samples[i] = Math.max(0, Math.min(65535, adu))
  }
  return samples
}

/**
 * Full width at half maximum and half-flux diameter of a star as pixels see it: its profile averaged over each pixel.
 * A fit to pixel values finds these, not those of the light before it was caught.
 */
export function widthsOf(fwhmPx: number): { fwhmPx: number; hfdPx: number } {
  const { density, stepsPerPx } = profileOf(fwhmPx)
  const at = (r: number) => {
    const k = r * stepsPerPx
    const low = Math.floor(k)
    return low + 1 < density.length ? density[low] + (density[low + 1] - density[low]) * (k - low) : 0
  }
  const parts = 8
  const seen = (x: number, y: number) => {
    let sum = 0
    for (let j = 0; j < parts; j++) {
      for (let i = 0; i < parts; i++) {
        sum += at(Math.hypot(x + (i + 0.5) / parts - 0.5, y + (j + 0.5) / parts - 0.5))
      }
    }
    return sum / parts ** 2
  }
  // Pixels make the profile slightly square: the mean of a side and a diagonal stands for all directions.
  const radial = (r: number) => (seen(r, 0) + seen(r * Math.SQRT1_2, r * Math.SQRT1_2)) / 2
  const half = radial(0) / 2
  let low = 0
  let high = 2 * fwhmPx
  while (high - low > 1e-5) {
    const middle = (low + high) / 2
    if (radial(middle) > half) low = middle
    else high = middle
  }
  const steps = 40
  const ends: { r: number; flux: number }[] = [{ r: 0, flux: 0 }]
  for (let k = 0; k < (density.length / stepsPerPx) * steps; k++) {
    const r = (k + 0.5) / steps
    // Beyond a few widths a pixel no longer bends the profile.
    ends.push({
      r: (k + 1) / steps,
      flux: ends[k].flux + ((r < 3 * fwhmPx ? radial(r) : at(r)) * 2 * Math.PI * r) / steps,
    })
  }
  const total = ends[ends.length - 1].flux
  const past = ends.findIndex(({ flux }) => flux > total / 2)
  const before = ends[past - 1]
  const part = (total / 2 - before.flux) / (ends[past].flux - before.flux)
  return { fwhmPx: 2 * low, hfdPx: 2 * (before.r + part / steps) }
}
