// Somebody else's sensor on a broker: one mosquitto_pub, saying the same every half second.
import { spawn } from 'node:child_process'

export function saidOverAndOver(
  test: { teardown(run: () => Promise<void>): void },
  port: number,
  topic: string,
  payload: string,
  login?: { readonly user: string; readonly password: string },
): void {
  const words = ['-h', '127.0.0.1', '-p', String(port), '-t', topic, '-l']
  if (login) words.push('-u', login.user, '-P', login.password)
  const child = spawn('mosquitto_pub', words, { stdio: ['pipe', 'ignore', 'ignore'] })
  const gone = new Promise<void>(settle => child.once('exit', () => settle()))
  const say = () => child.stdin.write(`${payload}\n`)
  child.stdin.on('error', () => clearInterval(again))
  const again = setInterval(say, 500)
  test.teardown(async () => {
    clearInterval(again)
    child.kill('SIGKILL')
    await gone
  })
}
