// The clock of somebody's own computer: looked at, never set. Its owner and its system keep it.
import type { SystemTime } from '../../ports/timekeeping.js'
import { saysSynchronised, zoneOf } from './clock-words.js'
import { bootOf, wordsOf } from './computer.js'

/** By NTP it is milliseconds; that the kernel calls the clock kept (adjtimex(2)) says less. */
const synchronisedSeconds = 1
/** Nobody vouches for it, but a computer that people look at daily is set right when it is wrong. */
const lookedAtSeconds = 30

export interface OwnersPlaces {
  readonly root?: string
  readonly timedatectl?: string
}

export function ownersTime({ root = '/', timedatectl = 'timedatectl' }: OwnersPlaces = {}): SystemTime {
  return {
    async read(signal) {
      const [words, zone, boot] = await Promise.all([
        wordsOf(timedatectl, ['show', '--property=NTPSynchronized'], signal),
        zoneOf(root),
        bootOf(root),
      ])
      const synchronised = words !== undefined && saysSynchronised(words)
      const uncertaintySeconds = synchronised ? synchronisedSeconds : lookedAtSeconds
      return { source: synchronised ? 'ntp' : 'rtc', synchronised, uncertaintySeconds, zone, ...boot }
    },
  }
}
