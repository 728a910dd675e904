// A real indiserver with real simulators, one for each test: they keep their state between clients and in HOME.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, listens } from './free-port.js'

/** Why tests with a real server cannot run here; `false` when they can. */
export const noIndiServer: string | false = existsSync('/usr/bin/indiserver') ? false : 'indiserver is not installed'

export interface IndiServer {
  readonly host: string
  readonly port: number
  /** Written by the server so far. */
  log(): string
  /** Kills the server and its drivers at once, as a power cut would. */
  kill(): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
  /** Kills one driver, `indi_simulator_ccd`; the server starts it again by itself. Throws when it does not run. */
  killDriver(name: string): void
  /** Stops the server and its drivers in their tracks: lines stay open and nothing answers. */
  freeze(): void
  thaw(): void
}

const readyMs = 10_000

/** @param test anything with tap's teardown */
export async function startIndiServer(
  test: { teardown(run: () => Promise<void> | void): void },
  { drivers }: { drivers: readonly string[] },
): Promise<IndiServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'indi-'))
  const home = path.join(folder, 'home')
  mkdirSync(home)
  const port = await freePort()
  let server: ChildProcess | undefined
  let text = ''

  const signal = (which: NodeJS.Signals) => {
    if (server?.pid && server.exitCode === null && server.signalCode === null) process.kill(-server.pid, which)
  }
  const kill = async () => {
    const dying = server
    if (dying?.exitCode === null && dying.signalCode === null) {
      const dead = new Promise<void>(settle => dying.once('exit', () => settle()))
      signal('SIGKILL')
      await dead
    }
    server = undefined
  }
  const start = async () => {
    const env = { ...process.env, HOME: home, PATH: `${path.resolve('test', 'support')}:${process.env['PATH']}` }
    const parts = ['-u', path.join(folder, 'socket'), '-p', String(port), '-m', '1024', ...drivers]
    const child = spawn('indiserver', parts, { env, cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    server = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        text = (text + chunk).slice(-100_000)
      })
    }
    await new Promise<void>((settle, reject) => child.once('spawn', settle).once('error', reject))
    const untilMs = Date.now() + readyMs
    while (!(await listens(port))) {
      if (Date.now() > untilMs || child.exitCode !== null) throw new Error(`indiserver does not start:\n${text}`)
      await sleep(50)
    }
  }
  test.teardown(async () => {
    await kill()
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return {
    host: '127.0.0.1',
    port,
    log: () => text,
    kill,
    start,
    killDriver(name) {
      const pid = server?.pid && childOf(server.pid, name)
      if (!pid) throw new Error(`${name} does not run under this server`)
      process.kill(pid, 'SIGKILL')
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
  }
}

/**
 * Makes a folder that INDI's CCD simulator serves frame by frame: lower-case names, and a PIXSIZE1 card, for which it
 * asks, where the header had a blank one. Pixels stay as they are.
 * @param from folder of FITS files
 * @param to made if absent
 * @returns names of the files made, in the order in which they are served
 */
export function prepareFolder(
  from: string,
  to: string,
  { count = Number.POSITIVE_INFINITY, microns = 9 } = {},
): string[] {
  mkdirSync(to, { recursive: true })
  const files = readdirSync(from)
    .filter(name => /\.fits?$/i.test(name))
    .sort()
    .slice(0, count)
  return files.map(file => {
    const bytes = readFileSync(path.join(from, file))
    let at = 0
    while (bytes.toString('latin1', at, at + 80).trim() !== '') {
      at += 80
      if (at >= bytes.length) throw new Error(`${file} has no blank card to put PIXSIZE1 into`)
    }
    bytes.write(`PIXSIZE1= ${microns.toFixed(1).padStart(20)} / Pixel size (microns)`.padEnd(80), at, 'latin1')
    const name = file.toLowerCase().replace(/\.fit$/, '.fits')
    writeFileSync(path.join(to, name), bytes)
    return name
  })
}

/** For the option `properties` of the driver `indi`: the CCD simulator gives the files of this folder as exposures. */
export function servesFolder(folder: string): Record<string, Record<string, string | boolean>> {
  return { CCD_DIRECTORY_LOCATION: { LOCATION: folder }, CCD_DIRECTORY_TOGGLE: { INDI_ENABLED: true } }
}

function childOf(parent: number, name: string): number | undefined {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(/\s+/)
  for (const child of children) {
    try {
      if (readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0')[0].endsWith(name)) return Number(child)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // it ended between the two reads
    }
  }
  return undefined
}
