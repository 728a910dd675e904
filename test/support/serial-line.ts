// A serial line with a device at its far end: socat makes the port that a driver opens, a real pseudo terminal, and
// what it sends is heard here. The same device can be had over TCP.
import { spawn } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const noSocat: string | false = existsSync('/usr/bin/socat') ? false : 'socat is not installed'

export type Say = (bytes: string | Uint8Array) => void

export interface SerialLine {
  /** Path of the serial port. */
  readonly port: string
  readonly tcp: number
  /** To everybody who listens; text as Latin 1. */
  readonly say: Say
  /** Pulls the plug: the port is gone. */
  pull(): Promise<void>
}

/**
 * Makes the line; cut when the test ends.
 * @param meet  called for each connection, with what speaks to it; gives what hears it, piece by piece
 * @param port  path of the port to make; a place of its own unless told
 */
export async function serialLine(
  t: { teardown(run: () => Promise<void> | void): void },
  meet: (say: Say) => (bytes: Buffer) => void,
  port = path.join(mkdtempSync(path.join(tmpdir(), 'pierside-serial-')), 'tty'),
): Promise<SerialLine> {
  const sockets = new Set<Socket>()
  const to = (socket: Socket, bytes: string | Uint8Array) =>
    void socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on(
      'data',
      meet(bytes => to(socket, bytes)),
    )
    // The line is cut as the test ends.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  const { port: tcp } = server.address() as { port: number }
  const socat = spawn('socat', [`PTY,link=${port},raw,echo=0`, `TCP:127.0.0.1:${tcp}`], { stdio: 'ignore' })
  const gone = new Promise<void>(settle => socat.once('exit', () => settle()))
  for (let tries = 0; !existsSync(port) || sockets.size === 0; tries++) {
    if (tries > 500) throw new Error('socat made no line within 5 s')
    await sleep(10)
  }
  // Held open, so that the line outlives a driver that closes it.
  const held = openSync(port, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  const pull = async () => {
    if (socat.exitCode === null && socat.signalCode === null) socat.kill('SIGKILL')
    await gone
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(async () => {
    await pull()
    closeSync(held)
    await new Promise<void>(settle => server.close(() => settle()))
    rmSync(port, { force: true })
  })
  return {
    port,
    tcp,
    say: bytes => {
      for (const socket of sockets) to(socket, bytes)
    },
    pull,
  }
}

/** Something that speaks over a serial line, a command at a time. */
export interface SerialDevice {
  /** The first whole command in what has come, or undefined while it is cut short. */
  command(text: string): string | undefined
  /** What it says to that; nothing is an answer as well. */
  answer(command: string): string
}

/** @returns the line, and all commands that came, newest last */
export async function deviceLine(
  t: Parameters<typeof serialLine>[0],
  port: string,
  device: SerialDevice,
): Promise<SerialLine & { readonly heard: readonly string[] }> {
  const heard: string[] = []
  const meet = (say: Say) => {
    let text = ''
    return (bytes: Buffer) => {
      text += bytes.toString('latin1')
      for (let next = device.command(text); next !== undefined; next = device.command(text)) {
        text = text.slice(text.indexOf(next) + next.length)
        heard.push(next)
        const answer = device.answer(next)
        if (answer) say(answer)
      }
    }
  }
  return { ...(await serialLine(t, meet, port)), heard }
}

/** `:…#`, or a lone byte that asks whether somebody is there. */
export function colonCommand(text: string): string | undefined {
  return /\x06|:[^#]*#/.exec(text)?.[0]
}

/**
 * A device that may be told to go silent.
 * @param answer gets what was asked since the last answer; undefined: not whole yet
 */
export async function answeringLine(
  t: Parameters<typeof serialLine>[0],
  answer: (asked: string) => string | Uint8Array | undefined,
): Promise<SerialLine & { mute(silent: boolean): void }> {
  let silent = false
  const line = await serialLine(t, say => {
    let asked = ''
    return bytes => {
      asked += bytes.toString('latin1')
      const said = answer(asked)
      if (said === undefined) return
      asked = ''
      if (!silent) say(said)
    }
  })
  return {
    ...line,
    mute(wished) {
      silent = wished
    },
  }
}
