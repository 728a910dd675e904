// How a backup takes the place of what is there, whatever happens on the way. It is first written whole into one file
// beside the data, which decides: until that file stands nothing has changed, and from then on every start of the agent
// first brings all of it to its place, however often it is interrupted. What was there before is kept aside.
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Log } from '../ports/log.js'
import { complaints, z } from '../ports/schema.js'
import { secretsOf } from './secrets.js'
import { readIfThere, writeWhole } from './whole-file.js'

const ready = z.strictObject({
  /** Names the folder that what was there goes to. */
  atMs: z.number(),
  from: z.string(),
  config: z.string(),
  secrets: z.string().optional(),
  access: z.string().optional(),
  kept: z.record(z.string(), z.string()),
})
export type Restoring = z.output<typeof ready>

export interface RestorePlaces {
  readonly config: string
  readonly data: string
}

const readyFile = (data: string) => join(data, 'restore.json')
const asidePrefix = 'before-restore-'
/** What was there before so many restores stays. */
const asidesKept = 3

/** From here on it is decided: the next start brings it to its place. */
export async function stageRestore({ data }: RestorePlaces, restoring: Restoring): Promise<void> {
  await mkdir(data, { recursive: true })
  await writeWhole(readyFile(data), JSON.stringify(restoring), 0o600)
}

/** What is decided and not yet brought to its place. One that cannot be read is put aside: nobody could start else. */
async function stagedRestore(data: string, log: Pick<Log, 'warn'> | undefined): Promise<Restoring | undefined> {
  const text = await readIfThere(readyFile(data))
  if (text === undefined) return undefined
  const parsed = ready.safeParse(jsonIn(text))
  if (parsed.success) return parsed.data
  const kept = `${readyFile(data)}.damaged`
  await rename(readyFile(data), kept)
  const why = complaints(parsed.error).join('; ')
  log?.warn(`the backup is not restored, and what was there before stays: ${kept} cannot be read: ${why}`)
  return undefined
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * The first half, before anything reads configuration or tokens: the files. May be done again and again.
 * @returns what there still is to do, in `finishRestore`; undefined when nothing was decided
 */
export async function restoreFiles(places: RestorePlaces, log?: Pick<Log, 'warn'>): Promise<Restoring | undefined> {
  const restoring = await stagedRestore(places.data, log)
  if (!restoring) return undefined
  const { config, data } = places
  const files = [
    [config, restoring.config, 0o644],
    [secretsOf(config), restoring.secrets, 0o600],
    [join(data, 'access.json'), restoring.access, 0o600],
  ] as const
  const aside = asideOf(data, restoring)
  if ((await readIfThere(join(aside, 'whole'))) === undefined) await putAside(aside, files)
  await mkdir(dirname(config), { recursive: true })
  for (const [path, text, mode] of files) if (text !== undefined) await writeWhole(path, text, mode)
  return restoring
}

export interface KeptStore {
  keptAll(): Promise<Record<string, string>>
  replaceKept(rows: Readonly<Record<string, string>>): Promise<void>
}

/** The second half, before any service reads its state. @returns the folder where all that was there before lies */
export async function finishRestore({ data }: RestorePlaces, restoring: Restoring, store: KeptStore): Promise<string> {
  const aside = asideOf(data, restoring)
  const kept = join(aside, 'kept.json')
  if ((await readIfThere(kept)) === undefined) await writeWhole(kept, JSON.stringify(await store.keptAll()), 0o600)
  await store.replaceKept(restoring.kept)
  await rm(readyFile(data))
  await syncFolder(data)
  const asides = (await readdir(data)).filter(name => name.startsWith(asidePrefix)).sort()
  for (const old of asides.slice(0, -asidesKept)) await rm(join(data, old), { recursive: true })
  return aside
}

const asideOf = (data: string, { atMs }: Restoring) =>
  join(data, asidePrefix + new Date(atMs).toISOString().replace(/[:.]/g, '-'))

/** Copies, whole or not at all: a second try must not take what the first has brought for what was there before. */
async function putAside(aside: string, files: readonly (readonly [path: string, ...unknown[]])[]): Promise<void> {
  const half = `${aside}.half`
  await rm(half, { recursive: true, force: true })
  await mkdir(half, { recursive: true, mode: 0o700 })
  for (const [path] of files) {
    const text = await readIfThere(path)
    if (text !== undefined) await writeWhole(join(half, path.slice(path.lastIndexOf('/') + 1)), text, 0o600)
  }
  await writeWhole(join(half, 'whole'), 'What was here before a backup was restored.\n')
  await rename(half, aside)
  await syncFolder(dirname(aside))
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
