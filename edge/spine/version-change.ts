// When another version of the agent starts than ran last: the configuration as it was is kept for the way back, and
// taken from there when an older version no longer understands the newer one's.
import { mkdir, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Fault } from '../ports/fault.js'
import { z } from '../ports/schema.js'
import { readIfThere, writeWhole } from './whole-file.js'

export interface VersionChange {
  /** The version that ran last on this folder, when it was another one. */
  readonly from?: string
  /** Where a configuration was put that only the newer version understands. */
  readonly configAside?: string
}

export interface VersionPlaces {
  readonly config: string
  readonly data: string
  /** Of the agent that starts. */
  readonly version: string
  /** Rejects with a Fault for a text that is no configuration of this version. */
  check(text: string): Promise<unknown>
}

const lastRun = z.object({ version: z.string() })

/**
 * Before the configuration is read. A wrong configuration that has nothing to do with a version stays where it is.
 */
export async function changeVersion({ config, data, version, check }: VersionPlaces): Promise<VersionChange> {
  const file = join(data, 'version.json')
  const from = lastVersion(await readIfThere(file))
  if (from === version) return {}
  const text = await readIfThere(config)
  let configAside: string | undefined
  if (from !== undefined && text !== undefined) {
    if (compareVersions(from, version) < 0) await keep(text, data, version, config)
    else if (!(await fits(text, check))) configAside = await takeBack(text, { config, data, version, check })
  }
  await writeWhole(file, JSON.stringify({ version }))
  return { from, configAside }
}

/** By their numbers, `0.10.0` after `0.9.1`; what follows a `-` makes it earlier than the same without. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(one => {
    const [numbers, early] = one.split('+')[0].split(/-(.*)/)
    return { numbers: numbers.split('.').map(part => Number.parseInt(part, 10) || 0), early }
  })
  for (let place = 0; place < Math.max(left.numbers.length, right.numbers.length); place++) {
    const apart = (left.numbers[place] ?? 0) - (right.numbers[place] ?? 0)
    if (apart !== 0) return apart
  }
  if (left.early === right.early) return 0
  if (left.early === undefined) return 1
  if (right.early === undefined) return -1
  return left.early < right.early ? -1 : 1
}

const folderOf = (data: string, version: string) => join(data, 'backups', `before-${version}`)

async function keep(text: string, data: string, version: string, config: string): Promise<void> {
  const folder = folderOf(data, version)
  await mkdir(folder, { recursive: true })
  await writeWhole(join(folder, basename(config)), text, 0o600)
}

/** The copy that was kept when our version was left; undefined, and nothing is touched, when none of them fits. */
async function takeBack(newer: string, { config, data, version, check }: VersionPlaces): Promise<string | undefined> {
  const names = await namesIn(join(data, 'backups'))
  const later = names
    .flatMap(name => (name.startsWith('before-') ? [name.slice('before-'.length)] : []))
    .filter(one => compareVersions(one, version) > 0)
    .sort(compareVersions)
  for (const one of later) {
    const text = await readIfThere(join(folderOf(data, one), basename(config)))
    if (text === undefined || !(await fits(text, check))) continue
    const aside = await freeName(`${config}.newer`)
    // At no moment is there no configuration.
    await writeWhole(aside, newer, 0o600)
    await writeWhole(config, text)
    return aside
  }
  return undefined
}

async function fits(text: string, check: VersionPlaces['check']): Promise<boolean> {
  try {
    await check(text)
    return true
  } catch (error) {
    if (error instanceof Fault) return false
    throw error
  }
}

function lastVersion(text: string | undefined): string | undefined {
  try {
    return lastRun.safeParse(JSON.parse(text ?? 'null')).data?.version
  } catch (error) {
    // Half a file of another program's: no more is known than at the first start.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function freeName(wanted: string): Promise<string> {
  for (let copy = 1; ; copy++) {
    if ((await readIfThere(`${wanted}-${copy}`)) === undefined) return `${wanted}-${copy}`
  }
}
