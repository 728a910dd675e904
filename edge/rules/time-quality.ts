// How well is the time known? Pure: the same facts, the same answer. A small computer has no clock that runs on without
// power, and believes whatever it woke up with; what hangs on true time has to know who says so.

/** Best first. `rtc`: a clock with a battery; `last-saved`: the time noted before the power went; `none`: made up. */
export const timeSources = ['gps', 'ntp', 'phone', 'rtc', 'last-saved', 'none'] as const
export type TimeSource = (typeof timeSources)[number]

export interface TimeQuality {
  readonly source: TimeSource
  /** Something keeps the clock right from moment to moment. */
  readonly synchronised: boolean
  /** How far off it may be, seconds; absent: nobody knows. */
  readonly uncertaintySeconds?: number
}

/** Another clock that was compared with ours. */
export interface Witness {
  /** Its time minus ours, seconds. */
  readonly offsetSeconds: number
  /** How far off itself and the comparison may be, seconds. */
  readonly uncertaintySeconds: number
  /** How long ago, seconds; ours has not jumped since. */
  readonly ageSeconds: number
}

export interface ClockFacts {
  /** What the computer says of its own clock. */
  readonly own: TimeQuality
  readonly gps?: Witness
  /** Only one by which the clock was set, or found right. */
  readonly phone?: Witness
  /** How long ago the time was last known from GPS, NTP or a phone, seconds by this clock. */
  readonly trueAgoSeconds?: number
}

export interface ClockVerdict extends TimeQuality {
  /** A satellite receiver says something else, seconds. */
  readonly gpsDiffersSeconds?: number
}

/** A quartz without a source drifts by less, in frost as in summer: 50 ppm, 4.3 s a day. */
const drift = 50e-6
/** A receiver tells its time about once a second, over a serial line, without saying when it began to. */
const gpsAgrees = 2
const gpsFreshSeconds = 120
/** A clock with a battery is set and read to whole seconds. */
const rtcReading = 2

/** Who is to be believed, and how far. */
export function judgeClock({ own, gps, phone, trueAgoSeconds }: ClockFacts): ClockVerdict {
  const heard = gps && gps.ageSeconds <= gpsFreshSeconds ? gps : undefined
  const off = heard && Math.abs(heard.offsetSeconds)
  const differs =
    off !== undefined && off > gpsAgrees + (heard?.uncertaintySeconds ?? 0) ? { gpsDiffersSeconds: off } : {}
  if (own.synchronised) return { ...own, ...differs }
  if (heard && off !== undefined) {
    const agrees = differs.gpsDiffersSeconds === undefined
    // Known to be wrong is known, too: by how much.
    return { source: agrees ? 'gps' : own.source, synchronised: false, uncertaintySeconds: off + gpsAgrees, ...differs }
  }
  if (phone) {
    const { offsetSeconds, uncertaintySeconds, ageSeconds } = phone
    const uncertainty = Math.abs(offsetSeconds) + uncertaintySeconds + ageSeconds * drift
    return { source: 'phone', synchronised: false, uncertaintySeconds: uncertainty }
  }
  // A battery keeps a time that was true once; one that nobody ever set keeps nothing.
  if (
    own.source === 'rtc' &&
    own.uncertaintySeconds === undefined &&
    trueAgoSeconds !== undefined &&
    trueAgoSeconds >= 0
  )
    return { ...own, uncertaintySeconds: rtcReading + trueAgoSeconds * drift }
  return own
}
