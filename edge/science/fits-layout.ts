// Where in a FITS file its image lies, and in which form. Headers lie, break off and are hostile: each number is
// checked before anything is done with it. FITS Standard 4.0, sections 3, 4 and 7.1.
import { bayerNamed, flipBayer, shiftBayer } from './bayer.js'
import {
  blockBytes,
  type Card,
  cardBytes,
  cardValue,
  flagOf,
  maxHeaderBlocks,
  numberOf,
  parseCards,
  textOf,
  wholeCard,
} from './fits-header.js'
import { type Packing, packingOf, unpackedCards } from './fits-packing.js'
import { type BayerPattern, bytesPerSample, type SampleType } from './samples.js'
import { ScienceError } from './science-error.js'
import { type StoredForm, type StoredType, storedBytes } from './stored-samples.js'

export interface FitsHeader {
  /** Of the image; where it lies in an extension, the primary header's cards follow its own. */
  readonly cards: readonly Card[]
  /** What the samples become in memory. */
  readonly type: SampleType
  readonly width: number // px
  readonly height: number // px
  readonly planes: number
  /** How the file stores them; of a packed image, what its tiles unpack to. */
  readonly form: StoredForm
  readonly dataOffset: number // bytes from the start of the file
  readonly dataBytes: number // without padding; of a packed image its table and heap
  /** Colours stored pixel by pixel (NAXIS1 is 3) instead of plane by plane. */
  readonly interleaved: boolean
  /** Tiles compressed in a table (`.fz`). */
  readonly packing?: Packing
  /** Without ROWORDER rows count as top-down: that is how camera drivers write. */
  readonly topDown: boolean
  /** As shown; files count from the first pixel stored, in the corner that ROWORDER names. */
  readonly bayer?: BayerPattern
}

/** A part of the file that is wanted next. */
export interface Piece {
  readonly position: number // bytes from the start of the file
  readonly length: number // bytes, within the file
}

/** One header-data unit. */
export interface Unit {
  readonly cards: readonly Card[]
  readonly dataOffset: number
  readonly dataBytes: number // without padding
}

/** Larger images are refused before any memory is asked for. */
const maxImageBytes = 2 ** 31

const maxUnits = 100 // header-data units looked through for an image
const firstBlocks = 8 // of a header, asked for at first; real ones have 1 to 20

const layout = /^(SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|BZERO|BSCALE|BLANK|END|LONGSTRN)$/
const sums = /^(CHECKSUM|DATASUM)$/

/** Cards that say how one HDU is laid out, or prove it whole: never inherited, and written anew for every file. */
export function isStructural(keyword: string): boolean {
  return layout.test(keyword) || sums.test(keyword)
}

/** Whether samples stand in the file in the order of memory, so that they can be decoded piece by piece. */
export function isStraight({ interleaved, packing }: FitsHeader): boolean {
  return !interleaved && packing === undefined
}

/**
 * Finds and reads the header of the file's image: the primary one, or the first IMAGE extension or packed image where
 * that is empty. Asks for the pieces it needs, headers only, and is given them by `next(bytes)`.
 * @param size of the file, bytes
 * @throws ScienceError naming the card that is wrong or what is missing
 */
export function* findImage(size: number): Generator<Piece, FitsHeader, Uint8Array> {
  let primary: readonly Card[] = []
  let start = 0
  for (let index = 0; index < maxUnits && (index === 0 || start < size); index++) {
    const { cards, dataOffset, dataBytes } = yield* readUnit(start, size, index)
    if (index > 0 && cards[0]?.keyword !== 'XTENSION') break
    const axes = axesOf(cards)
    if (flagOf(cards, 'ZIMAGE') && textOf(cards, 'XTENSION') === 'BINTABLE') {
      const packing = packingOf(cards)
      const own = unpackedCards(cards)
      return { ...describe(inherit(own, primary), axesOf(own), dataOffset, packing), dataBytes }
    }
    const isImage = index === 0 || textOf(cards, 'XTENSION') === 'IMAGE'
    if (isImage && axes.length > 0 && axes.every(length => length > 0)) {
      return describe(index === 0 ? cards : inherit(cards, primary), axes, dataOffset)
    }
    if (index === 0) primary = cards
    start = dataOffset + padded(dataBytes)
  }
  throw new ScienceError('this FITS file holds no image: its primary array is empty and no IMAGE extension follows')
}

