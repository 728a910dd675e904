// A real agent in a process of its own, on a folder and ports of its own: started, asked, killed by the tests.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type AgentClient, agentClient, patiently } from './agent-client.js'
import { freePort } from './free-port.js'

/** The repository, also for a benchmark that was compiled into build/bench. */
export const root = above(import.meta.dirname)

export interface AgentProcess extends AgentClient {
  readonly data: string
  readonly config: string
  readonly mqttPort: number
  readonly pid: number
  /** Everything it has printed so far. */
  printed(): string
  kill(signal?: NodeJS.Signals): Promise<number | null>
}

export interface AgentOrder {
  /** YAML; the simulated observatory when absent. */
  readonly config?: string
  /** A data folder of an earlier run. */
  readonly data?: string
  readonly port?: number
  readonly mqttPort?: number
  readonly env?: Record<string, string>
  /** What becomes the agent, instead of this Node on the compiled one. */
  readonly command?: readonly [string, ...string[]]
}

interface Test {
  teardown(run: () => unknown): void
}

function above(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : above(resolve(folder, '..'))
}

/** The compiled agent, made anew when a source is newer. */
export function builtAgent(): string {
  const cli = join(root, 'build/edge/cli.js')
  const newest = Math.max(...sources(join(root, 'edge')).map(file => statSync(file).mtimeMs))
  const made = statSync(join(root, 'build/.tsbuildinfo'), { throwIfNoEntry: false })
  if (!existsSync(cli) || (made?.mtimeMs ?? 0) < newest) {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
      cwd: root,
      stdio: 'inherit',
    })
  }
  return cli
}

const sources = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => join(folder, name))

/** Starts an agent and waits until its page answers; killed and its folder removed when the test ends. */
export async function startAgent(t: Test, order: AgentOrder = {}): Promise<AgentProcess> {
  const folder = order.data ? resolve(order.data, '..') : await mkdtemp(join(tmpdir(), 'pierside-test-'))
  const data = order.data ?? join(folder, 'data')
  const config = join(folder, 'pierside.yaml')
  if (order.config !== undefined) await writeFile(config, order.config)
  const port = order.port ?? (await freePort())
  const mqttPort = order.mqttPort ?? (await freePort())
  const [command, ...words] = order.command ?? [process.execPath, builtAgent(), 'run']
  const child = spawn(command, words, {
    cwd: folder,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      PIERSIDE_CONFIG: config,
      PIERSIDE_DATA: data,
      PIERSIDE_PORT: String(port),
      MQTT_PORT: String(mqttPort),
      ...order.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  const hear = (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-200_000)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const url = `http://127.0.0.1:${port}`
  t.teardown(async () => {
    await ended(child, 'SIGKILL')
    if (!order.data) await rm(folder, { recursive: true, force: true })
  })
  await answering(url, child, () => printed)
  const token = await patiently(async () => (await readFile(join(data, 'cli.token'), 'utf8')).trim(), 10_000)

  return {
    ...agentClient(url, token),
    data,
    config,
    mqttPort,
    pid: child.pid!,
    printed: () => printed,
    kill: (signal = 'SIGTERM') => ended(child, signal),
  }
}

async function answering(url: string, child: ChildProcess, printed: () => string) {
  await patiently(async () => {
    if (child.exitCode !== null) throw new Error(`the agent left with ${child.exitCode}:\n${printed()}`)
    const response = await fetch(`${url}/api/state`)
    if (!response.ok) throw new Error(`the agent answers ${response.status}`)
  }, 30_000)
}

/** Sends the signal and waits for the end; the exit code, or null when a signal ended it. */
function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise(settle => {
    child.once('exit', code => settle(code))
    child.kill(signal)
  })
}
