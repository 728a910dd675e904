// Processes that are ours, found by what stands in their environment, and children of one; and how they are ended.
import { readdir, readFile } from 'node:fs/promises'

/** Processes of this user whose environment has the entry. */
export async function processesWith(entry: string): Promise<number[]> {
  const all = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const found = await Promise.all(
    all.map(async pid => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '') // others', or gone by now
      return environment.split('\0').includes(entry) ? Number(pid) : undefined
    }),
  )
  return found.filter(pid => pid !== undefined)
}

/** A process that has gone by itself meanwhile is as good as killed. */
export function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Programs that run as children of a process, by the name they were started with. Zombies are none. */
export async function childrenOf(parent: number): Promise<Map<string, number>> {
  const pids = (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).trim().split(/\s+/).filter(Boolean)
  const running = new Map<string, number>()
  for (const pid of pids) {
    const program = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') // it ended between the two reads
    const name = program.split('\0')[0].split('/').at(-1)
    if (name) running.set(name, Number(pid))
  }
  return running
}
