// Backups of the agent: what goes into one, what of it this box takes, and the two actions. The file itself is spine's.
import { join } from 'node:path'
import { configSchema } from './main-config.js'
import type { HeldConfig } from './main-settings.js'
import { type Action, action } from './ports/action.js'
import type { Clock } from './ports/clock.js'
import { Fault } from './ports/fault.js'
import { z } from './ports/schema.js'
import { joinedLedgers } from './spine/access.js'
import { type BackupContent, leastPassphrase, mostBackupBytes, readBackup, writeBackup } from './spine/backup-file.js'
import { looseSettings, parseConfig, parseSecrets } from './spine/config.js'
import { type KeptStore, type RestorePlaces, type Restoring, stageRestore } from './spine/restore.js'
import { secretsOf } from './spine/secrets.js'
import { readIfThere } from './spine/whole-file.js'

/** What tells of this box's own run, and means nothing in another one. */
const ofThisRun = /^(live-stack\/run|mqtt\/.*)$/
/** Stands for a secret that the backup has not, until its owner sets it. */
const placeholder = 'set-me'

export interface BackupParts {
  readonly where: RestorePlaces & { onRestart(reason: string): void }
  readonly held: Pick<HeldConfig, 'text' | 'settings'>
  readonly store: KeptStore
  readonly clock: Clock
  readonly version: string
  /** Ids of the activities that run. */
  running(): readonly string[]
}

const passphrase = z
  .string()
  .min(leastPassphrase, `must have ${leastPassphrase} characters or more`)
  .max(200)
  .optional()

export function backupActions({ where, held, store, clock, version, running }: BackupParts): Action[] {
  const make = action({
    name: 'backup-make',
    summary: 'The settings, pairings and small states as one file, to be kept elsewhere; frames are not in it',
    input: z.strictObject({
      passphrase: passphrase.describe('Hides the secrets in it; without one they are left out'),
    }),
    output: z.object({ name: z.string(), text: z.string(), secrets: z.enum(['none', 'hidden', 'left-out']) }),
    role: 'administrator',
    claims: () => [],
    settles: { kind: 'deed', deadlineMs: 20_000 },
    async run({ input }) {
      const { node } = held.settings().mqtt
      const about = { version, node, atMs: clock.now() }
      return makeBackup(where, held.text(), await store.keptAll(), about, input.passphrase)
    },
  })
  const restore = action({
    name: 'backup-restore',
    summary: 'Puts a backup in the place of settings, pairings and small states, and starts the agent anew',
    input: z.strictObject({
      text: z.string().max(mostBackupBytes).describe('The whole file'),
      passphrase: passphrase.describe('The one it was made with, where it holds secrets'),
      withoutSecrets: z.boolean().default(false).describe('Leave its secrets out; those of this box stay'),
    }),
    output: z.object({ madeBy: z.string(), madeAt: z.string(), node: z.string(), missingSecrets: z.array(z.string()) }),
    role: 'administrator',
    claims: () => [{ name: 'config' }],
    settles: { kind: 'deed', deadlineMs: 60_000 },
    async run({ input, who }) {
      const busy = running()
      if (busy.length > 0) {
        throw new Fault('busy', `nothing is restored while ${busy.join(', ')} runs`, 'Wait, or stop it first')
      }
      const { restoring, told } = await checkBackup(where, input, version, clock.now())
      await stageRestore(where, restoring)
      where.onRestart(`${who.name} restores the backup of ${restoring.from}`)
      return told
    },
  })
  return [make, restore]
}

/** @param config the text in force */
export async function makeBackup(
  places: RestorePlaces,
  config: string,
  kept: Readonly<Record<string, string>>,
  about: { readonly version: string; readonly node: string; readonly atMs: number },
  passphrase: string | undefined,
) {
  const secrets = await readIfThere(secretsOf(places.config))
  const content: BackupContent = {
    config,
    access: joinedLedgers(await readIfThere(join(places.data, 'access.json'))),
    kept: Object.fromEntries(Object.entries(kept).filter(([name]) => !ofThisRun.test(name))),
    secrets,
  }
  const text = await writeBackup(content, about, passphrase)
  const stamp = new Date(about.atMs).toISOString().slice(0, 16).replace('T', '-').replace(':', '')
  return {
    name: `pierside-${about.node}-${stamp}.backup.json`,
    text,
    secrets: secrets === undefined ? ('none' as const) : passphrase ? ('hidden' as const) : ('left-out' as const),
  }
}

export interface WantedRestore {
  readonly text: string
  readonly passphrase?: string
  readonly withoutSecrets?: boolean
}

/**
 * Everything that could be wrong with it, before anything is changed.
 * @throws Fault as `readBackup` and `parseConfig`; `bad-input` for secrets without a passphrase
 */
export async function checkBackup(places: RestorePlaces, wanted: WantedRestore, version: string, atMs: number) {
  const passphrase = wanted.withoutSecrets ? undefined : wanted.passphrase
  const { content, madeBy, madeAt, node, hasSecrets } = await readBackup(wanted.text, version, passphrase)
  if (hasSecrets && content.secrets === undefined && !wanted.withoutSecrets) {
    const fix = 'Give the passphrase it was made with, or restore it without its secrets'
    throw new Fault('bad-input', 'the backup holds secrets beneath a passphrase', fix)
  }
  const here = await readIfThere(secretsOf(places.config))
  const found = parseSecrets(content.secrets ?? here ?? '', 'secrets.yaml')
  const missing = namesOfSecrets(looseSettings(content.config)).filter(name => !found.has(name))
  const secrets = new Map([...found, ...missing.map(name => [name, placeholder] as const)])
  parseConfig(content.config, configSchema, secrets)
  const added = missing.map(name => `${name}: ${placeholder}\n`).join('')
  const before = content.secrets ?? here ?? ''
  const restoring: Restoring = {
    atMs,
    from: `${node}, ${madeAt}`,
    config: content.config,
    // As it stands, and what is missing below it: an owner's comments stay.
    secrets:
      added || content.secrets !== undefined
        ? `${before}${before && !before.endsWith('\n') ? '\n' : ''}${added}`
        : undefined,
    access: joinedLedgers(content.access, await readIfThere(join(places.data, 'access.json'))),
    kept: content.kept,
  }
  return { restoring, told: { madeBy, madeAt, node, missingSecrets: missing } }
}

/** What the configuration refers to by `!secret name`. */
function namesOfSecrets(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('!secret ') ? [value.slice('!secret '.length)] : []
  if (typeof value !== 'object' || value === null) return []
  return [...new Set(Object.values(value).flatMap(namesOfSecrets))]
}
