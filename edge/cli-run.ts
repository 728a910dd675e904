// `pierside run`: starts the agent, greets its owner at a terminal, and stops cleanly.
import { networkInterfaces } from 'node:os'
import { toString as qrCode } from 'qrcode'
import type { CliPlace } from './cli-ask.js'
import { type Agent, startAgent } from './main.js'
import { Fault } from './ports/fault.js'
import { asJson, asWords } from './spine/log.js'
import { claimFolder } from './spine/one-agent.js'

const standardPort = 8080

/** Runs until SIGINT or SIGTERM; a second one does not wait any longer. Answers the exit code. */
export async function runAgent(place: CliPlace & { mqttPort: number | undefined }): Promise<number> {
  const terminal = process.stdout.isTTY === true
  const folder = await claimFolder(place.data)
  let stopAsked: (signal: string) => void = () => {}
  const asked = new Promise<string>(resolve => {
    stopAsked = resolve
  })
  const onSignal = (signal: string) => {
    process.on(signal, () => process.exit(130))
    stopAsked(signal)
  }
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)

  const agent = await startAgent({
    config: place.config,
    data: place.data,
    port: place.port ?? standardPort,
    mqttPort: place.mqttPort,
    nextFreePort: terminal || process.env.PIERSIDE_NEXT_FREE_PORT === '1',
    writeLog: line => process.stdout.write(terminal ? asWords(line) : asJson(line)),
    onLost(fault) {
      process.stderr.write(`pierside: ${fault.message}\n${fault.fix}\n`)
      process.exit(70)
    },
  })
  await folder.tell({ port: agent.http.port })
  await greet(agent)
  if (process.stdin.isTTY) process.stdin.on('data', () => process.stdout.write(newCode(agent)))
  const signal = await asked
  process.stdout.write(terminal ? '\nStopping: exposures are aborted, devices closed …\n' : '')
  await agent.stop(new Fault('aborted', `the agent is stopped (${signal})`, 'Start it again when you are ready'))
  await folder.leave()
  process.stdin.pause()
  return 0
}

/** Whoever sits at the terminal may pair another phone: enter gives a new code. */
function newCode(agent: Agent): string {
  const code = agent.access.pairingCode('administrator')
  return `  Pairing code          ${code.slice(0, 4)} ${code.slice(4)}   (once, for 10 minutes)\n`
}

async function greet(agent: Agent) {
  const code = agent.access.pairingCode('administrator')
  const home = `http://${lanAddress()}:${agent.http.port}/`
  const words = [
    '',
    await qrCode(`${home}?pair=${code}`, { type: 'terminal', small: true }),
    `  Pierside is at        ${home}   (here: http://localhost:${agent.http.port}/)`,
    `  Pairing code          ${code.slice(0, 4)} ${code.slice(4)}   (once, for 10 minutes; enter gives a new one)`,
    `  MQTT                  ${agent.mqttUrl ?? 'off'}`,
    ...(agent.simulated ? ['  The simulated observatory is running: "Use my equipment" is on the Devices page.'] : []),
    ...(agent.settings().access.open ? ['  WARNING: access.open is set: anyone on the network may act.'] : []),
    '  Ctrl-C stops it.',
    '',
  ]
  process.stdout.write(`${words.join('\n')}\n`)
}

/** An address that a phone in the same network reaches; localhost when there is no network. */
function lanAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap(one => one ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'localhost'
}
