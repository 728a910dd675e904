// The night as an observer counts it: from noon to noon under one date.

import { ScienceError } from './science-error.js'

const dayMs = 86_400_000

/**
 * The date a night is filed under, `YYYY-MM-DD`: that of its evening. It changes at local mean noon by the longitude,
 * so the night of the 20th lasts until noon of the 21st, whatever the clock on the wall calls it.
 * @param atMs Unix time, UTC
 * @param longitudeDeg east positive
 */
export function nightDate(atMs: number, longitudeDeg: number): string {
  return new Date(nightStartMs(atMs, longitudeDeg) + localOffsetMs(longitudeDeg)).toISOString().slice(0, 10)
}

/** Unix ms of the local mean noon at which the night of `atMs` began. */
export function nightStartMs(atMs: number, longitudeDeg: number): number {
  if (!Number.isFinite(atMs)) throw new ScienceError(`time is ${atMs}, not a number`)
  const shift = localOffsetMs(longitudeDeg) - dayMs / 2
  return Math.floor((atMs + shift) / dayMs) * dayMs - shift
}

function localOffsetMs(longitudeDeg: number): number {
  if (!(Math.abs(longitudeDeg) <= 360)) throw new ScienceError(`longitude ${longitudeDeg}° is outside -360° to 360°`)
  const east = longitudeDeg > 180 ? longitudeDeg - 360 : longitudeDeg < -180 ? longitudeDeg + 360 : longitudeDeg
  return Math.round((east / 360) * dayMs)
}
