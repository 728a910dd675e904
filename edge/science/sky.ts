// Where things stand: precession, altitude and azimuth, Sun, Moon and planets. The one file that knows
// astronomy-engine.

import * as engine from 'astronomy-engine'
import { ScienceError } from './science-error.js'

// How a place is written and which night it belongs to are asked for together with where it is.
export { nightDate } from './night-date.js'
export { formatDec, formatRa, parseDec, parseRa } from './sexagesimal.js'

/** J2000, or the apparent place of the date: what a mount calls JNow. */
export type Equinox = 'j2000' | 'jnow'

/** A direction among the stars, without saying of which equinox. */
export interface Place {
  readonly raHours: number // 0 … 24
  readonly decDeg: number // −90 … 90
}

export interface Pointing extends Place {
  readonly equinox: Equinox
}

export interface Site {
  readonly latitudeDeg: number // north positive
  readonly longitudeDeg: number // east positive
  readonly elevationMetres: number // above sea level
}

export interface AltAz {
  readonly altDeg: number
  readonly azDeg: number // from north through east, 0 … 360
}

/**
 * Whether altitudes are bent by the air: `none` is the bare geometry, `standard` sea-level air at 10 °C and 1010 hPa.
 */
export type Air = 'none' | 'standard'

/**
 * What moves among the stars and can be pointed at. The Sun is not here on purpose: nothing may be sent to it by name.
 */
export type Wanderer = 'moon' | 'mercury' | 'venus' | 'mars' | 'jupiter' | 'saturn' | 'uranus' | 'neptune' | 'pluto'

const bodies: Readonly<Record<Wanderer | 'sun', engine.Body>> = {
  sun: engine.Body.Sun,
  moon: engine.Body.Moon,
  mercury: engine.Body.Mercury,
  venus: engine.Body.Venus,
  mars: engine.Body.Mars,
  jupiter: engine.Body.Jupiter,
  saturn: engine.Body.Saturn,
  uranus: engine.Body.Uranus,
  neptune: engine.Body.Neptune,
  pluto: engine.Body.Pluto,
}

const radians = Math.PI / 180
const degrees = 180 / Math.PI
const j2000Ms = Date.UTC(2000, 0, 1, 12)

type Triple = readonly [number, number, number]

/**
 * A place of one equinox in another.
 *
 * J2000 → JNow is precession, nutation and annual aberration (20″): the apparent place that mounts and planetarium
 * programs mean by JNow. JNow → J2000 is its exact inverse. Refraction, diurnal aberration (0.3″) and light bending are
 * left out. Source: astronomy-engine (Capitaine precession, largest terms of IAU 2000B nutation); within 0.11″ of
 * astropy's TETE (test/science/sky.test.ts).
 *
 * @param atMs Unix time, UTC
 * @throws ScienceError when a number is not finite or the declination is beyond a pole
 */
export function precess(place: Place, from: Equinox, to: Equinox, atMs: number): Place {
  const direction = vectorOf(place)
  if (from === to) return { raHours: place.raHours, decDeg: place.decDeg }
  const time = timeOf(atMs)
  return from === 'j2000'
    ? placeOf(turn(engine.Rotation_EQJ_EQD(time), withAberration(direction, time), time))
    : placeOf(withoutAberration(turn(engine.Rotation_EQD_EQJ(time), direction, time), time))
}

/** The same direction in the wanted equinox; see `precess`. */
export function inEquinox(pointing: Pointing, equinox: Equinox, atMs: number): Pointing {
  return { ...precess(pointing, pointing.equinox, equinox, atMs), equinox }
}

/**
 * Apparent sidereal time at the site, hours 0 … 24.
 * UT1 is taken to be UTC: they are kept within 0.9 s, and have been within 0.2 s since 2017.
 */
export function siderealHours(site: Site, atMs: number): number {
  checkSite(site)
  return wrap(engine.SiderealTime(timeOf(atMs)) + site.longitudeDeg / 15, 24)
}

/** Hour angle in hours, −12 ≤ h < 12: negative before the meridian, positive after it. */
export function hourAngle(pointing: Pointing, site: Site, atMs: number): number {
  const { raHours } = precess(pointing, pointing.equinox, 'jnow', atMs)
  return wrap(siderealHours(site, atMs) - raHours + 12, 24) - 12
}

/**
 * The side of the pier on which a German mount's tube hangs when it points there in its usual state (not through the
 * pole): before the meridian the tube is west of the pier and looks east.
 * @param hourAngleHours −12 … 12
 */
