// Devices behind the fake Alpaca server, one of every type, each with what its interface of ASCOM promises: those of
// Platform 7, and those before it, which answer when they are done and know fewer members.
import {
  AlpacaError,
  type FakeDevice,
  flagIn,
  invalidOperation,
  invalidValue,
  notImplemented,
  numberIn,
  type Params,
  type Picture,
  pauseMs,
  type Value,
} from './alpaca-server.js'

type Made = Omit<FakeDevice, 'connected' | 'modern' | 'uniqueId'>
type Getters = FakeDevice['get']

/** A number on its way from where it was to where it was sent. */
class Travel {
  private from: number
  private to: number
  private startMs = 0
  constructor(
    at: number,
    readonly perSecond: number,
  ) {
    this.from = at
    this.to = at
  }
  now(): number {
    const way = this.to - this.from
    const done = ((Date.now() - this.startMs) / 1000) * this.perSecond
    return done >= Math.abs(way) ? this.to : this.from + Math.sign(way) * done
  }
  moving(): boolean {
    return this.now() !== this.to
  }
  go(to: number): void {
    this.from = this.now()
    this.to = to
    this.startMs = Date.now()
  }
  halt(): void {
    this.set(this.now())
  }
  set(at: number): void {
    this.from = at
    this.to = at
  }
  async there(): Promise<void> {
    while (this.moving()) await pauseMs(20)
  }
}

const constants = (values: Readonly<Record<string, Value>>): Getters =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, () => value]))
const absent = (...names: readonly string[]): Getters =>
  Object.fromEntries(
    names.map(name => [
      name,
      () => {
        throw notImplemented(name)
      },
    ]),
  )
/** A property that is read and written. */
function kept<T extends Value>(store: Record<string, T>, name: string, read: (params: Params, name: string) => T) {
  const member = name.toLowerCase()
  return {
    get: { [member]: () => store[name] },
    put: {
      [member]: [
        [name],
        (params: Params) => {
          store[name] = read(params, name)
        },
      ] as const,
    },
  }
}

export interface CameraOrder {
  readonly width?: number
  readonly height?: number
  /** ASCOM's numbers for the types of its picture, as it is and as it is sent. */
  readonly imageType?: number
  readonly sentType?: number
  readonly colour?: boolean
  readonly bayer?: readonly [x: number, y: number]
  /** Names of its gains, in place of a range. */
  readonly gains?: readonly string[]
  readonly maxAdu?: number
  /** What it can do of ending an exposure before its time; both when absent. */
  readonly ends?: 'stops' | 'neither'
}

/** Light that says where it fell, so that a picture turned the wrong way is seen. */
export const lightAt = (x: number, y: number, plane: number) => ((x * 7 + y * 131 + plane * 10_000) % 50_000) + 500

