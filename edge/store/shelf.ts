// The folder of files that is the truth: nothing half-written is ever visible in it, nothing is overwritten, and no
// path leads out of it.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { type FileHandle, mkdir, open, rename, rmdir, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '../ports/fault.js'
import { codeOf, diskFault } from './disk-faults.js'

export interface Shelf {
  /** Absolute, links resolved. */
  readonly root: string
  /**
   * Writes a file aside, forces it to disk, and moves it to `stem` + `ending`; where that name is taken, `-2`, `-3` …
   * follow the stem. The folders it comes to lie in are on disk too when this settles. One at a time.
   * @param fill writes and syncs the file, and says its length in bytes
   * @returns path under the root, `/`-separated, and length
   * @throws Fault; whatever was written aside is gone again
   */
  put(file: NewFile, fill: (handle: FileHandle) => Promise<number>): Promise<{ path: string; bytes: number }>
  /** A path for a file that is written by somebody else before `adopt`; what is left there goes at the next start. */
  aside(name: string): string
  /** `put` for a file that lies aside already: forced to disk, then moved. It is gone when that fails. @throws Fault */
  adopt(file: NewFile, aside: string): Promise<{ path: string; bytes: number }>
  /** Removes a file and the folders it leaves empty. One that is gone already is fine. */
  remove(relative: string): Promise<void>
  /** @throws Fault `bad-input` for a path that leads outside, `not-found` */
  locate(relative: string): { absolute: string; bytes: number }
  /** Files in one folder of the root, sorted; none when it is not there. */
  filesIn(folder: string): { path: string; bytes: number; changedMs: number }[]
  /** Every file, `/`-separated, without hidden ones and without following links. */
  files(): string[]
  /** How many half-written files a former run had left. */
  readonly leftovers: number
}

export interface NewFile {
  /** Names it while it is written, and in messages. */
  readonly name: string
  readonly stem: string
  readonly ending: string
  /** Expected length, for a `disk-full`. */
  readonly bytes: number
}

const incoming = '.incoming'
const maxSameName = 10_000

/** Makes the folder if need be, and clears away what a former run had half written. Synchronous: at start only. */
export function openShelf(folder: string): Shelf {
  try {
    mkdirSync(path.join(folder, incoming), { recursive: true })
    for (const made of [folder, path.dirname(folder)]) syncFolderNow(made)
    const root = realpathSync(folder)
    const aside = path.join(root, incoming)
    const leftovers = readdirSync(aside)
    for (const name of leftovers) rmSync(path.join(aside, name), { recursive: true })
    return { ...shelfAt(root, aside), leftovers: leftovers.length }
  } catch (error) {
    throw diskFault(error, `the archive folder ${folder}`, existing(folder), 0)
  }
}

