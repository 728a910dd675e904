// One TCP connection to an INDI server: bytes in, elements out, and a watch on its silence. A server whose machine lost
// power says nothing at all, so a quiet line is asked, and given up when it used to answer and does not.
import type { Buffer } from 'node:buffer'
import { connect, type Socket } from 'node:net'
import type { Clock, Timer } from '../../../ports/clock.js'
import { Fault } from '../../../ports/fault.js'
import { indiTokenizer, type Tokenizer, type TokenSink } from './tokenizer.js'

export interface LineOptions extends TokenSink {
  readonly host: string
  readonly port: number
  /** Silence after which a line that used to answer counts as lost. It is asked at a third of that. */
  readonly quietMs: number
  readonly clock: Clock
  /** More to ask than a ping, which servers before INDI 1.9.7 do not know. */
  probe?(): string
  /** Called once, when the line is lost otherwise than by `close`. */
  lost(fault: Fault): void
}

export interface Line {
  /** Throws `offline` when the line is lost. */
  send(xml: string): void
  close(): void
}

const connectMs = 5000
/** Orders are a few hundred bytes; a server that leaves so many unread is hung. */
const maxUnsentBytes = 2 ** 20

/** Rejects with `offline` when nobody listens there, `timeout` after 5 s, or the signal's reason. */
export async function openLine(options: LineOptions, signal: AbortSignal): Promise<Line> {
  const { host, port, clock } = options
  const address = `${host}:${port}`
  const socket = connect({ host, port, noDelay: true })
  const deadline = clock.deadline(connectMs, `INDI server ${address}`, signal)
  try {
    await deadline.race(clock.outside(connected(socket)))
  } catch (error) {
    socket.on('error', () => {}) // a late refusal of a connection already given up
    socket.destroy()
    throw error instanceof Fault ? error : refused(address, error)
  } finally {
    deadline.cancel()
  }
  return new IndiLine(socket, address, options)
}

class IndiLine implements Line {
  private fault: Fault | undefined
  private closed = false
  private reading = true
  private heardMs: number
  private askedMs: number | undefined
  private answers = false
  private pings = 0
  private readonly watch: Timer
  private readonly tokenizer: Tokenizer

  constructor(
    private readonly socket: Socket,
    private readonly address: string,
    private readonly options: LineOptions,
  ) {
    const { clock, quietMs } = options
    this.tokenizer = indiTokenizer(options)
    this.heardMs = clock.monotonicMs()
    this.watch = clock.every(Math.max(100, quietMs / 10), () => this.listen())
    socket.on('data', (chunk: Buffer) => this.take(chunk))
    socket.on('error', error => this.lose(hungUp(address, error)))
    socket.on('close', () => this.lose(hungUp(address)))
    this.ask()
  }

  send(xml: string): void {
    if (this.fault) throw this.fault
    if (this.closed) throw new Fault('offline', `the line to INDI server ${this.address} is closed`, 'Open it again')
    this.socket.write(xml)
    if (this.socket.writableLength <= maxUnsentBytes) return
    this.lose(new Fault('timeout', `INDI server ${this.address} reads nothing`, 'Restart the INDI server'))
  }

  close(): void {
    this.closed = true
    this.watch.cancel()
    this.tokenizer.stop()
    this.socket.destroy()
  }

  private take(chunk: Buffer): void {
    if (this.closed) return
    this.heardMs = this.options.clock.monotonicMs()
    if (this.askedMs !== undefined) {
      this.answers = true
      this.askedMs = undefined
    }
    try {
      const wait = this.tokenizer.push(chunk)
      if (!wait) return
      this.reading = false
      this.socket.pause()
      wait.then(
        () => {
          this.reading = true
          this.heardMs = this.options.clock.monotonicMs()
          this.socket.resume()
        },
        error => {
          if (!(error instanceof Fault)) throw error
          this.lose(error)
        },
      )
    } catch (error) {
      if (!(error instanceof Fault)) throw error // a bug of ours, not the server's
      this.lose(error)
    }
  }

  private listen(): void {
    const { clock, quietMs } = this.options
    if (!this.reading) return // we hold our breath ourselves, for memory
    const quiet = clock.monotonicMs() - this.heardMs
    if (this.answers && quiet > quietMs) {
      const seconds = Math.round(quiet / 1000)
      const fix = 'Check the network and that the INDI server is not hung'
      this.lose(new Fault('timeout', `INDI server ${this.address} has said nothing for ${seconds} s`, fix))
    } else if (quiet > quietMs / 3 && this.askedMs === undefined) this.ask()
  }

  private ask(): void {
    this.askedMs = this.options.clock.monotonicMs()
    this.send(`<pingRequest uid="${++this.pings}"/>\n${this.options.probe?.() ?? ''}`)
  }

  private lose(fault: Fault): void {
    if (this.closed || this.fault) return
    this.fault = fault
    this.close()
    this.options.lost(fault)
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((settle, reject) => {
    socket.once('connect', () => {
      socket.off('error', reject)
      settle()
    })
    socket.once('error', reject)
  })
}

function refused(address: string, cause: unknown): Fault {
  const words = cause instanceof Error ? cause.message : String(cause)
  const fix = 'Start the INDI server, or put its host and port into the link in the config'
  return new Fault('offline', `no INDI server answers at ${address} (${words})`, fix, { cause })
}

function hungUp(address: string, cause?: Error): Fault {
  const how = cause ? ` (${cause.message})` : ''
  const fix = 'Look at the INDI server; it is asked again by itself'
  return new Fault('offline', `INDI server ${address} hung up${how}`, fix, { cause })
}
