// Programs under measurement: what they and all their children cost, and what they hold at their fullest.
import { spawn, spawnSync } from 'node:child_process'
import { treeProportionalMB } from './process-tree.js'

export interface Run {
  /** User and system time of the process and all children it waited for, as the kernel counted them. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly out: string
  readonly said: string // stderr
}

export interface RunOptions {
  readonly folder?: string
  /** Programs that say 1 and mean well; a bad exit is an error unless told. */
  readonly anyExit?: boolean
}

/** The shell's own clock counts what its children used (getrusage), to the millisecond. */
const timed = 'TIMEFORMAT="took %3U %3S %3R"; exec 3>&2; { time "$@" 2>&3 3>&-; } 2>&4'

/** Runs a program to its end. @throws Error with its last words when it fails */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = spawn('bash', ['-c', timed, 'bench', program, ...args], {
    cwd: options.folder,
    stdio: ['ignore', 'pipe', 'pipe', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  })
  const texts = [child.stdout!, child.stderr!, child.stdio[4] as NodeJS.ReadableStream].map(textOf)
  const code = await new Promise(settle => child.once('close', settle))
  const [out, said, times] = await Promise.all(texts)
  if (code !== 0 && !options.anyExit) {
    throw new Error(`${program} ended with ${code}: ${(said || out).trim().slice(-600)}`)
  }
  const [, user, system, wall] = /took ([\d.]+) ([\d.]+) ([\d.]+)/.exec(times) ?? []
  return { cpuSeconds: Number(user) + Number(system), wallSeconds: Number(wall), out, said }
}

/** Runs a program and looks every few milliseconds what its tree holds in memory. */
export async function fullest(program: string, args: readonly string[], options: RunOptions = {}): Promise<number> {
  const child = spawn(program, args, { cwd: options.folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const said = textOf(child.stderr)
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, treeProportionalMB(child.pid!))
  }, 10)
  const code = await new Promise(settle => child.once('close', settle))
  clearInterval(look)
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${(await said).trim().slice(-600)}`)
  return most
}

/** Whether a program can be found. */
export const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
