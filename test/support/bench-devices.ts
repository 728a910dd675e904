// The table behind the contract suites: for each driver, how it is opened with nothing plugged in. A new driver gets
// its rows here, and every suite of the ports it has picks it up.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { alpacaDriver } from '../../edge/drivers/box/alpaca.js'
import { indiDriver } from '../../edge/drivers/box/indi.js'
import { simulatorDriver } from '../../edge/drivers/box/simulator.js'
import { asiDriver } from '../../edge/drivers/camera/asi/asi.js'
import { replayDriver } from '../../edge/drivers/camera/replay.js'
import { relayRoofDriver } from '../../edge/drivers/dome/relay-roof.js'
import { alpacaLink } from '../../edge/drivers/link/alpaca/alpaca-link.js'
import { indiLink } from '../../edge/drivers/link/indi/indi-link.js'
import type { Observatory } from '../../edge/drivers/link/simulator/observatory.js'
import { simulatorLink } from '../../edge/drivers/link/simulator/simulator-link.js'
import { lcusDriver } from '../../edge/drivers/relay/lcus.js'
import { pocsDriver } from '../../edge/drivers/relay/pocs.js'
import { ffmpegDriver } from '../../edge/drivers/video/ffmpeg.js'
import type { PortName, Ports } from '../../edge/ports/device.js'
import type { Driver, LinkDriver, OpenBox } from '../../edge/ports/driver.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { type AlpacaRow, alpacaRows } from './alpaca-rows.js'
import { startAlpaca } from './alpaca-server.js'
import { asiStub, noAsiStub } from './asi-stub.js'
import { type Bench, bench } from './bench.js'
import { noIndiServer, startIndiServer } from './indi-server.js'
import { lcusBoard, pocsBoard } from './relay-boards.js'
import { sensorRows } from './sensor-rows.js'
import { noSocat } from './serial-line.js'
import { sharedData } from './shared-data.js'
import { videoRows } from './video-rows.js'

/** Anything with tap's teardown. */
export interface Teardown {
  teardown(run: () => Promise<void> | void): void
}

export interface BenchRow {
  readonly name: string
  readonly driver: Driver
  readonly link?: LinkDriver
  /** What stands in for the open link, where that is a device outside: a bus with chips on it. */
  line?(): unknown
  /** All that a box opened like this has; each is held to its contract. */
  readonly ports: readonly PortName[]
  /** It lives by the clock alone, so its contract may run in simulated time. */
  readonly simulatedTime?: boolean
  /** Why it cannot be opened here; false when it can. */
  readonly skip: string | false
  /** Starts what it needs and gives the options of driver and link. */
  ready(test: Teardown, table: Bench): Promise<{ readonly options: object; readonly link?: object }>
}

/** Weather, drift and errors at zero: the contracts are about promises, not about the sky. */
const calm = { cloudiness: 0, polar_error_arcmin: 0, periodic_error_arcsec: 0, pointing_error_arcmin: 0 }

function simulated(part: string, port: PortName, more: object = {}): BenchRow {
  return {
    name: `simulator ${part}`,
    driver: simulatorDriver,
    link: simulatorLink,
    ports: [port],
    simulatedTime: true,
    skip: false,
    ready: async () => ({ options: { part, ...more }, link: calm }),
  }
}

interface IndiRow {
  readonly program: string
  readonly device: string
  readonly ports: readonly IndiPort[]
  /** The simulator of another device, which this one asks. */
  readonly beside?: string
  readonly properties?: Record<string, Record<string, boolean | number | string>>
  readonly channels?: readonly string[]
}
type IndiPort = Exclude<PortName, 'video' | 'raw'>

