// The keepers of an agent, as the system lists processes.
import { readdirSync, readFileSync } from 'node:fs'
import type { AgentProcess } from './agent.js'

/** Their process ids. */
export function keepers(agent: AgentProcess): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      try {
        const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1]
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return Number(parent) === agent.pid && words.includes('main-keeper.js')
      } catch {
        // It has ended while we looked.
        return false
      }
    })
}
