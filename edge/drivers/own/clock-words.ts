// What chronyc and timedatectl say of the clock, and where a computer keeps its time zone.
import { readlink } from 'node:fs/promises'
import path from 'node:path'
import type { TimeQuality } from '../../rules/time-quality.js'

/** Reference clocks as our chrony.conf names them; what has another name came over the network. */
const receivers: ReadonlySet<string> = new Set(['GPS', 'PPS'])

/**
 * One line of `chronyc -c tracking` (chronyc(1)): reference id, name, stratum, reference time, offset of the clock,
 * last offset, RMS offset, frequency, residual frequency, skew, root delay, root dispersion, interval, leap status;
 * in seconds and ppm. The clock is within |offset| + dispersion + delay/2 of true time (RFC 5905 §4).
 * @returns undefined while chrony has no source, or for a line that is none
 */
export function trackingQuality(line: string): TimeQuality | undefined {
  const columns = line.trim().split(',')
  if (columns.length < 14 || columns[13] === 'Not synchronised') return undefined
  const [offset, delay, dispersion] = [4, 10, 11].map(column => Number(columns[column]))
  const uncertaintySeconds = Math.abs(offset) + dispersion + delay / 2
  if (!Number.isFinite(uncertaintySeconds)) return undefined
  return { source: receivers.has(columns[1]) ? 'gps' : 'ntp', synchronised: true, uncertaintySeconds }
}

/** `timedatectl show --property=NTPSynchronized`: the kernel's own word, whoever keeps the clock. */
export const saysSynchronised = (text: string) => /^NTPSynchronized=yes$/m.test(text)

/** The IANA name behind `/etc/localtime`, wherever the links lead. @param root above etc */
export async function zoneOf(root: string): Promise<string | undefined> {
  let file = path.join(root, 'etc/localtime')
  // A link to a link to the zone is usual; more is a circle.
  for (let link = 0; link < 4; link++) {
    const zone = /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(file)?.[1]
    if (zone !== undefined) return zone
    try {
      const target = await readlink(file)
      file = path.isAbsolute(target) ? path.join(root, target) : path.join(path.dirname(file), target)
    } catch {
      // A copy of the zone's file, or none at all: it has no name.
      return undefined
    }
  }
  return undefined
}
