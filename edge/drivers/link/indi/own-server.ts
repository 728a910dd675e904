// An INDI server of our own: started with the drivers that the config names, in a home and a process group of its own,
// watched, and gone with us. The server itself restarts nothing: a driver that died or hangs is started again by us,
// after a pause that grows.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Clock } from '../../../ports/clock.js'
import type { LinkPart } from '../../../ports/driver.js'
import { Fault } from '../../../ports/fault.js'
import type { Log } from '../../../ports/log.js'
import type { IndiClient } from './client.js'
import { driverWatch } from './driver-watch.js'
import { killQuietly, processesWith } from './processes.js'

export interface OwnServerOptions {
  /** Names of programs: `indi_asi_ccd`. */
  readonly drivers: readonly string[]
  /** Where drivers keep their settings; ours alone. */
  readonly folder: string
  /** A driver that answers nothing for so long is killed and started again. */
  readonly hungMs: number
  readonly clock: Clock
  readonly log: Log
}

export interface OwnServer {
  readonly port: number
  /** Begins to watch the drivers through a client of this server. */
  watch(client: IndiClient): void
  parts(): readonly LinkPart[]
  /** Settles when no process of it is left, within 4 s. */
  close(): Promise<void>
}

/** MB that a client may be behind: a 61 Mpx frame is 163 MB as text, and the usual limit drops it. */
const behindMb = '1024'
const politeMs = 1_500
const goneMs = 2_000
const lookMs = 100
/** In the environment of the server and all its drivers, so that they are known again after a crash of ours. */
const mark = 'PIERSIDE_INDI'

/** Rejects with `offline` where no indiserver is installed. What an earlier agent left behind is killed first. */
export async function startOwnServer(options: OwnServerOptions, signal: AbortSignal): Promise<OwnServer> {
  const { drivers, hungMs, clock, log } = options
  const folder = resolve(options.folder)
  const ours = `${mark}=${folder}`
  const killLeft = async () => {
    for (const pid of await processesWith(ours)) killQuietly(pid, 'SIGKILL')
  }
  await clock.outside(killLeft())
  const home = join(folder, 'home')
  const orders = join(folder, 'orders')
  await clock.outside(mkdir(home, { recursive: true }))
  await clock.outside(rm(orders, { force: true }))
  await clock.outside(promisify(execFile)('mkfifo', ['-m', '600', orders]))
  const port = await clock.outside(freePort())
  const server = ['indiserver', '-m', behindMb, '-u', `pierside-indi-${port}`, '-p', `${port}`, '-r', '0', '-f', orders]
  // The kernel kills the server with us; its drivers end when it closes their pipes.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...server, ...drivers], {
    env: { ...process.env, HOME: home, [mark]: folder },
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = endOf(child)
  tellLines(child, log)
  const close = async () => {
    watch?.stop()
    if (child.pid !== undefined) killQuietly(-child.pid, 'SIGTERM')
    const polite = clock.deadline(politeMs, 'ending the INDI server')
    // Whatever has not gone by then, stopped in its tracks perhaps, is killed below.
    await polite.race(ended).catch(error => log.warn(String(error.message ?? error)))
    polite.cancel()
    const limit = clock.monotonicMs() + goneMs
    for (;;) {
      const left = await clock.outside(processesWith(ours))
      if (left.length === 0) break
      if (clock.monotonicMs() > limit) {
        log.error(`processes of the INDI server do not end: ${left.join(', ')}`)
        break
      }
      for (const pid of left) killQuietly(pid, 'SIGKILL')
      await clock.sleep(lookMs)
    }
    await clock.outside(rm(orders, { force: true }))
  }
  let watch: ReturnType<typeof driverWatch> | undefined
  try {
    await spawned(child)
    if (signal.aborted) throw new Fault('aborted', 'the INDI server is no longer wanted', 'Start it again')
  } catch (error) {
    await close()
    throw error instanceof Fault ? error : notInstalled(error)
  }
  return {
    port,
    watch(client) {
      watch = driverWatch({ drivers, server: child.pid!, orders, hungMs, client, clock, log })
    },
    parts: () => watch?.parts() ?? [],
    close,
  }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise(settle => {
    child.once('exit', () => settle())
    child.once('error', () => settle())
  })
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((settle, reject) => {
    child.once('spawn', () => settle())
    child.once('error', reject)
  })
}

/** What server and drivers say, line by line, for whoever looks for the reason. */
function tellLines(child: ChildProcess, log: Log): void {
  let rest = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!.slice(-1000)
    for (const line of lines) log.debug(line.replace(/^[\d-]+T[\d:]+: /, '').slice(0, 500))
  })
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((settle, reject) => probe.once('error', reject).listen(0, '127.0.0.1', settle))
  const address = probe.address()
  await new Promise<void>(settle => probe.close(() => settle()))
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}

function notInstalled(cause: unknown): Fault {
  const words = cause instanceof Error ? cause.message : String(cause)
  return new Fault('offline', `the INDI server cannot be started: ${words}`, 'Install indi-bin and util-linux', {
    cause,
  })
}
