// FITS header cards as values, read as forgivingly as real capture programs demand and written as strictly as
// fitsverify does. FITS Standard 4.0, section 4.
import { ScienceError } from './science-error.js'

/** One header card. COMMENT, HISTORY and blank-keyword cards carry their text in `value`. */
export interface Card {
  /** At most 8 of `A-Z 0-9 - _`; empty for a blank keyword. */
  readonly keyword: string
  /** `bigint` only beyond ±2^53. Absent: a card without a value, or one that could not be read (then see `raw`). */
  readonly value?: string | number | boolean | bigint | undefined
  readonly comment?: string
  /** A whole number that is a measurement: written with a decimal point. Set when the file wrote it with one. */
  readonly real?: boolean
  /**
   * The 80 characters of a card that could not be read but does no harm; used on writing only where `value` is absent.
   */
  readonly raw?: string
}

export const blockBytes = 2880 // FITS 4.0 §3.1
export const cardBytes = 80
/** Headers beyond this are refused: 1000 blocks, 2.9 MB. Real ones have 1 to 20. */
export const maxHeaderBlocks = 1000

const cardsPerBlock = blockBytes / cardBytes
const commentary = new Set(['COMMENT', 'HISTORY', ''])
const keywordForm = /^[A-Z0-9_-]{0,8}$/
const integerForm = /^[+-]?\d+$/
const realForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d+)?$/
const textColumns = 70 // columns 11–80: a quoted string with its quotes
const commentaryColumns = 72 // columns 9–80

/**
 * Reads cards up to END, or to the end of what is given. Cards that cannot be read (wrong column, unclosed quote,
 * complex numbers, HIERARCH) come back with `raw` and no value; whether one of them matters is for whoever needs its
 * value. Blank cards before END are padding and dropped.
 * @throws ScienceError when there are more cards than `maxHeaderBlocks` blocks can hold
 */
export function parseCards(header: string | Uint8Array): Card[] {
  const size = header.length
  if (size > maxHeaderBlocks * blockBytes) {
    throw new ScienceError(`the FITS header has ${size} bytes, more than ${maxHeaderBlocks} blocks of ${blockBytes}`)
  }
  const text = typeof header === 'string' ? header : latin1(header)
  const cards: Card[] = []
  for (let start = 0; start < size; start += cardBytes) {
    const line = text.slice(start, start + cardBytes).padEnd(cardBytes)
    if (isEnd(line)) break
    const last = cards.at(-1)
    if (line.startsWith('CONTINUE') && typeof last?.value === 'string' && last.value.endsWith('&')) {
      const more = parseString(line.slice(8).trimStart())
      if (more) {
        cards[cards.length - 1] = joined(last, more)
        continue
      }
    }
    cards.push(parseCard(line))
  }
  while (cards.length > 0 && isPadding(cards[cards.length - 1])) cards.pop()
  return cards
}

/** Whether this line is the END card; some writers pad it with zero bytes instead of blanks. */
function isEnd(line: string): boolean {
  return /^END[ \0]{5}/.test(line)
}

/**
 * Cards as header blocks: END added, padded with blanks to a multiple of 2880 bytes. Strings longer than a card go on
 * in CONTINUE cards; numbers read back exactly; characters outside ASCII lose their accents or become `?`.
 * @throws ScienceError naming the card whose keyword or number FITS has no form for
 */
export function formatCards(cards: readonly Card[]): Uint8Array {
  const lines: string[] = []
  for (const card of cards) for (const line of formatCard(card)) lines.push(line)
  lines.push('END')
  const blocks = Math.ceil(lines.length / cardsPerBlock)
  if (blocks > maxHeaderBlocks) throw new ScienceError(`${lines.length} FITS cards are more than a header may hold`)
  const bytes = new Uint8Array(blocks * blockBytes).fill(0x20)
  for (let row = 0; row < lines.length; row++) {
    const line = lines[row]
    for (let column = 0; column < line.length; column++) bytes[row * cardBytes + column] = line.charCodeAt(column)
  }
  return bytes
}

