// A serial line with a device at its far end: socat makes the port that a driver opens, and whatever it sends is
// answered here.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Something that speaks over a serial line. */
export interface SerialDevice {
  /** The first whole command in what has come, or undefined while it is cut short. */
  command(text: string): string | undefined
  /** What it says to that; nothing is an answer as well. */
  answer(command: string): string
}

export const noSocat: string | false = existsSync('/usr/bin/socat') ? false : 'socat is not installed'

/**
 * Makes the line; cut when the test ends.
 * @param port path of the serial port to make
 * @returns all commands that came, newest last, and the TCP port where the device listens as well
 */
export async function serialLine(
  t: { teardown(run: () => unknown): void },
  port: string,
  device: SerialDevice,
): Promise<{ heard: readonly string[]; tcp: number }> {
  const heard: string[] = []
  const server = createServer(socket => {
    let text = ''
    socket.on('error', () => {}) // the line is cut as the test ends
    socket.on('data', bytes => {
      text += bytes.toString('latin1')
      for (let next = device.command(text); next !== undefined; next = device.command(text)) {
        text = text.slice(text.indexOf(next) + next.length)
        heard.push(next)
        const answer = device.answer(next)
        if (answer) socket.write(answer, 'latin1')
      }
    })
  })
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  const { port: tcp } = server.address() as { port: number }
  const child = spawn('socat', [`PTY,link=${port},raw,echo=0`, `TCP:127.0.0.1:${tcp}`], { stdio: 'inherit' })
  const ended = new Promise(settle => child.once('exit', settle))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
    server.close()
  })
  for (let tries = 0; !existsSync(port); tries++) {
    if (tries > 100) throw new Error('socat made no port')
    await sleep(20)
  }
  return { heard, tcp }
}

/** `:…#`, or a lone byte that asks whether somebody is there. */
export function colonCommand(text: string): string | undefined {
  return /\x06|:[^#]*#/.exec(text)?.[0]
}
