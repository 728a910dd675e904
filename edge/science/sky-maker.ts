// Makes the frame a camera would have taken: stars that belong to the sky, the air, the telescope and the sensor, from
// seeds. Everything here is expected light in electrons until the last loop, which makes it noise and ADU.
import type { BayerPattern } from './samples.js'
import { hash32, normalMask, normalQuantiles, normalShift, poissonFrom, wordsFrom } from './seeded-noise.js'
import { flatPattern, type HotPixels, hotPixels, type ReadWindow, type SensorMould } from './sensor-pattern.js'
import { type Haze, lightGrid, spreadGrid, veilAt } from './sky-light.js'
import { drawCosmic, drawTrail } from './sky-strays.js'
import { starsAround } from './star-field.js'
import { type Canvas, drawStar, type StarProfile, starProfile } from './star-profile.js'

/** Where the middle of the sensor looks for a share of the exposure. A frame is made of one or more of these. */
export interface Aim {
  readonly raDeg: number // J2000
  readonly decDeg: number
  /** Position angle of the picture's upward direction, from north through east. */
  readonly rotationDeg: number
  /** Share of the exposure; all of them add up to 1. */
  readonly share: number
}

export interface SkySensor extends SensorMould {
  readonly pixelMicrons: number
  readonly bayer?: BayerPattern
  readonly maxAdu: number
  readonly fullWellElectrons: number
  /** Share of pixels that leak noticeably. */
  readonly hotShare: number
  /** Of an ordinary pixel at 0 °C; doubles every 6 °C. */
  readonly darkElectronsPerSecond: number
}

/** All that decides a frame. Plain data: it goes to a worker as it is. */
export interface SkyOrder {
  readonly sensor: SkySensor
  readonly window: ReadWindow
  readonly exposureSeconds: number
  /** False: darks and biases. */
  readonly shutterOpen: boolean
  readonly aims: readonly Aim[]
  readonly starSeed: number
  readonly limitMagnitude: number
  readonly focalLengthMm: number
  readonly apertureMm: number
  readonly obstruction: number
  /** Full width at half maximum of the star in focus. */
  readonly seeingArcsec: number
  /** Diameter of the defocus disc on the sensor. */
  readonly defocusMicrons: number
  /** Share of the light thrown into an aureole by optics, dew and haze. */
  readonly haloFraction: number
  /** Share of star light that gets through clear air and optics, 0…1. */
  readonly transparency: number
  readonly haze: Haze
  /** Night sky at the zenith's best, as it looks to the instrument. */
  readonly skyMagnitude: number // mag/arcsec²
  /** Brightening from the middle to the edge of a 1° field, and where to: from the picture's top, clockwise. */
  readonly gradient: { readonly perDeg: number; readonly towardDeg: number }
  /** Share of white light that the filter lets through, for stars and for sky, and its centre. */
  readonly filter: { readonly stars: number; readonly sky: number; readonly nanometres: number }
  /** A lamp in front of the telescope. */
  readonly panelElectronsPerSecond: number
  readonly sensorCelsius: number
  readonly electronsPerAdu: number
  readonly readNoiseElectrons: number
  readonly biasAdu: number
  /** Expected number in this frame. */
  readonly satellites: number
  readonly cosmics: number
  readonly noiseSeed: number
}

/** Memory kept between frames: patterns of sensors, which cost as much as a frame to make. One per thread. */
export interface SkyScratch {
  light: Float32Array
  readonly flats: Map<string, Float32Array>
  readonly hot: Map<string, HotPixels>
}

export function skyScratch(): SkyScratch {
  return { light: new Float32Array(0), flats: new Map(), hot: new Map() }
}

/**
 * Electrons per second, m² and unit of efficiency from a star of V = 0 through clear glass: 300 nm of 1e11 /s/m²/µm.
 */
const zeroElectronsPerSecondM2 = 3e10
/** Quantum efficiency times optics. */
const efficiency = 0.55
const mostStars = 20_000
/** Light weaker than this share of the noise is not drawn. */
const unseen = 0.04

/**
 * Fills `out` with the frame: window height × width over binning², row by row from the top, ADU. Binned pixels are
 * sums, clipped at 65535. The same order gives the same frame, bit by bit.
 * @param out as long as the binned window; overwritten
 * @param scratch changed by this call
 */
export function renderSky(order: SkyOrder, out: Uint16Array, scratch: SkyScratch): void {
  const { window, sensor } = order
  const width = Math.floor(window.width / window.binning)
  const height = Math.floor(window.height / window.binning)
  if (scratch.light.length < width * height) scratch.light = new Float32Array(width * height)
  const canvas: Canvas = { light: scratch.light.subarray(0, width * height), width, height }
  canvas.light.fill(0)
  const flat = remembered(scratch.flats, 2, JSON.stringify([mouldOf(sensor), window]), () =>
    flatPattern(sensor, window),
  )
  const words = wordsFrom(order.noiseSeed)
  const lit = order.shutterOpen && order.exposureSeconds > 0
  if (lit) drawSky(order, canvas, words)
  const darkElectrons = darkOf(order, sensor.darkElectronsPerSecond) * window.binning ** 2
  const strays = { width, height, light: canvas.light }
  const hot = remembered(scratch.hot, 2, JSON.stringify(mouldOf(sensor)), () => hotPixels(sensor, sensor.hotShare))
  addHot(order, hot, flat, strays)
  for (let i = poissonFrom(words, order.cosmics); i > 0; i--) drawCosmic(canvas, words, window.binning)
  expose(order, canvas.light, flat, darkElectrons, out, words())
}