export function fakeCamera(order: CameraOrder = {}): Made {
  const { width = 320, height = 240, imageType = 2, sentType = 8, colour = false, maxAdu = 65_535 } = order
  const { bayer, gains, ends } = order
  const set = {
    BinX: 1,
    BinY: 1,
    StartX: 0,
    StartY: 0,
    NumX: width,
    NumY: height,
    Gain: gains ? 1 : 100,
    Offset: 10,
    ReadoutMode: 0,
  }
  const cooler = { on: false, target: 0, celsius: new Travel(15, 2) }
  let exposure: { startMs: number; seconds: number; set: typeof set } | undefined
  let ready = false
  let pulseEndMs = 0
  const over = () => exposure !== undefined && Date.now() - exposure.startMs >= exposure.seconds * 1000
  const settle = () => {
    if (over()) ready = true
  }
  const properties = Object.keys(set).map(name => kept(set as Record<string, number>, name, numberIn))
  const state = ['CameraState', 'CCDTemperature', 'CoolerPower', 'ImageReady', 'IsPulseGuiding', 'PercentCompleted']
  return {
    ...{ type: 'camera', name: 'Sky', version: 4, state },
    get: {
      ...constants({ cameraxsize: width, cameraysize: height, maxadu: maxAdu, pixelsizex: 3.76, pixelsizey: 3.76 }),
      ...constants({ maxbinx: 4, maxbiny: 4, canasymmetricbin: false, exposuremin: 0.001, exposuremax: 3600 }),
      ...constants({
        exposureresolution: 0.001,
        canabortexposure: ends === undefined,
        canstopexposure: ends !== 'neither',
      }),
      ...constants({ cansetccdtemperature: true, cangetcoolerpower: true, canpulseguide: true, hasshutter: false }),
      ...constants({ canfastreadout: false, electronsperadu: 0.8, fullwellcapacity: 50_000, sensorname: 'Fake' }),
      ...constants({ sensortype: bayer ? 2 : colour ? 1 : 0, readoutmodes: ['Normal', 'Fast'] }),
      ...absent('fastreadout', 'heatsinktemperature', 'subexposureduration'),
      ...(bayer
        ? constants({ bayeroffsetx: bayer[0], bayeroffsety: bayer[1] })
        : absent('bayeroffsetx', 'bayeroffsety')),
      ...(gains ? absent('gainmin', 'gainmax') : absent('gains')),
      ...(gains ? constants({ gains }) : constants({ gainmin: 0, gainmax: 500 })),
      ...constants({ offsetmin: 0, offsetmax: 255 }),
      ...absent('offsets'),
      ...Object.assign({}, ...properties.map(({ get }) => get)),
      camerastate: () => (exposure && !over() ? 2 : 0),
      ccdtemperature: () => cooler.celsius.now(),
      cooleron: () => cooler.on,
      coolerpower: () => (cooler.on ? 40 : 0),
      setccdtemperature: () => cooler.target,
      ispulseguiding: () => Date.now() < pulseEndMs,
      percentcompleted: () => 50,
      imageready: () => {
        settle()
        return ready
      },
      lastexposureduration: () => exposure?.seconds ?? 0,
      lastexposurestarttime: () => new Date(exposure?.startMs ?? 0).toISOString().replace('Z', ''),
    },
    put: {
      ...Object.assign({}, ...properties.map(({ put }) => put)),
      cooleron: [
        ['CoolerOn'],
        params => {
          cooler.on = flagIn(params, 'CoolerOn')
          cooler.celsius.go(cooler.on ? cooler.target : 15)
        },
      ],
      setccdtemperature: [
        ['SetCCDTemperature'],
        params => {
          const wanted = numberIn(params, 'SetCCDTemperature')
          if (wanted < -60 || wanted > 40) throw invalidValue(`a temperature of ${wanted}`)
          cooler.target = wanted
          if (cooler.on) cooler.celsius.go(wanted)
        },
      ],
      startexposure: [
        ['Duration', 'Light'],
        params => {
          const seconds = numberIn(params, 'Duration')
          flagIn(params, 'Light')
          if (exposure && !over()) throw invalidOperation('it is exposing')
          if (set.BinX !== set.BinY) throw invalidValue('binning')
          if (set.StartX + set.NumX > Math.floor(width / set.BinX)) throw invalidValue('NumX')
          if (set.StartY + set.NumY > Math.floor(height / set.BinY)) throw invalidValue('NumY')
          ready = false
          exposure = { startMs: Date.now(), seconds, set: { ...set } }
        },
      ],
      abortexposure: [
        [],
        () => {
          if (ends !== undefined) throw notImplemented('AbortExposure')
          exposure = undefined
          ready = false
        },
      ],
      stopexposure: [
        [],
        () => {
          if (ends === 'neither') throw notImplemented('StopExposure')
          if (exposure && !over()) exposure = { ...exposure, seconds: (Date.now() - exposure.startMs) / 1000 }
        },
      ],
      pulseguide: [
        ['Direction', 'Duration'],
        params => {
          pulseEndMs = Date.now() + numberIn(params, 'Duration')
        },
      ],
    },
    picture(): Picture {
      settle()
      if (!ready || !exposure) throw invalidOperation('no image is ready')
      const { NumX, NumY, StartX, StartY, BinX } = exposure.set
      return {
        ...{ imageType, sentType, dims: colour ? [NumX, NumY, 3] : [NumX, NumY] },
        at: (x, y, plane) => lightAt((StartX + x) * BinX, (StartY + y) * BinX, plane) % (sentType === 6 ? 256 : 32_000),
      }
    },
  }
}

