// The protocols of ours, each with a device that can break and the driver that has to stand it. One more protocol is
// one more row here, and for what goes over TCP a Meet in fuzz-devices.ts.
import { fileURLToPath } from 'node:url'
import { alpacaDriver } from '../../edge/drivers/box/alpaca.js'
import { indiDriver } from '../../edge/drivers/box/indi.js'
import { alpacaLink } from '../../edge/drivers/link/alpaca/alpaca-link.js'
import { indiLink } from '../../edge/drivers/link/indi/indi-link.js'
import { openLcusBoard } from '../../edge/drivers/relay/lcus-board.js'
import { openPocsBoard } from '../../edge/drivers/relay/pocs-board.js'
import { aagDriver } from '../../edge/drivers/sensor/aag.js'
import { gpsdDriver } from '../../edge/drivers/sensor/gpsd.js'
import { jsonSensorDriver } from '../../edge/drivers/sensor/json-sensor.js'
import { mqttSensorDriver } from '../../edge/drivers/sensor/mqtt-sensor.js'
import { sqmDriver } from '../../edge/drivers/sensor/sqm.js'
import { ffmpegDriver } from '../../edge/drivers/video/ffmpeg.js'
import { benchTools } from './bench.js'
import type { FuzzRow } from './fault-fuzz.js'
import {
  aagMeet,
  alpacaMeet,
  gpsdMeet,
  indiMeet,
  jsonMeet,
  lcusMeet,
  mjpegMeet,
  mqttMeet,
  pocsMeet,
  sqmMeet,
} from './fuzz-devices.js'
import { behind, openLooking, openStation, openSwitched, overWire, type Values } from './fuzz-openings.js'
import { chipRow, kernelRow } from './fuzz-rigs.js'
import { noSocat } from './serial-line.js'

const quick = { every_s: 4 }
/** The smallest JPEG that walks: one segment, a scan, and its end. */
const picture = Buffer.from('ffd8ffdb00040102ffda0006010203040102ff0003040506ffd9', 'hex')
const pourFromWire = fileURLToPath(new URL('./pour-from-wire.sh', import.meta.url))
const address = (port: number) => `tcp://127.0.0.1:${port}`
const board = (port: number) => ({ port: address(port), channels: { a: 1, b: 2 } })

export const sqmRow: FuzzRow = {
  name: 'SQM',
  stride: 2,
  rig: overWire(
    () => sqmMeet,
    (port, ...rest) =>
      openStation(
        sqmDriver,
        { address: address(port), ...quick },
        ({ skyMagnitude }) => skyMagnitude === 20.31,
        ...rest,
      ),
  ),
}

export const fuzzRows: readonly FuzzRow[] = [
  sqmRow,
  {
    name: 'CloudWatcher',
    stride: 4,
    brokenMs: 40_000,
    rig: overWire(
      () => aagMeet,
      (port, ...rest) =>
        openStation(
          aagDriver,
          { address: address(port), ...quick },
          ({ skyCelsius }) => skyCelsius === -12.34,
          ...rest,
        ),
    ),
  },
  {
    name: 'LCUS',
    stride: 2,
    brokenMs: 20_000,
    rig: overWire(lcusMeet, (port, ...rest) => openSwitched(openLcusBoard, board(port), ...rest)),
  },
  {
    name: 'POCS',
    stride: 4,
    brokenMs: 30_000,
    rig: overWire(pocsMeet, (port, ...rest) => openSwitched(openPocsBoard, board(port), ...rest)),
  },
  {
    name: 'gpsd',
    stride: 4,
    brokenMs: 50_000,
    rig: overWire(gpsdMeet, (port, ...rest) =>
      openStation(gpsdDriver, { port }, ({ latitudeDeg }) => latitudeDeg === 46.5, ...rest),
    ),
  },
  {
    name: 'JSON over HTTP',
    stride: 4,
    rig: overWire(
      () => jsonMeet,
      (port, ...rest) => {
        const fields = { ambientCelsius: { path: 'current.temp' } }
        const options = { url: `http://127.0.0.1:${port}/`, fields, ...quick }
        return openStation(jsonSensorDriver, options, ({ ambientCelsius }) => ambientCelsius === 7.5, ...rest)
      },
    ),
  },
  {
    name: 'MQTT',
    stride: 2,
    // A topic of which nothing is heard is no fault of the broker's.
    unnoticed: ['garbage', 'silence', 'slowness'],
    rig: overWire(mqttMeet, (port, ...rest) => {
      const options = { broker: `mqtt://127.0.0.1:${port}`, topic: 'garden/air', fields: { celsius: { path: 't' } } }
      return openStation(mqttSensorDriver, options, ({ celsius }) => celsius === 3.25, ...rest)
    }),
  },
  {
    name: 'INDI',
    // Its every byte is cut in indi-xml.test.ts.
    stride: 8,
    // A server that says something is there, however slowly, and noise in the middle of a tag may still end in one.
    unnoticed: ['garbage', 'slowness'],
    rig: overWire(indiMeet, async (port, clock, lost, signal) => {
      const options = indiLink.options.parse({ port, quiet_seconds: 10 })
      const line = await indiLink.open(options, benchTools(clock, lost), signal)
      return behind(line, () => {
        const meter = { device: 'Meter', ports: ['station'] }
        const sound = ({ skyMagnitude }: Values) => skyMagnitude === 20.31
        return openStation(indiDriver, meter, sound, clock, lost, signal, line.value)
      })
    }),
  },
  {
    name: 'Alpaca',
    stride: 8,
    brokenMs: 60_000,
    rig: overWire(
      () => alpacaMeet,
      async (port, clock, lost, signal) => {
        const options = alpacaLink.options.parse({ host: '127.0.0.1', port })
        const line = await alpacaLink.open(options, benchTools(clock, lost), signal)
        return behind(line, () => {
          const mast = { type: 'observingconditions', number: 0 }
          const sound = ({ skyMagnitude }: Values) => skyMagnitude === 20.31
          return openStation(alpacaDriver, mast, sound, clock, lost, signal, line.value)
        })
      },
    ),
  },
  {
    name: 'MJPEG',
    skip: noSocat,
    // A process each, which takes a moment to come.
    atOnce: 40,
    arriveMs: 15,
    stride: 4,
    brokenMs: 10_000,
    // A stream that stands still is ended by whoever looks, who knows how long he would wait.
    unnoticed: ['silence', 'slowness', 'garbage'],
    rig: overWire(
      clock => mjpegMeet(clock, picture),
      (port, ...rest) => {
        const options = { source: 'url', url: `http://127.0.0.1:${port}/`, ffmpeg: pourFromWire }
        return openLooking(ffmpegDriver, options, picture, ...rest)
      },
    ),
  },
  chipRow('mlx90614', 2, 'skyCelsius', -15.15),
  chipRow('tsl2591', 9, 'skyMagnitude', 17.08),
  chipRow('ina226', 3, 'volts', 11.98),
  kernelRow,
]
