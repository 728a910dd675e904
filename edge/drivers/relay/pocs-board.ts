// The PANOPTES power board in the keeper's hands: the newest report is what is believed, and an order is done when a
// report that came after it says so.
import { Fault, reasonOf } from '../../ports/fault.js'
import type { BoardReading, OpenBoard } from '../../ports/keeper.js'
import { openByteLine } from '../link/serial/byte-line.js'
import { serialPath } from '../link/serial/serial-place.js'
import { type PocsReport, pocsOrder, pocsReport } from './pocs-lines.js'

/** The bootloader and the first reports after the port was opened. */
const firstMs = 12_000
/** An order may come just after the board has looked for one; its report follows 1.25 s after it has obeyed. */
const obeyMs = 4_500
/** Reports come every 1.5 s. */
const quietMs = 10_000
/** A current is told as the mean of about so much time. */
const meanMs = 5_000

export const openPocsBoard: OpenBoard = async ({ options, channels }, clock, signal) => {
  const relayOf = options.channels as Readonly<Record<string, number>>
  const scale = options.amperes_per_count as number | undefined
  let rest = ''
  let reports: { report: PocsReport; atMs: number }[] = []
  const hearers = new Set<(report: PocsReport) => void>()
  const line = await openByteLine(await serialPath(String(options.port)), 9600, clock, signal)
  line.onBytes(bytes => {
    const lines = (rest + Buffer.from(bytes).toString('latin1')).split('\n')
    rest = lines.pop()!.slice(-1_000)
    for (const report of lines.map(pocsReport).filter(one => one !== undefined)) {
      const atMs = clock.monotonicMs()
      reports = [...reports.filter(one => atMs - one.atMs < meanMs), { report, atMs }]
      for (const hear of [...hearers]) hear(report)
    }
  })
  /** The first report from now on that `fits`; whatever waits for it. */
  const reported = async (fits: (report: PocsReport) => boolean, ms: number, what: string, stop?: AbortSignal) => {
    const deadline = clock.deadline(ms, what, line.ended, stop)
    let hear: (report: PocsReport) => void = () => {}
    try {
      const came = new Promise<void>(settle => {
        hear = report => fits(report) && settle()
        hearers.add(hear)
      })
      await deadline.race(came)
    } finally {
      hearers.delete(hear)
      deadline.cancel()
    }
  }
  try {
    await reported(() => true, firstMs, 'the power board', signal)
  } catch (error) {
    await line.close()
    throw signal.aborted ? reasonOf(signal) : error
  }

  const read = async (): Promise<BoardReading> => {
    if (line.ended.aborted) throw reasonOf(line.ended)
    const last = reports.at(-1)!
    if (clock.monotonicMs() - last.atMs > quietMs) {
      throw new Fault('timeout', 'the power board has stopped reporting', 'Unplug it and plug it in again')
    }
    const { relays, mainsOk, batteryLow } = last.report
    const amperes = (id: string) => {
      const at = relayOf[id] - 1
      const mean = reports.reduce((sum, { report }) => sum + report.counts[at], 0) / reports.length
      return relays[at] ? Math.round(mean * scale! * 100) / 100 : 0
    }
    return {
      on: Object.fromEntries(channels.map(id => [id, relays[relayOf[id] - 1]])),
      ...(scale !== undefined && { amperes: Object.fromEntries(channels.map(id => [id, amperes(id)])) }),
      facts: { mainsOk, batteryLow },
    }
  }
  return {
    read,
    async write(channel, on) {
      const relay = relayOf[channel]
      await line.write(pocsOrder(relay, on), line.ended)
      await reported(({ relays }) => relays[relay - 1] === on, obeyMs, `relay ${channel}`)
    },
    close: () => line.close(),
  }
}