function shelfAt(root: string, aside: string): Omit<Shelf, 'leftovers'> {
  /** Opens the file that lies aside, has it filled and synced, and moves it to its place. */
  const place = async (
    temporary: string,
    flags: 'wx' | 'r+',
    { name, stem, ending, bytes }: NewFile,
    fill: (handle: FileHandle) => Promise<number>,
  ) => {
    try {
      const handle = await open(temporary, flags)
      let written: number
      try {
        written = await fill(handle)
      } finally {
        await handle.close()
      }
      const folder = path.dirname(path.join(root, stem))
      const firstMade = await mkdir(folder, { recursive: true })
      const relative = await freePath(root, stem, ending)
      await rename(temporary, path.join(root, relative))
      await syncFolder(folder)
      if (firstMade !== undefined) await syncAncestors(folder, path.dirname(firstMade))
      return { path: relative, bytes: written }
    } catch (error) {
      // What cannot even be removed is cleared away at the next start.
      await unlink(temporary).catch(() => {})
      throw diskFault(error, `the file of ${name}`, root, bytes)
    }
  }
  return {
    root,
    put: (file, fill) => place(path.join(aside, `${file.name}${file.ending}`), 'wx', file, fill),
    aside: name => path.join(aside, `${name}.part`),
    adopt(file, from) {
      if (path.dirname(from) !== aside) throw invalidPath()
      if (!existsSync(from)) {
        throw new Fault('not-found', `there is no ${path.basename(from, '.part')}`, 'It may be gone: send it again')
      }
      return place(from, 'r+', file, async handle => {
        await handle.sync()
        return (await handle.stat()).size
      })
    },
    async remove(relative) {
      const absolute = path.join(root, insidePath(relative))
      try {
        await unlink(absolute)
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw diskFault(error, `the file ${relative}`, root, 0)
        return
      }
      let folder = path.dirname(absolute)
      await syncFolder(folder)
      while (folder !== root && (await removedEmpty(folder))) folder = path.dirname(folder)
    },
    locate(relative) {
      const absolute = path.join(root, insidePath(relative))
      const missing = () =>
        new Fault(
          'not-found',
          `there is no file "${relative}" in the archive`,
          'It may have been removed: reload the list',
        )
      try {
        const real = realpathSync(absolute)
        if (!real.startsWith(root + path.sep)) throw invalidPath()
        const found = statSync(real)
        if (!found.isFile()) throw missing()
        return { absolute: real, bytes: found.size }
      } catch (error) {
        if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') throw missing()
        throw diskFault(error, `the file ${relative}`, root, 0)
      }
    },
    filesIn(folder) {
      const entries = existsSync(path.join(root, folder))
        ? readdirSync(path.join(root, folder), { withFileTypes: true })
        : []
      const names = entries.filter(entry => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
      return names.sort().map(name => {
        const { size, mtimeMs } = statSync(path.join(root, folder, name))
        return { path: `${folder}/${name}`, bytes: size, changedMs: Math.round(mtimeMs) }
      })
    },
    files() {
      const found: string[] = []
      const waiting = ['']
      for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
        for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
          if (entry.name.startsWith('.')) continue
          if (entry.isDirectory()) waiting.push(`${folder}${entry.name}/`)
          else if (entry.isFile()) found.push(`${folder}${entry.name}`)
        }
      }
      return found
    },
  }
}

/** The path itself when it can only lie inside: relative, no `..`, nothing hidden, no backslash or NUL. */
function insidePath(relative: string): string {
  const parts = relative.split('/')
  const safe = parts.every(part => part !== '' && !part.startsWith('.')) && !/[\\\0]/.test(relative)
  if (!safe || relative.length > 4096) throw invalidPath()
  return relative
}

function invalidPath(): Fault {
  return new Fault('bad-input', 'Invalid path', 'Use a path as the list of exposures gives it')
}

async function freePath(root: string, stem: string, ending: string): Promise<string> {
  for (let copy = 1; copy <= maxSameName; copy++) {
    const relative = copy === 1 ? `${stem}${ending}` : `${stem}-${copy}${ending}`
    try {
      await stat(path.join(root, relative))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return relative
      throw error
    }
  }
  const fix = 'Put {number} or {time} into the naming template'
  throw new Fault('bad-input', `${maxSameName} files are called "${stem}${ending}" already`, fix)
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Folders made on the way: each stands in its parent, up to the one that was there before. */
async function syncAncestors(folder: string, until: string): Promise<void> {
  for (let at = folder; at !== until && at !== path.dirname(at); ) {
    at = path.dirname(at)
    await syncFolder(at)
  }
}

async function removedEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder)
    return true
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EPERM', 'EACCES'].includes(codeOf(error) ?? '')) return false
    throw error
  }
}

function syncFolderNow(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** The nearest folder above that is there, to ask for its free space. */
function existing(folder: string): string {
  let at = path.resolve(folder)
  while (statSync(at, { throwIfNoEntry: false }) === undefined && at !== path.dirname(at)) at = path.dirname(at)
  return at
}
