// USB sticks: which are mounted where owners expect them, and files on them. What mounts them is no affair of ours: on
// the image a unit of image-build/care, on a laptop its desktop.
import { statfs } from 'node:fs/promises'
import path from 'node:path'
import type { LookForSticks, Stick } from '../../ports/stick.js'
import { textOf } from '../found/tree.js'

/** Where Debian and its kin mount what is plugged in; on the image `/media/pierside`. */
const places = /^\/(run\/)?media\//
const systems = new Set(['vfat', 'exfat', 'ext2', 'ext3', 'ext4', 'btrfs', 'xfs', 'f2fs', 'ntfs3', 'fuseblk'])

/** @param root above proc: `/`, or a folder that stands in for it */
export function lookForSticks(root = '/'): LookForSticks {
  return async () => {
    const sticks: Stick[] = []
    for (const mount of mountsIn((await textOf(path.join(root, 'proc/self/mountinfo'))) ?? '')) {
      if (!places.test(mount.place) || !systems.has(mount.system)) continue
      const place = path.join(root, mount.place)
      // A sandbox with a folder of its own above sees each mount twice.
      if (sticks.some(stick => stick.place === place)) continue
      const space = await spaceOf(place)
      // Pulled out between the list and the question.
      if (!space) continue
      const label = path.basename(mount.place)
      const name = freeName(label, new Set(sticks.map(stick => stick.name)))
      const { device, system, readOnly } = mount
      sticks.push({ name, label, place, device, system, readOnly, ...space })
    }
    return sticks
  }
}

interface Mount {
  readonly place: string
  readonly device: string
  readonly system: string
  readonly readOnly: boolean
}

/** Of /proc/self/mountinfo (proc_pid_mountinfo(5)): the place is the fifth field, what it is stands behind the dash. */
function mountsIn(text: string): Mount[] {
  return text.split('\n').flatMap(line => {
    const [before, after] = line.split(' - ')
    const place = before.split(' ')[4]
    const [system, source, options] = (after ?? '').split(' ')
    if (!place || !source?.startsWith('/dev/')) return []
    const readOnly = [before.split(' ')[5], options].some(list => list?.split(',').includes('ro'))
    return [{ place: unescaped(place), device: path.basename(source), system, readOnly }]
  })
}

/** The kernel writes blanks and the like as octal numbers. */
const unescaped = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_all, digits) => String.fromCharCode(Number.parseInt(digits, 8)))

async function spaceOf(place: string): Promise<Pick<Stick, 'freeBytes' | 'totalBytes'> | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(place)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    // It is gone, which is no error of a stick.
    return undefined
  }
}

/** A part of a state's path, by which it is also asked for. */
function freeName(label: string, taken: ReadonlySet<string>): string {
  const name =
    label
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 32) || 'stick'
  for (let copy = 1; ; copy++) {
    const wanted = copy === 1 ? name : `${name}-${copy}`
    if (!taken.has(wanted)) return wanted
  }
}
