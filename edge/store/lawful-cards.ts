// Header cards of other programs, made such that fitsverify finds nothing, with what they said kept: a card that the
// standard forbids in an image becomes a COMMENT with its words. FITS Standard 4.0; checked against fitsverify 4.20.
import { type Card, formatCard } from '../science/fits-header.js'

/** The keywords of a list, each a pattern, with the letter of a second coordinate system after it. */
const keywords = (list: string): RegExp => new RegExp(`^(${list.trim().split(/\s+/).join('|')})[A-Z]?$`)

const textual = keywords(String.raw`
  OBJECT TELESCOP INSTRUME OBSERVER AUTHOR ORIGIN REFERENC EXTNAME BUNIT RADESYS RADECSYS TIMESYS TIMEUNIT SPECSYS
  SSYSOBS SSYSSRC WCSNAME C(?:TYPE|UNIT)\d+ PS\d+_\d+`)
const real = keywords(String.raw`
  EQUINOX DATAMAX DATAMIN LONPOLE LATPOLE MJD-(?:OBS|AVG|BEG|END) MJDREF[IF]? OBSGEO-[XYZBLH] RESTFRQ RESTFREQ RESTWAV
  VELOSYS VELANGL ZSOURCE TIMEDEL C(?:RVAL|RPIX|DELT|ROTA|RDER|SYER)\d+ (?:CD|PC|PV)\d+_\d+`)
const whole = keywords('BLANK EXTVER EXTLEVEL VELREF WCSAXES')
/** Reference systems with a closed list of names (tables 21 and 27 of the standard). */
const listed: Readonly<Record<string, RegExp>> = {
  RADESYS: /^(ICRS|FK5|FK4|FK4-NO-E|GAPPT)$/,
  RADECSYS: /^(ICRS|FK5|FK4|FK4-NO-E|GAPPT)$/,
  SPECSYS: /^(TOPOCENT|GEOCENTR|BARYCENT|HELIOCEN|LSRK|LSRD|GALACTOC|LOCALGRP|CMBDIPOL|SOURCE)$/,
}
/** Of tables, random groups and compressed images; a reader that finds them here is led astray. */
const foreign = [
  /^T(FIELDS|HEAP|(TYPE|FORM|BCOL|DISP|DIM|NULL|SCAL|ZERO|UNIT)\d+)$/,
  /^P(TYPE|SCAL|ZERO)\d+$/,
  /^Z(IMAGE|TABLE|TENSION|SIMPLE|EXTEND|BITPIX|CMPTYPE|MASKCMP|QUANTIZ|DITHER0|BLANK|PCOUNT|GCOUNT|HECKSUM|DATASUM)$/,
  /^Z(NAXIS\d*|(TILE|NAME|VAL)\d+)$/,
  /^(FZ[A-Z0-9]+|BLOCKED|INHERIT)$/,
]
const worldAxis = /^(?:WCSAXES|C(?:TYPE|RVAL|RPIX|DELT|ROTA|UNIT)(\d+)|(?:CD|PC)(\d+)_(\d+))$/
const dateKeyword = /^DATE(-[A-Z0-9]*)?$/
const meaningful = [textual, real, whole, ...foreign, worldAxis, dateKeyword, /^EPOCH$/]
const writable = /^[A-Z0-9_-]{1,8}$/
const dateForm = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?)?$|^\d\d\/\d\d\/\d\d$/
const zonedForm = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)\s*(?:(Z)|([+-]\d\d):?(\d\d))$/i

/**
 * The same cards with nothing in them that fitsverify would name. The first of doubled keywords stays.
 * @param axes of the image: world coordinates of further axes do not fit it
 */
export function lawfulCards(cards: readonly Card[], axes: number): Card[] {
  const seen = new Set<string>()
  const world = worldFits(cards, axes)
  const result: Card[] = []
  for (const card of cards) {
    const { keyword } = card
    if (isRemark(card)) {
      result.push(card)
      continue
    }
    const lawful = !seen.has(keyword) && (world || !worldAxis.test(keyword)) ? mended(card, cards) : undefined
    if (lawful) result.push(lawful.card)
    if (lawful?.kept !== false) seen.add(keyword)
    if (!lawful || lawful.told) result.push(...remarks(card))
  }
  return result
}

/** COMMENT, HISTORY, blank, and what could not be read and stands under no keyword with a meaning of its own. */
function isRemark({ keyword, value, raw }: Card): boolean {
  if (keyword === 'COMMENT' || keyword === 'HISTORY' || keyword === '') return true
  return value === undefined && raw !== undefined && !meaningful.some(form => form.test(keyword))
}

