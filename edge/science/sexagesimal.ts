// Angles as people and FITS cards write them: hours and degrees in sixtieths, read forgivingly and written one way.

import { ScienceError } from './science-error.js'

/**
 * Right ascension in words, `05 35 17.3`.
 * @param raHours hours; wrapped into 0 … 24
 * @param separator between the parts; FITS OBJCTRA wants a space, most pages a colon
 * @param decimals digits after the point of the seconds
 */
export function formatRa(raHours: number, separator = ' ', decimals = 1): string {
  const day = 86400
  const seconds = roundTo(((((raHours % 24) + 24) % 24) * 3600) % day, decimals) % day
  return parts(seconds, decimals, separator)
}

/**
 * Declination in words, `-05 23 28`; the sign is always there.
 * @param decDeg degrees
 * @param separator between the parts
 * @param decimals digits after the point of the seconds
 */
export function formatDec(decDeg: number, separator = ' ', decimals = 0): string {
  const seconds = roundTo(Math.abs(decDeg) * 3600, decimals)
  return (decDeg < 0 && seconds > 0 ? '-' : '+') + parts(seconds, decimals, separator)
}

/**
 * Reads a right ascension: `05 35 17.3`, `5h35m`, `5:35:17`, `5.588` (hours) or `83.82°` (degrees).
 * @returns hours, 0 ≤ h < 24
 * @throws ScienceError naming the text and what is wrong with it
 */
export function parseRa(text: string): number {
  const { value, unit } = parse(text, 'right ascension')
  const hours = unit === 'degrees' ? value / 15 : value
  if (!(hours >= 0 && hours < 24)) throw new ScienceError(`right ascension "${text}" is outside 0 h to 24 h`)
  return hours
}

/**
 * Reads a declination: `-05 23 28`, `+41d16m`, `−5°23′28″`, `-0 30`, `-5.39` (degrees).
 * @returns degrees, −90 … 90
 * @throws ScienceError naming the text and what is wrong with it
 */
export function parseDec(text: string): number {
  const { value, unit } = parse(text, 'declination')
  if (unit === 'hours') throw new ScienceError(`declination "${text}" is in hours; degrees are wanted`)
  if (Math.abs(value) > 90) throw new ScienceError(`declination "${text}" is outside -90° to +90°`)
  return value
}

function roundTo(value: number, decimals: number): number {
  const scale = 10 ** decimals
  return Math.round(value * scale) / scale
}

function parts(seconds: number, decimals: number, separator: string): string {
  const whole = Math.floor(seconds / 60)
  const rest = (seconds - whole * 60).toFixed(decimals).padStart(decimals > 0 ? decimals + 3 : 2, '0')
  const two = (value: number) => String(value).padStart(2, '0')
  return [two(Math.floor(whole / 60)), two(whole % 60), rest].join(separator)
}

// Each part ends with its mark, a space or the end of the text: `517` is one number, never 5 and 17.
const number = String.raw`\d+(?:\.\d*)?`
const gap = String.raw`(?=\s|$)`
const wholes = String.raw`([+-]?)\s*(${number}|\.\d+)(?:\s*(h|d|°|º|:)|${gap})`
const minutes = String.raw`(${number})(?:\s*(?:m|'|:)|${gap})`
const seconds = String.raw`(${number})\s*(?:s|"|'')?`
const shape = new RegExp(String.raw`^${wholes}\s*(?:${minutes}\s*(?:${seconds})?)?$`)

function parse(text: string, what: string): { value: number; unit: 'hours' | 'degrees' | undefined } {
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/[−–—]/g, '-')
    .replace(/[′’ʹ´]/g, "'")
    .replace(/[″”ʺ]/g, '"')
    .replace(/(\d),(\d)/g, '$1.$2')
  const match = shape.exec(plain)
  if (!match) throw new ScienceError(`${what} "${text}" cannot be read; write it like 05 35 17.3 or 5.588`)
  const [, sign, first, mark, minutes, seconds] = match
  const isFraction = (part: string | undefined) => part?.includes('.') ?? false
  if ((minutes !== undefined && isFraction(first)) || (seconds !== undefined && isFraction(minutes)))
    throw new ScienceError(`${what} "${text}" has a fraction before its last part`)
  if (Number(minutes ?? 0) >= 60 || Number(seconds ?? 0) >= 60)
    throw new ScienceError(`${what} "${text}" has 60 or more minutes or seconds`)
  const size = Number(first) + Number(minutes ?? 0) / 60 + Number(seconds ?? 0) / 3600
  const unit = mark === 'h' ? 'hours' : mark === 'd' || mark === '°' || mark === 'º' ? 'degrees' : undefined
  return { value: sign === '-' ? -size : size, unit }
}
