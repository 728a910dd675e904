// The agent's side of a keeper: starts the process, gives it a beat a second, carries orders to it, and notices when it
// dies or hangs.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '../ports/child-environment.js'
import type { Clock } from '../ports/clock.js'
import { Fault, type FaultCode } from '../ports/fault.js'
import type {
  BoardReading,
  FirstLevel,
  KeepOrder,
  Kept,
  Level,
  OutputWord,
  ToKeeper,
  ToldFault,
} from '../ports/keeper.js'
import type { Log } from '../ports/log.js'
import { fromKeeper } from './keeper-lines.js'
import { readLines } from './line-reader.js'

const beatMs = 1_000
/** A keeper that has not answered a beat for so long hangs: it is ended, and another takes its place. */
const hungMs = 5_000
const setMs = 8_000
const openMs = 30_000
const closeMs = 3_000
const wordsKept = 2_000

export interface KeeperParts {
  readonly clock: Clock
  readonly log: Log
  /** The file that becomes the keeper. */
  readonly entry: URL
  /**
   * Called once, when the keeper or its board is gone, or had to write the safe states: what is held is of no use any
   * more.
   */
  lost(fault: Fault): void
}

export interface KeeperOrder extends KeepOrder {
  /** Name of the device, for messages. */
  readonly device: string
  readonly first: Readonly<Record<string, FirstLevel>>
  readonly loss: Readonly<Record<string, OutputWord>>
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/**
 * Settles when the board is open and every output stands as `first` says. Rejects with the board's Fault, `broken`
 * when the process ends at once, `timeout` after 30 s, or the signal's reason.
 */
export async function startKeeper(order: KeeperOrder, parts: KeeperParts, signal: AbortSignal): Promise<Kept> {
  const { clock } = parts
  const keeper = new Keeper(order, parts)
  const deadline = clock.deadline(openMs, `the keeper of ${order.device}`, signal)
  try {
    await deadline.race(clock.outside(keeper.opened))
    return keeper
  } catch (error) {
    await keeper.close()
    throw error
  } finally {
    deadline.cancel()
  }
}

class Keeper implements Kept {
  readonly opened: Promise<void>
  private readonly child: Child
  private readonly listeners = new Set<(before: BoardReading) => void>()
  private readonly waiting = new Map<number, { settle(): void; reject(fault: Fault): void }>()
  private readonly beats: { cancel(): void }
  private readonly gone: Promise<void>
  private last: BoardReading = { on: {} }
  private orders = 0
  /** Undefined until its first word: a process that is being started is given the time of the opening. */
  private answeredMs: number | undefined
  private fault: Fault | undefined
  private closing = false
  private words = ''
  /** A beat that was not answered yet. */
  private answered: Promise<void> | undefined
  private answer: () => void = () => {}
  private open!: { settle(): void; reject(fault: Fault): void }