/** INDI's simulators, and drivers of its that simulate their device themselves when told to. */
const simulation = { SIMULATION: { ENABLE: true } }
const indiRows: readonly IndiRow[] = [
  // The camera's simulator asks the telescope's where it looks.
  { program: 'simulator_ccd', device: 'CCD Simulator', ports: ['camera'], beside: 'simulator_telescope' },
  { program: 'simulator_guide', device: 'Guide Simulator', ports: ['camera'], beside: 'simulator_telescope' },
  {
    ...{ program: 'simulator_telescope', device: 'Telescope Simulator', ports: ['mount'] },
    // It parks half a minute away by default.
    properties: { TELESCOPE_PARK_POSITION: { PARK_HA: -6, PARK_DEC: 72 } },
  },
  { program: 'simulator_focus', device: 'Focuser Simulator', ports: ['focuser'] },
  { program: 'simulator_wheel', device: 'Filter Simulator', ports: ['wheel'] },
  { program: 'simulator_rotator', device: 'Rotator Simulator', ports: ['rotator'] },
  { program: 'simulator_dome', device: 'Dome Simulator', ports: ['dome'] },
  { program: 'rolloff_dome', device: 'RollOff Simulator', ports: ['dome'], properties: simulation },
  { program: 'simulator_lightpanel', device: 'Light Panel Simulator', ports: ['cover'] },
  { program: 'snapcap', device: 'SnapCap', ports: ['cover'], properties: simulation },
  { program: 'simulator_gps', device: 'GPS Simulator', ports: ['gps'] },
  { program: 'simulator_sqm', device: 'SQM Simulator', ports: ['station'] },
  {
    ...{ program: 'simulator_weather', device: 'Weather Simulator', ports: ['station', 'safety', 'switches'] },
    properties: { WEATHER_UPDATE: { PERIOD: 5 } },
    channels: ['WEATHER_CONTROL.Temperature', 'WEATHER_OVERRIDE.OVERRIDE'],
  },
]

function indi({ program, device, ports, beside, properties = {}, channels = [] }: IndiRow): BenchRow {
  return {
    name: `indi ${device}`,
    driver: indiDriver,
    link: indiLink,
    ports: [...ports, 'raw'],
    skip: noIndiServer,
    async ready(test) {
      const drivers = [program, ...(beside ? [beside] : [])].map(name => `indi_${name}`)
      const { host, port } = await startIndiServer(test, { drivers })
      return { options: { device, ports, readout_seconds: 5, properties, channels }, link: { host, port } }
    },
  }
}

/** A server of its own for each, so that none waits for another. */
function alpaca({ name, port, device, odd, options = {} }: AlpacaRow): BenchRow {
  return {
    ...{ name: `alpaca ${name}`, driver: alpacaDriver, link: alpacaLink, ports: [port], skip: false },
    async ready(test) {
      const fake = device()
      const { host, port: at } = await startAlpaca(test, { devices: [fake], odd })
      return { options: { type: fake.type, readout_seconds: 5, ...options }, link: { host, port: at } }
    },
  }
}

/** The simulated roof, whose motor takes 20 s for its way. */
function relayRoof(
  name: string,
  wires: { readonly power_relay?: string; readonly [option: string]: unknown },
): BenchRow {
  return {
    name: `relay-roof ${name}`,
    driver: relayRoofDriver,
    ports: ['dome'],
    simulatedTime: true,
    skip: false,
    async ready(_, table) {
      const place = await table.openLink<Observatory>(simulatorLink, { ...calm, start_parked: true })
      const { ports } = await table.open(simulatorDriver, { part: 'roof-relays' }, place)
      table.switchBoxes.set('roof', ports.switches!)
      if (!wires.power_relay) place.roofMotor.set('motor', true)
      const ends = { open_switch: 'roof/opened', closed_switch: 'roof/closed' }
      return { options: { enabled: true, ...ends, ...wires } }
    },
  }
}

/** A ZWO camera of the stub; `what` is said to the stub. */
function asi(name: string, as: 'camera' | 'video', what: Record<string, string | number>): BenchRow {
  return {
    name: `asi ${name}`,
    driver: asiDriver,
    ports: as === 'camera' ? ['camera', 'raw'] : ['video'],
    skip: noAsiStub,
    async ready(test) {
      const { library } = await asiStub(test, what)
      return { options: { as, library } }
    },
  }
}

