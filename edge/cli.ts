#!/usr/bin/env -S MALLOC_TRIM_THRESHOLD_=131072 MALLOC_ARENA_MAX=2 node
// `pierside …`: runs the agent, or asks the one that runs here. Why the two limits: scripts/run.sh.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { askAgent, type CliPlace, lookAt } from './cli-ask.js'
import { backUp, putBack } from './cli-backup.js'
import { configDocs } from './cli-docs.js'
import { checkHealth } from './cli-health.js'
import { makeRelaysSafe } from './cli-relays.js'
import { runAgent } from './cli-run.js'
import { configSchema, demoConfig } from './main-config.js'
import { configuration } from './main-settings.js'
import { type Role, roles } from './ports/action.js'
import { asFault, Fault } from './ports/fault.js'
import { openAccess } from './spine/access.js'
import { systemClock } from './spine/system-clock.js'

const usage = `pierside run                        start the agent
pierside do <action> [name=value …] ask for an action; --wait waits for an activity's end
pierside actions [action]           what can be asked for, or what one of them takes
pierside status                     how things are, in a few lines
pierside devices                    every device with its lamp
pierside pair                       a new pairing code for a phone
pierside token new --role observer [--name N]   a token for a program
pierside relays safe                every output into its safe state, when no agent runs
pierside health                     whether a new version is in order (on the image; see docs/image.md)
pierside backup [file]              settings, pairings and small states as one file
pierside restore <file>             puts a backup in their place
pierside config check [file]        what is wrong with the configuration, line by line
pierside config docs                the reference of every key, as Markdown

Environment: PIERSIDE_CONFIG (pierside.yaml), PIERSIDE_DATA (./data), PIERSIDE_PORT (8080), MQTT_PORT (1883),
             PIERSIDE_PASSPHRASE (hides the secrets of a backup, and opens them again)
`

function place(): CliPlace {
  const { PIERSIDE_CONFIG, PIERSIDE_DATA, PIERSIDE_PORT } = process.env
  return {
    config: resolve(PIERSIDE_CONFIG ?? 'pierside.yaml'),
    data: resolve((PIERSIDE_DATA ?? 'data').replace(/^~(?=\/|$)/, homedir())),
    port: portFrom('PIERSIDE_PORT', PIERSIDE_PORT),
  }
}

function portFrom(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Fault('bad-input', `${name}="${text}" is not a port`, 'Use a number from 1 to 65535')
}

const say = (text: string) => process.stdout.write(text)

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      role: { type: 'string' },
      name: { type: 'string' },
      wait: { type: 'boolean' },
      json: { type: 'boolean' },
      'agent-s': { type: 'string', default: '300' },
      'devices-s': { type: 'string', default: '600' },
      'steady-s': { type: 'string', default: '15' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const [verb, ...rest] = positionals
  if (values.help || verb === undefined || verb === 'help') {
    say(usage)
    return verb === undefined && !values.help ? 2 : 0
  }
  switch (['token', 'config', 'relays'].includes(verb) ? `${verb} ${rest[0]}` : verb) {
    case 'run':
      return runAgent({ ...place(), mqttPort: portFrom('MQTT_PORT', process.env.MQTT_PORT) })
    case 'do':
      return askAgent(place(), rest, { wait: values.wait === true }, say)
    case 'actions':
    case 'status':
    case 'devices':
    case 'pair':
      return lookAt(verb, rest[0], place(), values.json === true, say)
    case 'backup':
      return backUp(place(), rest[0], say)
    case 'restore':
      return putBack(place(), rest[0], say)
    case 'token new':
      return newToken(values.role ?? 'observer', values.name ?? 'program')
    case 'relays safe':
      return makeRelaysSafe(place(), say)
    case 'health':
      await checkHealth({
        data: place().data,
        agentSeconds: Number(values['agent-s']),
        devicesSeconds: Number(values['devices-s']),
        steadySeconds: Number(values['steady-s']),
      })
      return 0
    case 'config check': {
      const file = rest[1] ? resolve(rest[1]) : place().config
      const there = existsSync(file)
      if (!there && rest[1]) throw new Fault('not-found', `there is no file ${file}`, 'Look for a typing mistake')
      await configuration(file, configSchema, demoConfig)
      say(there ? `${file}: no mistakes found\n` : `${file}: not there yet, so the simulated observatory runs\n`)
      return 0
    }
    case 'config docs':
      say(configDocs(configSchema))
      return 0
  }
  throw new Fault('bad-input', `there is no command "${[verb, ...rest].join(' ')}"`, `Use one of:\n${usage}`)
}

/** Mistakes in the configuration stand one below the other. */
function inLines({ message, detail }: Fault): string {
  const { complaints } = (detail ?? {}) as { complaints?: readonly unknown[] }
  if (!complaints || complaints.length < 2) return message
  return message.replace(': ', ':\n  ').replaceAll('; line ', '\n  line ')
}

async function newToken(role: string, name: string): Promise<number> {
  if (!(roles as readonly string[]).includes(role)) {
    throw new Fault('bad-input', `there is no role "${role}"`, `Use one of: ${roles.join(', ')}`)
  }
  const access = await openAccess(place().data, systemClock())
  say(`${await access.issue(name, role as Role)}\n`)
  return 0
}

// Timers of the clock keep no process alive; a command that waits for its turn must not end before it.
const { port1: alive } = new MessageChannel()
alive.ref()
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const fault = asFault(error, 'pierside')
  process.stderr.write(`pierside: ${inLines(fault)}\n${fault.fix}\n`)
  process.exitCode = 1
} finally {
  alive.close()
}
