// The simulated sky is only worth testing with if it obeys the arithmetic of real frames: places, light, noise,
// colours.
import t from 'tap'
import { normalFrom, planeNoise, poissonFrom, wordsFrom } from '../../edge/science/seeded-noise.js'
import { hotPixels } from '../../edge/science/sensor-pattern.js'
import { renderSky, type SkyOrder, skyScratch } from '../../edge/science/sky-maker.js'
import { starsAround } from '../../edge/science/star-field.js'
import { drawStar, starProfile } from '../../edge/science/star-profile.js'
import type { Star } from '../../edge/science/stars.js'
import { findStars } from '../support/star-room.js'

const sensor: SkyOrder['sensor'] = {
  width: 640,
  height: 480,
  seed: 5,
  vignetting: 0,
  dustSpecks: 0,
  unevenness: 0,
  pixelMicrons: 3.76,
  maxAdu: 65535,
  fullWellElectrons: 50_000,
  hotShare: 0,
  darkElectronsPerSecond: 0,
}
const order: SkyOrder = {
  sensor,
  window: { x: 0, y: 0, width: 640, height: 480, binning: 1 },
  exposureSeconds: 20,
  shutterOpen: true,
  aims: [{ raDeg: 120, decDeg: 20, rotationDeg: 0, share: 1 }],
  starSeed: 3,
  limitMagnitude: 17,
  focalLengthMm: 500,
  apertureMm: 100,
  obstruction: 0.3,
  seeingArcsec: 4,
  defocusMicrons: 0,
  haloFraction: 0,
  transparency: 0.8,
  haze: { cover: 0, seed: 8, driftX: 0, driftY: 0 },
  skyMagnitude: 20.5,
  gradient: { perDeg: 0, towardDeg: 0 },
  filter: { stars: 1, sky: 1, nanometres: 550 },
  panelElectronsPerSecond: 0,
  sensorCelsius: 0,
  electronsPerAdu: 0.25,
  readNoiseElectrons: 1.6,
  biasAdu: 400,
  satellites: 0,
  cosmics: 0,
  noiseSeed: 9,
}
const scratch = skyScratch()

function frameOf(change: Partial<SkyOrder>): Uint16Array {
  const whole = { ...order, ...change }
  const { width, height, binning } = whole.window
  const out = new Uint16Array(Math.floor(width / binning) * Math.floor(height / binning))
  renderSky(whole, out, scratch)
  return out
}

function starsIn(frame: Uint16Array, width = 640, height = 480): readonly Star[] {
  return findStars(frame, width, height, { sigma: 8 }).stars.filter(star => !star.saturated)
}

/** Pairs of the brightest stars that lie where the move says, within a pixel. */
function pairs(a: readonly Star[], b: readonly Star[], move: (star: Star) => { x: number; y: number }) {
  const found: { from: Star; to: Star; dx: number; dy: number }[] = []
  for (const from of a.slice(0, 40)) {
    const goal = move(from)
    const to = b.find(star => Math.hypot(star.x - goal.x, star.y - goal.y) < 1)
    if (to) found.push({ from, to, dx: to.x - goal.x, dy: to.y - goal.y })
  }
  return found
}

function median(values: readonly number[]): number {
  return [...values].sort((p, q) => p - q)[values.length >> 1]
}

function momentsOf(values: ArrayLike<number>): { mean: number; variance: number } {
  let sum = 0
  let squares = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  const mean = sum / values.length
  for (let i = 0; i < values.length; i++) squares += (values[i] - mean) ** 2
  return { mean, variance: squares / (values.length - 1) }
}

