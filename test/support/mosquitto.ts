// A real mosquitto of the test's own: its port, its folder, passwords and certificates; it can be stopped, frozen and
// started again with nothing in its memory.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, listens } from './free-port.js'

export interface Mosquitto {
  readonly port: number
  readonly url: string
  /** PEM file of the authority, when it speaks TLS. */
  readonly ca: string | undefined
  start(): Promise<void>
  /** Settles when the process is gone; what it retained is lost. */
  stop(): Promise<void>
  freeze(): void
  thaw(): void
  /** Stops it and removes its folder. */
  remove(): Promise<void>
}

export interface MosquittoOrder {
  readonly user?: string
  readonly password?: string
  readonly tls?: boolean
}

export const hasMosquitto = (() => {
  try {
    execFileSync('mosquitto', ['-h'], { stdio: 'ignore' })
    return true
  } catch (error) {
    // It exits with 3 after its help.
    return (error as { status?: number }).status === 3
  }
})()

export async function mosquitto(order: MosquittoOrder = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(path.join(tmpdir(), 'pierside-mosquitto-'))
  const port = await freePort()
  const lines = [`listener ${port} 127.0.0.1`, 'user root', 'persistence false', 'max_inflight_messages 100']
  if (order.password) {
    const file = path.join(folder, 'passwords')
    execFileSync('mosquitto_passwd', ['-b', '-c', file, order.user ?? 'pier', order.password])
    lines.push('allow_anonymous false', `password_file ${file}`)
  } else lines.push('allow_anonymous true')
  let ca: string | undefined
  if (order.tls) {
    ca = makeCertificates(folder)
    lines.push(
      `cafile ${ca}`,
      `certfile ${path.join(folder, 'server.crt')}`,
      `keyfile ${path.join(folder, 'server.key')}`,
    )
  }
  const config = path.join(folder, 'mosquitto.conf')
  writeFileSync(config, `${lines.join('\n')}\n`)
  let child: ChildProcess | undefined

  const self: Mosquitto = {
    port,
    url: `${order.tls ? 'mqtts' : 'mqtt'}://${order.tls ? 'localhost' : '127.0.0.1'}:${port}`,
    ca,
    async start() {
      let words = ''
      child = spawn('mosquitto', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
      child.stderr!.on('data', chunk => {
        words = `${words}${chunk}`.slice(-2_000)
      })
      for (let tries = 0; tries < 100; tries++) {
        if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}: ${words}`)
        if (await listens(port)) return
        await sleep(50)
      }
      throw new Error(`mosquitto does not answer on port ${port}: ${words}`)
    },
    async stop() {
      const one = child
      child = undefined
      if (!one || one.exitCode !== null || one.signalCode !== null) return
      const gone = new Promise(settle => one.once('exit', settle))
      one.kill('SIGKILL')
      await gone
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async remove() {
      await self.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await self.start()
  return self
}

function makeCertificates(folder: string): string {
  const at = (name: string) => path.join(folder, name)
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' })
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=Test authority',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
  )
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-keyout',
    at('server.key'),
    '-out',
    at('server.csr'),
  )
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  openssl(
    'x509',
    '-req',
    '-days',
    '2',
    '-in',
    at('server.csr'),
    '-CA',
    at('ca.crt'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-extfile',
    at('names'),
    '-out',
    at('server.crt'),
  )
  return at('ca.crt')
}
