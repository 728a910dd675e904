// The protocols of ours, each with a device that can break and the driver that has to stand it. One more protocol is one
// more row here, and for what goes over TCP a Meet in fuzz-devices.ts.
import { indiDriver } from '../../edge/drivers/box/indi.js'
import { indiLink } from '../../edge/drivers/link/indi/indi-link.js'
import { openLcusBoard } from '../../edge/drivers/relay/lcus-board.js'
import { openPocsBoard } from '../../edge/drivers/relay/pocs-board.js'
import { aagDriver } from '../../edge/drivers/sensor/aag.js'
import { gpsdDriver } from '../../edge/drivers/sensor/gpsd.js'
import { jsonSensorDriver } from '../../edge/drivers/sensor/json-sensor.js'
import { mqttSensorDriver } from '../../edge/drivers/sensor/mqtt-sensor.js'
import { sqmDriver } from '../../edge/drivers/sensor/sqm.js'
import type { Clock } from '../../edge/ports/clock.js'
import type { Driver } from '../../edge/ports/driver.js'
import { asFault, type Fault } from '../../edge/ports/fault.js'
import type { BoardReading, OpenBoard } from '../../edge/ports/keeper.js'
import type { Opened } from '../../edge/spine/supervisor.js'
import { benchTools } from './bench.js'
import type { FuzzRow, Proof, Rig } from './fault-fuzz.js'
import { faultyWire, type Meet } from './faulty-wire.js'
import { aagMeet, gpsdMeet, indiMeet, jsonMeet, lcusMeet, mqttMeet, pocsMeet, sqmMeet } from './fuzz-devices.js'

type Values = Readonly<Record<string, unknown>>
type Open = (port: number, clock: Clock, lost: (fault: Fault) => void, signal: AbortSignal) => Promise<Opened<Proof>>

/** Of what goes over TCP, and of serial lines by the same bytes. */
export function overWire(meet: (clock: Clock) => Meet, open: Open): FuzzRow['rig'] {
  return async (clock, seed): Promise<Rig> => {
    const wire = await faultyWire(meet(clock), seed)
    return {
      get points() {
        return wire.said
      },
      breakAt: wire.breakAt,
      heal: wire.heal,
      tick: wire.tick,
      flood: wire.flood,
      close: wire.close,
      open: (its, lost, signal) => open(wire.port, its, lost, signal),
    }
  }
}

/** A driver that has a station. @param link what the driver finds behind its link */
export async function openStation(
  driver: Driver,
  options: object,
  sound: (values: Values) => boolean,
  ...[clock, lost, signal, link]: [Clock, (fault: Fault) => void, AbortSignal, unknown?]
): Promise<Opened<Proof>> {
  const tools = { ...benchTools(clock, lost), link: <T>() => link as T }
  const { ports, close } = await driver.open(driver.options.parse(options), tools, signal)
  const reading = () => ports.station!.reading()
  return {
    value: { heardMs: () => reading()?.atMs ?? Number.NaN, sound: () => sound(reading()?.values ?? {}) },
    close,
  }
}

/** A board as the keeper holds it: switched and read by turns, one order at a time. */
async function openSwitched(
  open: OpenBoard,
  options: { channels: Record<string, number>; port: string },
  ...[clock, lost, signal]: [Clock, (fault: Fault) => void, AbortSignal]
): Promise<Opened<Proof>> {
  const channels = Object.keys(options.channels)
  const board = await open({ options, channels, first: { a: 'keep', b: 'keep' } }, clock, signal)
  let heardMs = Number.NaN
  let last: BoardReading | undefined
  let wanted = false
  let work: Promise<void> | undefined
  const turn = async () => {
    try {
      wanted = !wanted
      await board.write('a', wanted)
      last = await board.read()
      heardMs = clock.now()
    } catch (error) {
      lost(asFault(error, 'the board'))
    }
  }
  const turns = clock.every(1_000, () => {
    work ??= turn().finally(() => {
      work = undefined
    })
  })
  return {
    value: { heardMs: () => heardMs, sound: () => typeof last?.on.a === 'boolean' && last.on.b === false },
    async close() {
      turns.cancel()
      await board.close()
      await work
    },
  }
}

const quick = { every_s: 2 }
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
    brokenMs: 70_000,
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
      try {
        const meter = { device: 'Meter', ports: ['station'] }
        const sound = ({ skyMagnitude }: Values) => skyMagnitude === 20.31
        const box = await openStation(indiDriver, meter, sound, clock, lost, signal, line.value)
        return {
          value: box.value,
          async close() {
            await box.close()
            await line.close()
          },
        }
      } catch (error) {
        await line.close()
        throw error
      }
    }),
  },
]