export const benchRows: readonly BenchRow[] = [
  simulated('camera', 'camera', { width: 320, height: 240 }),
  simulated('guide-camera', 'camera', { width: 320, height: 240, bayer: 'grbg', bit_depth: 12 }),
  simulated('mount', 'mount'),
  simulated('focuser', 'focuser'),
  simulated('wheel', 'wheel'),
  simulated('rotator', 'rotator'),
  simulated('roof', 'dome'),
  simulated('dome', 'dome'),
  simulated('cover', 'cover'),
  simulated('gps', 'gps'),
  simulated('safety', 'safety'),
  simulated('switches', 'switches'),
  simulated('roof-relays', 'switches'),
  simulated('sensors', 'station'),
  simulated('weather', 'station'),
  simulated('pier-camera', 'video'),
  relayRoof('of two relays that are held', { open_relay: 'roof/open', close_relay: 'roof/close' }),
  relayRoof('that is stopped by its power alone', {
    ...{ open_relay: 'roof/open', close_relay: 'roof/close', power_relay: 'roof/motor' },
    ...{ park_switch: 'roof/mount-parked', dead_s: 0.2, power_up_s: 0.5 },
  }),
  ...indiRows.map(indi),
  ...alpacaRows.map(alpaca),
  asi('cooled and in colours', 'camera', { serial0: '1122334455667788', bayer: 2 }),
  asi('of old, grey and warm', 'camera', { colour: 0, cooled: 0, st4: 0, usb3: 0, depth: 8 }),
  asi('at the pier', 'video', { width: 320, height: 240 }),
  {
    name: 'replay',
    driver: replayDriver,
    ports: ['camera'],
    skip: sharedData ? false : 'the real frames are not here',
    ready: async () => ({ options: { folder: `${sharedData}/hatp32` } }),
  },
  {
    name: 'ffmpeg',
    driver: ffmpegDriver,
    ports: ['video'],
    skip: existsSync('/usr/bin/ffmpeg') ? false : 'ffmpeg is not installed',
    ready: async () => ({ options: { source: 'test' } }),
  },
  {
    name: 'lcus',
    driver: lcusDriver,
    ports: ['switches'],
    skip: noSocat,
    async ready(test) {
      const { port } = await lcusBoard(test, [false, true, false, false])
      return { options: { port, channels: { camera: 1, mount: 2, fan: 4 } } }
    },
  },
  {
    name: 'lcus of one relay, which cannot be read back',
    driver: lcusDriver,
    ports: ['switches'],
    skip: noSocat,
    async ready(test) {
      const { port } = await lcusBoard(test, [false], false)
      return { options: { port, channels: { lamp: 1 }, read_back: false } }
    },
  },
  {
    name: 'pocs',
    driver: pocsDriver,
    ports: ['switches', 'station'],
    skip: noSocat,
    async ready(test) {
      const { port } = await pocsBoard(test, [true, false, false, true, true], 300)
      return { options: { port, channels: { weather_station: 1, mount: 5 }, amperes_per_count: 0.01 } }
    },
  },
  ...videoRows,
  ...sensorRows,
]

/** Drivers of what no bench without their hardware has, and what shows as much of them as can be shown. */
export const offBench: Readonly<Record<string, string>> = {
  gpio: 'lines of a GPIO chip, which the keeper opens itself; test/drivers/relays.test.ts has a kernel that answers',
  dcttech: 'a USB-HID board; test/drivers/relays.test.ts has its reports',
}

export function rowsWith(port: PortName): readonly BenchRow[] {
  return benchRows.filter(row => row.ports.includes(port))
}

export interface OpenRow<P extends PortName> {
  readonly bench: Bench
  readonly box: OpenBox
  readonly port: NonNullable<Ports[P]>
  /** Runs a piece of a test while time passes: by itself, or because it is simulated and we let it. */
  during<T>(piece: () => Promise<T>): Promise<T>
}

/** More simulated time than this in one piece of a test is a hang. */
const longestMs = 3_600_000

/** Opens a row's driver as main would; all is closed when the test ends. */
export async function openRow<P extends PortName>(test: Teardown, row: BenchRow, port: P): Promise<OpenRow<P>> {
  const simulated = row.simulatedTime ? simulatedClock(Date.UTC(2026, 10, 20, 21)) : undefined
  const table = bench(simulated)
  test.teardown(() => table.close())
  const { options, link } = await row.ready(test, table)
  const line = row.line?.() ?? (row.link && (await table.openLink(row.link, link)))
  const opening = table.open(row.driver, options, line)
  const { box, ports } = await (simulated ? simulated.until(opening, longestMs) : opening)
  const has = Object.entries(ports).flatMap(([name, port]) => (port ? [name] : []))
  const said = row.driver.ports(row.driver.options.parse(options))
  assert.deepEqual(has.toSorted(), said.toSorted(), `what the box has is what ports() of ${row.driver.id} says`)
  assert.deepEqual(has.toSorted(), row.ports.toSorted(), `the row "${row.name}" names every port of its box`)
  return {
    bench: table,
    box,
    port: ports[port] as NonNullable<Ports[P]>,
    during: piece => (simulated ? simulated.until(piece(), longestMs) : piece()),
  }
}
