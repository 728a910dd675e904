// The link that is a whole observatory: cameras, mount and the rest are opened on it and share its sky.

import { linkDriver } from '../../../ports/driver.js'
import { Fault, reasonOf } from '../../../ports/fault.js'
import { z } from '../../../ports/schema.js'
import { type Mishap, parts, roofFaults } from './mishaps.js'
import { type Observatory, observatory } from './observatory.js'

const mishapOption = z
  .strictObject({
    at_s: z.number().min(0).describe('Seconds after the start when it happens'),
    for_s: z.number().positive().optional().describe('Seconds it lasts; for good when absent'),
    kind: z.enum(['silent', 'unplugged', 'stalled', 'weather', 'roof']).describe('What goes wrong'),
    part: z.enum(parts).optional().describe('Which part (silent, unplugged)'),
    fault: z.enum(roofFaults).default('motor-stalled').describe('What breaks (roof)'),
    cloud_percent: z.number().min(0).max(100).optional().describe('Cloud cover, % (weather)'),
    rain: z.boolean().optional().describe('Whether it rains (weather)'),
    wind_m_s: z.number().min(0).max(60).optional().describe('Wind, m/s (weather)'),
    humidity_percent: z.number().min(1).max(100).optional().describe('Relative humidity, % (weather)'),
    ambient_c: z.number().min(-50).max(50).optional().describe('Air temperature, °C (weather)'),
  })
  .describe('Something that is to go wrong')

const options = z.strictObject({
  seed: z.number().int().min(0).max(4294967295).default(1).describe('Another number is another sky, another night'),
  latitude: z.number().min(-90).max(90).default(50).describe('Site latitude, degrees, north positive'),
  longitude: z.number().min(-180).max(360).default(10).describe('Site longitude, degrees, east positive'),
  elevation_m: z.number().min(-500).max(9000).default(300).describe('Site elevation, m'),
  seeing_arcsec: z.number().min(0.3).max(20).default(2.6).describe('Star width (FWHM) at the zenith, arcsec'),
  sky_mag: z.number().min(14).max(22.5).default(20.6).describe('Night sky brightness at the zenith, mag/arcsec²'),
  limit_mag: z.number().min(6).max(17.5).default(17).describe('Faintest stars drawn, magnitude'),
  satellites_per_hour: z.number().min(0).max(1000).default(4).describe('Satellites through a square degree, per hour'),
  mean_celsius: z.number().min(-40).max(40).default(9).describe('Mean air temperature, °C'),
  humidity_percent: z.number().min(10).max(98).default(62).describe('Mean relative humidity, %'),
  cloudiness: z.number().min(0).max(1).default(0.15).describe('0 never a cloud, 1 mostly overcast'),
  slew_deg_per_s: z.number().min(0.1).max(20).default(4).describe('Slewing speed of the mount, degrees per second'),
  polar_error_arcmin: z
    .number()
    .min(0)
    .max(120)
    .default(4)
    .describe('Polar axis misalignment, arcmin: drift, rotation'),
  periodic_error_arcsec: z.number().min(0).max(60).default(2.5).describe('Peak periodic error of the worm, arcsec'),
  pointing_error_arcmin: z.number().min(0).max(120).default(2).describe('Pointing error until a sync, arcmin'),
  mount_clock_off_s: z.number().min(-1e9).max(1e9).default(0).describe('Its clock minus the true time at first, s'),
  start_parked: z.boolean().default(false).describe('Begin parked instead of tracking in the east'),
  focuser_max_steps: z.number().int().min(1000).max(1000000).default(25000).describe('Travel of the focuser, steps'),
  best_focus_steps: z.number().int().min(0).max(1000000).default(12000).describe('Best focus at 10 °C, steps'),
  start_off_steps: z.number().int().min(-100000).max(100000).default(12).describe('Focus error at the start, steps'),
  steps_per_celsius: z.number().min(-500).max(500).default(-6).describe('Shift of the best focus, steps per °C'),
  mishaps: z.array(mishapOption).max(100).default([]).describe('What goes wrong, and when'),
})

export const simulatorLink = linkDriver<typeof options, Observatory>({
  id: 'simulator',
  summary: 'A simulated observatory: sky, weather, mount and all; needs no hardware',
  options,
  async open(given, tools, signal) {
    if (signal.aborted) throw reasonOf(signal)
    const injected = given.mishaps.map((row, i) => ({ row, mishap: mishapOf(row, i) }))
    const place = observatory(
      {
        seed: given.seed,
        site: { latitudeDeg: given.latitude, longitudeDeg: given.longitude, elevationMetres: given.elevation_m },
        mount: {
          slewDegPerSecond: given.slew_deg_per_s,
          polarErrorArcmin: given.polar_error_arcmin,
          periodicErrorArcsec: given.periodic_error_arcsec,
          pointingErrorArcmin: given.pointing_error_arcmin,
          startParked: given.start_parked,
        },
        mountClockOffSeconds: given.mount_clock_off_s,
        focus: {
          stepsPerSecond: 400,
          maxSteps: given.focuser_max_steps,
          bestSteps: given.best_focus_steps,
          startOffSteps: given.start_off_steps,
          stepsPerCelsius: given.steps_per_celsius,
          micronsPerStep: 2,
        },
        climate: {
          meanCelsius: given.mean_celsius,
          meanHumidityPercent: given.humidity_percent,
          cloudiness: given.cloudiness,
        },
        sky: {
          seeingArcsec: given.seeing_arcsec,
          skyMagnitude: given.sky_mag,
          limitMagnitude: given.limit_mag,
          satellitesPerHour: given.satellites_per_hour,
        },
      },
      tools.clock,
    )
    const timers = new Set<{ cancel(): void }>()
    const later = (ms: number, run: () => void) => {
      const timer = tools.clock.after(ms, () => {
        timers.delete(timer)
        run()
      })
      timers.add(timer)
    }
    for (const { row, mishap } of injected) {
      later(row.at_s * 1000, () => {
        tools.log.info(`simulated mishap: ${row.kind} ${row.part ?? ''}`.trim())
        const undo = place.mishaps.inject(mishap)
        if (row.for_s !== undefined) later(row.for_s * 1000, undo)
      })
    }
    return {
      value: place,
      async close() {
        for (const timer of timers) timer.cancel()
        await place.close()
      },
    }
  },
})

function mishapOf(row: z.output<typeof mishapOption>, index: number): Mishap {
  if (row.kind === 'stalled') return { kind: 'stalled' }
  if (row.kind === 'roof') return { kind: 'roof', fault: row.fault }
  if (row.kind === 'weather') {
    const provoked: Record<string, number | boolean> = {}
    if (row.cloud_percent !== undefined) provoked.cloudCover = row.cloud_percent / 100
    if (row.rain !== undefined) provoked.raining = row.rain
    if (row.wind_m_s !== undefined) provoked.windMetresPerSecond = row.wind_m_s
    if (row.humidity_percent !== undefined) provoked.humidityPercent = row.humidity_percent
    if (row.ambient_c !== undefined) provoked.ambientCelsius = row.ambient_c
    return { kind: 'weather', weather: provoked }
  }
  if (!row.part) {
    throw new Fault(
      'bad-input',
      `mishaps.${index}: "${row.kind}" names no part`,
      `Add part: one of ${parts.join(', ')}`,
    )
  }
  return { kind: row.kind, part: row.part }
}