t.test('chance from a seed', async t => {
  const words = wordsFrom(42)
  const normals = Float64Array.from({ length: 200_000 }, () => normalFrom(words()))
  const { mean, variance } = momentsOf(normals)
  t.ok(Math.abs(mean) < 0.01, `normals have mean 0: ${mean}`)
  t.ok(Math.abs(variance - 1) < 0.02, `and variance 1: ${variance}`)
  const beyond = normals.filter(z => Math.abs(z) > 3).length / normals.length
  t.ok(Math.abs(beyond - 0.0027) < 0.0006, `and the tails of the real thing: ${beyond} beyond 3 sigma`)
  for (const expected of [0.3, 4, 200]) {
    const counts = momentsOf(Array.from({ length: 20_000 }, () => poissonFrom(words, expected)))
    t.ok(Math.abs(counts.mean / expected - 1) < 0.05, `counts of ${expected}: ${counts.mean}`)
    t.ok(Math.abs(counts.variance / expected - 1) < 0.06, `scatter as counts do: ${counts.variance}`)
  }
  t.same(wordsFrom(42)(), wordsFrom(42)(), 'the same seed says the same')
  t.not(wordsFrom(42)(), wordsFrom(43)(), 'another one something else')
  t.ok(Math.abs(planeNoise(1, 2.999999, 5) - planeNoise(1, 3.000001, 5)) < 1e-3, 'slow noise has no seams')
})

t.test('a place in the sky always has the same stars', async t => {
  const near = starsAround(1, 10, 41, 1, 17, 1e6)
  const shifted = starsAround(1, 10.7, 41.3, 1, 17, 1e6)
  const key = (stars: typeof near, i: number) => `${stars.raDeg[i]} ${stars.decDeg[i]} ${stars.magnitude[i]}`
  const known = new Set(Array.from({ length: near.count }, (_, i) => key(near, i)))
  let common = 0
  for (let i = 0; i < shifted.count; i++) {
    const both = Math.hypot((shifted.raDeg[i] - 10) * 0.75, shifted.decDeg[i] - 41) < 0.9
    if (!both) continue
    common++
    if (!known.has(key(shifted, i))) t.fail(`star ${i} is not in the other field`)
  }
  t.ok(common > 500, `${common} stars are in both fields`)
  const bright = starsAround(1, 10, 41, 1, 12, 1e6)
  t.ok(bright.count > 20 && bright.count < near.count / 10, 'a brighter limit only leaves stars out')
  for (let i = 0; i < bright.count; i++) if (!known.has(key(bright, i))) t.fail(`bright star ${i} is a new one`)
  const kept = starsAround(1, 10, 41, 1, 17, 50)
  t.equal(kept.count, 50)
  t.ok(Math.max(...kept.magnitude) <= Math.max(...bright.magnitude), 'a bound keeps the brightest')
  for (const [ra, dec] of [
    [0.01, 0],
    [359.99, 0],
    [200, 89.9],
    [200, -89.9],
  ]) {
    const stars = starsAround(1, ra, dec, 0.4, 17, 1e6)
    let inside = 0
    for (let i = 0; i < stars.count; i++) {
      const toRad = Math.PI / 180
      const cosine =
        Math.sin(dec * toRad) * Math.sin(stars.decDeg[i] * toRad) +
        Math.cos(dec * toRad) * Math.cos(stars.decDeg[i] * toRad) * Math.cos((stars.raDeg[i] - ra) * toRad)
      if (Math.acos(Math.min(1, cosine)) / toRad < 0.4) inside++
    }
    t.ok(inside > 200 && inside < 6000, `no hole and no heap at ${ra}, ${dec}: ${inside} stars within 0.4°`)
  }
})

t.test('the frame is decided by its order, bit by bit', async t => {
  const bytes = (frame: Uint16Array) => Buffer.from(frame.buffer)
  t.ok(bytes(frameOf({})).equals(bytes(frameOf({}))), 'the same order, the same frame')
  const other = frameOf({ noiseSeed: 10 })
  t.notOk(bytes(other).equals(bytes(frameOf({}))), 'other noise')
  t.ok(pairs(starsIn(frameOf({})), starsIn(other), star => star).length > 20, 'over the same stars')
})