/** The lines of one card, each at most 80 ASCII characters. */
export function formatCard(card: Card): string[] {
  const { keyword, value } = card
  if (value === undefined && card.raw !== undefined) return formatRaw(card.raw)
  if (!keywordForm.test(keyword) || keyword === 'END') {
    throw new ScienceError(`FITS card "${ascii(keyword)}" cannot be written: a keyword is at most 8 of A-Z 0-9 - _`)
  }
  const name = keyword.padEnd(8)
  if (commentary.has(keyword)) return formatCommentary(name, String(value ?? ''))
  const comment = card.comment ? ascii(card.comment) : ''
  if (typeof value === 'string') return formatText(name, ascii(value), comment)
  // A keyword without a value is lawful (§4.1.2.3), but fitsverify warns of it: what it says is kept as a remark.
  if (value === undefined) return formatCommentary('COMMENT ', comment ? `${name}= / ${comment}` : `${name}=`)
  const body = formatScalar(keyword, value, card.real === true).padStart(20)
  return [withComment(`${name}= ${body}`, comment)]
}

/**
 * Our cards put over a source's: each keyword of `ours` replaces the source's card where it stood (later doubles go),
 * new ones follow at the end. Commentary of both is kept.
 */
export function replaceCards(source: readonly Card[], ours: readonly Card[]): Card[] {
  const waiting = new Map<string, Card>()
  for (const card of ours) if (!commentary.has(card.keyword)) waiting.set(card.keyword, card)
  const placed = new Set<string>()
  const result: Card[] = []
  for (const card of source) {
    const mine = waiting.get(card.keyword)
    if (!mine) result.push(card)
    else if (!placed.has(card.keyword)) {
      placed.add(card.keyword)
      result.push(mine)
    }
  }
  for (const card of ours) {
    if (commentary.has(card.keyword)) result.push(card)
    else if (!placed.has(card.keyword)) {
      placed.add(card.keyword)
      result.push(waiting.get(card.keyword) as Card)
    }
  }
  return result
}

/** The first card of that keyword. */
function findCard(cards: readonly Card[], keyword: string): Card | undefined {
  return cards.find(card => card.keyword === keyword)
}

/** The value of the first card of that keyword; `undefined` when there is none or it has no value. */
export function cardValue(cards: readonly Card[], keyword: string): Card['value'] {
  return findCard(cards, keyword)?.value
}

/** A finite number; a quoted plain number counts, as some programs write `'12.5'`. */
export function numberOf(cards: readonly Card[], keyword: string): number | undefined {
  const value = cardValue(cards, keyword)
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string') return undefined
  const parsed = parseNumber(value.trim())
  const number = Number(parsed?.value ?? Number.NaN)
  return Number.isFinite(number) ? number : undefined
}

/** Text without blanks around it; unquoted numbers as their digits. An empty string is `undefined`. */
export function textOf(cards: readonly Card[], keyword: string): string | undefined {
  const value = cardValue(cards, keyword)
  if (value === undefined || typeof value === 'boolean') return undefined
  return String(value).trim() || undefined
}

/** T or F. */
export function flagOf(cards: readonly Card[], keyword: string): boolean | undefined {
  const value = cardValue(cards, keyword)
  return typeof value === 'boolean' ? value : undefined
}

/**
 * The whole number of a card.
 * @param standard what it is where the card is missing; without it, it must be there
 * @throws ScienceError naming the card and what is wrong with it
 */
export function wholeCard(
  cards: readonly Card[],
  keyword: string,
  least: number,
  most: number,
  standard?: number,
): number {
  const value = numberOf(cards, keyword)
  if (value !== undefined && Number.isInteger(value) && value >= least && value <= most) return value
  const found = cards.find(card => card.keyword === keyword)
  if (!found && standard !== undefined) return standard
  const said = found ? `is ${found.value ?? 'unreadable'}` : 'is missing'
  throw new ScienceError(`FITS card ${keyword} ${said}; a whole number from ${least} to ${most} is needed`)
}

function latin1(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let start = 0; start < bytes.length; start += blockBytes) {
    parts.push(String.fromCharCode(...bytes.subarray(start, start + blockBytes)))
  }
  return parts.join('')
}

function parseCard(line: string): Card {
  const keyword = line.slice(0, 8).trimEnd().toUpperCase()
  const unreadable: Card = { keyword: keywordForm.test(keyword) ? keyword : '', raw: line }
  if (!keywordForm.test(keyword)) return unreadable
  if (commentary.has(keyword)) return { keyword, value: line.slice(8).trimEnd() }
  if (line[8] !== '=') return unreadable
  const field = line.slice(9).trim()
  if (field.startsWith("'")) {
    const parsed = parseString(field)
    return parsed ? { keyword, ...parsed } : unreadable
  }
  const slash = field.indexOf('/')
  const token = slash < 0 ? field : field.slice(0, slash).trimEnd()
  const comment = slash < 0 ? '' : field.slice(slash + 1).trim()
  const remark = comment ? { comment } : {}
  if (token === '') return { keyword, value: undefined, ...remark }
  if (token === 'T' || token === 'F') return { keyword, value: token === 'T', ...remark }
  const number = parseNumber(token)
  return number ? { keyword, ...number, ...remark } : unreadable
}