interface Mended {
  readonly card: Card
  /** Whether the original has to be told beside it, because its value changed. */
  readonly told?: boolean
  /** False: the keyword is not taken by this card, which now has another. */
  readonly kept?: false
}

/** The card as it may stand; `undefined` when it may not stand at all. */
function mended(card: Card, all: readonly Card[]): Mended | undefined {
  const { keyword, value } = card
  if (value === undefined || foreign.some(form => form.test(keyword)) || !isWritable(card)) return undefined
  if (keyword === 'EPOCH') {
    const equinox = numberIn(value)
    if (equinox === undefined || all.some(other => other.keyword === 'EQUINOX')) return undefined
    return { card: { ...card, keyword: 'EQUINOX', value: equinox, real: true }, kept: false }
  }
  if (dateKeyword.test(keyword)) return mendedDate(card)
  if (listed[keyword] && !listed[keyword].test(String(value).trim())) return undefined
  if (textual.test(keyword)) {
    if (typeof value === 'string') return { card }
    return { card: { ...card, value: typeof value === 'boolean' ? (value ? 'T' : 'F') : String(value) } }
  }
  if (real.test(keyword)) {
    const number = numberIn(value)
    return number === undefined ? undefined : { card: { ...card, value: number, real: true } }
  }
  if (whole.test(keyword)) {
    const number = numberIn(value)
    return number === undefined || !Number.isInteger(number) ? undefined : { card: { ...card, value: number } }
  }
  return { card }
}

/** Dates in files are UTC and carry no zone (§9.2.1); one with a zone is turned, and told as it was. */
function mendedDate(card: Card): Mended | undefined {
  const text = typeof card.value === 'string' ? card.value.trim() : ''
  if (dateForm.test(text)) return isReal(text) ? { card } : undefined
  const zoned = zonedForm.exec(text)
  if (!zoned) return undefined
  const [, date, time, , hours, minutes] = zoned
  if (!isReal(`${date}T${time}`)) return undefined
  const offset = hours === undefined ? 0 : Number(hours) * 60 + Math.sign(Number(`${hours}1`)) * Number(minutes)
  const atMs = Date.parse(`${date}T${time}Z`) - offset * 60_000
  return { card: { ...card, value: new Date(atMs).toISOString().slice(0, -1) }, told: offset !== 0 }
}

function isReal(text: string): boolean {
  if (text.includes('/')) return Number(text.slice(0, 2)) <= 31 && Number(text.slice(3, 5)) <= 12
  const atMs = Date.parse(text.includes('T') ? `${text}Z` : text)
  return Number.isFinite(atMs) && new Date(atMs).toISOString().startsWith(text.slice(0, 10))
}

/** Drivers make cards too, and a number that is none must not cost the frame. */
function isWritable({ keyword, value }: Card): boolean {
  return writable.test(keyword) && keyword !== 'END' && (typeof value !== 'number' || Number.isFinite(value))
}

function numberIn(value: NonNullable<Card['value']>): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

/**
 * World coordinates are whole (a reference pixel, value and type for each axis up to the highest named) or not used.
 */
function worldFits(cards: readonly Card[], axes: number): boolean {
  const values = new Map(cards.map(({ keyword, value }) => [keyword, value]))
  let highest = 0
  for (const [keyword, value] of values) {
    const found = worldAxis.exec(keyword)
    if (!found) continue
    const named = keyword === 'WCSAXES' ? [Number(value)] : found.slice(1).filter(Boolean).map(Number)
    if (named.some(axis => !(axis >= 1))) return false
    highest = Math.max(highest, ...named)
  }
  if (highest > axes) return false
  for (let axis = 1; axis <= highest; axis++) {
    for (const name of ['CRPIX', 'CRVAL']) {
      const value = values.get(`${name}${axis}`)
      if (value === undefined || numberIn(value) === undefined) return false
    }
    if (values.get(`CTYPE${axis}`) === undefined) return false
  }
  return true
}

/** What the card said, as commentary. */
function remarks(card: Card): Card[] {
  if (!isWritable(card))
    return [{ keyword: 'COMMENT', value: `${card.keyword}= ${card.value} / ${card.comment ?? ''}` }]
  return formatCard(card).map(line => ({ keyword: 'COMMENT', value: line }))
}
