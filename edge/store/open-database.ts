// The database as this version of the agent wants it: migrated forward, and started anew beside a damaged one.
import { existsSync, renameSync } from 'node:fs'
import { Fault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'
import { migrations } from './migrations.data.js'
import { type Database, isDamage, openDatabase } from './sqlite.js'

/**
 * @throws Fault `busy` while another process has it, `broken` when it was written by a newer agent
 * A file that is no database any more is put aside: the frames are on the shelf, and get their rows from there.
 */
export function openMigrated(file: string, log: Log): Database {
  try {
    return migrated(file)
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
    return migrated(file)
  }
}

function migrated(file: string): Database {
  const database = openDatabase(file)
  try {
    const version = database.version()
    if (version > migrations.length) {
      throw new Fault(
        'broken',
        `the database ${file} has version ${version}; this agent knows up to ${migrations.length}`,
        'Install the newer agent again, or move the database away: rows come back from the FITS files',
      )
    }
    for (let step = version; step < migrations.length; step++) {
      database.atomically(() => {
        database.exec(migrations[step])
        database.setVersion(step + 1)
      })
    }
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function freeName(wanted: string): string {
  for (let copy = 1; ; copy++) if (!existsSync(`${wanted}-${copy}`)) return `${wanted}-${copy}`
}