/** @param modern before Platform 7 it answers slews, parks and pulses when they are over */
export function fakeTelescope(modern: boolean): Made {
  const ra = new Travel(60, 15)
  const dec = new Travel(60, 15)
  const kept = { tracking: false, parked: true, latitude: 46.5, longitude: 8, elevation: 1200, clockAheadMs: 0 }
  const rates = [0, 0]
  let pulseEndMs = 0
  let since = Date.now()
  /** Arrows move the axes a little at every look. */
  const turn = () => {
    const seconds = (Date.now() - since) / 1000
    since = Date.now()
    if (rates[0] !== 0) ra.set(ra.now() - rates[0] * seconds)
    if (rates[1] !== 0) dec.set(dec.now() + rates[1] * seconds)
  }
  const slewing = () => ra.moving() || dec.moving() || rates.some(rate => rate !== 0)
  const awake = () => {
    if (kept.parked) throw new AlpacaError(0x408, 'the mount is parked')
  }
  const target = (params: Params) => {
    awake()
    if (!kept.tracking) throw invalidOperation('it does not track')
    const [hours, degrees] = [numberIn(params, 'RightAscension'), numberIn(params, 'Declination')]
    if (hours < 0 || hours >= 24 || Math.abs(degrees) > 90) throw invalidValue('coordinates')
    // Never further than half round.
    const way = ((hours * 15 - ra.now() + 540) % 360) - 180
    return { ra: ra.now() + way, dec: degrees }
  }
  const go = (to: { ra: number; dec: number }) => {
    ra.go(to.ra)
    dec.go(to.dec)
  }
  const there = async () => {
    await ra.there()
    await dec.there()
  }
  const coordinates = ['RightAscension', 'Declination'] as const
  return {
    ...{ type: 'telescope', name: 'Pier', version: modern ? 4 : 3 },
    state: ['Altitude', 'AtHome', 'AtPark', 'Azimuth', 'Declination', 'IsPulseGuiding', 'RightAscension'].concat(
      ...['SideOfPier', 'SiderealTime', 'Slewing', 'Tracking', 'UTCDate'],
    ),
    get: {
      ...constants({ canfindhome: false, canpark: true, canpulseguide: true, cansettracking: true, canslew: true }),
      ...constants({ canslewasync: modern, cansync: true, canunpark: true, equatorialsystem: 1, alignmentmode: 2 }),
      ...constants({ altitude: 50, azimuth: 120, athome: false, sideofpier: 1, trackingrate: 0, trackingrates: [0] }),
      ...constants({ siderealtime: 4 }),
      utcdate: () => new Date(Date.now() + kept.clockAheadMs).toISOString(),
      atpark: () => kept.parked,
      tracking: () => kept.tracking,
      slewing: () => {
        turn()
        return slewing()
      },
      ispulseguiding: () => Date.now() < pulseEndMs,
      rightascension: () => {
        turn()
        return (((ra.now() / 15) % 24) + 24) % 24
      },
      declination: () => {
        turn()
        return dec.now()
      },
      canmoveaxis: params => numberIn(params, 'axis') < 2,
      axisrates: () => [{ Minimum: 0, Maximum: 4 }],
      sitelatitude: () => kept.latitude,
      sitelongitude: () => kept.longitude,
      siteelevation: () => kept.elevation,
    },
    put: {
      tracking: [
        ['Tracking'],
        params => {
          awake()
          kept.tracking = flagIn(params, 'Tracking')
        },
      ],
      slewtocoordinatesasync: [
        coordinates,
        params => {
          if (!modern) throw notImplemented('SlewToCoordinatesAsync')
          go(target(params))
        },
      ],
      slewtocoordinates: [
        coordinates,
        async params => {
          go(target(params))
          await there()
        },
      ],
      synctocoordinates: [
        coordinates,
        params => {
          const to = target(params)
          ra.set(to.ra)
          dec.set(to.dec)
        },
      ],
      abortslew: [
        [],
        () => {
          awake()
          ra.halt()
          dec.halt()
          rates.fill(0)
        },
      ],
      moveaxis: [
        ['Axis', 'Rate'],
        params => {
          awake()
          const rate = numberIn(params, 'Rate')
          if (Math.abs(rate) > 4) throw invalidValue(`a rate of ${rate}`)
          turn()
          rates[numberIn(params, 'Axis')] = rate
        },
      ],
      park: [
        [],
        async () => {
          go({ ra: ra.now() + 10, dec: dec.now() })
          kept.tracking = false
          const parked = there().then(() => {
            kept.parked = true
          })
          if (!modern) await parked
        },
      ],
      unpark: [
        [],
        () => {
          kept.parked = false
        },
      ],
      pulseguide: [
        ['Direction', 'Duration'],
        async params => {
          awake()
          const ms = numberIn(params, 'Duration')
          pulseEndMs = Date.now() + ms
          if (!modern) await pauseMs(ms)
        },
      ],
      utcdate: [
        ['UTCDate'],
        params => {
          const utcMs = Date.parse(params.get('UTCDate') ?? '')
          if (Number.isNaN(utcMs)) throw invalidValue('UTCDate')
          kept.clockAheadMs = utcMs - Date.now()
        },
      ],
      sitelatitude: [
        ['SiteLatitude'],
        params => {
          kept.latitude = numberIn(params, 'SiteLatitude')
        },
      ],
      sitelongitude: [
        ['SiteLongitude'],
        params => {
          const east = numberIn(params, 'SiteLongitude')
          if (Math.abs(east) > 180) throw invalidValue('SiteLongitude')
          kept.longitude = east
        },
      ],
      siteelevation: [
        ['SiteElevation'],
        params => {
          kept.elevation = numberIn(params, 'SiteElevation')
        },
      ],
    },
  }
}