t.test('stars stay on the sky when the telescope moves', async t => {
  const before = starsIn(frameOf({}))
  // 0.02° east at dec 20° and 0.03° north; 1.5511″ a pixel, north up, east left.
  const raDeg = 120 + 0.02 / Math.cos((20 * Math.PI) / 180)
  const after = starsIn(frameOf({ aims: [{ raDeg, decDeg: 20.03, rotationDeg: 0, share: 1 }] }))
  const scale = 206.264806 * (3.76 / 500)
  const moved = pairs(before, after, star => ({ x: star.x + (0.02 * 3600) / scale, y: star.y + (0.03 * 3600) / scale }))
  t.ok(moved.length > 15, `${moved.length} stars were found again`)
  t.ok(Math.abs(median(moved.map(pair => pair.dx))) < 0.05, 'right ascension to a few hundredths of a pixel')
  t.ok(Math.abs(median(moved.map(pair => pair.dy))) < 0.05, 'declination too')

  const turned = starsIn(frameOf({ aims: [{ ...order.aims[0], rotationDeg: 180 }] }))
  t.ok(
    pairs(before, turned, star => ({ x: 639 - star.x, y: 479 - star.y })).length > 20,
    'a meridian flip turns them round',
  )
  const tenth = (10 * Math.PI) / 180
  const slanted = starsIn(frameOf({ aims: [{ ...order.aims[0], rotationDeg: 10 }] }))
  const rotate = (star: Star) => {
    const x = star.x - 319.5
    const y = star.y - 239.5
    // The picture's top turns towards the east, which is left: the stars turn clockwise.
    return {
      x: 319.5 + x * Math.cos(tenth) - y * Math.sin(tenth),
      y: 239.5 + x * Math.sin(tenth) + y * Math.cos(tenth),
    }
  }
  t.ok(pairs(before, slanted, rotate).length > 15, 'a turned camera turns them')
})

t.test('a star keeps its light wherever it falls on the pixels, and its size is that of the seeing', async t => {
  for (const fwhmPx of [1.5, 3, 6]) {
    const profile = starProfile({ fwhmPx, discPx: 0, obstruction: 0.3, haloFraction: 0, haloFwhmPx: 10 })
    for (const [dx, dy] of [
      [0, 0],
      [0.5, 0.25],
      [0.37, 0.81],
    ]) {
      const canvas = { light: new Float32Array(201 * 201), width: 201, height: 201 }
      drawStar(canvas, profile, 100 + dx, 100 + dy, [1000, 1000, 1000, 1000], 0)
      let sum = 0
      let momentX = 0
      for (let i = 0; i < canvas.light.length; i++) {
        sum += canvas.light[i]
        momentX += canvas.light[i] * (i % 201)
      }
      t.ok(Math.abs(sum / 1000 - 1) < 0.006, `${fwhmPx} px at ${dx},${dy}: ${sum.toFixed(1)} of 1000 electrons`)
      t.ok(Math.abs(momentX / sum - 100 - dx) < 0.01, 'with its centre of light in place')
    }
  }
  const sharp = starsIn(frameOf({ seeingArcsec: 5 }))
  const fwhmPx = 5 / (206.264806 * (3.76 / 500))
  const hfd = median(sharp.slice(0, 15).map(star => star.hfdPx))
  // Half the light of a Moffat function with β = 3 lies within 1.262 FWHM.
  t.ok(Math.abs(hfd / (1.262 * fwhmPx) - 1) < 0.12, `HFD ${hfd.toFixed(2)} px for ${fwhmPx.toFixed(2)} px FWHM`)
  let last = hfd
  for (const defocusMicrons of [15, 30, 45]) {
    const blurred = median(
      starsIn(frameOf({ seeingArcsec: 5, defocusMicrons }))
        .slice(0, 12)
        .map(star => star.hfdPx),
    )
    t.ok(blurred > last * 1.1, `${defocusMicrons} µm out of focus: ${blurred.toFixed(2)} px`)
    last = blurred
  }
  const ring = starProfile({ fwhmPx: 2, discPx: 40, obstruction: 0.4, haloFraction: 0, haloFwhmPx: 10 })
  t.ok(ring.density[0] < 0.2 * ring.density[14 * ring.stepsPerPx], 'far out of focus a star is a doughnut')
})

