// A device at the other end of a serial line: what it answers is the test's; the line is a real pseudo terminal of
// socat's, and the same device can be had over TCP.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const noSocat: string | false = existsSync('/usr/bin/socat') ? false : 'socat is not installed'

export interface SerialDevice {
  /** Path of the serial port. */
  readonly path: string
  readonly tcpUrl: string
  /** Says something by itself. */
  say(bytes: string | Uint8Array): void
  /** Goes silent, or speaks again. */
  mute(silent: boolean): void
  /** Pulls the plug: the port is gone. */
  unplug(): void
}

/** @param answer gets what was asked since the last answer; undefined: not whole yet */
export async function serialDevice(
  test: { teardown(run: () => Promise<void> | void): void },
  answer: (asked: string) => string | Uint8Array | undefined,
): Promise<SerialDevice> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pierside-serial-'))
  const port = path.join(folder, 'tty')
  const sockets = new Set<Socket>()
  let silent = false
  const server: Server = createServer(socket => {
    sockets.add(socket)
    let asked = ''
    socket.on('data', bytes => {
      asked += bytes.toString('latin1')
      const said = answer(asked)
      if (said === undefined) return
      asked = ''
      if (!silent) socket.write(typeof said === 'string' ? Buffer.from(said, 'latin1') : said)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  const { port: tcp } = server.address() as { port: number }
  const socat: ChildProcess = spawn('socat', [`PTY,raw,echo=0,link=${port}`, `TCP:127.0.0.1:${tcp}`], {
    stdio: 'ignore',
  })
  const gone = new Promise<void>(settle => socat.once('exit', () => settle()))
  test.teardown(async () => {
    socat.kill('SIGKILL')
    await gone
    for (const socket of sockets) socket.destroy()
    await new Promise<void>(settle => server.close(() => settle()))
    rmSync(folder, { recursive: true, force: true })
  })
  for (let tries = 0; tries < 200 && !existsSync(port); tries++) await sleep(20)
  if (!existsSync(port)) throw new Error('socat made no serial port within 4 s')
  return {
    path: port,
    tcpUrl: `tcp://127.0.0.1:${tcp}`,
    say(bytes) {
      for (const socket of sockets) socket.write(bytes)
    },
    mute(wished) {
      silent = wished
    },
    unplug() {
      for (const socket of sockets) socket.destroy()
      socat.kill('SIGKILL')
    },
  }
}
