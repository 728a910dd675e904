// The keeper's own side: holds one board, obeys the agent's lines, and writes the safe states when the pipe closes or
// the agent has fallen silent. Nothing here waits for the agent.
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../ports/clock.js'
import { asFault, Fault } from '../ports/fault.js'
import type { Board, BoardReading, FirstLevel, FromKeeper, Level, OpenBoard, ToKeeper } from '../ports/keeper.js'
import { type Keeping, type KeepingEvent, keeping } from '../rules/keeping.js'
import { toKeeper } from './keeper-lines.js'
import { readLines } from './line-reader.js'

const tickMs = 250
const openMs = 20_000
/** One order to the board; it has deadlines of its own, this is for one that hangs all the same. */
const workMs = 5_000
const retryMs = 500
/** So often a board that does not obey is opened anew and written again: about half a minute. */
const mostAttempts = 60

export interface KeeperEnds {
  readonly input: Readable
  readonly output: Writable
  readonly clock: Clock
  /** Words for whoever looks for the reason later. */
  complain(words: string): void
  /** Every kind of board by its name. */
  readonly boards: Readonly<Record<string, OpenBoard>>
}

type OpenLine = Extract<ToKeeper, { do: 'open' }>

/** Settles when the process may end: with true when all went as it should. */
export function runKeeper({ input, output, clock, complain, boards }: KeeperEnds): Promise<boolean> {
  let state: Keeping = { phase: 'opening', heardMs: clock.monotonicMs(), safe: false }
  let order: OpenLine | undefined
  let board: Board | undefined
  let reading: BoardReading = { on: {} }
  let asking = false
  let again = false
  let work: Promise<unknown> = Promise.resolve()
  let leave: (well: boolean) => void = () => {}
  const left = new Promise<boolean>(settle => {
    leave = settle
  })

  const say = (line: FromKeeper) => {
    if (!output.destroyed) output.write(`${JSON.stringify(line)}\n`)
  }
  // An agent that is gone hears nothing; what is to be done then is decided by the pipe from it.
  output.on('error', () => output.destroy())

  /** One thing after the other, each with an end. */
  const next = <T>(what: string, ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const mine = work.then(async () => {
      const deadline = clock.deadline(ms, what)
      try {
        return await deadline.race(run(deadline.signal))
      } finally {
        deadline.cancel()
      }
    })
    // Whoever asked hears how it ended; the next one goes on either way.
    work = mine.catch(() => undefined)
    return mine
  }
  const read = async () => {
    if (!board) throw new Fault('offline', 'the board is not open', 'It is opened again')
    reading = await board.read()
  }
  const open = async (given: OpenLine, first: OpenLine['first']) => {
    const how = boards[given.board]
    if (!how) throw new Fault('unsupported', `there is no board "${given.board}"`, 'Update the agent')
    board = await next(given.board, openMs, signal => how({ ...given, first }, clock, signal))
    board.onChange?.(() => void look())
  }
  const put = async (channel: string, to: Level) => {
    if (!board) throw new Fault('offline', 'the board is not open', 'It is opened again')
    if (typeof to === 'boolean') return board.write(channel, to)
    if (board.writeLevel) return board.writeLevel(channel, to)
    throw new Fault('bad-input', `${channel} is on or off and cannot be set to ${to}`, 'Send on or off')
  }
  const write = (channel: string, to: FirstLevel) =>
    to === 'keep' ? Promise.resolve() : next(channel, workMs, () => put(channel, to === 'on' || (to !== 'off' && to)))

  const start = async (given: OpenLine) => {
    order = given
    try {
      await open(given, given.first)
      const astray: string[] = []
      for (const channel of given.channels) {
        // One relay that sticks must not keep the others out of our hands.
        await write(channel, given.first[channel]).catch(error => {
          if (!(error instanceof Fault && error.code === 'broken')) throw error
          astray.push(channel)
        })
      }
      await next('reading the board', workMs, read)
      step({ kind: 'opened' })
      say({ say: 'open', reading, astray })
    } catch (error) {
      say({ say: 'failed', fault: told(error, given.board) })
      leave(false)
    }
  }
  /** Answers whether every output that has a safe state has been seen in it. */
  const writeSafe = async (given: OpenLine): Promise<boolean> => {
    const results = await Promise.allSettled(given.channels.map(channel => write(channel, given.loss[channel])))
    return results.every(({ status }) => status === 'fulfilled')
  }
  const reopen = async (given: OpenLine) => {
    const old = board
    // Whatever becomes of the next one, this one is closed once: its descriptor may be another file's by then.
    board = undefined
    if (old) await next('closing the board', workMs, () => old.close()).catch(swallowedAfterSafe)
    await open(given, given.loss)
  }
  const makeSafe = async (why: string): Promise<boolean> => {
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      if (await writeSafe(order!)) {
        await next('reading the board', workMs, read).catch(swallowedAfterSafe)
        say({ say: 'safe', why, reading })
        return true
      }
      await clock.sleep(retryMs)
      await reopen(order!).catch(swallowedAfterSafe)
    }
    return false
  }
  /** The outputs matter, not what the board says meanwhile: it is written again, and the last word is the exit code. */
  const swallowedAfterSafe = (error: unknown) => complain(asFault(error, order!.board).message)

  const step = (event: KeepingEvent) => {
    const [after, deeds] = keeping(state, event)
    state = after
    if (deeds.length === 0) return
    void (async () => {
      let well = true
      const why = event.kind === 'tick' ? 'silence' : 'gone'
      if (deeds.includes('make-safe')) well = await makeSafe(why)
      if (!deeds.includes('leave')) return
      await next('closing the board', workMs, async () => board?.close()).catch(swallowedAfterSafe)
      leave(well)
    })()
  }

  const set = async ({ id, channel, to }: Extract<ToKeeper, { do: 'set' }>) => {
    try {
      if (!board || !order?.channels.includes(channel)) {
        throw new Fault('not-found', `the board has no channel "${channel}"`, 'See its channels in the config')
      }
      await next(channel, workMs, () => put(channel, to))
      await next('reading the board', workMs, read)
      say({ say: 'done', id, reading })
    } catch (error) {
      say({ say: 'failed', id, fault: told(error, channel) })
    }
  }
  /**
   * Answered at once, for the agent wants to know whether we live; what the board says follows when it is another
   * thing.
   */
  const beat = async () => {
    say({ say: 'beat', reading })
    await look()
  }
  /** What changes while it is being read is read again. */
  const look = async () => {
    again = true
    if (state.phase !== 'holding' || asking) return
    asking = true
    try {
      while (again) {
        again = false
        const before = JSON.stringify(reading)
        await next('reading the board', workMs, read)
        if (JSON.stringify(reading) !== before) say({ say: 'reading', reading })
      }
    } catch (error) {
      say({ say: 'failed', fault: told(error, order!.board) })
    } finally {
      asking = false
    }
  }

  readLines(input, {
    line(text) {
      const line = toKeeper(text)
      // What is no line of the agent's is no sign of its life.
      if (!line) return complain('what came from the agent is no line of ours')
      step({ kind: 'heard', atMs: clock.monotonicMs() })
      if (line.do === 'open') void start(line)
      else if (line.do === 'set') void set(line)
      else if (line.do === 'beat') void beat()
      else step({ kind: 'released' })
    },
    end: () => {
      step({ kind: 'gone' })
      if (!order) leave(true)
    },
  })
  const ticking = clock.every(tickMs, () => step({ kind: 'tick', atMs: clock.monotonicMs() }))
  return left.finally(() => ticking.cancel())
}

function told(error: unknown, thing: string) {
  const { code, message, fix } = asFault(error, thing)
  return { code, message, fix }
}
