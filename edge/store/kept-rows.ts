// Each service's small durable state as JSON text; schemas stay outside, with the service.
import { Fault } from '../ports/fault.js'
import type { Database } from './sqlite.js'

export interface KeptRows {
  read(name: string): string | undefined
  all(): Record<string, string>
  write(name: string, text: string, nowMs: number): void
  /** All of them instead of what is there, or nothing. */
  replace(rows: Readonly<Record<string, string>>, nowMs: number): void
  /** Moves what is stored out of the way, so that a person can still find it. */
  setAside(name: string, reason: string, nowMs: number): void
}

const maxBytes = 256 * 1024
/** Of one name; older ones go. */
const maxAside = 5

export function keptRows(database: Database): KeptRows {
  const read = database.prepare<{ value: string }>('SELECT value FROM kept WHERE name = :name')
  const write = database.prepare(
    `INSERT INTO kept (name, value, saved_ms) VALUES (:name, :value, :nowMs)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, saved_ms = excluded.saved_ms`,
  )
  const copy = database.prepare(
    `INSERT INTO kept_aside (name, value, reason, aside_ms)
     SELECT name, value, :reason, :nowMs FROM kept WHERE name = :name`,
  )
  const trim = database.prepare(
    `DELETE FROM kept_aside WHERE name = :name AND place NOT IN
       (SELECT place FROM kept_aside WHERE name = :name ORDER BY place DESC LIMIT ${maxAside})`,
  )
  const list = database.prepare<{ name: string; value: string }>('SELECT name, value FROM kept ORDER BY name')
  const clear = database.prepare('DELETE FROM kept')
  const drop = database.prepare('DELETE FROM kept WHERE name = :name')
  const put = (name: string, text: string, nowMs: number) => {
    if (text.length > maxBytes) {
      const what = `the state "${name}" has ${text.length} bytes, more than ${maxBytes}`
      throw new Fault('bad-input', what, 'This is a bug: report it')
    }
    write.run({ name, value: text, nowMs })
  }
  return {
    read: name => read.get({ name })?.value,
    all: () => Object.fromEntries(list.all().map(({ name, value }) => [name, value])),
    write: put,
    replace(rows, nowMs) {
      database.atomically(() => {
        clear.run()
        for (const [name, text] of Object.entries(rows)) put(name, text, nowMs)
      })
    },
    setAside(name, reason, nowMs) {
      database.atomically(() => {
        copy.run({ name, reason, nowMs })
        trim.run({ name })
        drop.run({ name })
      })
    },
  }
}
