// A device at the other end of a serial line that socat makes: the driver opens a real tty, the test plays the device.
import { spawn } from 'node:child_process'
import { closeSync, constants, existsSync, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Test {
  teardown(run: () => Promise<void> | void): void
}

export const noSocat = existsSync('/usr/bin/socat') ? false : 'socat is not installed'

export interface SerialLineEnd {
  /** What the driver opens. */
  readonly port: string
  say(bytes: Uint8Array | string): void
  /** The plug is pulled: the line ends. */
  pull(): Promise<void>
}

/** @param hear gets what the driver sends, piece by piece */
export async function serialLineEnd(
  t: Test,
  hear: (bytes: Buffer, say: SerialLineEnd['say']) => void,
): Promise<SerialLineEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'pierside-serial-'))
  const port = join(folder, 'tty')
  let socket: Socket | undefined
  const say = (bytes: Uint8Array | string) => void socket?.write(bytes)
  const server = createServer(one => {
    socket = one
    one.on('data', bytes => hear(bytes, say))
    one.on('error', () => {})
  })
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  const { port: tcp } = server.address() as { port: number }
  const socat = spawn('socat', [`PTY,link=${port},raw,echo=0`, `TCP:127.0.0.1:${tcp}`], { stdio: 'ignore' })
  const gone = new Promise<void>(settle => socat.once('exit', () => settle()))
  for (let tries = 0; !existsSync(port) || !socket; tries++) {
    if (tries > 500) throw new Error('socat made no line')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  // Held open, so that the line outlives a driver that closes it.
  const held = openSync(port, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  const pull = async () => {
    if (socat.exitCode === null && socat.signalCode === null) socat.kill('SIGKILL')
    await gone
  }
  t.teardown(async () => {
    await pull()
    closeSync(held)
    socket?.destroy()
    server.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { port, say, pull }
}
