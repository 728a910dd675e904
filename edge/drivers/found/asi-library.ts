// Whether ZWO's library is installed where the linker looks for it: as a file, for a look around must load nothing.
import path from 'node:path'
import { namesIn } from './tree.js'

const folders = ['usr/lib', 'usr/local/lib', 'usr/lib/x86_64-linux-gnu', 'usr/lib/aarch64-linux-gnu']

/** @param root above usr: `/`, or a folder that stands in for it */
export async function asiLibraryThere(root: string): Promise<boolean> {
  const all = await Promise.all(folders.map(folder => namesIn(path.join(root, folder))))
  return all.flat().some(name => /^libASICamera2\.so(\.1)?$/.test(name))
}
