// Writes small files so that nobody ever sees half of one: aside, fsync, rename, fsync the folder.
import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** @param mode permission bits, e.g. 0o600 for secrets */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const aside = `${path}.tmp`
  const file = await open(aside, 'w', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(aside, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
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
