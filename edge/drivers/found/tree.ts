// Reading the kernel's folders where anything may be missing: another machine, another kernel, unplugged meanwhile.
import { readdir, readFile, realpath } from 'node:fs/promises'

/** Sorted; empty when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch {
    // It is not there, which is what an empty list says.
    return []
  }
}

export async function textOf(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).replaceAll('\0', '').trim() || undefined
  } catch {
    // It is not there, or not any more.
    return undefined
  }
}

/** Where a link leads; undefined when nowhere. */
export async function endOf(link: string): Promise<string | undefined> {
  try {
    return await realpath(link)
  } catch {
    // As above.
    return undefined
  }
}
