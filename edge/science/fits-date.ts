// When a frame's shutter opened, from the several ways headers say it. FITS Standard 4.0, §9.1.1.
import { type Card, numberOf, textOf } from './fits-header.js'

const stamp = /^(\d{4})-(\d\d)-(\d\d)(?:[T ]+(\d\d):(\d\d)(?::(\d\d(?:\.\d*)?))?)?\s*(Z|UTC?|[+-]\d\d(?::?\d\d)?)?$/i
const oldStamp = /^(\d\d)\/(\d\d)\/(\d\d)$/ // DD/MM/YY, years 1900–1999 only
const clockForm = /^(\d\d):(\d\d):(\d\d(?:\.\d*)?)$/
const unixEpochMjdDays = 40587
const dayMs = 86_400_000

/**
 * Start of the exposure as Unix ms, from DATE-OBS (UTC unless it carries an offset such as `-07:00` or `-0700`), with
 * TIME-OBS or UT beside it where it holds a date alone, else from MJD-OBS; `undefined` when no card says it.
 */
export function dateObsMs(cards: readonly Card[]): number | undefined {
  const text = textOf(cards, 'DATE-OBS')
  const ms = text === undefined ? undefined : parseStamp(text, textOf(cards, 'TIME-OBS') ?? textOf(cards, 'UT'))
  if (ms !== undefined) return ms
  const mjdDays = numberOf(cards, 'MJD-OBS')
  return mjdDays === undefined ? undefined : Math.round((mjdDays - unixEpochMjdDays) * dayMs)
}

function parseStamp(text: string, clock: string | undefined): number | undefined {
  const old = oldStamp.exec(text)
  if (old) return moment([1900 + Number(old[3]), Number(old[2]), Number(old[1])], clockParts(clock), 0)
  const found = stamp.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second = '0', zone] = found
  const time = hour === undefined ? clockParts(clock) : [Number(hour), Number(minute), Number(second)]
  return moment([Number(year), Number(month), Number(day)], time, zoneMinutes(zone))
}

function clockParts(clock: string | undefined): number[] {
  const found = clock === undefined ? undefined : clockForm.exec(clock)
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : [0, 0, 0]
}

function zoneMinutes(zone: string | undefined): number {
  const found = zone === undefined ? undefined : /^([+-])(\d\d):?(\d\d)?$/.exec(zone)
  if (!found) return 0
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? 0)
  return found[1] === '-' ? -minutes : minutes
}

/** A leap second (60) runs into the next minute. Days that no month has give `undefined`. */
function moment(date: readonly number[], time: readonly number[], offsetMinutes: number): number | undefined {
  const [year, month, day] = date
  const [hour, minute, second] = time
  const midnight = Date.UTC(year, month - 1, day)
  const real = new Date(midnight)
  if (real.getUTCMonth() !== month - 1 || real.getUTCDate() !== day) return undefined
  if (hour > 24 || minute > 59 || second >= 61) return undefined
  return midnight + Math.round(((hour * 60 + minute - offsetMinutes) * 60 + second) * 1000)
}