function drawSky(order: SkyOrder, canvas: Canvas, words: () => number): void {
  const { window, sensor, exposureSeconds } = order
  const pixelArcsec = (206.264806 * sensor.pixelMicrons) / order.focalLengthMm
  const binnedArcsec = pixelArcsec * window.binning
  const areaM2 = (Math.PI / 4) * (order.apertureMm / 1000) ** 2 * (1 - order.obstruction ** 2)
  const zero = zeroElectronsPerSecondM2 * efficiency * areaM2 * exposureSeconds
  const skyElectrons = zero * order.filter.sky * 10 ** (-0.4 * order.skyMagnitude) * binnedArcsec ** 2
  const grid = lightGrid(
    { widthDeg: (canvas.width * binnedArcsec) / 3600, heightDeg: (canvas.height * binnedArcsec) / 3600 },
    order.gradient,
    order.haze,
    skyElectrons,
    order.panelElectronsPerSecond * exposureSeconds * window.binning ** 2,
  )
  const skyColour = phaseFactors(sensor.bayer, window, 0.8)
  spreadGrid(canvas, grid, skyColour)
  const noise = Math.sqrt(skyElectrons + order.readNoiseElectrons ** 2 * window.binning ** 2)
  const profile = starProfile({
    fwhmPx: order.seeingArcsec / binnedArcsec,
    discPx: order.defocusMicrons / (sensor.pixelMicrons * window.binning),
    obstruction: order.obstruction,
    haloFraction: order.haloFraction,
    haloFwhmPx: (order.seeingArcsec * (5 + 30 * order.haloFraction)) / binnedArcsec,
  })
  drawStars(order, canvas, profile, zero, pixelArcsec, unseen * noise)
  for (let i = poissonFrom(words, order.satellites); i > 0; i--) {
    const brightness = order.filter.stars * order.transparency * (0.05 + 1.5 * (words() / 4294967296) ** 4)
    drawTrail(
      canvas,
      words,
      brightness * zero * 4e-6 * (binnedArcsec / exposureSeconds),
      order.seeingArcsec / binnedArcsec,
    )
  }
}

function drawStars(
  order: SkyOrder,
  canvas: Canvas,
  profile: StarProfile,
  zero: number,
  pixelArcsec: number,
  least: number,
): void {
  const { aims, window, sensor } = order
  const fieldDeg = (Math.hypot(sensor.width, sensor.height) * pixelArcsec) / 3600
  const middle = aims[aims.length >> 1]
  const excursion = Math.min(3, Math.max(...aims.map(aim => separationDeg(aim, middle))))
  // Wings beyond the edge matter for bright stars only: a tenth of the field more.
  const stars = starsAround(
    order.starSeed,
    middle.raDeg,
    middle.decDeg,
    fieldDeg * 0.55 + excursion,
    order.limitMagnitude,
    mostStars,
  )
  const through = order.filter.stars * order.transparency
  const toBinned = 1 / window.binning
  for (const aim of aims) {
    const project = projection(aim, sensor, pixelArcsec)
    for (let i = 0; i < stars.count; i++) {
      const place = project(stars.raDeg[i], stars.decDeg[i])
      if (!place) continue
      const x = (place.x - window.x + 0.5) * toBinned - 0.5
      const y = (place.y - window.y + 0.5) * toBinned - 0.5
      if (x < -200 || y < -200 || x > canvas.width + 200 || y > canvas.height + 200) continue
      const veil = veilAt(order.haze, x / canvas.width, y / canvas.height)
      const electrons =
        zero * through * veil * aim.share * 10 ** (-0.4 * stars.magnitude[i]) * tint(order, stars.colourIndex[i])
      const colour = phaseFactors(sensor.bayer, window, stars.colourIndex[i])
      drawStar(
        canvas,
        profile,
        x,
        y,
        colour.map(factor => factor * electrons),
        least * aim.share,
      )
    }
  }
}

/**
 * Gnomonic projection onto the unbinned sensor (Calabretta & Greisen, A&A 395 (2002) 1077, TAN): north up and east left
 * at rotation 0. Gives undefined for what lies behind.
 */
