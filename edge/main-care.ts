// What the log bundle is made of: the agent's own words everywhere, the box's own programs on its own image.
import { readFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { boxReports } from './drivers/own/box-reports.js'
import type { OwnImage } from './main-image.js'
import type { HeldConfig } from './main-settings.js'
import type { Clock } from './ports/clock.js'
import type { Feed } from './ports/feed.js'
import type { LogBundle } from './ports/log-bundle.js'
import { readBootFile } from './services/boot-file.js'
import { logBundle } from './services/log-bundle.js'
import type { LogBook } from './spine/log.js'
import { readSecrets } from './spine/secrets.js'
import { readIfThere } from './spine/whole-file.js'

export interface CareParts {
  readonly where: { readonly config: string; readonly data: string }
  readonly held: Pick<HeldConfig, 'text'>
  readonly feed: Feed
  readonly clock: Clock
  readonly log: LogBook
  readonly version: string
  readonly image: OwnImage | undefined
  /** Where an owner of the image may have written passwords for it, when not in the usual place. */
  readonly ownersFile?: string
}

export function careBundle(parts: CareParts): LogBundle {
  const { where, held, feed, clock, log, version, image, ownersFile = '/boot/firmware/pierside.txt' } = parts
  return logBundle({
    ...{ feed, clock, version },
    log: () => log.kept(),
    config: () => held.text(),
    about: {
      ...{ nodeVersion: process.versions.node, arch: process.arch, kernel: release() },
      ...{ processors: cpus().length, memoryBytes: totalmem(), uptimeSeconds: Math.round(process.uptime()) },
      image: image?.facts,
    },
    reports: image ? boxReports({ clock, log: log.named('log-bundle') }) : [],
    async secrets() {
      return [
        ...(await readSecrets(where.config)).values(),
        (await readIfThere(join(where.data, 'cli.token'))) ?? '',
        ...(image ? await ownersSecrets(ownersFile) : []),
      ]
    },
  })
}

/** One that could not be taken stands there with all its passwords. */
async function ownersSecrets(file: string): Promise<string[]> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const { networks, hotspotPassphrase, pairingCode } = readBootFile(bytes).wishes
  const secrets = [...networks.map(({ password }) => password), hotspotPassphrase, pairingCode]
  return secrets.filter(secret => secret !== undefined)
}
