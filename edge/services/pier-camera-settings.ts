// `pier_cam:` of the config, under the names that owners know.
import { z } from '../ports/schema.js'

export const autoExposures = ['always', 'by-day', 'never'] as const

export const pierCamSettings = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether the pier camera runs'),
    device_index: z.int().min(0).default(0).describe('Which camera, where a driver finds several'),
    auto_exposure: z
      .enum(autoExposures)
      .default('by-day')
      .describe(
        'When the camera chooses exposure and gain itself: always, by-day (the Sun higher than 6° below the horizon; ' +
          'always while place or time are not known), or never. Else exposure_ms and gain hold',
      ),
    exposure_ms: z.number().positive().max(10_000).default(80).describe('Exposure, ms'),
    gain: z.number().min(0).default(200).describe('Gain'),
    bin: z.int().min(1).max(4).default(2).describe('Binning'),
    target_fps: z.number().min(0.1).max(60).default(10).describe('Pictures per second at most'),
    jpeg_quality: z.int().min(1).max(100).default(75).describe('JPEG quality, 1 to 100'),
  })
  .describe('The pier camera')

export type PierCamSettings = z.output<typeof pierCamSettings>
