// What the sky maker must know for one exposure of a simulated camera: all of the observatory that shows in a frame.
import type { ExposureOrder, Region } from '../../ports/frame.js'
import type { BayerPattern } from '../../science/samples.js'
import { hash32, lineNoise } from '../../science/seeded-noise.js'
import { airmass } from '../../science/sky.js'
import type { Aim, SkyOrder, SkySensor } from '../../science/sky-maker.js'
import type { Observatory } from '../link/simulator/observatory.js'

/** One simulated camera with its optics. */
export interface View {
  readonly width: number // px
  readonly height: number // px
  readonly pixelMicrons: number
  readonly bayer: BayerPattern | undefined
  readonly bitDepth: number
  readonly focalLengthMm: number
  readonly apertureMm: number
  readonly rotationDeg: number
  /** Behind the filter wheel and the focuser, and before the flat panel. */
  readonly main: boolean
  readonly seed: number
}

export interface Taken {
  readonly order: ExposureOrder
  readonly region: Region
  readonly gain: number
  readonly offset: number
  readonly sensorCelsius: number
  /** Monotonic. */
  readonly startMs: number
  readonly startedMs: number
}

/** A star that crosses more pixels than this, in a slew, leaves nothing that could be seen. */
const longestTrailPx = 375

/** Under a roof or a cover there is no sky. */
const blackMagnitude = 60

const fullWellElectrons = 50_000

/** 0.1 dB per step, as most astronomy cameras count. */
export function electronsPerAdu(view: View, gain: number): number {
  return (fullWellElectrons / maxAdu(view)) * 10 ** (-gain / 200)
}

export function maxAdu(view: View): number {
  return 2 ** view.bitDepth - 1
}

export function skyOrderOf(place: Observatory, view: View, taken: Taken): SkyOrder {
  const { order, startMs } = taken
  const endMs = startMs + order.exposureSeconds * 1000
  const pixelArcsec = (206.264806 * view.pixelMicrons) / view.focalLengthMm
  const { aims, travelPx } = aimsOver(place, view, startMs, endMs, pixelArcsec)
  const air = airOver(place, startMs, endMs)
  const weather = place.weather()
  const dew = place.dew()
  const filter = view.main ? place.wheel.filter() : { stars: 1, sky: 1, nanometres: 550, focusSteps: 0 }
  const offMicrons = view.main ? place.focus.offMicrons(place.tubeCelsius(), filter.focusSteps) : 0
  const hours = taken.startedMs / 3_600_000
  const fieldDeg2 = (view.width * view.height * pixelArcsec ** 2) / 3600 ** 2
  const sensorCm2 = (view.width * view.height * view.pixelMicrons ** 2) / 1e8
  const scale = maxAdu(view) / 65535
  const lidded = view.main && place.cover.position() < 0.5
  const dark = lidded || place.roof.position() < 0.5
  const panel = place.power.value('flat-panel') || (lidded && place.panel.percent / 100)
  return {
    sensor: sensorOf(view),
    window: { ...taken.region, binning: order.binning },
    exposureSeconds: order.exposureSeconds,
    shutterOpen: order.frameType === 'light' || order.frameType === 'flat',
    aims,
    starSeed: place.seed,
    limitMagnitude: place.sky.limitMagnitude,
    focalLengthMm: view.focalLengthMm,
    apertureMm: view.apertureMm,
    obstruction: 0.3,
    seeingArcsec: seeingOf(place, pixelArcsec, air.airmass, hours),
    // Light cone: f/5 spreads 1 µm of focus error over 0.2 µm.
    defocusMicrons: (Math.abs(offMicrons) * view.apertureMm) / view.focalLengthMm,
    haloFraction: 0.02 + 0.5 * dew + 0.12 * weather.cloudCover,
    transparency:
      !dark && air.aboveHorizon && travelPx <= longestTrailPx ? 10 ** (-0.4 * 0.17 * air.airmass) * (1 - 0.9 * dew) : 0,
    haze: { cover: weather.cloudCover, seed: hash32(place.seed, 51), driftX: hours * 40, driftY: hours * 14 },
    skyMagnitude: dark ? blackMagnitude : place.sky.skyMagnitude - 0.28 * (air.airmass - 1),
    gradient: { perDeg: 0.05 + 0.05 * (air.airmass - 1), towardDeg: air.downDeg },
    filter: { stars: filter.stars, sky: filter.sky, nanometres: filter.nanometres },
    panelElectronsPerSecond: view.main && panel ? 9000 * panel * filter.stars : 0,
    sensorCelsius: taken.sensorCelsius,
    electronsPerAdu: electronsPerAdu(view, taken.gain),
    // Sensors of this kind switch to a quieter amplifier at gain 100.
    readNoiseElectrons: taken.gain < 100 ? 3.6 - 0.004 * taken.gain : 1.7 - 0.0011 * taken.gain,
    biasAdu: (taken.offset * 10 + 4) * scale,
    satellites: (place.sky.satellitesPerHour * fieldDeg2 * order.exposureSeconds) / 3600,
    cosmics: (1.1 * sensorCm2 * order.exposureSeconds) / 60,
    noiseSeed: hash32(view.seed, Math.floor(taken.startedMs / 1000), Math.round(taken.startedMs % 1000)),
  }
}

