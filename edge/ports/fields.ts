// What the fields of every state mean, described once: the page, MQTT, Home Assistant and the docs read it here.

export interface Field {
  readonly name: string
  readonly type: 'number' | 'text' | 'flag' | 'time' | 'list' | 'record'
  readonly unit?: string
  /** Decimals worth showing. */
  readonly precision?: number
  /** Home Assistant's device class, where it has one for this. */
  readonly deviceClass?: string
  readonly stateClass?: 'measurement' | 'total' | 'total_increasing'
  /** Shown to Home Assistant as an entity of its own. */
  readonly entity?: boolean
  readonly diagnostic?: boolean
  readonly icon?: string
}

export interface Kind {
  readonly name: string
  /** A state of this kind that has not been set for so long is stale; absent: it stays true until it changes. */
  readonly staleAfterMs?: number
  readonly fields: Readonly<Record<string, Field>>
}

const text = (name: string, more: Partial<Field> = {}): Field => ({ name, type: 'text', ...more })
const flag = (name: string, more: Partial<Field> = {}): Field => ({ name, type: 'flag', ...more })
const time = (name: string, more: Partial<Field> = {}): Field => ({ name, type: 'time', unit: 'ms', ...more })
const list = (name: string): Field => ({ name, type: 'list' })
const record = (name: string): Field => ({ name, type: 'record' })
const number = (name: string, unit?: string, precision?: number, more: Partial<Field> = {}): Field => ({
  name,
  type: 'number',
  unit,
  precision,
  ...more,
})
const shown = { entity: true } as const
const measured = { entity: true, stateClass: 'measurement' } as const
const temperature = { ...measured, deviceClass: 'temperature' } as const

/** In every device state: whether the device is there, and why not. */
const presence = {
  condition: text('Condition', { diagnostic: true }),
  reason: text('Reason', { diagnostic: true }),
}

