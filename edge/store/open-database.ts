// The database as this version of the agent wants it: migrated forward, taken back from a copy after a newer version,
// and started anew beside a damaged one.
import { existsSync, renameSync } from 'node:fs'
import { Fault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'
import { finishTakingBack, freeName, goOnCounting, keepCopy, takeBack, type WentBack } from './kept-copies.js'
import { keptRows } from './kept-rows.js'
import { migrations } from './migrations.data.js'
import { type Database, isDamage, openDatabase } from './sqlite.js'

export interface OpenedDatabase {
  readonly database: Database
  readonly wentBack?: WentBack
}

/**
 * @param version of the agent: the copy that is kept before it migrates is called by it
 * @param steps see migrations.data.ts
 * @throws Fault `busy` while another process has it, `broken` when it was written by a newer agent and no copy from
 * before is there, `disk-full` when there is no room for the copy
 * A file that is no database any more is put aside: the frames are on the shelf, and get their rows from there.
 */
export function openMigrated(file: string, version: string, log: Log, steps = migrations): OpenedDatabase {
  finishTakingBack(file)
  try {
    return migrated(file, version, log, steps)
  } catch (error) {
    if (!isDamage(error)) throw error
    const aside = freeName(`${file}.damaged`)
    for (const ending of ['', '-wal']) if (existsSync(file + ending)) renameSync(file + ending, aside + ending)
    log.error(
      'the database is damaged and was put aside; rows come back from the FITS files, events and state do not',
      {
        file,
        aside,
        reason: (error as Error).message,
      },
    )
    return migrated(file, version, log, steps)
  }
}

/**
 * Every kept state in a database that nobody has open. @throws Fault `busy` while an agent has it, `broken`
 */
export function keptIn(file: string, version: string, log: Log): Record<string, string> {
  const { database } = openMigrated(file, version, log)
  try {
    return keptRows(database).all()
  } finally {
    database.close()
  }
}

function migrated(file: string, version: string, log: Log, steps: readonly string[]): OpenedDatabase {
  const database = openDatabase(file)
  try {
    const shape = database.version()
    if (shape > steps.length) {
      // Its WAL is in the file once it is closed.
      database.close()
      return takenBack(file, version, log, steps, shape)
    }
    if (shape > 0 && shape < steps.length) keepCopy(database, file, version)
    for (let step = shape; step < steps.length; step++) {
      database.atomically(() => {
        database.exec(steps[step])
        database.setVersion(step + 1)
      })
    }
    return { database }
  } catch (error) {
    database.close()
    throw error
  }
}

function takenBack(file: string, version: string, log: Log, steps: readonly string[], shape: number): OpenedDatabase {
  const wentBack = takeBack(file, steps.length)
  if (!wentBack) {
    throw new Fault(
      'broken',
      `the database ${file} has version ${shape}; this agent knows up to ${steps.length}`,
      'Install the newer agent again, or move the database away: rows come back from the FITS files',
    )
  }
  log.warn(
    'the database is of a newer version: the copy from before is gone on with, the newer one is put aside; ' +
      'frames taken since get their rows from the FITS files',
    { ...wentBack },
  )
  const { database } = migrated(file, version, log, steps)
  goOnCounting(database, wentBack, log)
  return { database, wentBack }
}
