// At the start, rows and files are brought to match one to one. The shelf is the truth.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'
import { ScienceError } from '../science/science-error.js'
import { codeOf } from './disk-faults.js'
import type { ExposureRows } from './exposure-rows.js'
import { isFits, readFound, type Unreadable } from './found-file.js'
import { isOwn } from './naming.js'
import type { Shelf } from './shelf.js'
import type { Database } from './sqlite.js'

/** What the start had to put right. */
export interface ShelfReport {
  /** Half-written files of a former run, cleared away. */
  readonly leftovers: number
  /** Removals of a former run, finished. */
  readonly removed: number
  /** Rows whose file has been moved within the archive. */
  readonly moved: number
  /** Files that got a row. */
  readonly adopted: number
  /** Rows whose file was gone, dropped. */
  readonly dropped: number
  /** FITS files that cannot be read; they stay. */
  readonly unreadable: readonly Unreadable[]
  /** Where the database of a newer version was put, when the copy from before it is gone on with. */
  readonly wentBack?: string
}

const namesLogged = 20

export async function reconcile(
  shelf: Shelf,
  rows: ExposureRows,
  database: Database,
  longitudeDeg: number,
  log: Log,
): Promise<ShelfReport> {
  const going = rows.going()
  for (const { id, path: relative } of going) {
    await shelf.remove(relative)
    rows.drop(id)
  }
  const unreadable: Unreadable[] = []
  let moved = 0
  let adopted = 0
  const lost = new Map<string, string>() // path by id
  database.atomically(() => {
    const known = rows.idsByPath()
    const taken = new Set(known.values())
    const strangers = shelf.files().filter(relative => !known.delete(relative) && isForeign(relative))
    for (const [relative, id] of known) {
      // A file behind a link is not walked to, but it is there.
      if (existsSync(path.join(shelf.root, relative))) continue
      lost.set(id, relative)
      taken.delete(id)
    }
    for (const relative of strangers) {
      try {
        shelf.locate(relative)
        const exposure = readFound(shelf.root, relative, longitudeDeg, id => taken.has(id))
        taken.add(exposure.id)
        if (lost.delete(exposure.id)) {
          rows.relocate(exposure.id, relative, exposure.bytes)
          moved++
        } else {
          rows.insert(exposure)
          adopted++
        }
      } catch (error) {
        // What stands in one file must not keep the rest of the archive from being served; a broken database must.
        if (!concernsFile(error)) throw error
        unreadable.push({ path: relative, reason: (error as Error).message })
      }
    }
    for (const id of lost.keys()) rows.drop(id)
  })
  for (const [id, relative] of lost) {
    log.warn('an exposure was forgotten: its file is gone', { id, path: relative })
  }
  const report = { leftovers: shelf.leftovers, removed: going.length, moved, adopted, dropped: lost.size, unreadable }
  if (report.leftovers > 0)
    log.warn('half-written files of the last run were cleared away', { files: report.leftovers })
  if (moved > 0) log.info('frames were moved within the archive; their rows follow', { files: moved })
  if (adopted > 0) log.info('files without a row were taken into the archive', { files: adopted })
  if (unreadable.length > 0) {
    const named = unreadable.slice(0, namesLogged).map(({ path, reason }) => `${path}: ${reason}`)
    log.warn('FITS files in the archive cannot be read and are left alone', { files: unreadable.length, named })
  }
  return report
}

function isForeign(relative: string): boolean {
  return isFits(relative) && !isOwn(relative)
}

/** No image in it, not readable by us, or of a name that could not be asked for again (a backslash in it, say). */
function concernsFile(error: unknown): boolean {
  if (error instanceof Fault) return error.code === 'bad-input' || error.code === 'not-found'
  return error instanceof ScienceError || codeOf(error) !== undefined
}
