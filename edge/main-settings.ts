// The configuration file in use: read, checked, saved, and told to whoever must start anew.
import { demoConfig, driverSheets, type Settings } from './main-config.js'
import { type Action, action } from './ports/action.js'
import { Fault } from './ports/fault.js'
import { jsonSchemaOf, z } from './ports/schema.js'
import type { Configuration } from './ports/settings.js'
import { hideSecrets, looseSettings, mergeConfig, parseConfig } from './spine/config.js'
import { readSecrets, saveSecrets } from './spine/secrets.js'
import { readIfThere, writeWhole } from './spine/whole-file.js'

type OnSave = (next: Settings, changed: ReadonlySet<string>) => Promise<string[]>

export interface HeldConfig extends Configuration {
  settings(): Settings
  /** Called after a valid file has been written; answers what it started anew. */
  onSave(start: OnSave): void
  /** The actions that save; refused while any activity runs. */
  actions(running: () => readonly string[]): Action[]
}

/** These are read once at the start of the process. */
const onlyAtStart = ['memory', 'http']

type Secrets = ReadonlyMap<string, string>

/**
 * What tells whether a text is a configuration, with the secrets beside that file, and those that are to be set;
 * rejects with what is wrong.
 */
export function configCheck(file: string, schema: z.ZodType) {
  return async (text: string, secrets?: Secrets): Promise<Settings> => {
    const known = new Map([...(await readSecrets(file)), ...(secrets ?? [])])
    return parseConfig(text, schema, known).settings as Settings
  }
}

/** @param standard the text to go by while there is no file; the first save makes one */
export async function configuration(file: string, schema: z.ZodType, standard: string): Promise<HeldConfig> {
  const check = configCheck(file, schema)
  let text = (await readIfThere(file)) ?? standard
  let settings = await check(text)
  let start: OnSave = async () => []
  let running: () => readonly string[] = () => []
  let saving: Promise<unknown> = Promise.resolve()

  const save = async (next: string, secrets?: Secrets) => {
    const wanted = await check(next, secrets)
    const busy = running()
    if (busy.length > 0) {
      throw new Fault(
        'busy',
        `the configuration is not changed while ${busy.join(', ')} runs`,
        'Wait, or stop it first',
      )
    }
    if (secrets?.size) await saveSecrets(file, secrets)
    await writeWhole(file, next)
    const changed = changedSections(settings, wanted)
    text = next
    settings = wanted
    const restarted = await start(wanted, changed)
    return { restarted, needsRestart: onlyAtStart.filter(section => changed.has(section)) }
  }
  /** One at a time, whoever asks. */
  const inTurn = (next: () => string, secrets?: Secrets) => {
    const mine = saving.then(() => save(next(), secrets))
    saving = mine.catch(() => 'told to the one who asked')
    return mine
  }

  const held: HeldConfig = {
    settings: () => settings,
    text: () => text,
    loose: () => looseSettings(text),
    effective: () => withoutSecrets(settings, looseSettings(text)) as Record<string, unknown>,
    save: next => inTurn(() => next),
    merge(changes) {
      const { settings: open, secrets } = hideSecrets(changes)
      return inTurn(() => mergeConfig(text, open), secrets)
    },
    drivers: driverSheets,
    demo: demoGear,
    schema: () => jsonSchemaOf(schema),
    onSave(next) {
      start = next
    },
    actions(now) {
      running = now
      return savingActions(held)
    },
  }
  return held
}

const saved = z.object({ restarted: z.array(z.string()), needsRestart: z.array(z.string()) })
const saveMs = 60_000

function savingActions(held: HeldConfig): Action[] {
  const shared = {
    role: 'administrator',
    output: saved,
    claims: () => [{ name: 'config' }],
    settles: { kind: 'deed', deadlineMs: saveMs },
  } as const
  return [
    action({
      ...shared,
      name: 'config-save',
      summary: 'Replaces the configuration file',
      input: z.strictObject({
        text: z
          .string()
          .max(200_000)
          .regex(/\S/, 'an empty file would take everything away; write what shall stay')
          .describe('The whole YAML file'),
      }),
      run: ({ input }) => held.save(input.text),
    }),
    action({
      ...shared,
      name: 'config-merge',
      summary: 'Changes settings; comments and everything else in the file stay',
      input: z.strictObject({
        settings: z
          .record(z.string(), z.unknown())
          .describe('As in the file; null removes a key; passwords as they are'),
      }),
      run: ({ input }) => held.merge(input.settings),
    }),
  ]
}

function changedSections(before: Settings, after: Settings): Set<string> {
  const keys = Object.keys(after) as (keyof Settings)[]
  return new Set(keys.filter(key => JSON.stringify(before[key]) !== JSON.stringify(after[key])))
}

/** What "back to the simulated observatory" puts in place of the owner's equipment, and what leaves with it again. */
function demoGear(): Record<string, unknown> {
  const { site, links, devices, use, heaters } = looseSettings(demoConfig)
  return { site, links, devices, use, heaters }
}

/** The settings in force, but with `!secret name` wherever the file says so. */
function withoutSecrets(settings: unknown, file: unknown): unknown {
  if (typeof file === 'string' && file.startsWith('!secret ')) return file
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) return settings
  const written = (typeof file === 'object' && file !== null ? file : {}) as Record<string, unknown>
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, withoutSecrets(value, written[key])]))
}
