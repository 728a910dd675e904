// The clock of the box's own image: chrony keeps it, a battery or a saved time carries it over, and a phone may set it.
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../../ports/clock.js'
import type { ImageDeed } from '../../ports/machine.js'
import type { SystemTime } from '../../ports/timekeeping.js'
import type { TimeQuality } from '../../rules/time-quality.js'
import { namesIn, textOf } from '../found/tree.js'
import { trackingQuality, zoneOf } from './clock-words.js'
import { bootOf, wordsOf } from './computer.js'

export interface BoxTimePlaces {
  /** Above etc, proc, run, sys, usr and var: `/`, or a folder that stands in for it. */
  readonly root?: string
  readonly chronyc?: string
}

/** systemd starts with the time of this file's last change, where the clock is behind it. */
const savedFile = 'var/lib/systemd/timesync/clock'
/** Nothing on the image is younger than the image. */
const imageFile = 'usr/lib/clock-epoch'
/** A clock with a battery counts whole seconds, and the kernel's driver reads it at their ends. */
const rtcSeconds = 3

export function boxTime(
  clock: Pick<Clock, 'now'>,
  deed: ImageDeed,
  { root = '/', chronyc = 'chronyc' }: BoxTimePlaces = {},
): SystemTime {
  const at = (file: string) => path.join(root, file)

  /** Of a clock that nothing keeps: what it goes on from. */
  const carried = async (): Promise<TimeQuality> => {
    const [rtc, saved, built] = await Promise.all([
      rtcMs(at('sys/class/rtc')),
      changedMs(at(savedFile)),
      changedMs(at(imageFile)),
    ])
    const nowMs = clock.now()
    if (rtc !== undefined && Math.abs(rtc - nowMs) <= rtcSeconds * 1000) return { source: 'rtc', synchronised: false }
    // A box that was never right has saved what it was built with.
    const carries = saved !== undefined && (built === undefined || saved > built + firstHourMs)
    return { source: carries ? 'last-saved' : 'none', synchronised: false }
  }

  return {
    async read(signal) {
      const [tracking, zone, boot] = await Promise.all([
        wordsOf(chronyc, ['-c', '-n', 'tracking'], signal),
        zoneOf(root),
        bootOf(root),
      ])
      const kept = tracking === undefined ? undefined : trackingQuality(tracking)
      return { ...(kept ?? (await carried())), zone, ...boot }
    },
    set: ({ byMs, zone }, signal) => deed('set-time', { by_ms: byMs, zone }, signal),
  }
}

const firstHourMs = 3_600_000

/** What the first clock with a battery says, Unix ms; undefined where there is none, or it says that it had stopped. */
async function rtcMs(folder: string): Promise<number | undefined> {
  for (const name of await namesIn(folder)) {
    const seconds = Number(await textOf(path.join(folder, name, 'since_epoch')))
    if (Number.isFinite(seconds) && seconds > 0) return seconds * 1000
  }
  return undefined
}

async function changedMs(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs
  } catch {
    // It was never written.
    return undefined
  }
}
