// Limits of the mount as the owner sets them.

import { z } from '../ports/schema.js'
import type { MountLimits } from '../rules/mount-limits.js'
import type { TimeQuality } from '../rules/time-quality.js'
import type { Site } from './site-settings.js'

export const mountSettings = z
  .strictObject({
    minimum_altitude: z
      .number()
      .min(-5)
      .max(89)
      .default(10)
      .describe('Lowest altitude the mount may be sent to, degrees'),
    horizon_mask: z
      .array(z.tuple([z.number().min(0).max(90), z.number().min(0).lt(360)]))
      .max(360)
      .default([])
      .describe('Horizon as [altitude, azimuth] knots in degrees; the higher of mask and minimum altitude wins'),
    slew_timeout: z.number().min(10).max(1800).default(180).describe('A slew that takes longer is stopped, s'),
    time_and_place: z
      .record(z.string().regex(/^[a-z0-9_-]+$/, 'is no name of a device'), z.enum(['box', 'mount', 'none']))
      .default({})
      .describe(
        'By mount, whose time and place count: box (what is not named: it is told both when the box knows them), ' +
          'mount (it keeps its own, and a contradiction is said), none (it is not asked)',
      ),
  })
  .describe('The mount')

export type MountSettings = z.output<typeof mountSettings>

export function limitsOf(mount: MountSettings, site: Site, time: TimeQuality): MountLimits {
  return {
    site: skySite(site),
    time,
    minimumAltitudeDeg: mount.minimum_altitude,
    mask: mount.horizon_mask,
  }
}

/**
 * The site as sky arithmetic wants it, at sea level where nobody has said how high; undefined while nobody has said
 * where.
 */
export function skySite({ latitude, longitude, elevation }: Site): MountLimits['site'] {
  if (latitude === undefined || longitude === undefined) return undefined
  return { latitudeDeg: latitude, longitudeDeg: longitude, elevationMetres: elevation ?? 0 }
}
