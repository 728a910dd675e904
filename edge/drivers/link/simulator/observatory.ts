// The simulated observatory as one thing: what its camera, mount, focuser and weather station share, hanging together.
import type { Clock } from '../../../ports/clock.js'
import type { PierOrder } from '../../../science/pier-picture.js'
import { altAz, type Site } from '../../../science/sky.js'
import { type Dew, dewOn } from './dew.js'
import { type Carousel, carousel, type FocusTrain, type FocusTraits, focusTrain } from './focus-train.js'
import { type Mishaps, mishaps } from './mishaps.js'
import { type PowerBox, powerBox } from './power-box.js'
import { type RoofMotor, roofMotor } from './roof-motor.js'
import { type Studio, studio } from './studio.js'
import { type Telescope, type TelescopeTraits, telescope } from './telescope.js'
import { type Travel, travel } from './travel.js'
import { type Climate, type Weather, weatherAt } from './weather.js'

export interface ObservatoryTraits {
  readonly seed: number
  readonly site: Site
  readonly mount: Omit<TelescopeTraits, 'seed' | 'site'>
  /** Of the mount's own clock, minus the true time. */
  readonly mountClockOffSeconds: number
  readonly focus: FocusTraits
  readonly climate: Omit<Climate, 'seed'>
  readonly sky: SkyTraits
}

export interface SkyTraits {
  readonly seeingArcsec: number
  readonly skyMagnitude: number
  readonly limitMagnitude: number
  readonly satellitesPerHour: number
}

export interface Observatory {
  readonly seed: number
  readonly site: Site
  readonly sky: SkyTraits
  readonly clock: Clock
  readonly telescope: Telescope
  /** What the mount's own electronics believe; what it is told. */
  readonly mountBelieves: { site: Site; utcMs: number; atMonotonicMs: number }
  readonly focus: FocusTrain
  readonly wheel: Carousel
  /** Degrees turned from where the night began. */
  readonly rotator: Travel
  /** The roof, or a dome's shutter instead: 0 closed, 1 open. */
  readonly roof: Travel
  /** What drives the roof where relays do. */
  readonly roofMotor: RoofMotor
  /** Where a dome's slit looks, degrees. */
  readonly slit: Travel
  /** 0 closed, 1 open. */
  readonly cover: Travel
  /** The light panel inside the cover. */
  readonly panel: { percent: number }
  readonly power: PowerBox
  readonly mishaps: Mishaps
  readonly studio: Studio
  weather(): Weather
  /** 0 dry … 1 nothing comes through the lens. */
  dew(): number
  /** Of the telescope's tube. */
  tubeCelsius(): number
  /** Night sky brightness straight up, mag/arcsec². */
  zenithMagnitude(): number
  /** Where the tube points by the mount's own belief. */
  altAz(): { readonly altDeg: number; readonly azDeg: number }
  pier(size: { readonly width: number; readonly height: number }, exposure: number): PierOrder
}

/** The wall clock may be put right while we run; more than this and the sky is turned to the new time. */
const wallJumpMs = 10_000

export function observatory(traits: ObservatoryTraits, clock: Clock): Observatory & { close(): Promise<void> } {
  const { seed, site } = traits
  // Sidereal time runs by the monotonic clock: a step of the wall clock by a second must not shift the stars.
  let wallOffsetMs = clock.now() - clock.monotonicMs()
  const hours = {
    monotonicMs: () => clock.monotonicMs(),
    wallMs(monotonicMs: number) {
      const offsetMs = clock.now() - clock.monotonicMs()
      if (Math.abs(offsetMs - wallOffsetMs) > wallJumpMs) wallOffsetMs = offsetMs
      return monotonicMs + wallOffsetMs
    },
  }
  const mishap = mishaps()
  const power = powerBox()
  const climate = { ...traits.climate, seed }
  const weatherOf = (wallMs: number) => weatherAt(climate, site.longitudeDeg, wallMs, mishap.provoked())
  const weather = () => weatherOf(clock.now())
  let heaterPercent = power.value('dew-heater')
  const dew: Dew = dewOn(clock.now(), weatherOf, () => heaterPercent)
  const stops = [
    power.onChange(outlet => {
      if (outlet !== 'dew-heater') return
      dew.at(clock.now())
      heaterPercent = power.value(outlet)
    }),
  ]
  const mount = telescope({ ...traits.mount, seed, site }, hours)
  const standOrGo = () => {
    const stalled = mishap.stalled() || power.value('mount') === 0
    if (mount.stalled !== stalled) mount.stall(stalled)
  }
  stops.push(mishap.onChange(standOrGo), power.onChange(standOrGo))
  const monotonicMs = () => clock.monotonicMs()
  const painter = studio(clock)
  const roof = travel(1, 1 / 20, monotonicMs)
  const motor = roofMotor(roof, mishap)
  stops.push(motor.stop)
  const horizon = () => {
    const { raDeg, decDeg } = mount.believed()
    return altAz({ raHours: raDeg / 15, decDeg, equinox: 'jnow' }, site, hours.wallMs(clock.monotonicMs()))
  }

  return {
    seed,
    site,
    sky: traits.sky,
    clock,
    telescope: mount,
    focus: focusTrain(traits.focus, monotonicMs),
    wheel: carousel(monotonicMs),
    rotator: travel(0, 5, monotonicMs),
    roof,
    roofMotor: motor,
    slit: travel(90, 10, monotonicMs),
    cover: travel(1, 1 / 4, monotonicMs),
    mountBelieves: {
      site: traits.site,
      utcMs: clock.now() + traits.mountClockOffSeconds * 1000,
      atMonotonicMs: clock.monotonicMs(),
    },
    panel: { percent: 0 },
    power,
    mishaps: mishap,
    studio: painter,
    weather,
    dew: () => dew.at(clock.now()),
    // Without the fan the glass and tube stay warmer than the night.
    tubeCelsius: () => weather().ambientCelsius + (power.value('fan') ? 0.3 : 1.6),
    zenithMagnitude: () => traits.sky.skyMagnitude - 1.2 * weather().cloudCover,
    altAz: horizon,
    pier(size, exposure) {
      const { altDeg, azDeg } = horizon()
      const { cloudCover, raining } = weather()
      const time = new Date(clock.now()).toISOString().replace('T', ' ').slice(0, 19)
      return {
        ...size,
        ...mount.stanceNow(),
        latitudeDeg: site.latitudeDeg,
        cloudCover,
        raining,
        panelLit: power.value('flat-panel') > 0,
        exposure,
        text: `${time} UTC  ALT ${altDeg.toFixed(0)} AZ ${azDeg.toFixed(0)}`,
        seed,
        noiseSeed: Math.floor(clock.now() / 10) | 0,
      }
    },
    async close() {
      for (const stop of stops) stop()
      await painter.close()
    },
  }
}
