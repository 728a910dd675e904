// The fields of the pier's own hardware: what measures, what heats, the box itself and what is plugged into it.
import { flag, type Kind, list, measured, number, presence, record, temperature, text } from './field.js'

/** What stations measure, whichever kind they are. */
const readings = {
  humidityPercent: number('Humidity', '%', 0, { ...measured, deviceClass: 'humidity' }),
  dewPointCelsius: number('Dew point', '°C', 1, temperature),
  skyCelsius: number('Sky temperature', '°C', 1, temperature),
  cloudPercent: number('Cloud', '%', 0, { ...measured, icon: 'mdi:weather-cloudy' }),
  windMetresPerSecond: number('Wind', 'm/s', 1, { ...measured, deviceClass: 'wind_speed' }),
  gustMetresPerSecond: number('Gusts', 'm/s', 1, { ...measured, deviceClass: 'wind_speed' }),
  raining: flag('Rain', { entity: true, deviceClass: 'moisture' }),
  pressureHectopascals: number('Pressure', 'hPa', 0, { ...measured, deviceClass: 'atmospheric_pressure' }),
  skyMagnitude: number('Sky brightness', 'mag/arcsec²', 2, { ...measured, icon: 'mdi:weather-night' }),
  nakedEyeMagnitude: number('Faintest star for the eye', 'mag', 1),
  lux: number('Light', 'lx', 2, { ...measured, deviceClass: 'illuminance' }),
  volts: number('Supply', 'V', 2, { ...measured, deviceClass: 'voltage' }),
  amperes: number('Current', 'A', 2, { ...measured, deviceClass: 'current' }),
  watts: number('Power', 'W', 1, { ...measured, deviceClass: 'power' }),
  failed: record('What may not be believed, and why'),
  trouble: text('Failed sensors', { entity: true, diagnostic: true, icon: 'mdi:alert' }),
}

export const pierKinds: Readonly<Record<string, Kind>> = {
  weather: {
    name: 'Weather',
    staleAfterMs: 180_000,
    fields: { ...presence, ambientCelsius: number('Temperature', '°C', 1, temperature), ...readings },
  },
  sensor: {
    name: 'Sensor',
    staleAfterMs: 180_000,
    fields: {
      ...presence,
      celsius: number('Temperature', '°C', 1, temperature),
      ...readings,
      latitudeDeg: number('Latitude', '°', 5),
      longitudeDeg: number('Longitude, east positive', '°', 5),
      elevationMetres: number('Height above the sea', 'm', 0),
      satellites: number('Satellites', undefined, 0, measured),
      mainsOk: flag('Mains', { entity: true, deviceClass: 'power' }),
      batteryLow: flag('Battery low', { entity: true, deviceClass: 'battery' }),
    },
  },
  input: {
    name: 'Input',
    fields: { ...presence, name: text('Name'), on: flag('On', { entity: true }) },
  },
  heater: {
    name: 'Dew heater',
    fields: {
      mode: text('Mode'),
      channel: text('Channel that it heats by'),
      percent: number('Heat', '%', 0, { ...measured, deviceClass: 'power_factor' }),
      manualPercent: number('Heat by hand', '%', 0),
      rests: flag('Off since the night was ended'),
      dewPointCelsius: number('Dew point', '°C', 1),
      glassCelsius: number('Glass', '°C', 1),
      targetCelsius: number('Glass shall have', '°C', 1),
      failed: text('Why it goes by its safe duty', { entity: true, diagnostic: true, icon: 'mdi:alert' }),
      outputTrouble: text('What is wrong with its output', { diagnostic: true }),
    },
  },
  box: {
    name: 'Box',
    staleAfterMs: 180_000,
    fields: {
      model: text('Model'),
      warning: text('Warning of the box', { entity: true, icon: 'mdi:alert' }),
      warnings: list('Warnings'),
      troubled: flag('Box needs attention', { entity: true, deviceClass: 'problem' }),
      cpuCelsius: number('Processor', '°C', 1, { ...temperature, diagnostic: true }),
      underVoltage: flag('Under-voltage', { entity: true, deviceClass: 'problem', diagnostic: true }),
      underVoltageSeen: flag('Under-voltage since the start'),
      throttled: flag('Slowed down', { entity: true, deviceClass: 'problem', diagnostic: true }),
      memoryTotalBytes: number('Memory', 'B', 0),
      memoryFreeBytes: number('Memory free', 'B', 0, { ...measured, deviceClass: 'data_size', diagnostic: true }),
      diskTotalBytes: number('Disk', 'B', 0),
      diskFreeBytes: number('Disk free', 'B', 0),
      load: number('Load', undefined, 1),
      uptimeSeconds: number('Up for', 's', 0),
      cardErrors: number('Errors of the disk', undefined, 0, { ...measured, diagnostic: true }),
      cardLifePercent: number('Life of the card used up', '%', 0, { ...measured, diagnostic: true }),
    },
  },
  image: {
    name: 'Image',
    fields: { version: text('Version of the image'), builtAt: text('Made at'), base: text('Made of') },
  },
  plugged: {
    name: 'Plugged in',
    fields: { things: list('What is plugged in'), count: number('How many') },
  },
}
