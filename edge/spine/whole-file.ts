// Writes small files so that nobody ever sees half of one: aside, fsync, rename, fsync the folder.
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../ports/clock.js'
import { Fault } from '../ports/fault.js'

/** @param mode permission bits, e.g. 0o600 for secrets */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const aside = `${path}.tmp`
  const file = await open(aside, 'w', mode)
  try {
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(aside, path)
  } catch (error) {
    // On a full disk every byte is missed elsewhere.
    await rm(aside, { force: true })
    throw error
  }
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const lockPauseMs = 20
const lockWaitMs = 15_000

/**
 * `work` while no other process does the like: two that read a file and write it anew would lose what one of them
 * wrote.
 * @param path of a file that stands there meanwhile; one that a crash left behind is taken over
 * @throws Fault `busy` when another process keeps it for 15 s; what `work` throws
 */
export async function alone<T>(path: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const untilMs = clock.monotonicMs() + lockWaitMs
  while (!(await clock.outside(locked(path, clock)))) {
    if (clock.monotonicMs() > untilMs) {
      throw new Fault('busy', `${path} is kept by another process`, 'Remove that file if nothing of ours runs there')
    }
    await clock.sleep(lockPauseMs)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

/** The holder's number stands in the file. No link: disks that cameras and other systems read too have none. */
async function locked(path: string, clock: Clock): Promise<boolean> {
  let file: FileHandle
  try {
    file = await open(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (await abandoned(path, clock)) await rm(path, { force: true })
    return false
  }
  try {
    await file.writeFile(String(process.pid))
    return true
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

/** Its holder is gone; or it has been empty for long, of one that died before it could write its number. */
async function abandoned(path: string, clock: Clock): Promise<boolean> {
  const holder = await readIfThere(path)
  if (holder) return (await readIfThere(`/proc/${holder}/stat`)) === undefined
  return holder === '' && clock.now() - (await changedMs(path)) > lockWaitMs / 2
}

/** When the file was last changed, Unix ms; 0 while there is none. */
export async function changedMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

/** The text of a file, or undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