/** A quoted string with doubled quotes inside, and the comment behind it; trailing blanks mean nothing (§4.2.1). */
function parseString(field: string): { value: string; comment?: string } | undefined {
  const found = /^'((?:[^']|'')*)'\s*(.*)$/s.exec(field)
  if (!found) return undefined
  const value = found[1].replaceAll("''", "'").trimEnd()
  const comment = found[2].replace(/^\//, '').trim()
  return comment ? { value, comment } : { value }
}

function parseNumber(token: string): { value: number | bigint; real?: boolean } | undefined {
  if (integerForm.test(token)) {
    const value = Number(token)
    return { value: Number.isSafeInteger(value) ? value : BigInt(token.replace(/^\+/, '')) }
  }
  if (!realForm.test(token)) return undefined
  const value = Number(token.replace(/[Dd]/, 'E'))
  return Number.isFinite(value) ? { value, real: true } : undefined
}

function joined(first: Card, more: { value: string; comment?: string }): Card {
  const comment = [first.comment, more.comment].filter(Boolean).join(' ')
  const value = String(first.value).slice(0, -1) + more.value
  return { keyword: first.keyword, value, ...(comment ? { comment } : {}) }
}

function isPadding(card: Card): boolean {
  return card.keyword === '' && card.value === ''
}

/** A card we could not read, verbatim where that is still a lawful card, else told in a COMMENT. */
function formatRaw(raw: string): string[] {
  const line = ascii(raw).slice(0, cardBytes).trimEnd()
  const lawful =
    line === raw.trimEnd() && keywordForm.test(line.slice(0, 8).trimEnd()) && !isEnd(line.padEnd(cardBytes))
  if (lawful && !line.startsWith('CONTINUE') && (line[8] !== '=' || /^= +\([^)]*\)/.test(line.slice(8)))) return [line]
  return formatCommentary('COMMENT ', line)
}

function formatCommentary(name: string, value: string): string[] {
  const text = ascii(value)
  const lines: string[] = []
  let start = 0
  do {
    lines.push((name + text.slice(start, start + commentaryColumns)).trimEnd())
    start += commentaryColumns
  } while (start < text.length)
  return lines
}

function formatText(name: string, text: string, comment: string): string[] {
  const escaped = text.trimEnd().replaceAll("'", "''")
  if (escaped.length <= textColumns - 2) {
    const quoted = `'${escaped.padEnd(escaped ? 8 : 0)}'`
    return [withComment(`${name}= ${quoted.padEnd(20)}`, comment)]
  }
  const lines: string[] = []
  let start = 0
  while (start < escaped.length) {
    const rest = escaped.length - start
    let take = rest <= textColumns - 2 ? rest : textColumns - 3
    // A doubled quote is one character: an odd run of quotes at the cut would halve it.
    if (take < rest && /'*$/.exec(escaped.slice(start, start + take))![0].length % 2 === 1) take--
    const more = take < rest ? '&' : ''
    lines.push(`${lines.length === 0 ? `${name}= ` : 'CONTINUE  '}'${escaped.slice(start, start + take)}${more}'`)
    start += take
  }
  lines[lines.length - 1] = withComment(lines[lines.length - 1], comment)
  return lines
}

function formatScalar(keyword: string, value: number | bigint | boolean, real: boolean): string {
  if (typeof value === 'boolean') return value ? 'T' : 'F'
  if (typeof value === 'bigint') return String(value)
  if (!Number.isFinite(value)) throw new ScienceError(`FITS card ${keyword} cannot be written: its value is ${value}`)
  if (!real && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value)
  const [mantissa, exponent] = (Object.is(value, -0) ? '-0' : String(value)).split('e')
  const digits = mantissa.includes('.') ? mantissa : `${mantissa}.0`
  return exponent === undefined ? digits : `${digits}E${exponent.replace(/^\+/, '')}`
}

/** The comment behind ` / `, cut at column 80; left out where not even a word would fit. */
function withComment(line: string, comment: string): string {
  const room = cardBytes - line.length - 3
  return comment && room >= 3 ? `${line} / ${comment.slice(0, room)}`.trimEnd() : line.trimEnd()
}

/** Header text may hold only blank to tilde (§4.1.2.3). */
function ascii(text: string): string {
  if (/^[ -~]*$/.test(text)) return text
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '')
  return plain.replace(/[^ -~]/gu, '?')
}
