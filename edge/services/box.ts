// How the box itself is, at `box`: always there, with its warnings in words.
import type { BoxReading, ReadBox } from '../ports/box-health.js'
import type { Clock } from '../ports/clock.js'
import { asFault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { Log } from '../ports/log.js'
import type { Store } from '../ports/store.js'
import { boxWarnings, throttleBits } from '../rules/box-warnings.js'

export interface BoxParts {
  readonly readBox: ReadBox
  readonly store: Pick<Store, 'space'>
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
}

const everyMs = 30_000
const lookMs = 10_000

export function reportBox({ readBox, store, feed, clock, log }: BoxParts): () => void {
  const end = new AbortController()
  let under = false
  let before: readonly string[] = []
  const report = async () => {
    if (under) return
    under = true
    const limit = clock.deadline(lookMs, 'looking at the box', end.signal)
    try {
      const [box, space] = await limit.race(clock.outside(Promise.all([readBox(limit.signal), store.space()])))
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
    } catch (error) {
      if (!end.signal.aborted) log.warn(`how the box is, is not known: ${asFault(error, 'the box').message}`)
    } finally {
      limit.cancel()
      under = false
    }
  }
  void report()
  const again = clock.every(everyMs, () => void report())
  return () => {
    end.abort()
    again.cancel()
    feed.drop('box')
  }
}

function fieldsOf({ throttled, supplyAlarm, cpuCelsius, load, uptimeSeconds, ...same }: BoxReading) {
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