export function fakeFocuser(maxIncrement = 50_000): Made {
  const position = new Travel(20_000, 20_000)
  return {
    ...{ type: 'focuser', name: 'Focus', version: 4, state: ['IsMoving', 'Position', 'Temperature'] },
    get: {
      ...constants({ absolute: true, maxstep: 50_000, maxincrement: maxIncrement, tempcompavailable: false }),
      ...constants({ temperature: 7.5, tempcomp: false }),
      ...absent('stepsize'),
      position: () => Math.round(position.now()),
      ismoving: () => position.moving(),
    },
    put: {
      move: [
        ['Position'],
        params => {
          const to = numberIn(params, 'Position')
          if (Math.abs(to - position.now()) > maxIncrement) throw invalidValue('that far a move')
          position.go(to)
        },
      ],
      halt: [[], () => position.set(Math.round(position.now()))],
    },
  }
}

export function fakeWheel(): Made {
  let [slot, next, sinceMs] = [0, 0, 0]
  const position = () => {
    if (Date.now() - sinceMs >= 300) slot = next
    return slot === next ? slot : -1
  }
  return {
    ...{ type: 'filterwheel', name: 'Filters', version: 3, state: ['Position'] },
    get: {
      ...constants({ names: ['L', 'R', 'G', ' ', 'Ha'], focusoffsets: [0, 0, 0, 0, 0] }),
      position,
    },
    put: {
      position: [
        ['Position'],
        params => {
          const to = numberIn(params, 'Position')
          if (to < 0 || to > 4) throw invalidValue(`slot ${to}`)
          position()
          next = to
          sinceMs = Date.now()
        },
      ],
    },
  }
}