/** By the first part of a state's path. */
export const kinds: Readonly<Record<string, Kind>> = {
  observatory: {
    name: 'Observatory',
    fields: {
      sentence: text('Now', { entity: true, icon: 'mdi:telescope' }),
      name: text('Name'),
      version: text('Version', { diagnostic: true }),
      simulated: flag('Simulated'),
      openAccess: flag('Anyone may act'),
      latitudeDeg: number('Latitude', '°', 4),
      longitudeDeg: number('Longitude, east positive', '°', 4),
      night: text('Night'),
      camera: text('Main camera'),
      mount: text('Mount'),
      focuser: text('Focuser'),
      wheel: text('Filter wheel'),
      pierCam: text('Pier camera'),
      sizes: text('Star sizes shown as'),
    },
  },
  camera: {
    name: 'Camera',
    fields: {
      ...presence,
      phase: text('Phase', shown),
      exposing: flag('Exposing', { entity: true, deviceClass: 'running' }),
      exposureSeconds: number('Exposure', 's', 3),
      exposureStartedMs: time('Exposure started'),
      number: number('Frame of the run'),
      total: number('Frames in the run'),
      object: text('Object'),
      frameType: text('Frame type'),
      filter: text('Filter'),
      holder: text('In use by'),
      sensorCelsius: number('Sensor temperature', '°C', 1, temperature),
      targetCelsius: number('Cooler target', '°C', 1),
      coolerOn: flag('Cooler'),
      coolerPowerPercent: number('Cooler power', '%', 0, { ...measured, deviceClass: 'power_factor' }),
      widthPx: number('Sensor width', 'px'),
      heightPx: number('Sensor height', 'px'),
      pixelMicrons: number('Pixel size', 'µm', 2),
      bayer: text('Colour filter'),
      maxBinning: number('Largest binning'),
      gain: number('Gain'),
      gainMin: number('Smallest gain'),
      gainMax: number('Largest gain'),
      offset: number('Offset', 'ADU'),
      offsetMin: number('Smallest offset', 'ADU'),
      offsetMax: number('Largest offset', 'ADU'),
      regions: flag('Can read a part of the sensor'),
      lastId: text('Last frame'),
      lastStars: number('Stars in the last frame', undefined, 0, measured),
      lastHfdPx: number('Star size (HFD) of the last frame', 'px', 2, measured),
      lastBackgroundAdu: number('Sky background of the last frame', 'ADU', 0, measured),
    },
  },
  mount: {
    name: 'Mount',
    staleAfterMs: 15_000,
    fields: {
      ...presence,
      raHours: number('Right ascension (J2000)', 'h', 4, shown),
      decDeg: number('Declination (J2000)', '°', 3, shown),
      altDeg: number('Altitude', '°', 1, shown),
      azDeg: number('Azimuth', '°', 1, shown),
      pierSide: text('Side of pier', shown),
      slewing: flag('Slewing', { entity: true, deviceClass: 'moving' }),
      tracking: flag('Tracking', shown),
      parked: flag('Parked', shown),
      target: text('Target'),
      holder: text('In use by'),
    },
  },
  focuser: {
    name: 'Focuser',
    fields: {
      ...presence,
      position: number('Position', undefined, 0, shown),
      moving: flag('Moving', { deviceClass: 'moving' }),
      minSteps: number('Lowest position'),
      maxSteps: number('Highest position'),
      celsius: number('Temperature', '°C', 1, temperature),
    },
  },
  wheel: {
    name: 'Filter wheel',
    fields: { ...presence, names: list('Filters'), slot: number('Slot'), filter: text('Filter', shown) },
  },
  power: {
    name: 'Switch',
    fields: {
      ...presence,
      name: text('Name'),
      feeds: list('Devices that hang on it'),
      on: flag('On'),
      value: number('Value'),
      min: number('Lowest'),
      max: number('Highest'),
      step: number('Step'),
      unit: text('Unit'),
      amperes: number('Current', 'A', 2, { ...measured, deviceClass: 'current' }),
      volts: number('Voltage', 'V', 2, { ...measured, deviceClass: 'voltage' }),
    },
  },
  battery: {
    name: 'Battery',
    staleAfterMs: 15_000,
    fields: {
      level: text('Battery', { entity: true, icon: 'mdi:car-battery' }),
      volts: number('Battery voltage', 'V', 2, { ...measured, deviceClass: 'voltage' }),
      warnVolts: number('Warned of below', 'V', 1),
      criticalVolts: number('Everything stops below', 'V', 1),
    },
  },
  weather: {
    name: 'Weather',
    staleAfterMs: 180_000,
    fields: {
      ...presence,
      ambientCelsius: number('Temperature', '°C', 1, temperature),
      humidityPercent: number('Humidity', '%', 0, { ...measured, deviceClass: 'humidity' }),
      dewPointCelsius: number('Dew point', '°C', 1, temperature),
      skyCelsius: number('Sky temperature', '°C', 1, temperature),
      cloudPercent: number('Cloud', '%', 0, { ...measured, icon: 'mdi:weather-cloudy' }),
      windMetresPerSecond: number('Wind', 'm/s', 1, { ...measured, deviceClass: 'wind_speed' }),
      raining: flag('Rain', { entity: true, deviceClass: 'moisture' }),
      pressureHectopascals: number('Pressure', 'hPa', 0, { ...measured, deviceClass: 'atmospheric_pressure' }),
    },
  },
  sensor: {
    name: 'Sensor',
    staleAfterMs: 180_000,
    fields: {
      ...presence,
      celsius: number('Temperature', '°C', 1, temperature),
      humidityPercent: number('Humidity', '%', 0, { ...measured, deviceClass: 'humidity' }),
      skyMagnitude: number('Sky brightness', 'mag/arcsec²', 2, { ...measured, icon: 'mdi:weather-night' }),
      volts: number('Supply', 'V', 2, { ...measured, deviceClass: 'voltage' }),
      mainsOk: flag('Mains', { entity: true, deviceClass: 'power' }),
      batteryLow: flag('Battery low', { entity: true, deviceClass: 'battery' }),
    },
  },
  video: {
    name: 'Pier camera',
    fields: {
      ...presence,
      enabled: flag('Enabled'),
      streaming: flag('Streaming', { entity: true, deviceClass: 'running' }),
      error: text('Error', { diagnostic: true }),
      pictureAtMs: time('Last picture'),
      framesPerSecond: number('Pictures per second', '1/s', 1),
      widthPx: number('Width', 'px'),
      heightPx: number('Height', 'px'),
      viewers: number('Viewers'),
      untouched: flag('Passed through untouched'),
    },
  },
  stack: {
    name: 'Live stack',
    fields: {
      activity: text('Activity'),
      running: flag('Stacking', { entity: true, deviceClass: 'running' }),
      finishing: flag('Finishing'),
      camera: text('Camera'),
      object: text('Object'),
      exposureSeconds: number('Exposure', 's', 1),
      framesTarget: number('Frames wanted'),
      framesTaken: number('Frames taken'),
      combine: text('Combined by'),
      kappa: number('Left out beyond', 'σ', 1),
      calibration: text('Calibrated with'),
      uncalibrated: text('What is missing for calibration'),
      kernel: text('Moved by'),
      resumable: flag('Broken off, can go on'),
      refolding: number('Frames put together again'),
      framesAccepted: number('Frames stacked', undefined, 0, { entity: true, stateClass: 'measurement' }),
      framesRefused: number('Frames refused', undefined, 0, { entity: true, stateClass: 'measurement' }),
      refusals: record('Refused, by reason'),
      lastRefusal: text('Last refusal'),
      waitingSinceMs: time('Waiting for stars since'),
      offsetXPx: number('Drift in x', 'px', 1),
      offsetYPx: number('Drift in y', 'px', 1),
      rotationDeg: number('Rotation', '°', 2),
      snrGain: number('Noise gain expected (√N)', undefined, 2),
      measuredGain: number('Noise gain measured', undefined, 2, measured),
      weight: number('Weight of the last frame', undefined, 2),
      transparency: number('Transparency', undefined, 2, measured),
      rejectedShare: number('Share left out', undefined, 4),
      reference: text('Reference frame'),
      stars: number('Stars', undefined, 0, measured),
      hfdPx: number('Star size (HFD)', 'px', 2, measured),
      integratedSeconds: number('Integrated', 's', 0, { ...measured, deviceClass: 'duration' }),
      startedMs: time('Started'),
      pictureVersion: number('Picture version'),
      path: text('Saved as'),
      finished: flag('Finished'),
      cancelled: flag('Stopped by hand'),
      error: text('Error', { diagnostic: true }),
    },
  },
  calibration: {
    name: 'Calibration',
    fields: {
      enabled: flag('Masters are used'),
      masters: list('Masters'),
      unreadable: list('Files that are no masters'),
      needs: list('Masters that are missing'),
      activity: text('Activity'),
      taking: text('Taking', { entity: true }),
      number: number('Frame of the series'),
      total: number('Frames in the series'),
      warning: text('Warning'),
      error: text('Error'),
    },
  },
  trend: {
    name: 'Frames',
    fields: {
      word: text('Trend', { entity: true, icon: 'mdi:trending-down' }),
      words: text('What the frames tell'),
      hfdPx: number('Star size (HFD)', 'px', 2),
      stars: number('Stars', undefined, 0),
      backgroundAdu: number('Sky background', 'ADU', 0),
      light: number('Light of the stars, best 1', undefined, 2),
      kind: text('Frames compared'),
    },
  },
  focus: {
    name: 'Focus loop',
    fields: {
      running: flag('Running', { entity: true, deviceClass: 'running' }),
      activity: text('Activity'),
      camera: text('Camera'),
      exposureSeconds: number('Exposure', 's', 2),
      region: record('Region'),
      hfdPx: number('Star size (HFD)', 'px', 2, measured),
      bestHfdPx: number('Best star size (HFD)', 'px', 2),
      peakAdu: number('Peak', 'ADU', 0),
      stars: number('Stars', undefined, 0),
      saturated: flag('Saturated'),
      frames: number('Frames'),
      series: list('Star sizes, oldest first'),
      pictureVersion: number('Picture version'),
      widthPx: number('Frame width', 'px'),
      heightPx: number('Frame height', 'px'),
      error: text('Error'),
    },
  },
  storage: {
    name: 'Storage',
    staleAfterMs: 180_000,
    fields: {
      freeBytes: number('Free', 'B', 0, { ...measured, deviceClass: 'data_size', diagnostic: true }),
      totalBytes: number('Size', 'B', 0),
      framesLeft: number('Frames left', undefined, 0, measured),
      hoursLeft: number('Hours left', 'h', 1, { ...measured, deviceClass: 'duration' }),
      frameBytes: number('Size of a frame', 'B', 0),
      low: flag('Nearly full', { entity: true, deviceClass: 'problem' }),
    },
  },
  device: {
    name: 'Device',
    fields: {
      ...presence,
      driver: text('Driver'),
      link: text('Link'),
      ports: list('What it has'),
      fix: text('What to do'),
      sinceMs: time('Since'),
      attempts: number('Attempts'),
      resets: number('Resets'),
    },
  },
  link: {
    name: 'Link',
    fields: {
      ...presence,
      driver: text('Driver'),
      fix: text('What to do'),
      sinceMs: time('Since'),
      attempts: number('Attempts'),
      resets: number('Resets'),
    },
  },
  mqtt: {
    name: 'MQTT',
    fields: {
      connected: flag('Connected'),
      broker: text('Broker'),
      embedded: flag('Broker of our own'),
      waitingEvents: number('Events waiting'),
      reason: text('Reason'),
    },
  },
  activity: {
    name: 'Activity',
    fields: {
      action: text('Action'),
      who: text('Asked by'),
      status: text('Status'),
      startedMs: time('Started'),
      endedMs: time('Ended'),
      resumes: flag('Goes on after a restart'),
      summary: text('Summary'),
      number: number('Frame under way'),
      done: number('Frames done'),
      total: number('Frames wanted'),
      id: text('Last frame'),
      path: text('Last file'),
      error: text('Error'),
      code: text('Fault code'),
      fix: text('What to do'),
    },
  },
}

/** The kind of a path: its first part. */
export function kindOf(path: string): string {
  const slash = path.indexOf('/')
  return slash < 0 ? path : path.slice(0, slash)
}
