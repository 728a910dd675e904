// The house around the MQTT face in tests: the real feed, action table, claims, pictures and store, in a folder of its
// own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type MqttFace, type MqttFaceParts, type MqttTiming, mqttFace } from '../../edge/api/mqtt/mqtt-face.js'
import { mqttSettings } from '../../edge/api/mqtt/settings.js'
import type { Clock } from '../../edge/ports/clock.js'
import type { Feed } from '../../edge/ports/feed.js'
import type { Pictures } from '../../edge/ports/pictures.js'
import type { Store } from '../../edge/ports/store.js'
import { type ActionTable, createActions } from '../../edge/spine/actions.js'
import { createClaims } from '../../edge/spine/claims.js'
import { createFeed } from '../../edge/spine/feed.js'
import { asWords, createLog, type LogBook } from '../../edge/spine/log.js'
import { createPictures } from '../../edge/spine/pictures.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { standardTemplate } from '../../edge/store/naming.js'
import { openStore } from '../../edge/store/open-store.js'

export interface MqttHouse {
  readonly folder: string
  readonly feed: Feed
  readonly actions: ActionTable
  readonly pictures: Pictures
  readonly clock: Clock
  readonly store: Store
  readonly log: LogBook
  /** A face over this house, not started. */
  face(settings: Record<string, unknown>, more?: Partial<MqttFaceParts>): MqttFace
  /** Closes the store; the folder goes too unless it was given. */
  close(): Promise<void>
}

/** So that tests need not wait as long as an owner would. */
const quick: Partial<MqttTiming> = { keepaliveSeconds: 2, graceMs: 1_500 }

/** @param folder one to come back to, for what must outlive a restart */
export async function mqttHouse({
  node = 'pier-test',
  folder,
}: {
  node?: string
  folder?: string
} = {}): Promise<MqttHouse> {
  const own = folder ?? mkdtempSync(path.join(tmpdir(), 'pierside-mqtt-'))
  const clock = systemClock()
  const write = process.env.VERBOSE ? (words: string) => void process.stderr.write(words) : () => undefined
  const log = createLog(clock, line => write(asWords(line)), 'debug')
  const random = seededRandom(7)
  const store = await openStore({
    folder: own,
    clock,
    log,
    template: standardTemplate,
    longitudeDeg: 0,
    reserveBytes: 0,
    thread: false,
  })
  const feed = createFeed({ node, store, clock, log })
  const actions = createActions({ claims: createClaims(clock, log), feed, clock, random, log })
  const pictures = createPictures()
  return {
    folder: own,
    feed,
    actions,
    pictures,
    clock,
    store,
    log,
    face: (settings, more) =>
      mqttFace({
        feed,
        actions,
        pictures,
        store,
        clock,
        random,
        log,
        timing: quick,
        settings: mqttSettings.parse({ node, ...settings }),
        ...more,
      }),
    async close() {
      await store.close()
      if (!folder) rmSync(own, { recursive: true, force: true })
    },
  }
}
