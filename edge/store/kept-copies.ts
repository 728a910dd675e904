// Copies of the database as it was before a newer version of the agent changed its shape, in
// `backups/before-<version>/`: what an older version goes on with when it comes back.
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import path from 'node:path'
import type { Log } from '../ports/log.js'
import { type Database, openDatabase } from './sqlite.js'

/** An older version found the database of a newer one. */
export interface WentBack {
  /** The newer database, as it was left. */
  readonly aside: string
  /** The copy that is gone on with. */
  readonly copy: string
}

/** Of this many updates; older ones go. */
const updatesKept = 3

/**
 * Whole or not at all; one of the same version is replaced.
 * @throws Fault `disk-full`: nothing is changed that could not be gone back from
 */
export function keepCopy(database: Database, file: string, version: string): void {
  const folder = path.join(backupsOf(file), `before-${version}`)
  mkdirSync(folder, { recursive: true })
  const copy = path.join(folder, path.basename(file))
  const aside = `${copy}.tmp`
  rmSync(aside, { force: true })
  try {
    database.copyTo(aside)
    synced(aside)
  } catch (error) {
    rmSync(aside, { force: true })
    throw error
  }
  renameSync(aside, copy)
  synced(folder)
  for (const old of copiesOf(file).slice(updatesKept)) rmSync(path.dirname(old), { recursive: true })
}

/**
 * Puts a database that is too new aside, and the newest copy that is known enough in its place.
 * @param known the highest shape this agent knows
 * @returns undefined, and nothing is touched, when there is no such copy
 */
export function takeBack(file: string, known: number): WentBack | undefined {
  const copy = copiesOf(file).find(one => shapeOf(one) <= known)
  if (copy === undefined) return undefined
  const back = backOf(file)
  copyFileSync(copy, `${back}.tmp`)
  synced(`${back}.tmp`)
  renameSync(`${back}.tmp`, back)
  const aside = freeName(`${file}.newer`)
  renameSync(file, aside)
  finishTakingBack(file)
  return { aside, copy }
}

/** What a power cut between two renames has left. */
export function finishTakingBack(file: string): void {
  const back = backOf(file)
  if (!existsSync(back)) return
  // Where the newer one still stands, it is put aside first, by whoever finds it too new.
  if (existsSync(file)) rmSync(back)
  else renameSync(back, file)
  synced(path.dirname(file))
}

/** Numbers that others have seen (cursors of events, starts) go on behind those of the newer database. */
export function goOnCounting(database: Database, { aside }: WentBack, log: Log): void {
  try {
    const newer = openDatabase(aside)
    try {
      const counters = newer.prepare<{ name: string; seq: number }>('SELECT name, seq FROM sqlite_sequence').all()
      const raise = database.prepare('UPDATE sqlite_sequence SET seq = max(seq, :seq) WHERE name = :name')
      const begin = database.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)')
      database.atomically(() => {
        for (const { name, seq } of counters) if (raise.run({ name, seq }).changes === 0) begin.run({ name, seq })
      })
    } finally {
      newer.close()
    }
  } catch (error) {
    log.warn('what the newer database had counted could not be read', { aside, reason: (error as Error).message })
  }
}

/** A name that is not taken, counted from 1. */
export function freeName(wanted: string): string {
  for (let copy = 1; ; copy++) if (!existsSync(`${wanted}-${copy}`)) return `${wanted}-${copy}`
}

const backupsOf = (file: string) => path.join(path.dirname(file), 'backups')
const backOf = (file: string) => `${file}.back`

/** The newest first. */
function copiesOf(file: string): string[] {
  const backups = backupsOf(file)
  const names = existsSync(backups) ? readdirSync(backups).filter(name => name.startsWith('before-')) : []
  const copies = names.map(name => path.join(backups, name, path.basename(file))).filter(copy => existsSync(copy))
  return copies.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
}

/** The user version in a database's header, big-endian at byte 60 (SQLite, fileformat.html §1.3.13). */
function shapeOf(file: string): number {
  const handle = openSync(file, 'r')
  try {
    const word = Buffer.alloc(4)
    return readSync(handle, word, 0, 4, 60) === 4 ? word.readUInt32BE() : Number.POSITIVE_INFINITY
  } finally {
    closeSync(handle)
  }
}

function synced(file: string): void {
  const handle = openSync(file, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
