// How the box itself is, at `box`: always there, with its warnings in words.
import type { BoxReading, ReadBox } from '../ports/box-health.js'
import type { Clock } from '../ports/clock.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import type { Store } from '../ports/store.js'
import { boxWarnings, throttleBits } from '../rules/box-warnings.js'
import { lookAgain } from './look-again.js'

export interface BoxParts {
  readonly readBox: ReadBox
  readonly store: Pick<Store, 'space'>
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
}

const everyMs = 30_000

export function reportBox({ readBox, store, feed, clock, log }: BoxParts): () => void {
  let before: readonly string[] = []
  const stop = lookAgain(
    { clock, log },
    {
      what: 'looking at the box',
      everyMs,
      look: signal => Promise.all([readBox(signal), store.space()]),
      tell([box, space]) {
        const { freeBytes: diskFreeBytes, totalBytes: diskTotalBytes, reserveBytes: diskReserveBytes } = space
        const warnings = boxWarnings({ ...box, diskFreeBytes, diskReserveBytes })
        feed.set('box', {
          ...fieldsOf(box),
          ...{ diskFreeBytes, diskTotalBytes },
          warnings: warnings.map(({ words }) => words),
          warning: warnings[0]?.words,
          troubled: warnings.length > 0,
        })
        for (const { about, words } of warnings) {
          if (!before.includes(about)) void feed.event('box-warning', { about, words })
        }
        before = warnings.map(({ about }) => about)
      },
    },
  )
  return () => {
    stop()
    feed.drop('box')
  }
}

function fieldsOf({ faults: _, throttled, supplyAlarm, cpuCelsius, load, uptimeSeconds, ...same }: BoxReading) {
  const bit = (mask: number) => (throttled === undefined ? undefined : (throttled & mask) !== 0)
  return {
    ...same,
    cpuCelsius: cpuCelsius === undefined ? undefined : Math.round(cpuCelsius * 10) / 10,
    underVoltage: supplyAlarm || bit(throttleBits.underVoltage),
    underVoltageSeen: bit(throttleBits.underVoltageSeen),
    throttled: bit(throttleBits.throttled | throttleBits.capped | throttleBits.hot),
    load: load === undefined ? undefined : Math.round(load * 10) / 10,
    // A state that is news every half minute for ever would be told to everybody: minutes do.
    uptimeSeconds: uptimeSeconds === undefined ? undefined : Math.floor(uptimeSeconds / 600) * 600,
  }
}
