// The log: one JSON line each to stdout (or words for a terminal), the last ones kept for the page and the log bundle.
import type { Clock } from '../ports/clock.js'
import type { Level, Log, LogLine } from '../ports/log.js'

export interface LogBook extends Log {
  /** Oldest first, at most 300: what a page gets when it comes. */
  recent(): readonly LogLine[]
  /** Oldest first, at most 5000: for the log bundle, where there is no journal. */
  kept(): readonly LogLine[]
  listen(listener: (line: LogLine) => void): () => void
}

const mostRecent = 300
const mostKept = 5_000

const rank: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** @param write gets every line at or above `least`, already in the form of the stream it goes to */
export function createLog(clock: Clock, write: (line: LogLine) => void, least: Level = 'info'): LogBook {
  const kept: LogLine[] = []
  const listeners = new Set<(line: LogLine) => void>()

  const speak = (from: string): Log => {
    const say = (level: Level) => (message: string, facts?: Record<string, unknown>) => {
      if (rank[level] < rank[least]) return
      const line: LogLine = facts
        ? { atMs: clock.now(), level, from, message, facts }
        : { atMs: clock.now(), level, from, message }
      kept.push(line)
      if (kept.length > mostKept) kept.shift()
      write(line)
      for (const listener of [...listeners]) listener(line)
    }
    return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error'), named: speak }
  }
  return {
    ...speak('agent'),
    recent: () => kept.slice(-mostRecent),
    kept: () => kept,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** For machines (journald, files): one JSON object a line. */
export const asJson = ({ atMs, level, from, message, facts }: LogLine): string =>
  `${JSON.stringify({ ...facts, time: new Date(atMs).toISOString(), level, from, message })}\n`

/** For a person at a terminal. */
export const asWords = ({ atMs, level, from, message, facts }: LogLine): string => {
  const time = new Date(atMs).toISOString().slice(11, 19)
  const line = `${time} ${level.padEnd(5)} ${from}: ${message}${facts ? ` ${JSON.stringify(facts)}` : ''}`
  // Names that strangers gave stand in it, and a terminal obeys control characters.
  return `${line.replace(/\p{Cc}/gu, '�')}\n`
}
