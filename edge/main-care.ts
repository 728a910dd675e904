// What the log bundle is made of: the agent's own words everywhere, the box's own programs on its own image.
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { boxReports } from './drivers/own/box-reports.js'
import type { OwnImage } from './main-image.js'
import type { HeldConfig } from './main-settings.js'
import type { Clock } from './ports/clock.js'
import type { Feed } from './ports/feed.js'
import type { LogBundle } from './ports/log-bundle.js'
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
}

/** Where an owner of the image may have written passwords for it. */
const ownersFile = '/boot/firmware/pierside.txt'

export function careBundle({ where, held, feed, clock, log, version, image }: CareParts): LogBundle {
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
      const owners = image ? ((await readIfThere(ownersFile)) ?? '') : ''
      return [
        ...(await readSecrets(where.config)).values(),
        (await readIfThere(join(where.data, 'cli.token'))) ?? '',
        // `wifi_passphrase = …`: the network may be long in use and the file still there.
        ...[...owners.matchAll(/^\s*\w*(?:pass|psk|key|secret)\w*\s*[=:]\s*(.+?)\s*$/gim)].map(([, value]) => value),
      ]
    },
  })
}
