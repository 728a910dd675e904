// `pierside backup` and `pierside restore`: asked of the agent that runs here, or done on its folder while none runs.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type CliPlace, call, type Say } from './cli-ask.js'
import { versionOf } from './main.js'
import { checkBackup, makeBackup } from './main-backup.js'
import { configSchema, demoConfig, type Settings } from './main-config.js'
import { configuration } from './main-settings.js'
import { Fault } from './ports/fault.js'
import { createLog } from './spine/log.js'
import { runningAgent } from './spine/one-agent.js'
import { stageRestore } from './spine/restore.js'
import { systemClock } from './spine/system-clock.js'
import { readIfThere, writeWhole } from './spine/whole-file.js'
import { keptIn } from './store/open-database.js'

type Made = Awaited<ReturnType<typeof makeBackup>>
type Told = Awaited<ReturnType<typeof checkBackup>>['told']

const passphrase = () => process.env.PIERSIDE_PASSPHRASE || undefined

/** @param to the file; one named for box and time, in the folder one stands in, when absent */
export async function backUp(place: CliPlace, to: string | undefined, say: Say): Promise<number> {
  const running = await runningAgent(place.data)
  const made = running
    ? ((await call(place, 'POST', '/api/actions/backup-make', { passphrase: passphrase() })) as unknown as Made)
    : await makeAlone(place)
  const path = resolve(to ?? made.name)
  await writeWhole(path, made.text, 0o600)
  say(`${path}\n`)
  if (made.secrets === 'left-out') {
    say('The secrets are not in it. To have them in it, hidden, set PIERSIDE_PASSPHRASE.\n')
  }
  say('Frames, stacks and masters are not in it: copy the archive.\n')
  return 0
}

async function makeAlone(place: CliPlace): Promise<Made> {
  const held = await configuration(place.config, configSchema, demoConfig)
  const { node } = (held.settings() as Settings).mqtt
  const clock = systemClock()
  const database = join(place.data, 'pierside.sqlite')
  const kept = existsSync(database)
    ? keptIn(
        database,
        await versionOf(),
        createLog(clock, () => {}),
      )
    : {}
  return makeBackup(place, held.text(), kept, { version: await versionOf(), node, atMs: clock.now() }, passphrase())
}

export async function putBack(place: CliPlace, from: string | undefined, say: Say): Promise<number> {
  if (!from) throw new Fault('bad-input', 'no file was named', 'pierside restore <file>')
  const text = await readIfThere(resolve(from))
  if (text === undefined) throw new Fault('not-found', `there is no file ${resolve(from)}`, 'Look for a typing mistake')
  const wanted = { text, passphrase: passphrase() }
  const running = await runningAgent(place.data)
  const told = running
    ? ((await call(place, 'POST', '/api/backup/restore', wanted)) as unknown as Told)
    : await stageAlone(place, wanted)
  say(`The backup of ${told.node} of ${told.madeAt} (Pierside ${told.madeBy}) `)
  say(running ? 'is put in place; the agent starts anew.\n' : 'comes to its place when the agent starts.\n')
  if (told.missingSecrets.length > 0) say(`Set in secrets.yaml: ${told.missingSecrets.join(', ')}\n`)
  return 0
}

async function stageAlone(place: CliPlace, wanted: { text: string; passphrase: string | undefined }): Promise<Told> {
  const { restoring, told } = await checkBackup(place, wanted, await versionOf(), systemClock().now())
  await stageRestore(place, restoring)
  return told
}
