// Where the pier stands and what stands on it: settings that several services and the files' headers read.
import { z } from '../ports/schema.js'
import { placeSources } from '../rules/place-sources.js'

export const siteSettings = z
  .strictObject({
    name: z.string().min(1).max(60).default('Pierside').describe('Name of the observatory, shown on the page'),
    latitude: z.number().min(-90).max(90).optional().describe('Latitude, degrees, north positive'),
    longitude: z.number().min(-180).max(180).optional().describe('Longitude, degrees, east positive'),
    elevation: z.number().min(-500).max(9000).optional().describe('Height above the sea, metres'),
    position_from: z
      .enum(placeSources)
      .default('typed')
      .describe(
        'Who says where it stands: you, a town of the list, a GPS, which it then follows, or the simulated sky',
      ),
    place: z.string().max(80).optional().describe('What the place is called, for the page: a town'),
    observer: z.string().max(60).optional().describe('Who observes; OBSERVER in the files'),
    telescope: z.string().max(60).optional().describe('Name of the telescope; TELESCOP in the files'),
    focal_length: z.number().positive().max(50_000).optional().describe('Focal length, mm'),
    aperture: z.number().positive().max(20_000).optional().describe('Aperture, mm'),
  })
  .describe('The site and the telescope')

export type Site = z.output<typeof siteSettings>
