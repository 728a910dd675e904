// The real spine on a simulated clock and an in-process store: what most tests of services and faces stand on.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../edge/ports/clock.js'
import type { LogLine } from '../../edge/ports/log.js'
import { createActions } from '../../edge/spine/actions.js'
import { createClaims } from '../../edge/spine/claims.js'
import { createFeed } from '../../edge/spine/feed.js'
import { createLog } from '../../edge/spine/log.js'
import { createPictures } from '../../edge/spine/pictures.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { simulatedClock } from '../../edge/spine/simulated-clock.js'
import { standardTemplate } from '../../edge/store/naming.js'
import { openStore } from '../../edge/store/open-store.js'

/** A winter evening at the demo pier: it is dark, and the sky turns as it should. */
export const eveningMs = Date.UTC(2026, 10, 20, 21, 0, 0)

interface Test {
  teardown(run: () => unknown): void
}

export interface HouseOrder {
  /** An empty folder of the test's own; one is made when absent. */
  readonly folder?: string
  readonly longitudeDeg?: number
  readonly reserveBytes?: number
}

/** Log, store and feed by any clock; `close` removes the folder it made. */
export async function openRecords(clock: Clock, order: HouseOrder = {}) {
  const folder = order.folder ?? (await mkdtemp(join(tmpdir(), 'pierside-house-')))
  const lines: LogLine[] = []
  const log = createLog(clock, line => lines.push(line), 'debug')
  const store = await openStore({
    folder,
    thread: false,
    clock,
    log,
    template: standardTemplate,
    longitudeDeg: order.longitudeDeg ?? 8,
    reserveBytes: order.reserveBytes ?? 0,
  })
  const feed = createFeed({ node: 'test', store, clock, log })
  const close = async () => {
    await store.close()
    if (order.folder === undefined) await rm(folder, { recursive: true, force: true })
  }
  return { folder, log, lines, store, feed, pictures: createPictures(), close }
}

/** Everything is closed and removed when the test ends. */
export async function openHouse(t: Test, startMs = eveningMs, order: HouseOrder = {}) {
  const clock = simulatedClock(startMs)
  const records = await openRecords(clock, order)
  const claims = createClaims(clock, records.log)
  const random = seededRandom(1)
  const actions = createActions({ ...records, claims, clock, random })
  t.teardown(records.close)
  return { ...records, clock, claims, random, actions }
}