export function pierSideOf(hourAngleHours: number): 'east' | 'west' {
  return hourAngleHours < 0 ? 'west' : 'east'
}

/** Where a fixed star of that position stands over the site. */
export function altAz(pointing: Pointing, site: Site, atMs: number, air: Air = 'none'): AltAz {
  const apparent = inEquinox(pointing, 'jnow', atMs)
  const horizon = horizonOf(hourAngle(apparent, site, atMs) * 15, apparent.decDeg, site.latitudeDeg)
  const liftDeg = air === 'standard' ? engine.Refraction('normal', horizon.altDeg) : 0
  return { altDeg: horizon.altDeg + liftDeg, azDeg: horizon.azDeg }
}

/** The J2000 place that stands at an altitude and azimuth now: the inverse of `altAz`. */
export function raDecOf(horizon: AltAz, site: Site, atMs: number, air: Air = 'none'): Pointing {
  const seenDeg = finite(horizon.altDeg, 'altitude')
  if (Math.abs(seenDeg) > 90) throw new ScienceError(`altitude ${seenDeg}° is beyond the zenith or the nadir`)
  const altDeg = air === 'standard' ? seenDeg + engine.InverseRefraction('normal', seenDeg) : seenDeg
  // Altitude and azimuth turn into declination and hour angle by the very formula that goes the other way.
  const equatorial = horizonOf(finite(horizon.azDeg, 'azimuth'), altDeg, site.latitudeDeg)
  const raHours = wrap(siderealHours(site, atMs) - equatorial.azDeg / 15, 24)
  return { ...precess({ raHours, decDeg: equatorial.altDeg }, 'jnow', 'j2000', atMs), equinox: 'j2000' }
}

/** Altitude of the Sun's centre in degrees, seen from the site, without refraction. */
export function sunAltitude(site: Site, atMs: number): number {
  return wandererAltAz('sun', site, atMs).altDeg
}

/** Altitude and azimuth of the centre of a body, seen from the site, without refraction. */
export function wandererAltAz(body: Wanderer | 'sun', site: Site, atMs: number): AltAz {
  const apparent = apparentPlace(body, atMs, site)
  return altAz({ ...apparent, equinox: 'jnow' }, site, atMs)
}

/**
 * J2000 place of the Moon or a planet, such that `precess` and `altAz` bring it to where it is seen.
 * With a site it is seen from there: for the Moon that is up to a degree from what the centre of the Earth would see.
 * Source: astronomy-engine (VSOP87 and Montenbruck's Moon, cut to 1′); the Moon is within 7″ of astropy in our tests.
 */
export function wandererPlace(body: Wanderer, atMs: number, site?: Site): Pointing {
  return { ...precess(apparentPlace(body, atMs, site), 'jnow', 'j2000', atMs), equinox: 'j2000' }
}

/** Visual magnitude of the Moon or a planet. */
export function wandererMagnitude(body: Wanderer, atMs: number): number {
  return engine.Illumination(bodies[body], timeOf(atMs)).mag
}

/**
 * How much of the Moon is lit.
 * @returns `fraction` 0 … 1 of the disc, and `phaseDeg` 0 new, 90 first quarter, 180 full, 270 last quarter
 */
export function moonIllumination(atMs: number): { readonly fraction: number; readonly phaseDeg: number } {
  const time = timeOf(atMs)
  return { fraction: engine.Illumination(engine.Body.Moon, time).phase_fraction, phaseDeg: engine.MoonPhase(time) }
}

/** The constellation a J2000 place lies in: its three-letter abbreviation, by the boundaries of Delporte (1930). */
export function constellationOf(place: Place): string {
  vectorOf(place)
  return engine.Constellation(place.raHours, place.decDeg).symbol
}

/**
 * Angle between two places of one equinox, degrees. Vincenty's form of the great circle: exact near 0° and 180° too.
 */
export function separationDeg(a: Place, b: Place): number {
  const [ax, ay, az] = vectorOf(a)
  const [bx, by, bz] = vectorOf(b)
  const cross = Math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
  return Math.atan2(cross, ax * bx + ay * by + az * bz) * degrees
}

/**
 * Airmass at an apparent altitude: 1 at the zenith, 38.7 at the horizon, Infinity below it.
 * Source: Pickering, DIO 12 (2002) 3.
 */
export function airmass(altDeg: number): number {
  if (finite(altDeg, 'altitude') < 0) return Infinity
  return 1 / Math.sin((altDeg + 244 / (165 + 47 * altDeg ** 1.1)) * radians)
}

