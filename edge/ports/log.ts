// One line for people and machines. error = someone must act, warn = degraded, info = a change an owner would notice.

export type Level = 'debug' | 'info' | 'warn' | 'error'

export interface LogLine {
  readonly atMs: number
  readonly level: Level
  /** Room or thing: `camera/main`, `mqtt`, `store`. */
  readonly from: string
  readonly message: string
  readonly facts?: Readonly<Record<string, unknown>>
}

export interface Log {
  debug(message: string, facts?: Record<string, unknown>): void
  info(message: string, facts?: Record<string, unknown>): void
  warn(message: string, facts?: Record<string, unknown>): void
  error(message: string, facts?: Record<string, unknown>): void
  /** The same log, speaking for another thing. */
  named(from: string): Log
}