export function fakeRotator(): Made {
  const angle = new Travel(0, 120)
  let offset = 0
  const whole = (deg: number) => ((deg % 360) + 360) % 360
  return {
    ...{ type: 'rotator', name: 'Turner', version: 4, state: ['IsMoving', 'MechanicalPosition', 'Position'] },
    get: {
      ...constants({ canreverse: true, reverse: false }),
      ...absent('stepsize'),
      position: () => whole(angle.now() + offset),
      mechanicalposition: () => whole(angle.now()),
      targetposition: () => whole(angle.now() + offset),
      ismoving: () => angle.moving(),
    },
    put: {
      moveabsolute: [['Position'], params => angle.go(whole(numberIn(params, 'Position') - offset))],
      sync: [
        ['Position'],
        params => {
          offset = numberIn(params, 'Position') - angle.now()
        },
      ],
      halt: [[], () => angle.halt()],
    },
  }
}

/** @param turns a dome; else a roof */
export function fakeDome(turns: boolean): Made {
  const shutter = new Travel(0, 0.4) // 1 is open
  const azimuth = new Travel(0, 60)
  let slaved = false
  let opening = false
  function move(to: number): void {
    opening = to === 1
    shutter.go(to)
  }
  return {
    ...{ type: 'dome', name: turns ? 'Dome' : 'Roof', version: 3 },
    state: ['AtHome', 'AtPark', 'Azimuth', 'ShutterStatus', 'Slewing'],
    get: {
      ...constants({ cansetshutter: true, cansetazimuth: turns, canslave: turns, canpark: false, athome: false }),
      ...constants({ atpark: false, canfindhome: false, cansetaltitude: false, cansyncazimuth: false }),
      ...(turns ? { azimuth: () => azimuth.now(), slaved: () => slaved } : absent('azimuth', 'slaved')),
      ...absent('altitude'),
      slewing: () => azimuth.moving() || shutter.moving(),
      shutterstatus: () => {
        const at = shutter.now()
        if (shutter.moving()) return opening ? 2 : 3
        return at === 1 ? 0 : at === 0 ? 1 : 4
      },
    },
    put: {
      openshutter: [[], () => move(1)],
      closeshutter: [[], () => move(0)],
      abortslew: [
        [],
        () => {
          shutter.halt()
          azimuth.halt()
          slaved = false
        },
      ],
      slaved: [
        ['Slaved'],
        params => {
          slaved = flagIn(params, 'Slaved')
        },
      ],
      slewtoazimuth: [
        ['Azimuth'],
        params => {
          if (!turns) throw notImplemented('SlewToAzimuth')
          if (slaved) throw new AlpacaError(0x409, 'it follows the telescope')
          azimuth.go(numberIn(params, 'Azimuth'))
        },
      ],
    },
  }
}
export function fakeCover(
  parts: { readonly cover: boolean; readonly panel: boolean } = { cover: true, panel: true },
): Made {
  const lid = new Travel(0, 1) // 1 is open
  let [glow, wanted, sinceMs] = [0, 0, 0]
  const lit = () => {
    if (Date.now() - sinceMs > 200) glow = wanted
    return glow
  }
  return {
    ...{ type: 'covercalibrator', name: 'Flap', version: 2 },
    state: ['Brightness', 'CalibratorState', 'CoverState', 'CalibratorChanging', 'CoverMoving'],
    get: {
      ...(parts.panel ? { brightness: lit, maxbrightness: () => 100 } : absent('brightness', 'maxbrightness')),
      calibratorstate: () => (!parts.panel ? 0 : lit() !== wanted ? 2 : glow > 0 ? 3 : 1),
      calibratorchanging: () => lit() !== wanted,
      covermoving: () => lid.moving(),
      coverstate: () => {
        if (!parts.cover) return 0
        if (lid.moving()) return 2
        return lid.now() === 1 ? 3 : lid.now() === 0 ? 1 : 4
      },
    },
    put: {
      opencover: [[], () => lid.go(1)],
      closecover: [[], () => lid.go(0)],
      haltcover: [[], () => lid.halt()],
      calibratoron: [
        ['Brightness'],
        params => {
          wanted = numberIn(params, 'Brightness')
          sinceMs = Date.now()
        },
      ],
      calibratoroff: [
        [],
        () => {
          wanted = 0
          sinceMs = Date.now()
        },
      ],
    },
  }
}

