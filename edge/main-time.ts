// Time and place for as long as the agent runs: whose clock it is, who says where the pier stands.
import { askBoxGps } from './drivers/own/box-gps.js'
import { boxTime } from './drivers/own/box-time.js'
import { ownersTime } from './drivers/own/owners-time.js'
import type { OwnImage } from './main-image.js'
import type { HeldConfig } from './main-settings.js'
import type { Clock } from './ports/clock.js'
import type { Fault } from './ports/fault.js'
import type { Feed } from './ports/feed.js'
import type { Log } from './ports/log.js'
import type { Store } from './ports/store.js'
import { reportPlace } from './services/place.js'
import { type TimeService, timekeeping } from './services/timekeeping.js'

export interface TimeGround {
  readonly feed: Feed
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  closed(): Fault | undefined
}

/** @param image the box's own; anywhere else the clock is its owner's, and is never set */
export async function startTimeAndPlace(
  held: HeldConfig,
  image: Pick<OwnImage, 'deed'> | undefined,
  { feed, store, clock, log, closed }: TimeGround,
): Promise<TimeService> {
  const system = image ? boxTime(clock, image.deed) : ownersTime()
  const time = await timekeeping({ system, feed, store, clock, log: log.named('time'), closed })
  const noPlace = reportPlace({
    ...{ feed, clock, log: log.named('place') },
    askGps: image ? askBoxGps(clock) : undefined,
    site: () => held.settings().site,
    save: changes => held.merge(changes),
  })
  return {
    ...time,
    stop() {
      noPlace()
      time.stop()
    },
  }
}
