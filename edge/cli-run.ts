// `pierside run`: starts the agent, greets its owner at a terminal, and stops cleanly.
import { networkInterfaces } from 'node:os'
import type { CliPlace } from './cli-ask.js'
import { serviceWatch } from './drivers/own/service-watch.js'
import { type Agent, startAgent } from './main.js'
import { Fault } from './ports/fault.js'
import { asJson, asWords } from './spine/log.js'
import { claimFolder } from './spine/one-agent.js'
import { qrForTerminal } from './spine/qr-code.js'
import { systemClock } from './spine/system-clock.js'

const standardPort = 8080

/** Runs until SIGINT or SIGTERM; a second one does not wait any longer. Answers the exit code. */
export async function runAgent(place: CliPlace & { mqttPort: number | undefined }): Promise<number> {
  const terminal = process.stdout.isTTY === true
  const folder = await ourFolder(place.data)
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

  const watch = serviceWatch(process.env, systemClock())
  const agent = await startAgent({
    config: place.config,
    data: place.data,
    port: place.port ?? standardPort,
    mqttPort: place.mqttPort,
    image: process.env.PIERSIDE_IMAGE || undefined,
    nextFreePort: terminal || process.env.PIERSIDE_NEXT_FREE_PORT === '1',
    writeLog: line => process.stdout.write(terminal ? asWords(line) : asJson(line)),
    onLost(fault) {
      process.stderr.write(`pierside: ${fault.message}\n${fault.fix}\n`)
      process.exit(70)
    },
  })
  await folder.tell({ port: agent.http.port })
  await greet(agent, place.mqttPort)
  watch?.ready()
  if (process.stdin.isTTY) process.stdin.on('data', () => process.stdout.write(newCode(agent)))
  const signal = await asked
  watch?.stopping()
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

/** What the system says of a folder that cannot be used, and what its owner does about it. */
const folderTroubles: Readonly<Record<string, readonly [words: string, fix: string]>> = {
  EACCES: ['may not be written to', 'Give it to the user who starts Pierside (chown -R), or set PIERSIDE_DATA'],
  EPERM: ['may not be written to', 'Give it to the user who starts Pierside (chown -R), or set PIERSIDE_DATA'],
  EROFS: ['lies on a disk that is read-only', 'Mount the disk for writing, or set PIERSIDE_DATA to another folder'],
  EEXIST: ['is no folder', 'Move that file away, or set PIERSIDE_DATA to another folder'],
  ENOTDIR: ['lies in something that is no folder', 'Set PIERSIDE_DATA to another folder'],
  ENOSPC: ['lies on a full disk', 'Delete or copy away what is not needed there, or set PIERSIDE_DATA'],
}

/** @throws Fault `busy` when another agent has the folder, `broken` when nothing can be written there */
async function ourFolder(data: string): ReturnType<typeof claimFolder> {
  try {
    return await claimFolder(data)
  } catch (cause) {
    const known = folderTroubles[(cause as NodeJS.ErrnoException).code ?? '']
    if (!known || cause instanceof Fault) throw cause
    throw new Fault('broken', `the data folder ${data} ${known[0]}`, known[1], { cause })
  }
}

async function greet(agent: Agent, mqttPort: number | undefined) {
  // On the image nobody sits at a terminal, and what is printed is kept in the journal.
  if (process.env.PIERSIDE_IMAGE) return
  const code = agent.access.pairingCode('administrator')
  const address = lanAddress()
  const home = `http://${address ?? 'localhost'}:${agent.http.port}/`
  const { embedded } = agent.settings().mqtt
  const wished = String(mqttPort ?? embedded.port)
  const mqtt = agent.mqttUrl ?? 'off'
  const moved = mqtt.startsWith('mqtt://127.') && !mqtt.endsWith(`:${wished}`)
  const words = [
    '',
    await qrForTerminal(`${home}?pair=${code}`),
    address
      ? `  Pierside is at        ${home}   (here: http://localhost:${agent.http.port}/)`
      : `  Pierside is at        ${home}   (this machine only: it has no network yet)`,
    `  Pairing code          ${code.slice(0, 4)} ${code.slice(4)}   (once, for 10 minutes; enter gives a new one)`,
    `  MQTT                  ${mqtt}${moved ? `   (port ${wished} is in use by another program)` : ''}`,
    ...(agent.simulated ? ['  The simulated observatory is running: "Use my equipment" is on the Devices page.'] : []),
    ...(agent.settings().access.open ? ['  WARNING: access.open is set: anyone on the network may act.'] : []),
    '  Ctrl-C stops it.',
    '',
  ]
  process.stdout.write(`${words.join('\n')}\n`)
}

/** An address that a phone in the same network reaches; undefined when there is no network. */
function lanAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap(one => one ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}