function projection(aim: Aim, sensor: SkySensor, pixelArcsec: number) {
  const toRad = Math.PI / 180
  const sinDec = Math.sin(aim.decDeg * toRad)
  const cosDec = Math.cos(aim.decDeg * toRad)
  const sinTurn = Math.sin(aim.rotationDeg * toRad)
  const cosTurn = Math.cos(aim.rotationDeg * toRad)
  const pxPerRad = 206264.806 / pixelArcsec
  const centreX = (sensor.width - 1) / 2
  const centreY = (sensor.height - 1) / 2
  return (raDeg: number, decDeg: number): { x: number; y: number } | undefined => {
    const hour = (raDeg - aim.raDeg) * toRad
    const sinStar = Math.sin(decDeg * toRad)
    const cosStar = Math.cos(decDeg * toRad)
    const facing = sinDec * sinStar + cosDec * cosStar * Math.cos(hour)
    if (facing < 0.5) return undefined
    const east = (cosStar * Math.sin(hour)) / facing
    const north = (cosDec * sinStar - sinDec * cosStar * Math.cos(hour)) / facing
    return {
      x: centreX - (east * cosTurn - north * sinTurn) * pxPerRad,
      y: centreY - (north * cosTurn + east * sinTurn) * pxPerRad,
    }
  }
}

function separationDeg(a: Aim, b: Aim): number {
  const toRad = Math.PI / 180
  const ra = (((a.raDeg - b.raDeg + 540) % 360) - 180) * Math.cos(b.decDeg * toRad)
  return Math.hypot(ra, a.decDeg - b.decDeg)
}

/** A filter in the blue shows blue stars brighter: relative to a star of B−V = 0.6 seen in V. */
function tint(order: SkyOrder, colourIndex: number): number {
  return 10 ** (-0.4 * (colourIndex - 0.6) * ((550 - order.filter.nanometres) / 110))
}

/** What each pixel of a 2 × 2 cell sees of a colour, from the window's first pixel; 1 everywhere without a mosaic. */
function phaseFactors(bayer: BayerPattern | undefined, window: ReadWindow, colourIndex: number): readonly number[] {
  if (!bayer) return plain
  const c = colourIndex - 0.6
  const seen = { r: 0.32 * 10 ** (0.22 * c), g: 0.4, b: 0.28 * 10 ** (-0.4 * c) }
  // Binned by an even number every sum holds all colours; by an odd one it keeps the mosaic only in part. Both: the
  // mean.
  if (window.binning > 1) return plain.map(() => (seen.r + 2 * seen.g + seen.b) / 4)
  return plain.map((_, i) => {
    const letter = bayer[((((i >> 1) + window.y) & 1) << 1) | (((i & 1) + window.x) & 1)]
    return seen[letter as 'r' | 'g' | 'b']
  })
}

const plain: readonly number[] = [1, 1, 1, 1]

function darkOf(order: SkyOrder, atZeroCelsius: number): number {
  return atZeroCelsius * 2 ** (order.sensorCelsius / 6) * order.exposureSeconds
}

function addHot(order: SkyOrder, hot: HotPixels, flat: Float32Array, canvas: Canvas): void {
  const { window } = order
  for (let i = 0; i < hot.x.length; i++) {
    const column = Math.floor((hot.x[i] - window.x) / window.binning)
    const row = Math.floor((hot.y[i] - window.y) / window.binning)
    if (column < 0 || row < 0 || column >= canvas.width || row >= canvas.height) continue
    const at = row * canvas.width + column
    // The charge leaks behind the optics: undo the sensitivity that is put on everything later.
    canvas.light[at] += darkOf(order, hot.electronsPerSecond[i]) / flat[at]
  }
}

/**
 * Light to ADU. Shot noise is taken as normal, which a read noise of an electron or more covers where it would be
 * wrong.
 */
function expose(
  order: SkyOrder,
  light: Float32Array,
  flat: Float32Array,
  darkElectrons: number,
  out: Uint16Array,
  seed: number,
): void {
  const summed = order.window.binning ** 2
  const fullWell = order.sensor.fullWellElectrons * summed
  const readVariance = order.readNoiseElectrons ** 2 * summed
  const perElectron = 1 / order.electronsPerAdu
  const bias = order.biasAdu * summed + 0.5
  const most = Math.min(65535, order.sensor.maxAdu * summed)
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
    const expected = light[i] * flat[i] + darkElectrons
    let electrons = expected + normal * Math.sqrt(expected + readVariance)
    if (electrons > fullWell) electrons = fullWell
    const adu = electrons * perElectron + bias
    out[i] = Math.max(0, Math.min(most, adu))
  }
}

function mouldOf({ width, height, seed, vignetting, dustSpecks, unevenness, hotShare }: SkySensor) {
  return [width, height, seed, vignetting, dustSpecks, unevenness, hotShare]
}

/** The value made for `key` before, or a new one; the oldest goes when there are more than `most`. */
function remembered<T>(map: Map<string, T>, most: number, key: string, make: () => T): T {
  const known = map.get(key)
  if (known) return known
  const made = make()
  map.set(key, made)
  if (map.size > most) map.delete(map.keys().next().value as string)
  return made
}
