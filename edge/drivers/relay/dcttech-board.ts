// A dcttech HID relay board in the keeper's hands. Only the asynchronous half of node-hid is used: the other one blocks
// the process on a board that hangs, and can take it down when it is closed while reading.
import { devicesAsync, HIDAsync } from 'node-hid'
import type { Clock } from '../../ports/clock.js'
import { asFault, Fault } from '../../ports/fault.js'
import type { BoardReading, OpenBoard } from '../../ports/keeper.js'
import { hidSocket } from '../link/hid-socket.js'
import {
  dcttechOrder,
  dcttechProduct,
  dcttechRelays,
  dcttechReportBytes,
  dcttechState,
  dcttechVendor,
} from './dcttech-reports.js'

const answerMs = 1_000
/** libusbrelay asks for report 1; some kernels hand the board's only report out as 0. */
const reportNumbers = [1, 0]

export const openDcttechBoard: OpenBoard = async ({ options, channels }, clock, signal) => {
  const relayOf = options.channels as Readonly<Record<string, number>>
  const { device, report, relays: count } = await find(options as Which, clock, signal)
  const beyond = channels.find(id => relayOf[id] > count)
  if (beyond) {
    await device.close()
    const words = `channel ${beyond} is relay ${relayOf[beyond]}, and the board has ${count}`
    throw new Fault('bad-input', words, 'Correct the relay under channels: in the config')
  }
  const state = async () => {
    const told = dcttechState(
      await within(clock, 'the relay board', device.getFeatureReport(report, dcttechReportBytes)),
    )
    if (told) return told
    throw new Fault('broken', 'the relay board told half a report', 'Unplug it and plug it in again')
  }
  const read = async (): Promise<BoardReading> => {
    const { relays } = await state()
    return { on: Object.fromEntries(channels.map(id => [id, (relays >> (relayOf[id] - 1)) % 2 === 1])) }
  }
  return {
    read,
    async write(channel, on) {
      const order = Buffer.from(dcttechOrder(relayOf[channel], on))
      await within(clock, 'the relay board', device.sendFeatureReport(order))
      const { on: seen } = await read()
      if (seen[channel] === on) return
      throw new Fault('broken', `relay ${channel} did not obey`, 'Look at the supply of the relay board')
    },
    close: () => device.close(),
  }
}

interface Which {
  readonly serial?: string
  /** `usb:1-1.3` */
  readonly port?: string
}

/** The board by its five letters or its socket, or the only one there is. */
async function find({ serial, port }: Which, clock: Clock, signal: AbortSignal) {
  const all = await within(clock, 'the list of HID devices', devicesAsync(dcttechVendor, dcttechProduct))
  const known = all.flatMap(({ path, product }) => {
    const relays = dcttechRelays(product)
    return path && relays ? [{ path, relays }] : []
  })
  const places = await Promise.all(known.map(({ path }) => hidSocket(path)))
  const boards = known.filter((_, nth) => port === undefined || port === `usb:${places[nth]}`)
  if (serial === undefined && boards.length > 1) {
    const words = `${boards.length} relay boards are plugged in, and the config does not say which`
    const sockets = places.map(place => `usb:${place}`).join(', ')
    throw new Fault('bad-input', words, `Give serial: the five letters of the board, or port: one of ${sockets}`)
  }
  for (const { path, relays } of boards) {
    if (signal.aborted) break
    const device = await within(clock, `relay board ${path}`, HIDAsync.open(path)).catch(error => {
      const fix = 'The agent needs the right to it: install the udev rule for 16c0:05df'
      throw new Fault('offline', `relay board ${path} cannot be opened: ${asFault(error, path).message}`, fix)
    })
    for (const report of reportNumbers) {
      const asked = device.getFeatureReport(report, dcttechReportBytes)
      // One that does not answer to this number is asked by the other.
      const told = await within(clock, `relay board ${path}`, asked).then(dcttechState, () => undefined)
      if (told && (serial === undefined || told.serial === serial)) return { device, report, relays }
    }
    await device.close()
  }
  const where = port === undefined ? '' : ` at ${port}`
  const which = serial === undefined ? where : ` that calls itself ${serial}${where}`
  throw new Fault('offline', `no USB relay board${which} is plugged in`, 'Plug it in')
}

async function within<T>(clock: Clock, what: string, work: Promise<T>): Promise<T> {
  const deadline = clock.deadline(answerMs, what)
  try {
    return await deadline.race(work)
  } catch (error) {
    if (error instanceof Fault) throw error
    // What the kernel says of a board that was pulled out.
    const words = `${what} does not answer: ${(error as Error).message}`
    throw new Fault('offline', words, 'Plug it in again, and look at its cable', { cause: error })
  } finally {
    deadline.cancel()
  }
}