export function fakeSwitch(modern: boolean): Made {
  const switches = [
    { name: 'Camera', max: 1, step: 1, writes: true, value: 0 },
    { name: 'Dew heater', max: 100, step: 0.5, writes: true, value: 30 },
    { name: 'Supply', max: 20, step: 0.1, writes: false, value: 12.4 },
    { name: 'Camera', max: 1, step: 1, writes: true, value: 1 },
  ]
  let doneMs = 0
  const one = (params: Params, name = 'id') => {
    const found = switches[numberIn(params, name)]
    if (!found) throw invalidValue(`switch ${params.get(name)}`)
    return found
  }
  const write = (params: Params) => {
    const found = one(params, 'Id')
    const value = numberIn(params, 'Value')
    if (!found.writes) throw notImplemented('writing to it')
    if (value < 0 || value > found.max) throw invalidValue(`the value ${value}`)
    found.value = value
  }
  return {
    ...{ type: 'switch', name: 'Power', version: modern ? 3 : 2 },
    state: switches.map((_, id) => `GetSwitchValue${id}`),
    get: {
      maxswitch: () => switches.length,
      canwrite: params => one(params).writes,
      getswitch: params => one(params).value > 0,
      getswitchname: params => one(params).name,
      getswitchdescription: params => `the switch ${one(params).name}`,
      getswitchvalue: params => one(params).value,
      minswitchvalue: params => one(params).value * 0,
      maxswitchvalue: params => one(params).max,
      switchstep: params => one(params).step,
      ...(modern && {
        canasync: params => numberIn(params, 'id') === 3,
        statechangecomplete: () => Date.now() > doneMs,
      }),
    },
    put: {
      setswitchvalue: [['Id', 'Value'], write],
      ...(modern && {
        setasyncvalue: [
          ['Id', 'Value'],
          async params => {
            doneMs = Date.now() + 250
            void pauseMs(200).then(() => write(params))
          },
        ],
      }),
    },
  }
}

export function fakeWeather(): Made {
  return {
    ...{ type: 'observingconditions', name: 'Weather', version: 2 },
    state: [
      'CloudCover',
      'DewPoint',
      'Humidity',
      'Pressure',
      'RainRate',
      'SkyQuality',
      'SkyTemperature',
      'Temperature',
    ],
    get: {
      ...constants({ temperature: 6.5, humidity: 71, dewpoint: 1.7, pressure: 878, rainrate: 0, skyquality: 21.2 }),
      ...constants({ skytemperature: -22, cloudcover: 5, averageperiod: 0, windspeed: 2.5 }),
      ...absent('windgust', 'winddirection', 'starfwhm', 'skybrightness'),
      timesincelastupdate: () => 4,
    },
    put: {},
  }
}

export function fakeSafety(safe = true): Made {
  return {
    ...{ type: 'safetymonitor', name: 'Watch', version: 3, state: ['IsSafe'] },
    get: constants({ issafe: safe }),
    put: {},
  }
}

/** As its own server would have it. @param version of its interface, where it is an older one's */
export function plugged(made: Made, modern: boolean, more: Partial<FakeDevice> = {}): FakeDevice {
  const before: Readonly<Record<string, number>> = { camera: 3, focuser: 3, filterwheel: 2, rotator: 3, dome: 2 }
  const others: Readonly<Record<string, number>> = { covercalibrator: 1, observingconditions: 1, safetymonitor: 2 }
  const version = modern ? made.version : ({ ...before, ...others }[made.type] ?? made.version)
  return {
    ...made,
    modern,
    version,
    uniqueId: `fake-${made.type}-${made.name.toLowerCase()}`,
    connected: false,
    ...more,
  }
}
