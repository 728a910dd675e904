// What a mount believes of place and time beside what the box knows. A mount that is wrong about either points beside
// every target, into the ground, or into its own pier.
import { distanceKm, type GeographicPosition } from '../science/geographic-position.js'

/** What a mount does not say is left out. */
export interface Whereabouts {
  readonly latitudeDeg?: number
  /** East positive, −180 to 180. */
  readonly longitudeDeg?: number
  readonly elevationMetres?: number
  /** Its clock minus ours, seconds. */
  readonly clockAheadSeconds?: number
}

export interface WhereaboutsVerdict {
  /** On the ground, degrees of a great circle; absent when nobody can tell. */
  readonly placeOffDeg?: number
  /** Its clock minus ours, seconds; absent when nobody can tell. */
  readonly clockOffSeconds?: number
  /** What is wrong by more than a mount may be; absent when nothing is. */
  readonly words?: string
}

/** A degree is two full Moons a target is missed by; a minute turns the sky by a quarter of one. */
const mostDeg = 1
const mostSeconds = 60
/** Nearer than this it is not told again: a tenth of a kilometre, and what goes lost in whole seconds. */
const sameDeg = 0.001
const sameMetres = 20
const sameSeconds = 1.5
const kmPerDeg = 111.195

/** @param here undefined while the box does not know its place  @param timed the box knows the time well enough */
export function judgeWhereabouts(
  believed: Whereabouts,
  here: GeographicPosition | undefined,
  timed: boolean,
): WhereaboutsVerdict & { readonly samePlace: boolean; readonly sameTime: boolean } {
  const { latitudeDeg, longitudeDeg, elevationMetres, clockAheadSeconds } = believed
  const placeOffDeg =
    here && latitudeDeg !== undefined && longitudeDeg !== undefined
      ? distanceKm({ latitudeDeg, longitudeDeg }, here) / kmPerDeg
      : undefined
  const clockOffSeconds = timed ? clockAheadSeconds : undefined
  const wrong = [
    placeOffDeg !== undefined && placeOffDeg > mostDeg && `its place is ${placeOffDeg.toFixed(1)}° from the box's`,
    clockOffSeconds !== undefined &&
      Math.abs(clockOffSeconds) > mostSeconds &&
      `its clock is ${spoken(Math.abs(clockOffSeconds))} ${clockOffSeconds > 0 ? 'ahead of' : 'behind'} the box's`,
  ].filter(words => words !== false)
  // Of a height that the box does not know the mount may think what it likes.
  const high =
    here?.elevationMetres === undefined ? 0 : Math.abs((elevationMetres ?? Number.NaN) - here.elevationMetres)
  return {
    ...{ placeOffDeg, clockOffSeconds, words: wrong.length > 0 ? wrong.join(', and ') : undefined },
    samePlace: placeOffDeg !== undefined && placeOffDeg < sameDeg && high < sameMetres,
    sameTime: clockOffSeconds !== undefined && Math.abs(clockOffSeconds) < sameSeconds,
  }
}

function spoken(seconds: number): string {
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`
}

/** How far a zone's clocks are ahead of UTC, hours; hand controllers show its time. */
export function zoneHours(zone: string, atMs: number): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(atMs)
  const [, sign, hours, minutes = '0'] = /([+-])(\d+)(?::(\d+))?/.exec(parts.at(-1)?.value ?? '') ?? [0, '+', '0']
  return (sign === '-' ? -1 : 1) * (Number(hours) + Number(minutes) / 60)
}