function apparentPlace(body: Wanderer | 'sun', atMs: number, site?: Site): Place {
  const time = timeOf(atMs)
  if (site) {
    const { ra, dec } = engine.Equator(bodies[body], time, observerOf(site), true, true)
    return { raHours: ra, decDeg: dec }
  }
  const { x, y, z } = engine.GeoVector(bodies[body], time, true)
  return placeOf(turn(engine.Rotation_EQJ_EQD(time), [x, y, z], time))
}

/** Degrees in and out; the triangle pole–zenith–star is the same read from either pole. */
function horizonOf(hourAngleDeg: number, decDeg: number, latitudeDeg: number): AltAz {
  const hour = hourAngleDeg * radians
  const dec = decDeg * radians
  const latitude = latitudeDeg * radians
  const north = Math.cos(latitude) * Math.sin(dec) - Math.sin(latitude) * Math.cos(dec) * Math.cos(hour)
  const east = -Math.cos(dec) * Math.sin(hour)
  const up = Math.sin(latitude) * Math.sin(dec) + Math.cos(latitude) * Math.cos(dec) * Math.cos(hour)
  return {
    altDeg: Math.atan2(up, Math.hypot(north, east)) * degrees,
    azDeg: wrap(Math.atan2(east, north) * degrees, 360),
  }
}

/**
 * The Earth's velocity against the centre of mass of the solar system, J2000 axes, as a fraction of the speed of light.
 */
function earthVelocity(time: engine.AstroTime): Triple {
  const { vx, vy, vz } = engine.BaryState(engine.Body.Earth, time)
  return [vx / engine.C_AUDAY, vy / engine.C_AUDAY, vz / engine.C_AUDAY]
}

/** First order in v/c: what is left out is below 0.002″. */
function withAberration([x, y, z]: Triple, time: engine.AstroTime): Triple {
  const [vx, vy, vz] = earthVelocity(time)
  return [x + vx, y + vy, z + vz]
}

/** Solves `withAberration` for the unit vector that went in. */
function withoutAberration(seen: Triple, time: engine.AstroTime): Triple {
  const [vx, vy, vz] = earthVelocity(time)
  const length = Math.hypot(...seen)
  const [x, y, z] = [seen[0] / length, seen[1] / length, seen[2] / length]
  const along = x * vx + y * vy + z * vz
  const scale = along + Math.sqrt(along * along + 1 - (vx * vx + vy * vy + vz * vz))
  return [x * scale - vx, y * scale - vy, z * scale - vz]
}

function turn(rotation: engine.RotationMatrix, [x, y, z]: Triple, time: engine.AstroTime): Triple {
  const turned = engine.RotateVector(rotation, new engine.Vector(x, y, z, time))
  return [turned.x, turned.y, turned.z]
}

function vectorOf({ raHours, decDeg }: Place): Triple {
  const ra = finite(raHours, 'right ascension') * 15 * radians
  if (Math.abs(finite(decDeg, 'declination')) > 90) throw new ScienceError(`declination ${decDeg}° is beyond a pole`)
  const dec = decDeg * radians
  return [Math.cos(dec) * Math.cos(ra), Math.cos(dec) * Math.sin(ra), Math.sin(dec)]
}

function placeOf([x, y, z]: Triple): Place {
  return {
    raHours: wrap((Math.atan2(y, x) * degrees) / 15, 24),
    decDeg: Math.atan2(z, Math.hypot(x, y)) * degrees,
  }
}

function timeOf(atMs: number): engine.AstroTime {
  return engine.MakeTime((finite(atMs, 'time') - j2000Ms) / 86_400_000)
}

function observerOf(site: Site): engine.Observer {
  checkSite(site)
  return new engine.Observer(site.latitudeDeg, site.longitudeDeg, site.elevationMetres)
}

function checkSite({ latitudeDeg, longitudeDeg, elevationMetres }: Site): void {
  if (!(Math.abs(latitudeDeg) <= 90)) throw new ScienceError(`latitude ${latitudeDeg}° is outside -90° to 90°`)
  if (!(Math.abs(longitudeDeg) <= 360)) throw new ScienceError(`longitude ${longitudeDeg}° is outside -360° to 360°`)
  finite(elevationMetres, 'elevation')
}

function finite(value: number, what: string): number {
  if (!Number.isFinite(value)) throw new ScienceError(`${what} is ${value}, not a number`)
  return value
}

function wrap(value: number, turnOf: number): number {
  const wrapped = ((value % turnOf) + turnOf) % turnOf
  return wrapped === turnOf ? 0 : wrapped // a tiny negative number rounds up to a whole turn
}