  constructor(
    private readonly order: KeeperOrder,
    private readonly parts: KeeperParts,
  ) {
    const { clock, entry } = parts
    this.opened = new Promise((settle, reject) => {
      this.open = { settle, reject }
    })
    // Whoever opened hears it; one that was given up before is not waited for.
    this.opened.catch(() => undefined)
    // A group of its own: Ctrl-C at the terminal is for the agent. Little memory for what is young: it makes few words.
    const args = [...process.execArgv, '--max-semi-space-size=1', fileURLToPath(entry)]
    this.child = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: childEnvironment(),
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.words = (this.words + text).slice(-wordsKept)
    })
    this.gone = new Promise(settle => {
      this.child.once('error', error => this.ended(`could not be started (${error.message})`, settle))
      this.child.once('close', (code, by) => this.ended(by ? `was ended by ${by}` : `ended with code ${code}`, settle))
    })
    // What could not be written is known by the end of the process.
    this.child.stdin.on('error', () => {})
    readLines(this.child.stdout, { line: text => this.hear(text), end: () => {} })
    this.beats = clock.every(beatMs, () => this.beat())
    const { board, options, channels, first, loss } = order
    this.write({ do: 'open', board, options, channels, first, loss })
  }

  reading(): BoardReading {
    return this.last
  }

  async set(channel: string, to: Level, signal: AbortSignal): Promise<void> {
    if (this.fault) throw this.fault
    if (this.closing) throw closed(this.order.device)
    const id = ++this.orders
    const { clock } = this.parts
    const deadline = clock.deadline(setMs, `${this.order.device} ${channel}`, signal)
    const done = new Promise<void>((settle, reject) => this.waiting.set(id, { settle, reject }))
    try {
      this.write({ do: 'set', id, channel, to })
      await deadline.race(clock.outside(done))
    } finally {
      this.waiting.delete(id)
      deadline.cancel()
    }
  }

  onReading(listener: (before: BoardReading) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  async close(): Promise<void> {
    if (!this.closing) {
      this.closing = true
      this.beats.cancel()
      this.write({ do: 'close' })
      this.giveUp(closed(this.order.device))
    }
    const deadline = this.parts.clock.deadline(closeMs, `the keeper of ${this.order.device}`)
    try {
      await deadline.race(this.gone)
    } catch (error) {
      this.parts.log.warn(`the keeper of ${this.order.device} does not end and is made to`, { error: String(error) })
      this.child.kill('SIGKILL')
    } finally {
      deadline.cancel()
    }
  }

  private write(line: ToKeeper) {
    if (this.child.stdin.writable) this.child.stdin.write(`${JSON.stringify(line)}\n`)
  }

  private heard() {
    this.answer()
    this.answered = undefined
  }

  private beat() {
    const silentMs = this.parts.clock.monotonicMs() - (this.answeredMs ?? Number.POSITIVE_INFINITY)
    if (silentMs > hungMs + beatMs) {
      const { device } = this.order
      this.lose(new Fault('timeout', `the keeper of ${device} hangs`, 'Another takes its place by itself'))
      this.child.kill('SIGKILL')
      return
    }
    this.write({ do: 'beat' })
    // Simulated time waits for the answer, as for all that goes on outside.
    this.answered ??= this.parts.clock.outside(
      new Promise<void>(settle => {
        this.answer = settle
      }),
    )
  }

  private hear(text: string) {
    const line = fromKeeper(text)
    if (!line) {
      // A library of its may print what it likes.
      this.parts.log.warn(`the keeper of ${this.order.device} says what is no line of ours`, {
        text: text.slice(0, 200),
      })
      return
    }
    this.answeredMs = this.parts.clock.monotonicMs()
    this.heard()
    if ('reading' in line) this.take(line.reading)
    if (line.say === 'open') {
      for (const channel of line.astray)
        this.parts.log.error(`channel ${channel} of ${this.order.device} does not obey`)
      this.open.settle()
    } else if (line.say === 'done') this.waiting.get(line.id)?.settle()
    else if (line.say === 'failed') this.fail(line.id, asTold(line.fault))
    else if (line.say === 'safe') {
      const words = `the outputs of ${this.order.device} were put into their safe states: the agent had fallen silent`
      this.lose(new Fault('timeout', words, 'Switch on again what is needed; the log tells what held the agent up'))
    }
  }

  private fail(id: number | undefined, fault: Fault) {
    if (id !== undefined) this.waiting.get(id)?.reject(fault)
    else this.lose(fault)
  }

  private take(reading: BoardReading) {
    const before = this.last
    this.last = reading
    if (JSON.stringify(before) !== JSON.stringify(reading)) for (const one of [...this.listeners]) one(before)
  }

  private ended(how: string, settle: () => void) {
    settle()
    this.heard()
    this.beats.cancel()
    if (this.closing) return
    const { device } = this.order
    const words = this.words.trim() === '' ? '' : `: ${this.words.trim().split('\n').slice(-2).join('; ')}`
    this.lose(new Fault('broken', `the keeper of ${device} ${how}${words}`, 'Another takes its place by itself'))
  }

  private lose(fault: Fault) {
    if (this.fault || this.closing) return
    this.giveUp(fault)
    this.parts.lost(fault)
  }

  private giveUp(fault: Fault) {
    this.fault ??= fault
    this.open.reject(fault)
    for (const { reject } of this.waiting.values()) reject(fault)
    this.waiting.clear()
  }
}

const asTold = ({ code, message, fix }: ToldFault) => new Fault(code as FaultCode, message, fix)

const closed = (device: string) => new Fault('offline', `${device} is closed`, 'Open it again')