function sensorOf(view: View): SkySensor {
  return {
    width: view.width,
    height: view.height,
    seed: view.seed,
    vignetting: view.main ? 0.16 : 0.08,
    dustSpecks: view.main ? 6 : 2,
    unevenness: 0.006,
    pixelMicrons: view.pixelMicrons,
    bayer: view.bayer,
    maxAdu: maxAdu(view),
    fullWellElectrons,
    hotShare: 0.0006,
    darkElectronsPerSecond: 0.01,
  }
}

/** Where the tube looked during the exposure, finely enough that a moving star is a line and not a row of dots. */
function aimsOver(place: Observatory, view: View, startMs: number, endMs: number, pixelArcsec: number) {
  const lookAt = (part: number) => place.telescope.lookAt(startMs + (endMs - startMs) * part)
  const probes = Math.min(33, 3 + Math.ceil((endMs - startMs) / 4000))
  let travelDeg = 0
  let before = lookAt(0)
  for (let i = 1; i < probes; i++) {
    const next = lookAt(i / (probes - 1))
    const ra = (((next.raDeg - before.raDeg + 540) % 360) - 180) * Math.cos((next.decDeg * Math.PI) / 180)
    travelDeg += Math.hypot(ra, next.decDeg - before.decDeg)
    before = next
  }
  const travelPx = (travelDeg * 3600) / pixelArcsec
  // Half a pixel apart while that is cheap; on long trails the seeing still closes the gaps of a pixel and a half.
  const count = Math.max(1, Math.min(64, Math.ceil(travelPx / 0.5)), Math.min(250, Math.ceil(travelPx / 1.5)))
  // The guide telescope is never quite parallel to the main one.
  const asideDeg = view.main ? 0 : 0.11
  const turnedDeg = view.main ? place.rotator.position() : 0
  const aims = Array.from({ length: travelPx > longestTrailPx ? 1 : count }, (_, i): Aim => {
    const { raDeg, decDeg, upDeg } = lookAt((i + 0.5) / count)
    return {
      raDeg,
      decDeg: Math.min(90, decDeg + asideDeg),
      rotationDeg: upDeg + view.rotationDeg + turnedDeg,
      share: 1 / count,
    }
  })
  return { aims, travelPx }
}

function airOver(place: Observatory, startMs: number, endMs: number) {
  const look = place.telescope.lookAt((startMs + endMs) / 2)
  const rad = Math.PI / 180
  const hour = look.hourAngleDeg * rad
  const dec = look.decDeg * rad
  const latitude = place.site.latitudeDeg * rad
  const sinAlt = Math.sin(latitude) * Math.sin(dec) + Math.cos(latitude) * Math.cos(dec) * Math.cos(hour)
  const altDeg = Math.asin(Math.min(1, Math.max(-1, sinAlt))) / rad
  // Parallactic angle: from north through east to the zenith (Meeus, Astronomical Algorithms, 14.1).
  const zenithDeg =
    Math.atan2(
      Math.sin(hour) * Math.cos(latitude),
      Math.sin(latitude) * Math.cos(dec) - Math.cos(latitude) * Math.sin(dec) * Math.cos(hour),
    ) / rad
  return {
    aboveHorizon: altDeg > 0,
    airmass: Math.min(12, airmass(Math.max(0, altDeg)) ?? 12),
    // Position angles run counter-clockwise in the picture.
    downDeg: look.upDeg - (zenithDeg + 180),
  }
}

/** Air, wind and the warm tube together; never sharper than a good lens on these pixels. */
function seeingOf(place: Observatory, pixelArcsec: number, mass: number, hours: number): number {
  const restless = 0.8 + 0.4 * lineNoise(place.seed + 61, hours * 6)
  const air = place.sky.seeingArcsec * restless * mass ** 0.6
  const wind = Math.max(0, place.weather().windMetresPerSecond - 6) * 0.5
  const tube = place.power.value('fan') ? 0 : 1.1
  return Math.max(0.9 * pixelArcsec, Math.hypot(air, wind, tube))
}
