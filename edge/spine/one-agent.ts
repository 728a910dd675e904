// One agent for one data folder: who holds it, and on which port it answers.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../ports/fault.js'
import { z } from '../ports/schema.js'
import { readIfThere, writeWhole } from './whole-file.js'

const running = z.object({
  pid: z.int(),
  /** Start of that process in clock ticks since boot: a pid that was given anew is somebody else. */
  born: z.string(),
  port: z.int().optional(),
})
type Running = z.output<typeof running>

const file = (data: string) => join(data, 'agent.json')

/** The agent that runs on this folder, if one does. */
export async function runningAgent(data: string): Promise<Running | undefined> {
  const text = await readIfThere(file(data))
  if (text === undefined) return undefined
  const known = read(text)
  return known && (await bornOf(known.pid)) === known.born ? known : undefined
}

/** What the file says; a damaged one names nobody. */
function read(text: string): Running | undefined {
  try {
    const parsed = running.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** @throws Fault `busy` when another agent has the folder */
export async function claimFolder(data: string) {
  await mkdir(data, { recursive: true })
  const other = await runningAgent(data)
  if (other) {
    throw new Fault(
      'busy',
      `an agent runs on ${data} already (process ${other.pid}${other.port ? `, port ${other.port}` : ''})`,
      'Stop it first, or set PIERSIDE_DATA to another folder',
    )
  }
  const me: Running = { pid: process.pid, born: (await bornOf(process.pid)) ?? '' }
  const tell = (more: Partial<Running>) => writeWhole(file(data), JSON.stringify({ ...me, ...more }))
  await tell({})
  return { tell, leave: () => rm(file(data), { force: true }) }
}

/** Field 22 of /proc/<pid>/stat (proc(5)); undefined when there is no such process. */
async function bornOf(pid: number): Promise<string | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}
