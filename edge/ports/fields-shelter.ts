// The fields of what covers the telescope, turns its camera and watches over both.
import { flag, type Kind, number, presence, shown, text, time } from './field.js'

export const shelterKinds: Readonly<Record<string, Kind>> = {
  rotator: {
    name: 'Rotator',
    fields: {
      ...presence,
      angleDeg: number('Position angle', '°', 1, shown),
      moving: flag('Moving', { deviceClass: 'moving' }),
    },
  },
  dome: {
    name: 'Roof or dome',
    fields: {
      ...presence,
      build: text('Built as'),
      shutter: text('Roof or shutter', { entity: true, icon: 'mdi:garage-variant' }),
      moving: flag('Moving', { entity: true, deviceClass: 'moving' }),
      turns: flag('Turns'),
      trouble: text('What is wrong with it', { entity: true, diagnostic: true, icon: 'mdi:alert' }),
      azDeg: number('Azimuth of the slit', '°', 1, shown),
    },
  },
  cover: {
    name: 'Cover or light panel',
    fields: {
      ...presence,
      cover: text('Cover', { entity: true, icon: 'mdi:circle-outline' }),
      brightness: number('Brightness', undefined, 0, shown),
      maxBrightness: number('Highest brightness'),
    },
  },
  gps: {
    name: 'GPS',
    fields: {
      ...presence,
      latitudeDeg: number('Latitude', '°', 4),
      longitudeDeg: number('Longitude, east positive', '°', 4),
      elevationMetres: number('Elevation', 'm', 0),
      utcMs: time('Its time'),
      fixAtMs: time('Last fix'),
    },
  },
  safety: {
    name: 'Safety monitor',
    staleAfterMs: 180_000,
    fields: {
      ...presence,
      safe: flag('Safe', shown),
      words: text('What it says', shown),
    },
  },
}