t.test('light and noise follow the sensor', async t => {
  // A lamp of 20 000 e- and nothing else: the photon transfer of a pair of flats gives the gain back.
  const flat = { panelElectronsPerSecond: 1000, transparency: 0, skyMagnitude: 30 }
  const a = frameOf(flat)
  const b = frameOf({ ...flat, noiseSeed: 77, electronsPerAdu: 0.25 })
  const coarse = { ...flat, electronsPerAdu: 1 }
  const c = frameOf(coarse)
  const d = frameOf({ ...coarse, noiseSeed: 78 })
  t.ok(a.every(adu => adu === 65535) && b.every(adu => adu === 65535), 'at high gain the lamp clips')
  const difference = Float64Array.from(c, (adu, i) => adu - d[i])
  const mean = momentsOf(c).mean - 400
  const gain = mean / (momentsOf(difference).variance / 2)
  t.ok(Math.abs(gain - 1) < 0.02, `photon transfer: ${gain.toFixed(3)} e-/ADU of 1`)
  t.ok(Math.abs(mean / 20_000 - 1) < 0.002, `and ${mean.toFixed(0)} of 20000 electrons`)

  const bias = frameOf({ shutterOpen: false, exposureSeconds: 0.001 })
  const moments = momentsOf(bias)
  t.ok(Math.abs(moments.mean - 400) < 0.2, `the bias lies at its offset: ${moments.mean.toFixed(2)}`)
  t.ok(Math.abs(Math.sqrt(moments.variance) - 1.6 / 0.25) < 0.1, 'with the read noise')

  const sky = momentsOf(frameOf({ limitMagnitude: 2 })).mean - 400
  const longer = momentsOf(frameOf({ limitMagnitude: 2, exposureSeconds: 60 })).mean - 400
  t.ok(Math.abs(longer / sky - 3) < 0.02, 'sky grows with time')
  const brighter = momentsOf(frameOf({ limitMagnitude: 2, skyMagnitude: 19.5 })).mean - 400
  t.ok(Math.abs(brighter / sky - 2.512) < 0.02, 'and by magnitudes')
  const binned = momentsOf(frameOf({ limitMagnitude: 2, window: { ...order.window, binning: 2 } }))
  t.ok(Math.abs((binned.mean - 1600) / (4 * sky) - 1) < 0.01, 'a binned pixel is the sum of four')
  const narrow =
    momentsOf(frameOf({ limitMagnitude: 2, filter: { stars: 0.02, sky: 0.01, nanometres: 656 } })).mean - 400
  t.ok(narrow < 0.02 * sky, 'a narrow filter darkens the sky')
  const twelve = frameOf({ sensor: { ...sensor, maxAdu: 4095 }, electronsPerAdu: 4 })
  t.equal(
    twelve.reduce((most, adu) => Math.max(most, adu)),
    4095,
    '12 bits end at 4095',
  )
})

t.test('a region shows its part of the sensor, and binning the same sky', async t => {
  const whole = starsIn(frameOf({}))
  const window = { x: 101, y: 57, width: 401, height: 333, binning: 1 }
  const part = starsIn(frameOf({ window }), 401, 333)
  t.ok(pairs(part, whole, star => ({ x: star.x + 101, y: star.y + 57 })).length > 10, 'a region is cut where it says')
  const binned = starsIn(frameOf({ window: { ...order.window, binning: 2 } }), 320, 240)
  t.ok(pairs(binned, whole, star => ({ x: star.x * 2 + 0.5, y: star.y * 2 + 0.5 })).length > 15, 'binned pixels too')
})

