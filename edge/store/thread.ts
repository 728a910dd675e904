// The store's thread: serves the methods, and sends what it has to log to the other side.
import assert from 'node:assert/strict'
import { parentPort } from 'node:worker_threads'
import type { Level, Log } from '../ports/log.js'
import { serveCalls } from '../ports/remote.js'
import { storeMethods } from './methods.js'

/** A line of the thread's log, on its way out. */
export interface ThreadLine {
  readonly level: Level
  readonly message: string
  readonly facts?: Record<string, unknown>
}

assert(parentPort, 'the store thread is started as a worker')

const say = (level: Level) => (message: string, facts?: Record<string, unknown>) => {
  const line: ThreadLine = { level, message, facts }
  served.notify('log', line)
}
const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error'), named: () => log }
const served = serveCalls(parentPort, storeMethods(log))
