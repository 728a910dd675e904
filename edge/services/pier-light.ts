// How the pier camera is to catch its light: as the config says or as somebody set it since, by day and by night.
import type { Clock } from '../ports/clock.js'
import type { VideoOrder } from '../ports/video-source.js'
import { groundsFor } from '../rules/time-and-place.js'
import type { TimeQuality } from '../rules/time-quality.js'
import { sunAltitude } from '../science/sky.js'
import { skySite } from './mount-settings.js'
import type { PierCamSettings } from './pier-camera-settings.js'
import type { Site } from './site-settings.js'

export interface PierLight {
  readonly autoExposure: PierCamSettings['auto_exposure']
  readonly exposureMs: number
  readonly gain: number
}

export type LightOrder = Pick<VideoOrder, 'automatic' | 'exposureMs' | 'gain'>

/** The Sun's height at the end of civil twilight: below it cameras for daylight see nothing by themselves, degrees. */
const duskDeg = -6

export const lightOf = ({ auto_exposure, exposure_ms, gain }: PierCamSettings): PierLight => ({
  autoExposure: auto_exposure,
  exposureMs: exposure_ms,
  gain,
})

/** What a camera is told now. While nobody knows where the pier stands, or when it is, there is no night. */
export function lightOrder(light: PierLight, site: Site, time: TimeQuality, clock: Pick<Clock, 'now'>): LightOrder {
  const grounds = groundsFor('daylight', skySite(site), time)
  const day = () => !grounds.ok || sunAltitude(grounds.site, clock.now()) > duskDeg
  const automatic = light.autoExposure === 'always' || (light.autoExposure === 'by-day' && day())
  return { automatic, exposureMs: light.exposureMs, gain: light.gain }
}
