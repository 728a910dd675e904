// How drivers are opened for the fault fuzz, and what they then have to show.
import type { Clock } from '../../edge/ports/clock.js'
import type { Driver } from '../../edge/ports/driver.js'
import { asFault, type Fault } from '../../edge/ports/fault.js'
import type { BoardReading, OpenBoard } from '../../edge/ports/keeper.js'
import type { VideoSource } from '../../edge/ports/video-source.js'
import type { Opened } from '../../edge/spine/supervisor.js'
import { benchTools } from './bench.js'
import type { FuzzRow, Proof, Rig } from './fault-fuzz.js'
import { faultyWire, type Meet } from './faulty-wire.js'

export type Values = Readonly<Record<string, unknown>>
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

/** What is opened over a link that is closed after it. */
export async function behind(
  line: { close(): Promise<void> },
  open: () => Promise<Opened<Proof>>,
): Promise<Opened<Proof>> {
  try {
    const box = await open()
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
}

/** A board as the keeper holds it: switched and read by turns, one order at a time. */
export async function openSwitched(
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

/** A camera that is looked through for as long as it is open. @param picture what it sends when nothing is wrong */
export async function openLooking(
  driver: Driver,
  options: object,
  picture: Uint8Array,
  ...[clock, lost, signal]: [Clock, (fault: Fault) => void, AbortSignal]
): Promise<Opened<Proof>> {
  const tools = { ...benchTools(clock, lost), link: () => undefined as never }
  const { ports, close } = await driver.open(driver.options.parse(options), tools, signal)
  let heardMs = Number.NaN
  let same = false
  const video = ports.video as VideoSource
  const looking = new AbortController()
  const take: Parameters<VideoSource['run']>[1] = ({ jpeg }) => {
    heardMs = clock.now()
    same = Buffer.compare(jpeg, picture) === 0
  }
  const run = video.run({ framesPerSecond: 10, jpegQuality: 75 }, take, looking.signal).catch(lost)
  return {
    value: { heardMs: () => heardMs, sound: () => same },
    async close() {
      looking.abort()
      await run
      await close()
    },
  }
}
