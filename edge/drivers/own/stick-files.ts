// Files on a stick, each whole and read back from the stick itself before it gets its name.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../../ports/clock.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import type { StickFiles } from '../../ports/stick.js'
import { findProgram, runProgram } from '../link/program.js'

const chunkBytes = 2 ** 20
/** Forced out so often, so that progress is the stick's and not the memory's. */
const syncEveryBytes = 32 * 2 ** 20

/** @param place where its files are, absolute; nothing is ever written elsewhere */
export async function stickFiles(
  place: string,
  tools: { readonly clock: Clock; readonly log: Log },
): Promise<StickFiles> {
  const { dev } = await stat(place)
  const inside = (relative: string) => path.join(place, relative)
  /** The empty folder under a stick that was pulled out must not be filled in its stead. */
  const demandThere = async () => {
    if ((await stat(place)).dev !== dev)
      throw Object.assign(new Error('another disk lies there now'), { code: 'ENODEV' })
  }
  const sum = (relative: string, signal: AbortSignal) => sumOnDisk(inside(relative), tools, signal)

  return {
    async size(relative) {
      try {
        return (await stat(inside(relative))).size
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    sum,
    sumOf: sumFrom,
    async put(from, relative, tell, signal) {
      await demandThere()
      const to = inside(relative)
      const aside = `${to}.part`
      await mkdir(path.dirname(to), { recursive: true })
      const written = await copied(from, aside, tell, signal)
      const read = await sumOnDisk(aside, tools, signal)
      if (read !== written) {
        const words = `the stick gives ${path.basename(to)} back otherwise than it was written`
        throw new Fault('broken', words, 'Do not trust this stick: take another one')
      }
      await rename(aside, to)
      await syncFolder(path.dirname(to))
      return written
    },
    async text(relative) {
      try {
        return await readFile(inside(relative), 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
        throw error
      }
    },
    async addLine(relative, line) {
      await demandThere()
      const file = await open(inside(relative), 'a')
      try {
        await file.writeFile(`${line}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
    },
  }
}

/** Writes a copy and forces it to the disk; SHA-256 of what was read. What fails takes the half copy away again. */
async function copied(from: string, to: string, tell: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const source = await open(from, 'r')
  try {
    const { atime, mtime } = await source.stat()
    const target = await open(to, 'w')
    try {
      await pour(source, target, hash, tell, signal)
      await target.utimes(atime, mtime)
      await target.sync()
    } finally {
      await target.close()
    }
  } catch (error) {
    // Where the stick is gone there is nothing to take away.
    await unlink(to).catch(() => {})
    throw error
  } finally {
    await source.close()
  }
  return hash.digest('hex')
}

async function pour(
  source: FileHandle,
  target: FileHandle,
  hash: { update(bytes: Uint8Array): unknown },
  tell: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const chunk = Buffer.alloc(chunkBytes)
  for (let bytes = 0, unsynced = 0; ; ) {
    if (signal.aborted) throw reasonOf(signal)
    const { bytesRead } = await source.read(chunk, 0, chunkBytes, bytes)
    if (bytesRead === 0) break
    const part = chunk.subarray(0, bytesRead)
    hash.update(part)
    await writeAll(target, part)
    bytes += bytesRead
    unsynced += bytesRead
    if (unsynced < syncEveryBytes) continue
    unsynced = 0
    await target.datasync()
    tell(bytes)
  }
}

async function writeAll(target: FileHandle, part: Uint8Array): Promise<void> {
  for (let at = 0; at < part.length; ) {
    const { bytesWritten } = await target.write(part, at)
    at += bytesWritten
  }
}

/**
 * SHA-256 of a file past the memory in which the kernel keeps what was just written (O_DIRECT, which Node does not
 * align its buffers for and dd does); on disks without that, from there.
 */
async function sumOnDisk(
  file: string,
  tools: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<string> {
  const program = await findProgram('dd')
  if (program) {
    const hash = createHash('sha256')
    const args = [`if=${file}`, 'iflag=direct', 'bs=1M', 'status=none']
    const { how } = await runProgram({ program, args, ...tools, onBytes: bytes => hash.update(bytes) }, signal)
    if (signal.aborted) throw reasonOf(signal)
    if (how === 'ended') return hash.digest('hex')
  }
  return sumFrom(file, signal)
}

async function sumFrom(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(file, { signal })) hash.update(bytes as Uint8Array)
  return hash.digest('hex')
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
