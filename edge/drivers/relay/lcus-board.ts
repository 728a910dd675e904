// An LCUS board in the keeper's hands. Small ones cannot be read back: there the last order is believed.
import { Fault, reasonOf } from '../../ports/fault.js'
import type { BoardReading, OpenBoard } from '../../ports/keeper.js'
import { openByteLine } from '../link/serial/byte-line.js'
import { askLine } from '../link/serial/question.js'
import { serialPath } from '../link/serial/serial-place.js'
import { lcusOrder, lcusQuery, lcusStatus } from './lcus-bytes.js'

const answerMs = 500

export const openLcusBoard: OpenBoard = async ({ options, channels }, clock, signal) => {
  const port = String(options.port)
  const relayOf = options.channels as Readonly<Record<string, number>>
  const last = Math.max(...channels.map(id => relayOf[id]))
  const statusOf = (heard: string) => lcusStatus(heard, last)
  const line = await openByteLine(await serialPath(port), 9600, clock, signal)
  const question = { send: lcusQuery, of: 'the relay board', withinMs: answerMs, answer: statusOf }
  const ask = (stop: AbortSignal) => askLine(line, question, clock, stop)
  const written = new Map<string, boolean>()
  // Not guessed from its silence: a board that is deaf for a moment would then be believed to have obeyed.
  const readsBack = options.read_back !== false
  try {
    if (readsBack) await ask(signal)
  } catch (error) {
    await line.close()
    if (!(error instanceof Fault && error.code === 'timeout')) throw error
    const fix = 'Look at its plug; for a board of one relay, which never answers, set read_back: false'
    throw new Fault('timeout', `the relay board on ${port} does not answer`, fix, { cause: error })
  }

  const read = async (): Promise<BoardReading> => {
    if (line.ended.aborted) throw reasonOf(line.ended)
    if (!readsBack) return { on: Object.fromEntries(written) }
    const relays = await ask(line.ended)
    return { on: Object.fromEntries(channels.map(id => [id, relays.get(relayOf[id]) ?? false])) }
  }
  return {
    read,
    async write(channel, on) {
      await line.write(lcusOrder(relayOf[channel], on), line.ended)
      written.set(channel, on)
      const { on: seen } = await read()
      if (seen[channel] === on) return
      throw new Fault('broken', `relay ${channel} did not obey`, 'Look at the supply of the relay board')
    },
    close: () => line.close(),
  }
}