/**
 * `findImage` in memory.
 * @param bytes the file, or as much of its beginning as holds the image's header
 */
export function readFitsHeader(bytes: Uint8Array): FitsHeader {
  return settled(findImage(bytes.length), bytes)
}

/** All header-data units of a file in memory. @throws ScienceError when one of them cannot be read */
export function readUnits(bytes: Uint8Array): Unit[] {
  const units: Unit[] = []
  for (let start = 0; start < bytes.length && units.length < maxUnits; ) {
    const unit = settled(readUnit(start, bytes.length, units.length), bytes)
    units.push(unit)
    start = unit.dataOffset + padded(unit.dataBytes)
  }
  return units
}

function settled<T>(asking: Generator<Piece, T, Uint8Array>, bytes: Uint8Array): T {
  let ask = asking.next()
  while (!ask.done) {
    const { position, length } = ask.value
    ask = asking.next(bytes.subarray(position, position + length))
  }
  return ask.value
}

/** The cards from `start` to END, and where the data are. */
function* readUnit(start: number, size: number, index: number): Generator<Piece, Unit, Uint8Array> {
  let header: Uint8Array = new Uint8Array(0)
  const limit = Math.min(size - start, maxHeaderBlocks * blockBytes)
  for (let wanted = firstBlocks * blockBytes; ; wanted *= 4) {
    const length = Math.min(limit, wanted) - header.length
    const more = yield { position: start + header.length, length }
    const whole = new Uint8Array(header.length + more.length)
    whole.set(header)
    whole.set(more, header.length)
    const end = endCard(whole, header.length)
    header = whole
    if (index === 0 && !startsFits(whole)) throw new ScienceError('this is no FITS file: its first card is not SIMPLE')
    if (end !== undefined) {
      const cards = parseCards(whole.subarray(0, end))
      const dataOffset = start + padded(end + cardBytes)
      return { cards, dataOffset, dataBytes: unitBytes(cards, axesOf(cards)) }
    }
    if (whole.length >= limit || more.length < length) break
  }
  const which = index === 0 ? 'the FITS header' : `the header of FITS extension ${index}`
  throw new ScienceError(`${which} has no END card within ${header.length} bytes`)
}

function startsFits(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 8)).toUpperCase() === 'SIMPLE  '
}

/** Where the END card begins; some writers pad it with zero bytes instead of blanks. */
function endCard(bytes: Uint8Array, from: number): number | undefined {
  for (let at = Math.floor(from / cardBytes) * cardBytes; at + 8 <= bytes.length; at += cardBytes) {
    if (bytes[at] !== 0x45 || bytes[at + 1] !== 0x4e || bytes[at + 2] !== 0x44) continue
    if (bytes.subarray(at + 3, at + 8).every(byte => byte === 0x20 || byte === 0)) return at
  }
  return undefined
}

function padded(byteCount: number): number {
  return Math.ceil(byteCount / blockBytes) * blockBytes
}

function axesOf(cards: readonly Card[]): number[] {
  const count = wholeCard(cards, 'NAXIS', 0, 999)
  const axes: number[] = []
  for (let axis = 1; axis <= count; axis++) axes.push(wholeCard(cards, `NAXIS${axis}`, 0, maxImageBytes))
  return axes
}

/** Size of a data unit (equation 2 of §4.4.1.2). */
function unitBytes(cards: readonly Card[], axes: readonly number[]): number {
  if (axes.length === 0) return 0
  const elements = axes.reduce((product, size) => product * size, 1)
  const parameters = wholeCard(cards, 'PCOUNT', 0, Number.MAX_SAFE_INTEGER, 0)
  const groups = wholeCard(cards, 'GCOUNT', 0, Number.MAX_SAFE_INTEGER, 1)
  const size = (Math.abs(wholeCard(cards, 'BITPIX', -64, 64)) / 8) * groups * (parameters + elements)
  if (!Number.isSafeInteger(size)) {
    throw new ScienceError(`FITS cards NAXIS, PCOUNT and GCOUNT: data of ${size} bytes are beyond all measure`)
  }
  return size
}

