// The processes of an agent's own INDI server: the server and its drivers, told by the folder that their environment
// names.
import { readdirSync, readFileSync } from 'node:fs'

export interface OwnProcess {
  readonly pid: number
  readonly name: string
  /** As in /proc: Z is one that has ended. */
  readonly state: string
}

/** @param folder of the link: `<data>/links/<name>/indi` */
export function ownIndi(folder: string): OwnProcess[] {
  return readdirSync('/proc').flatMap(pid => {
    if (!/^\d+$/.test(pid)) return []
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`PIERSIDE_INDI=${folder}`)) return []
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      const state = /^State:\s+(\w)/m.exec(status)![1]
      return [{ pid: Number(pid), state, name: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] }]
    } catch {
      return [] // it ended between the reads, or is another user's
    }
  })
}

/** The one of that name that has not ended. */
export const ownNamed = (folder: string, name: string): OwnProcess | undefined =>
  ownIndi(folder).find(one => one.name.endsWith(name) && one.state !== 'Z')
