// Memory and processor time of a process and everything beneath it, as Linux counts them (proc(5)).
import { readdirSync, readFileSync } from 'node:fs'

export interface TreeUse {
  readonly processes: number
  /** Resident memory, pages shared between processes counted in each. */
  readonly residentMB: number
  /** Memory that is nobody else's and no file's: what is gone for other programs whatever they share. */
  readonly anonymousMB: number
  /** User and system time since the start, of ended children too. */
  readonly cpuSeconds: number
}

/** The kernel tells times in these whatever its own ticks are (USER_HZ). */
const ticksPerSecond = 100

export function treeUse(pid: number): TreeUse {
  const tree = family(pid)
  let residentMB = 0
  let anonymousMB = 0
  let ticks = 0
  for (const { pid: one, fields } of tree) {
    const status = readFileSync(`/proc/${one}/status`, 'utf8')
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024
    residentMB += field('VmRSS')
    anonymousMB += field('RssAnon')
    // utime, stime, cutime, cstime: fields 14 to 17, of which the first here is the third.
    for (const time of fields.slice(11, 15)) ticks += Number(time)
  }
  return { processes: tree.length, residentMB, anonymousMB, cpuSeconds: ticks / ticksPerSecond }
}

/** Resident memory, pages shared with others divided among them (Pss); 0 when the process has ended. */
export function treeProportionalMB(pid: number): number {
  let sum = 0
  for (const { pid: one } of family(pid)) {
    try {
      const rollup = readFileSync(`/proc/${one}/smaps_rollup`, 'utf8')
      sum += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) / 1024
    } catch {
      // It ended while we looked.
    }
  }
  return sum
}

function family(root: number): { pid: number; fields: string[] }[] {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        return [{ pid: Number(name), fields: stat.slice(stat.lastIndexOf(')') + 2).split(' ') }]
      } catch {
        // It ended while we looked.
        return []
      }
    })
  const tree = all.filter(({ pid }) => pid === root)
  for (const { pid } of tree) tree.push(...all.filter(({ fields }) => Number(fields[1]) === pid))
  return tree
}