t.test('what belongs to the sensor stays in its place', async t => {
  const leaky = { ...sensor, hotShare: 0.001 }
  const dark = { sensor: leaky, shutterOpen: false, exposureSeconds: 60 }
  const cold = frameOf(dark)
  const again = frameOf({ ...dark, noiseSeed: 4 })
  const warm = frameOf({ ...dark, sensorCelsius: 12 })
  const hot = hotPixels(leaky, 0.001)
  const bright = Array.from(hot.x, (x, i) => ({ at: hot.y[i] * 640 + x, rate: hot.electronsPerSecond[i] })).filter(
    pixel => pixel.rate > 5 && pixel.rate < 50,
  )
  t.ok(bright.length > 20, `${bright.length} hot pixels to look at`)
  t.ok(
    bright.every(({ at }) => cold[at] > 1000 && again[at] > 1000),
    'hot pixels are hot in every frame',
  )
  const ratio = median(bright.map(({ at }) => (warm[at] - 400) / (cold[at] - 400)))
  t.ok(Math.abs(ratio - 4) < 0.2, `12 °C more are four times the current: ${ratio.toFixed(2)}`)
  const dusty = { ...sensor, vignetting: 0.2, dustSpecks: 5, unevenness: 0.01 }
  const flat = { sensor: dusty, panelElectronsPerSecond: 500, transparency: 0, skyMagnitude: 30, electronsPerAdu: 1 }
  const light = frameOf(flat)
  t.ok(light[0] < 0.85 * light[240 * 640 + 320], 'corners are darker')
})

t.test('a Bayer sensor sees colours in its pattern, from any corner', async t => {
  const lamp = { panelElectronsPerSecond: 0, limitMagnitude: 2, skyMagnitude: 17, electronsPerAdu: 1 }
  const phases = (frame: Uint16Array, width: number) =>
    [0, 1, width, width + 1].map(start => {
      let sum = 0
      let count = 0
      for (let y = 0; y < 100; y += 2) {
        for (let x = 0; x < 100; x += 2) {
          sum += frame[start + y * width + x]
          count++
        }
      }
      return sum / count - 400
    })
  const rggb = phases(frameOf({ ...lamp, sensor: { ...sensor, bayer: 'rggb' } }), 640)
  t.ok(rggb[1] > rggb[0] * 1.1 && rggb[2] > rggb[3] * 1.1, 'green is brightest')
  t.ok(Math.abs(rggb[1] / rggb[2] - 1) < 0.02, 'twice')
  const window = { x: 1, y: 0, width: 400, height: 300, binning: 1 }
  const shifted = phases(frameOf({ ...lamp, window, sensor: { ...sensor, bayer: 'rggb' } }), 400)
  t.ok(Math.abs(shifted[1] / rggb[0] - 1) < 0.02, 'one column further red is on the other side')
})

t.test('cloud, dew, drift and satellites show', async t => {
  const clear = starsIn(frameOf({}))
  const haze = { cover: 0.6, seed: 8, driftX: 0, driftY: 0 }
  const veiled = frameOf({ haze })
  const dimmed = pairs(clear, starsIn(veiled), star => star).map(({ from, to }) => to.fluxAdu / from.fluxAdu)
  t.ok(dimmed.length > 5 && median(dimmed) < 0.8, `cloud takes light: ${median(dimmed).toFixed(2)}`)
  t.ok(momentsOf(veiled).mean > momentsOf(frameOf({})).mean * 1.02, 'and is brighter than the sky')
  const overcast = frameOf({ haze: { ...haze, cover: 1 }, transparency: 0 })
  t.equal(starsIn(overcast).length, 0, 'no stars come through a closed sky')
  const dewy = pairs(clear, starsIn(frameOf({ haloFraction: 0.4 })), star => star)
  t.ok(median(dewy.map(({ from, to }) => to.peakAdu / from.peakAdu)) < 0.75, 'dew throws light out of the stars')
  const aims = Array.from({ length: 16 }, (_, i) => ({ ...order.aims[0], decDeg: 20 + i * 0.0003, share: 1 / 16 }))
  const trailed = starsIn(frameOf({ aims })).slice(0, 20)
  t.ok(median(trailed.map(star => star.eccentricity)) > 0.7, 'drift makes lines of the stars')
  const crossed = frameOf({ satellites: 40 })
  const plain = frameOf({})
  const lit = crossed.filter((adu, i) => adu > plain[i] + 100).length
  t.ok(lit > 2000, `satellites leave trails: ${lit} pixels`)
  const struck = frameOf({ cosmics: 60, shutterOpen: false })
  t.ok(
    struck.some(adu => adu > 2000),
    'cosmic rays strike behind a closed shutter',
  )
})