function inherit(own: readonly Card[], primary: readonly Card[]): Card[] {
  const named = new Set(own.map(card => card.keyword))
  return [...own, ...primary.filter(card => !isStructural(card.keyword) && !named.has(card.keyword))]
}

const storedTypes: Readonly<Record<number, StoredType>> = {
  ...{ 8: 'u8', 16: 'i16', 32: 'i32', 64: 'i64', [-32]: 'f32', [-64]: 'f64' },
}

function describe(cards: readonly Card[], axes: readonly number[], dataOffset: number, packing?: Packing): FitsHeader {
  const bitpix = wholeCard(cards, 'BITPIX', -64, 64)
  const stored = storedTypes[bitpix]
  if (stored === undefined) {
    throw new ScienceError(`FITS card BITPIX is ${bitpix}; 8, 16, 32, 64, -32 and -64 can be read`)
  }
  if (axes.length < 2 || axes.slice(3).some(size => size !== 1) || axes.some(size => size === 0)) {
    throw new ScienceError(`FITS card NAXIS: an image of ${axes.join('×')} is neither a plane nor a stack of planes`)
  }
  const [first, second, third = 1] = axes
  const interleaved = first === 3 && third > 3
  const [width, height, planes] = interleaved ? [second, third, 3] : [first, second, third]
  const bzero = scaleOf(cards, 'BZERO', 0)
  const bscale = scaleOf(cards, 'BSCALE', 1)
  const blank = bitpix > 0 ? numberOf(cards, 'BLANK') : undefined
  const order = { bigEndian: packing === undefined, bzero, bscale }
  const form: StoredForm = { type: stored, ...order, ...(blank === undefined ? {} : { blank }) }
  const type = typeOf(form)
  const dataBytes = width * height * planes * storedBytes[stored]
  if (width * height * planes * bytesPerSample[type] > maxImageBytes || dataBytes > maxImageBytes) {
    throw new ScienceError(
      `FITS cards NAXIS1, NAXIS2 …: an image of ${width}×${height}×${planes} is more than ${maxImageBytes} bytes`,
    )
  }
  const topDown = textOf(cards, 'ROWORDER')?.toUpperCase() !== 'BOTTOM-UP'
  const bayer = planes === 1 ? bayerOf(cards, height, topDown) : undefined
  const optional = { ...(packing ? { packing } : {}), ...(bayer ? { bayer } : {}) }
  return { cards, type, width, height, planes, form, dataOffset, dataBytes, interleaved, topDown, ...optional }
}

function scaleOf(cards: readonly Card[], keyword: 'BZERO' | 'BSCALE', standard: number): number {
  const value = numberOf(cards, keyword)
  const wrong =
    (value === undefined && cards.some(card => card.keyword === keyword)) || (keyword === 'BSCALE' && value === 0)
  if (wrong)
    throw new ScienceError(`FITS card ${keyword} is ${cardValue(cards, keyword) ?? 'unreadable'}, which is no scale`)
  return value ?? standard
}

/** 64-bit integers become f64, exact up to 2⁵³; scaled ones whatever float holds all their stored values. */
function typeOf({ type, bzero, bscale }: StoredForm): SampleType {
  if (type === 'i64') return 'f64'
  if (bscale === 1 && bzero === 0) return type
  if (bscale === 1 && bzero === 32768 && type === 'i16') return 'u16'
  return type === 'i32' || type === 'f64' ? 'f64' : 'f32'
}

/** BAYERPAT counts from the first stored pixel, moved on by XBAYROFF and YBAYROFF; the result counts as shown. */
function bayerOf(cards: readonly Card[], height: number, topDown: boolean): BayerPattern | undefined {
  const named = bayerNamed(textOf(cards, 'BAYERPAT')) ?? bayerNamed(textOf(cards, 'COLORTYP'))
  if (!named) return undefined
  const x = Math.round(numberOf(cards, 'XBAYROFF') ?? numberOf(cards, 'BAYOFFX') ?? 0)
  const y = Math.round(numberOf(cards, 'YBAYROFF') ?? numberOf(cards, 'BAYOFFY') ?? 0)
  const stored = shiftBayer(named, x, y)
  return topDown ? stored : flipBayer(stored, height)
}
