// The one door to SQLite: which package serves this Node, how a connection is set up, and what its errors mean.
import { createRequire } from 'node:module'
import type BetterSqlite3 from 'better-sqlite3'
import { Fault } from '../ports/fault.js'

export type Value = string | number | bigint | null | Uint8Array
export type Row = { readonly [column: string]: Value }

/** Parameters are bound by name (`:name`); a missing one is an error of SQLite's. */
export interface Statement<R = Row> {
  run(parameters?: Readonly<Record<string, Value>>): { readonly changes: number; readonly rowId: number }
  get(parameters?: Readonly<Record<string, Value>>): R | undefined
  all(parameters?: Readonly<Record<string, Value>>): R[]
}

export interface Database {
  /** Several statements at once, without results. */
  exec(sql: string): void
  prepare<R = Row>(sql: string): Statement<R>
  /** All of it or nothing; takes the write lock at once. */
  atomically<T>(work: () => T): T
  /**
   * Commits within `work` are ordered but not forced to disk: a power cut may lose them, a crash of the process does
   * not. Everything outside is on disk when it returns (synchronous=FULL).
   */
  relaxed<T>(work: () => T): T
  version(): number
  setVersion(version: number): void
  /** Writes all of it into a new file, packed; what is in the file's name already is an error. */
  copyTo(file: string): void
  close(): void
}

/** A lock held by another process is waited for this long: an agent that is just stopping. */
const lockWaitMs = 2_000

/**
 * Opens or creates the file in WAL mode and keeps it locked until closed, so that two agents never share a folder.
 * @throws Fault `busy` when another process has it, `broken` when it is no database or cannot be opened
 */
export function openDatabase(file: string): Database {
  const SqliteDatabase = loadSqlite()
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw sqliteFault(error, file)
    }
  }
  const raw = guarded(() => new SqliteDatabase(file, { timeout: lockWaitMs }))
  try {
    // Before WAL, so that no shared-memory file is needed (SQLite, wal.html §8) and the lock is taken by the first
    // read.
    raw.pragma('locking_mode = EXCLUSIVE')
    raw.pragma('journal_mode = WAL')
    raw.pragma('synchronous = FULL')
    raw.pragma('foreign_keys = ON')
    raw.exec('BEGIN IMMEDIATE; COMMIT')
  } catch (error) {
    raw.close()
    throw sqliteFault(error, file)
  }
  return {
    exec: sql => guarded(() => void raw.exec(sql)),
    prepare<R>(sql: string): Statement<R> {
      const statement = guarded(() => raw.prepare<unknown[], R>(sql))
      return {
        run: (parameters = {}) =>
          guarded(() => {
            const { changes, lastInsertRowid } = statement.run(parameters)
            return { changes, rowId: Number(lastInsertRowid) }
          }),
        get: (parameters = {}) => guarded(() => statement.get(parameters)),
        all: (parameters = {}) => guarded(() => statement.all(parameters)),
      }
    },
    atomically: work => guarded(() => raw.transaction(work).immediate()),
    relaxed(work) {
      guarded(() => raw.pragma('synchronous = NORMAL'))
      try {
        return work()
      } finally {
        guarded(() => raw.pragma('synchronous = FULL'))
      }
    },
    version: () => guarded(() => raw.pragma('user_version', { simple: true }) as number),
    setVersion: version => guarded(() => void raw.pragma(`user_version = ${version}`)),
    copyTo: copy => guarded(() => void raw.prepare('VACUUM INTO ?').run(copy)),
    close: () => guarded(() => void raw.close()),
  }
}

/** Whether the file itself is damaged, so that only starting anew helps. */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Fault ? error.detail?.sqlite : undefined
  return typeof code === 'string' && /^SQLITE_(CORRUPT|NOTADB)/.test(code)
}

/** Version 13 of the package brings its binary along but needs Node 22; 12 serves Node 20 (see docs/decisions). */
function loadSqlite(): typeof BetterSqlite3 {
  const require = createRequire(import.meta.url)
  const names = ['better-sqlite3']
  if (Number(process.versions.node.split('.')[0]) >= 22) names.unshift('better-sqlite3-node22')
  const failures: unknown[] = []
  for (const name of names) {
    try {
      const found = require(name) as typeof BetterSqlite3
      new found(':memory:').close() // its binary is loaded by the first connection only
      return found
    } catch (error) {
      failures.push(error)
    }
  }
  throw new Fault(
    'broken',
    `SQLite cannot be loaded on Node ${process.versions.node}: ${failures.map(words).join('; ')}`,
    'Install the packages again with the Node that runs the agent (make run does)',
    { cause: failures[0] },
  )
}

function sqliteFault(error: unknown, file: string): unknown {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  if (error instanceof Fault || typeof code !== 'string' || !code.startsWith('SQLITE_')) return error
  const options = { cause: error, detail: { sqlite: code } }
  if (code === 'SQLITE_FULL') {
    return new Fault(
      'disk-full',
      `no room is left for the database ${file}`,
      'Free some space, then try again',
      options,
    )
  }
  if (code.startsWith('SQLITE_BUSY')) {
    const fix = 'Stop the other agent, or give this one a data folder of its own'
    return new Fault('busy', `another program has the database ${file} open`, fix, options)
  }
  const fix = code.startsWith('SQLITE_READONLY')
    ? 'Make the data folder writable for the agent'
    : 'Check the disk; the FITS files do not depend on the database'
  return new Fault('broken', `the database ${file}: ${words(error)} (${code})`, fix, options)
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
